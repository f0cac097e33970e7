# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A few processes that work through numbered jobs. Threads gain nothing: the binding holds the interpreter's lock."""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from ansible_collections.community.lxc.plugins.module_utils._host._channel import receive, send

Work = Callable[[int], Any]


@dataclass
class _Worker:
    pid: int
    channel: socket.socket
    job: int | None = None


class Workers:
    """``count`` processes that call ``work`` with a job's number and send its JSON-able result back.

    A worker that dies takes its job with it, whose result is then None, and is replaced.
    """

    def __init__(self, work: Work, count: int) -> None:
        self._work = work
        self._workers: list[_Worker] = []
        for _number in range(count):
            self._add()

    def _add(self) -> None:
        # A worker must not keep the channels of its siblings open, or their death would go unnoticed.
        self._workers.append(_spawn(self._work, [worker.channel for worker in self._workers]))

    def idle(self) -> bool:
        """Whether a worker is free."""
        return any(worker.job is None for worker in self._workers)

    def give(self, job: int) -> None:
        """Hand a job to a free worker."""
        worker = next(worker for worker in self._workers if worker.job is None)
        worker.job = job
        send(worker.channel, job)

    def take(self) -> list[tuple[int, Any]]:
        """Wait for at least one result; job numbers with their results."""
        busy = {worker.channel.fileno(): (worker, worker.job) for worker in self._workers if worker.job is not None}
        poller = select.poll()
        for fd in busy:
            poller.register(fd, select.POLLIN)
        results = []
        for fd, _event in poller.poll():
            worker, job = busy[fd]
            worker.job = None
            answer = receive(worker.channel)
            if answer is None:
                self._replace(worker)
            results.append((job, None if answer is None else answer["result"]))
        return results

    def _replace(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.channel.close()
        os.waitpid(worker.pid, 0)
        self._add()

    def close(self) -> None:
        """End all of them."""
        for worker in self._workers:
            worker.channel.close()
            if worker.job is not None:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGTERM)
            os.waitpid(worker.pid, 0)
        self._workers = []


def _spawn(work: Work, siblings: list[socket.socket]) -> _Worker:
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        for channel in (ours, *siblings):
            channel.close()
        _serve(work, theirs)
    theirs.close()
    return _Worker(pid, ours)


def _serve(work: Work, channel: socket.socket) -> NoReturn:
    try:
        while True:
            job = receive(channel)
            if job is None:
                os._exit(0)
            send(channel, {"result": work(job)})
    finally:
        os._exit(1)
