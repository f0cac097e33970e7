# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""One child process that asks monitors: they may never answer, and a child for each question costs more than that.

It ends with the process that it works for. One that hangs is killed, and the next question has another one.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, LxcError, TimedOut
from ansible_collections.community.lxc.plugins.module_utils._host._channel import receive, send

Answer = Callable[..., Any]


@dataclass(frozen=True)
class _Asker:
    answer: Answer
    pid: int
    owner: int
    channel: socket.socket


_askers: list[_Asker] = []
"""The one of this process, if there is one; or that of the process which this one was forked from."""


def ask(answer: Answer, *question: Any, what: str, timeout: float) -> Any:
    """What ``answer(*question)`` returns in the child; both are JSON-able. What fails there is a HostError here.

    ``what`` says what is attempted, for messages. TimedOut after ``timeout`` seconds, HostError if the child dies.
    """
    asker = _asker(answer)
    try:
        send(asker.channel, question)
        poller = select.poll()
        poller.register(asker.channel, select.POLLIN)
        if not poller.poll(max(1, int(timeout * 1000))):
            raise TimedOut(f"Failed to {what}: not done after {timeout:g} seconds, so it was ended")
        told = receive(asker.channel)
        if told is None:
            raise HostError(f"Failed to {what}: the child process died without an answer")
    except BaseException as error:
        # The answer to this question must not be taken for that to the next one.
        close()
        if isinstance(error, ConnectionError):
            raise HostError(f"Failed to {what}: the child process died without an answer") from error
        raise
    if "error" in told:
        raise HostError(told["error"] if told["ours"] else f"Failed to {what}: {told['error']}")
    return told["value"]


def close() -> None:
    """End the child, if there is one."""
    while _askers:
        asker = _askers.pop()
        asker.channel.close()
        if asker.owner == os.getpid():
            with suppress(ProcessLookupError):
                os.kill(asker.pid, signal.SIGKILL)
            os.waitpid(asker.pid, 0)


def _asker(answer: Answer) -> _Asker:
    if not _askers or _askers[0].owner != os.getpid() or _askers[0].answer is not answer:
        close()
        _askers.append(_spawn(answer))
    return _askers[0]


def _spawn(answer: Answer) -> _Asker:
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        _serve(answer, theirs)
    theirs.close()
    return _Asker(answer, pid, os.getpid(), ours)


def _serve(answer: Answer, channel: socket.socket) -> NoReturn:
    try:
        os.setpgid(0, 0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        # Neither the caller's pipes nor its lock may be held for longer than it lives.
        _close_all_but(channel.fileno())
        gc.freeze()
        while True:
            question = receive(channel)
            if question is None:
                os._exit(0)
            send(channel, _tell(answer, question))
            # The binding's handles refer to themselves, and have their containers' log files open while they are there.
            gc.collect()
    finally:
        os._exit(1)


def _close_all_but(kept: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    for fd in map(int, os.listdir("/proc/self/fd")):
        if fd > 2 and fd != kept:
            # One of them is what the list was read by.
            with suppress(OSError):
                os.close(fd)


def _tell(answer: Answer, question: list[Any]) -> dict[str, Any]:
    try:
        return {"value": answer(*question)}
    except LxcError as error:
        return {"error": error.msg, "ours": True}
    except Exception as error:  # the process that asked has to hear of it
        return {"error": str(error) or type(error).__name__, "ours": False}
