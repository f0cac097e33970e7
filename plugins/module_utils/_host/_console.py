# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A container's console: the ring buffer in its monitor, and the log file."""

from __future__ import annotations

import base64
import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _child
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_SECONDS = 20.0


@dataclass(frozen=True)
class Text:
    """What was read. ``left_out``: there is more."""

    data: bytes = b""
    left_out: bool = False


def ring(ref: ContainerRef, *, read: bool, clear: bool, max_bytes: int) -> bytes:
    """Read what is in the ring buffer, which takes it out, or empty the buffer. ``max_bytes`` 0: all there is.

    Nothing where it is empty already. HostError says in words what -14 and -111 mean.
    """

    def work() -> list[object]:
        from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc

        with _liblxc.load().container(ref.name, ref.lxc_path) as container:
            # Read in any case: who only clears waits for ever for what LXC 4.0's monitor announces and does not send.
            result, data = container.console_log(read=True, clear=clear, read_max=max_bytes)
        return [result, base64.b64encode(data).decode() if read else ""]

    done = _child.run(work, what=_what(ref, read), timeout=_SECONDS, log=ref)
    result, text = done.value
    if result < 0 and result != -errno.ENODATA:
        raise failure(ref, -result, read=read, lxc_log=done.lxc_log)
    return base64.b64decode(text)


def _what(ref: ContainerRef, read: bool) -> str:
    return f"{'read' if read else 'clear'} the console's ring buffer of {ref}"


def failure(ref: ContainerRef, number: int, *, read: bool, lxc_log: Sequence[str] = ()) -> HostError:
    """What ``ring`` raises when liblxc answers with the negative of this errno."""
    return HostError(f"Failed to {_what(ref, read)}: {_reason(number)}", lxc_log=lxc_log)


def _reason(number: int) -> str:
    words = {
        errno.EFAULT: "the container was started without one; set lxc.console.buffer.size (64KB, for example) by "
        "lxc_container and restart it",
        errno.ECONNREFUSED: "the container does not run, and the buffer is its monitor's",
    }
    return f"{words.get(number, os.strerror(number))} (-{number})"


def terminals(ref: ContainerRef) -> list[int]:
    """The numbers of the pseudo-terminals that are open in the running container.

    Through the descriptor of its devpts that liblxc hands out (API extension devpts_fd): what the container has mounted
    over its /dev/pts is of no importance.
    """

    def work() -> list[int]:
        from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc

        with _liblxc.load().container(ref.name, ref.lxc_path) as container:
            place = container.devpts_fd()
        if place == -errno.EBADF:
            # With lxc.pty.max = 0 it has no devpts.
            return []
        if place < 0:
            raise HostError(f"Failed to look at the terminals of {ref}: {_reason(-place)}")
        directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place)
        return sorted(int(name) for name in os.listdir(directory) if name.isdigit())

    found = _child.run(work, what=f"look at the terminals of {ref}", timeout=_SECONDS, log=ref).value
    return [int(number) for number in found]


def log_file(path: str, *, max_bytes: int) -> Text | None:
    """The end of the log file, ``max_bytes`` of it at most; 0: all. None where there is no such file."""
    try:
        with open(path, "rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            start = max(0, size - max_bytes) if max_bytes else 0
            stream.seek(start)
            return Text(stream.read(), left_out=start > 0)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostError(f"Failed to read the console's log file {path}: {error}") from error
