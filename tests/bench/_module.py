# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A single module: a task of it against a ping, its own process above what any module costs, and what it imports."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from ansible_collections.community.lxc.tests.bench._measure import Limit, Pair, Sample, in_turns, median, timed
from ansible_collections.community.lxc.tests.bench._place import Bench
from ansible_collections.community.lxc.tests.live import _ansible

_MILLISECONDS_ABOVE = 30.0
_FLEET_SECONDS = 2.0
_FLOOR = "import sys; sys.path.insert(0, sys.argv[1]); from ansible.module_utils.basic import AnsibleModule"


def single_module(where: Bench, runs: int) -> Iterator[Pair | Limit]:
    where.module("lxc_fleet", where.described(1, **where.made(), state="stopped"))
    stopped = {"name": "b0", "lxc_path": where.ours, "state": "stopped"}
    yield _above(where, "lxc_container, nothing to do, stopped", "lxc_container", stopped, runs)
    mount = {"container": "b0", "lxc_path": where.ours, "source": "/usr", "target": "/mnt", "state": "absent"}
    yield _above(where, "lxc_mount, nothing to do, stopped", "lxc_mount", mount, runs)
    nic = {"container": "b0", "lxc_path": where.ours, "name": "eth9", "state": "absent"}
    yield _above(where, "lxc_net_veth, nothing to do, stopped", "lxc_net_veth", nic, runs)
    yield Limit("pyroute2 modules imported by lxc_net_veth, stopped", _pyroute2(where, nic), 0, "modules")
    where.module("lxc_fleet", where.described(1, state="started"))
    yield _above(where, "lxc_container, nothing to do, running", "lxc_container", {**stopped, "state": "started"}, runs)
    pair = Pair("one module, nothing to do", 1, peer="ansible.builtin.ping")
    ours = {"community.lxc.lxc_container": {**stopped, "state": "started"}}
    yield in_turns(pair, runs, lambda: where.play([ours]), lambda: where.play([{"ansible.builtin.ping": {}}]))


def _above(where: Bench, what: str, module: str, arguments: dict[str, str], runs: int) -> Limit:
    """Milliseconds of the module's process above those of importing AnsibleModule, in turns; the least of each.

    What a process of a tenth of a second takes longer than at best is not its own doing.
    """
    where.module(module, arguments)  # the byte code is written
    floor: list[Sample] = []
    ours: list[Sample] = []
    for _run in range(max(7, 3 * runs)):
        command = [where.python, "-c", _FLOOR, _ansible.library()]
        floor.append(timed(command, env=_ansible.module_environment()))
        ours.append(where.module(module, arguments))
    above = (min(sample.wall for sample in ours) - min(sample.wall for sample in floor)) * 1000
    return Limit(f"{what}: above importing AnsibleModule", above, _MILLISECONDS_ABOVE, "ms")


def _pyroute2(where: Bench, arguments: dict[str, str]) -> int:
    """How many modules of pyroute2 the module's process imports."""
    command, stdin = _ansible.module_command(
        "lxc_net_veth", arguments, python=where.python, options=["-X", "importtime"]
    )
    done = subprocess.run(
        command, env=_ansible.module_environment(), input=stdin, capture_output=True, text=True, check=True
    )
    return sum("pyroute2" in line for line in done.stderr.splitlines() if line.startswith("import time:"))


def big_fleet(where: Bench, runs: int) -> Iterator[Limit]:
    """Nothing to do for 500 defined containers, in the module's own process."""
    size = 500
    arguments = where.described(size, **where.made(), state="stopped")
    where.module("lxc_fleet", arguments)
    samples = [where.module("lxc_fleet", arguments) for _run in range(max(3, runs))]
    yield Limit(f"lxc_fleet, nothing to do, {size} containers", median(samples).wall, _FLEET_SECONDS, "s")
