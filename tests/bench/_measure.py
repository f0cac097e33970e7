# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a command takes, by the clock and by the processor, and what it needs meanwhile."""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Sample:
    """Seconds by the clock, and seconds of processor time of the command with all its reaped children.

    ``memory`` is the most that its processes had together, in bytes, and ``files`` the most open files of any one;
    both only where they were watched, else 0.
    """

    wall: float
    cpu: float
    memory: int = 0
    files: int = 0


@dataclass
class Pair:
    """One piece of work, done by us and by a peer in turns, in one run. ``size`` is how many containers or changes."""

    work: str
    size: int
    ours: list[Sample] = field(default_factory=list)
    peers: list[Sample] = field(default_factory=list)
    goal: float | None = None
    """How many times faster we mean to be."""
    peer: str = "a loop over community.general.lxc_container"

    def row(self) -> dict[str, Any]:
        ours, peers = median(self.ours), median(self.peers)
        return {
            "kind": "pair",
            "work": self.work,
            "size": self.size,
            "peer_is": self.peer,
            "ours": {"wall": ours.wall, "cpu": ours.cpu},
            "peer": {"wall": peers.wall, "cpu": peers.cpu},
            "ratio": peers.wall / ours.wall,
            "cpu_ratio": peers.cpu / ours.cpu if ours.cpu else None,
            "goal": self.goal,
            "runs": len(self.ours),
        }


@dataclass(frozen=True)
class Limit:
    """A figure of our own that is to stay below one; in ``unit``."""

    what: str
    value: float
    limit: float
    unit: str

    def row(self) -> dict[str, Any]:
        return {"kind": "limit", **asdict(self)}


@dataclass(frozen=True)
class Scaled:
    """An operation with more and more containers: ``samples`` by their number."""

    work: str
    samples: Mapping[int, Sample]

    @property
    def growth(self) -> dict[str, float]:
        """How each figure grows, as an exponent: 1 is linear, 2 quadratic; less than 1 where a fixed cost prevails.

        From the largest number of containers and a half of it, where a fixed cost hides the least.
        """
        *_smaller, half, whole = sorted(self.samples)
        return {
            name: math.log(max(getattr(self.samples[whole], name), 1e-9) / max(getattr(self.samples[half], name), 1e-9))
            / math.log(whole / half)
            for name in ("wall", "cpu", "memory", "files")
        }

    def row(self) -> dict[str, Any]:
        found = {str(size): asdict(sample) for size, sample in sorted(self.samples.items())}
        return {"kind": "scale", "work": self.work, "samples": found, "growth": self.growth}


def median(samples: Sequence[Sample]) -> Sample:
    return Sample(statistics.median(s.wall for s in samples), statistics.median(s.cpu for s in samples))


def timed(command: Sequence[str], *, env: Mapping[str, str], stdin: str = "", watch: bool = False) -> Sample:
    """Run a command that must succeed. Its output is shown only when it does not. ``watch``: see what it needs."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as given:
        given.write(stdin)
        given.seek(0)
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdin=given, stdout=output, stderr=output, env=dict(env))
        watcher = _Watcher(process.pid)
        if watch:
            watcher.start()
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        watcher.end()
        output.seek(0)
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)[:400]}: {process.returncode}\n{output.read()[-4000:]}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, watcher.memory, watcher.files)


class _Watcher(threading.Thread):
    """Looks at a process and its descendants twenty times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.memory, self.files = pid, 0, 0
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.05):
            pids = [self.pid, *_descendants(self.pid)]
            self.memory = max(self.memory, sum(map(_memory, pids)))
            self.files = max(self.files, *map(_files, pids))

    def end(self) -> None:
        self._over.set()
        if self.is_alive():
            self.join()


def _descendants(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in map(int, children):
        yield child
        yield from _descendants(child)


def _memory(pid: int) -> int:
    """What the process alone has, and its part of what it shares: forked workers share most."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _files(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def in_turns(pair: Pair, runs: int, ours: Callable[[], Sample], peers: Callable[[], Sample]) -> Pair:
    """So that a busy minute of the machine hits both sides."""
    for _run in range(runs):
        pair.ours.append(ours())
        pair.peers.append(peers())
    return pair
