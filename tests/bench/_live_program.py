# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run by the interpreter that has the binding: one part of a running container changed to and fro, many times.

Each change is what a module's process does between reading its arguments and printing its result: observe, change
both the configuration and the running container, and observe again.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._fleet_parts import part_builder
from ansible_collections.community.lxc.plugins.module_utils._host._binding import resolve
from ansible_collections.community.lxc.plugins.module_utils._runner import converge


def main() -> None:
    """Standard input: ``part``, ``container``, ``lxc_path``, ``changes`` (options) and ``rounds``, as JSON.

    Standard output: seconds of each change, by the clock and of processor time.
    """
    order: dict[str, Any] = json.load(sys.stdin)
    ref = resolve(order["container"], order["lxc_path"])
    builders = [part_builder(order["part"], options, ref) for options in order["changes"]]
    _round(builders, ref)  # imports, and whatever else is done once
    spent, begun = _processor(), time.perf_counter()
    for _number in range(order["rounds"]):
        _round(builders, ref)
    count = order["rounds"] * len(builders)
    print(json.dumps({"wall": (time.perf_counter() - begun) / count, "cpu": (_processor() - spent) / count}))


def _round(builders: list[Any], ref: Any) -> None:
    for build in builders:
        for resource in build(ref):
            if not converge(resource, apply=True).changed:
                raise RuntimeError(f"{resource}: nothing was changed")


def _processor() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
