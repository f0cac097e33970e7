# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of containers: one execution of lxc_fleet against a loop over community.general's module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ansible_collections.community.lxc.tests.bench._measure import Pair, Sample
from ansible_collections.community.lxc.tests.bench._place import Bench

GOALS = {"nothing to do": 11.0, "start": 30.0, "stop": 10.0, "create and start": 40.0, "destroy": 30.0}
"""From the project's performance goals, which are for 50 containers in one run."""

_WORK = ("create and start", "nothing to do", "stop", "start", "change a key and restart", "destroy")


def lifecycle(where: Bench, size: int, runs: int) -> Iterator[Pair]:
    """From nothing to running, and back, and all that comes between; each run is one whole life."""
    pairs = {work: Pair(work, size, goal=GOALS.get(work) if size >= 50 else None) for work in _WORK}
    for run in range(runs):
        ours, peers = _ours(where, size, run), _peers(where, size, run)
        for work, pair in pairs.items():
            pair.ours.append(ours[work]())
            pair.peers.append(peers[work]())
    yield from pairs.values()


Deeds = dict[str, Callable[[], Sample]]


def _ours(where: Bench, size: int, run: int) -> Deeds:
    made, key = where.made(), {"lxc.prlimit.nofile": str(1000 + run)}
    return {
        "create and start": lambda: where.fleet(size, **made),
        "nothing to do": lambda: where.fleet(size, **made),
        "stop": lambda: where.fleet(size, state="stopped"),
        "start": lambda: where.fleet(size, state="started"),
        "change a key and restart": lambda: where.fleet(size, config=key, restart="if_required"),
        "destroy": lambda: where.fleet(size, state="absent"),
    }


def _peers(where: Bench, size: int, run: int) -> Deeds:
    config = [f"lxc.prlimit.nofile={1000 + run}"]
    return {
        "create and start": lambda: where.loop(size, template="busybox", state="started"),
        "nothing to do": lambda: where.loop(size, state="started"),
        "stop": lambda: where.loop(size, state="stopped"),
        "start": lambda: where.loop(size, state="started"),
        "change a key and restart": lambda: where.loop(size, state="restarted", container_config=config),
        "destroy": lambda: where.loop(size, state="absent"),
    }
