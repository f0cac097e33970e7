# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a command takes, by the clock and by the processor."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Sample:
    """Seconds by the clock, and seconds of processor time of the command with all its reaped children."""

    wall: float
    cpu: float


@dataclass
class Pair:
    """One piece of work, done by us and by a peer in turns, in one run."""

    work: str
    size: int
    ours: list[Sample] = field(default_factory=list)
    peers: list[Sample] = field(default_factory=list)
    goal: float | None = None
    """How many times faster we mean to be."""

    def row(self) -> dict[str, Any]:
        ours, peers = median(self.ours), median(self.peers)
        return {
            "work": self.work,
            "size": self.size,
            "ours": asdict(ours),
            "peer": asdict(peers),
            "ratio": peers.wall / ours.wall,
            "cpu_ratio": peers.cpu / ours.cpu if ours.cpu else None,
            "goal": self.goal,
            "runs": len(self.ours),
        }


def median(samples: Sequence[Sample]) -> Sample:
    return Sample(statistics.median(s.wall for s in samples), statistics.median(s.cpu for s in samples))


def timed(command: Sequence[str], *, env: Mapping[str, str], stdin: str = "") -> Sample:
    """Run a command that must succeed. Its output is shown only when it does not."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as given:
        given.write(stdin)
        given.seek(0)
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdin=given, stdout=output, stderr=output, env=dict(env))
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {process.returncode}\n{output.read()[-4000:]}")
    return Sample(wall, usage.ru_utime + usage.ru_stime)


def in_turns(pair: Pair, runs: int, ours: Callable[[], Sample], peers: Callable[[], Sample]) -> Pair:
    """So that a busy minute of the machine hits both sides."""
    for _run in range(runs):
        pair.ours.append(ours())
        pair.peers.append(peers())
    return pair


def playbook(directory: Path, name: str, tasks: Sequence[Mapping[str, Any]], python: str) -> str:
    """Write a playbook for this machine; its path."""
    path = directory / f"{name}.json"
    variables = {"ansible_python_interpreter": python, "ansible_connection": "local"}
    play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": list(tasks)}
    path.write_text(json.dumps([play]))
    return str(path)
