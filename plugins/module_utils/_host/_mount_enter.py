# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A child process that runs one ``Program`` inside a container's mount namespace."""

from __future__ import annotations

import errno
import gc
import mmap
import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import sizeof
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, LxcError
from ansible_collections.community.lxc.plugins.module_utils._host import _process
from ansible_collections.community.lxc.plugins.module_utils._host._mount_orders import Namespaces, Report
from ansible_collections.community.lxc.plugins.module_utils._host._mount_program import Program

if TYPE_CHECKING:
    from typing import NoReturn

_PAGE = 4096
_TEXT = 64
"""Where, in the shared page, the words of an error stand that happened before the namespace was entered."""


@dataclass(frozen=True)
class Outcome:
    """How a program ended: ``step`` is DONE, or the one that failed, with the error number and its text.

    ``index`` is which of several unmounts it was.
    """

    step: int
    error: int
    text: str
    index: int


class Unfinished(HostError):
    """A program was killed, by its time limit or by somebody else, when it had ``made`` components of its target."""

    def __init__(self, msg: str, *, made: int) -> None:
        super().__init__(msg)
        self.made = made


@contextmanager
def namespaces(init_pid: int, born: int) -> Iterator[Namespaces]:
    """The namespaces and the root of a running container. HostError when it has ended, or shares the host's mounts.

    ``born`` is when its init was started, so that nothing is done in whatever has got its pid since.
    """
    opened: list[int] = []

    def open_(name: str, flags: int) -> int:
        opened.append(os.open(name, flags | os.O_CLOEXEC, dir_fd=opened[0] if opened else None))
        return opened[-1]

    try:
        open_(f"/proc/{init_pid}", os.O_PATH | os.O_DIRECTORY)
        mount, user = open_("ns/mnt", os.O_RDONLY), open_("ns/user", os.O_RDONLY)
        if os.path.samestat(os.fstat(mount), os.stat("/proc/self/ns/mnt")):
            raise HostError(
                "The container shares the host's mount namespace, so that a mount in it would be one on the host"
            )
        own = os.path.samestat(os.fstat(user), os.stat("/proc/self/ns/user"))
        root = open_("root", os.O_PATH | os.O_DIRECTORY)
        if _process.born(init_pid) != born:
            raise ProcessLookupError
        yield Namespaces(mount=mount, user=-1 if own else user, root=root)
    except (FileNotFoundError, ProcessLookupError) as error:
        raise HostError(f"The container's init process {init_pid} has ended meanwhile") from error
    finally:
        for fd in opened:
            os.close(fd)


def run(prepare: Callable[[], Program], *, what: str, timeout: float = 30.0) -> Outcome:
    """Call ``prepare`` in a child, on the host's side still, then run its program in the container.

    ``what`` says what is attempted (``mount /srv in container 'web'``). An LxcError or OSError of ``prepare`` is raised
    here. After ``timeout`` seconds the child is killed: a file system of the container's own (FUSE) can hold up whoever
    steps into it. Unfinished if it was killed, by this or by anybody.
    """
    with mmap.mmap(-1, _PAGE) as page:
        pid = os.fork()
        if pid == 0:
            _child(prepare, page)
        why = _wait(pid, timeout)
        text = page[_TEXT:].rstrip(b"\0").decode(errors="replace")
        report = Report.from_buffer_copy(page[: sizeof(Report)])
        if why:
            raise Unfinished(f"Failed to {what}: {why}", made=report.made)
        if text:
            raise HostError(text)
    return Outcome(step=report.step, error=report.error, text=os.strerror(report.error), index=report.index)


def _child(prepare: Callable[[], Program], page: mmap.mmap) -> NoReturn:
    # In the shared page itself, so that the parent sees how far a child came that is killed.
    report = Report.from_buffer(page)
    report.error = errno.EIO
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.umask(0)
        gc.disable()
        try:
            program = prepare()
        except (LxcError, OSError) as error:
            text = str(error).encode(errors="replace")[: _PAGE - _TEXT]
            page[_TEXT : _TEXT + len(text)] = text
            os._exit(1)
        # From here on nothing but what is bound already.
        program.run(report)
    finally:
        os._exit(0)


def _wait(pid: int, timeout: float) -> str:
    """Wait for its end; what is to be said if it was killed, else empty."""
    pidfd = os.pidfd_open(pid)
    ended = False
    try:
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        ended = bool(poller.poll(max(1, int(timeout * 1000))))
    finally:
        if not ended:
            os.kill(pid, signal.SIGKILL)  # not yet reaped, so the number is still its own
        _pid, status = os.waitpid(pid, 0)
        os.close(pidfd)
    if not ended:
        return f"not done after {timeout:g} seconds, so it was ended"
    return f"its process was killed by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else ""
