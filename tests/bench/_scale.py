# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""More and more containers: the time, memory and open files of each operation, in a module's own process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.community.lxc.tests.bench._measure import Sample, Scaled
from ansible_collections.community.lxc.tests.bench._place import Bench, names

RUNNING_PART = 2 / 5
"""200 running of 500 defined."""


def scale(where: Bench, largest: int) -> Iterator[Scaled]:
    """Each operation with a quarter, half and all of the containers; on each size they all come and go once."""
    found: dict[str, dict[int, Sample]] = {}
    for size in sorted({max(1, largest // 4), max(1, largest // 2), largest}):
        where.sweep()
        for work, operation in _operations(where, size).items():
            found.setdefault(work, {})[size] = operation()
    for work, samples in found.items():
        if len(samples) > 1:
            yield Scaled(work, samples)


def _operations(where: Bench, size: int) -> dict[str, Callable[[], Sample]]:
    running = max(1, int(size * RUNNING_PART))
    made = where.made()

    def fleet(state: str, *, of: int = size, check: str = "present") -> dict[str, Any]:
        """``of`` containers in the state, the others as they are."""
        arguments = where.described(size, **made, state=check)
        for description in arguments["containers"][:of]:
            description["state"] = state
        return arguments

    def run(module: str, arguments: dict[str, Any]) -> Callable[[], Sample]:
        return lambda: where.module(module, arguments, watch=True)

    path = {"lxc_path": where.ours}
    return {
        "create": run("lxc_fleet", fleet("present")),
        "start two fifths": run("lxc_fleet", fleet("started", of=running)),
        "nothing to do": run("lxc_fleet", fleet("started", of=running)),
        "change a key of all": run(
            "lxc_fleet", {**fleet("present"), "defaults": {**made, "config": {"lxc.tty.max": "3"}, "state": "present"}}
        ),
        "lxc_info, all of them": run("lxc_info", path),
        "lxc_info, one of them": run("lxc_info", {**path, "name": [names(size)[0]]}),
        "stop": run("lxc_fleet", fleet("stopped")),
        "destroy": run("lxc_fleet", fleet("absent")),
    }
