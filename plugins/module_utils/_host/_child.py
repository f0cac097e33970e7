# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Short-lived child processes for everything in liblxc that changes something or can block.

``start()`` moves its caller into the container's monitor cgroup and can hang for ever; with a child, the
caller stays where it is and keeps the clock. Each child has a liblxc log of its own.
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput, LxcError, TimedOut
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

if TYPE_CHECKING:
    from typing import NoReturn

    from ansible_collections.community.lxc.plugins.module_utils._host._liblxc import LibLxc

_LOG_LINE = re.compile(r"^\S* ?\S+ \d{14}\.\d+ (?P<level>[A-Z]+) +(?P<rest>.*)$")
_LOG_LINES = 60
_KINDS: dict[str, type[LxcError]] = {"InvalidInput": InvalidInput, "TimedOut": TimedOut}


@dataclass(frozen=True)
class Finished:
    """What a child brought back: a JSON value, and what liblxc logged meanwhile (warnings and errors)."""

    value: Any
    lxc_log: tuple[str, ...] = ()


def run(
    function: Callable[[], Any],
    *,
    what: str,
    timeout: float,
    log: ContainerRef | None = None,
    stdin: int | None = None,
    own_log_file: str | None = None,
) -> Finished:
    """Call ``function`` in a child and return its JSON-able result.

    ``what`` says what is attempted, for messages (``start container 'web'``). After ``timeout`` seconds the
    child and all that it started is killed, and TimedOut raised. An LxcError or OSError in the child is raised here,
    with what liblxc logged. ``log`` switches liblxc's log on; ``own_log_file`` is the file that the container's
    configuration names, which is then read instead. ``stdin`` is a descriptor for the child's standard input.
    """
    with ExitStack() as stack:
        result = _memory(stack)
        if log:
            journal = _Journal(stack.enter_context(tempfile.TemporaryDirectory(prefix="community.lxc-")), own_log_file)
        else:
            # Nothing but questions: no reason to make files for them.
            journal = _Journal("", None, output=f"/proc/self/fd/{_memory(stack)}")
        if log:
            # Here, and not in each child: making its functions known to Python takes longer than most of the work.
            _load()
        pid = os.fork()
        if pid == 0:
            _child(function, result, journal, log, stdin)
        ended = _wait(pid, timeout)
        lines = journal.read()
        if not ended:
            raise TimedOut(f"Failed to {what}: not done after {timeout:g} seconds, so it was ended", lxc_log=lines)
        return _answer(result, what, lines)


def _memory(stack: ExitStack) -> int:
    """A nameless file in memory, which goes with the stack."""
    fd = os.memfd_create("community.lxc", os.MFD_CLOEXEC)
    stack.callback(os.close, fd)
    return fd


class _Journal:
    """Where the child's liblxc log and its output go."""

    def __init__(self, scratch: str, own_log_file: str | None, *, output: str = "") -> None:
        self.output = output or f"{scratch}/output"
        self.log = own_log_file or (f"{scratch}/log" if scratch else "")
        self.own = own_log_file is not None
        self._start = os.path.getsize(self.log) if self.own and os.path.exists(self.log) else 0

    def read(self) -> tuple[str, ...]:
        """The log's warnings and errors, then what was printed, each without its time stamp."""
        return (*log_lines(_tail(self.log, self._start)), *_printed_lines(_tail(self.output, 0)))[-_LOG_LINES:]


def _tail(path: str, start: int, limit: int = 256 * 1024) -> str:
    try:
        with open(path, "rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(start, size - limit))
            return stream.read().decode(errors="replace")
    except OSError:
        return ""


def log_lines(text: str) -> list[str]:
    lines = []
    for line in text.splitlines():
        match = _LOG_LINE.match(line)
        if match and match["level"] in ("WARN", "ERROR", "CRIT", "ALERT", "FATAL"):
            lines.append(f"{match['level']} {match['rest']}")
    return lines


def _printed_lines(text: str) -> list[str]:
    # liblxc prints its errors as well as logging them ("lxc: name: file.c: function: 12 text"): once is enough.
    return [line for line in text.splitlines() if line.strip() and not re.match(r"^(lxc: )?\S+: \S+\.c: ", line)]


def _child(
    function: Callable[[], Any], result: int, journal: _Journal, log: ContainerRef | None, stdin: int | None
) -> NoReturn:
    status = 1
    try:
        os.setpgid(0, 0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        output = os.open(journal.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY) if stdin is None else stdin, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        if log:
            _log_to(journal, log)
        _tell(result, {"value": function()})
        status = 0
    except LxcError as error:
        _tell(result, {"error": error.msg, "kind": type(error).__name__, "log": list(error.lxc_log)})
    except BaseException as error:  # nothing may escape into the parent's copy of the stack
        _tell(result, {"error": str(error) or type(error).__name__, "kind": type(error).__name__, "raw": True})
    finally:
        os._exit(status)


def _load() -> LibLxc:
    from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc

    return _liblxc.load()


def _log_to(journal: _Journal, ref: ContainerRef) -> None:
    # With a log file of its own, the container's log must stay where its owner looks for it.
    if not journal.own:
        _load().log_init(name=ref.name, lxcpath=ref.lxc_path, file=journal.log, level="WARN")


def _tell(result: int, message: dict[str, Any]) -> None:
    os.write(result, json.dumps(message).encode())


def _wait(pid: int, timeout: float) -> bool:
    """True when the child ended by itself. Either way it is reaped, and its process group gone."""
    pidfd = os.pidfd_open(pid)
    try:
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        ended = bool(poller.poll(max(1, int(timeout * 1000))))
        if not ended:
            _kill_group(pid)
        os.waitpid(pid, 0)
        return ended
    except BaseException:
        _kill_group(pid)
        os.waitpid(pid, 0)
        raise
    finally:
        os.close(pidfd)


def _kill_group(pid: int) -> None:
    # The child is not yet reaped, so its id cannot have been given to anyone else.
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _first_reason(lines: Sequence[str]) -> str:
    """What liblxc said first: later errors mostly say that an earlier one happened."""
    errors = [line for line in lines if line.startswith("ERROR")]
    # "ERROR    network - ../src/lxc/network.c:function:711 - No such file or directory - Failed to attach ..."
    return errors[0].split(" - ", 2)[-1] if errors else ""


def _answer(result: int, what: str, lines: tuple[str, ...]) -> Finished:
    os.lseek(result, 0, os.SEEK_SET)
    with open(os.dup(result), "rb") as stream:
        text = stream.read()
    if not text:
        raise HostError(f"Failed to {what}: the child process died without an answer", lxc_log=lines)
    message = json.loads(text)
    if "error" not in message:
        return Finished(value=message["value"], lxc_log=lines)
    msg = f"Failed to {what}: {message['error']}" if message.get("raw") else str(message["error"])
    reason = _first_reason(lines)
    msg = f"{msg}: {reason}" if reason and reason not in msg else msg
    raise _KINDS.get(message["kind"], HostError)(msg, lxc_log=(*message.get("log", ()), *lines))
