# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module that declares a state keeps to, on a running container, for all of them by one table.

Check mode tells what a real run then does, and touches nothing; the second run changes nothing; another container of
the same name in another LXC path notices nothing of either.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.community.lxc.tests.live._ansible import COLLECTION, run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._host import Bridge, tool, until

Task = dict[str, Any]


@dataclass
class Scene:
    """A running container, its namesake in another path, and what modules need on the host."""

    guest: Guest
    twin: Guest
    bridge: Bridge
    card: str

    def options(self, module: str, task: Task) -> Task:
        """``task`` for this container: the name goes where the module has it."""
        if module == "lxc_fleet":
            return {"lxc_path": self.guest.lxc_path, "containers": [{"name": self.guest.name, **task}]}
        option = "name" if module == "lxc_container" else "container"
        return {"lxc_path": self.guest.lxc_path, option: self.guest.name, **task}


@pytest.fixture
def scene(bed: Bed, bridge: Bridge, unique: str, new_lxc_path: Callable[[], Path]) -> Iterator[Scene]:
    card = f"{unique}c"
    tool("ip", "link", "add", card, "type", "veth", "peer", "name", f"{unique}d")
    guest = bed.guest(start=True)
    twin = Bed(str(new_lxc_path())).guest(name=guest.name, start=True)
    try:
        yield Scene(guest, twin, bridge, card)
    finally:
        tool("ip", "link", "delete", f"{unique}d", check=False)


def container(scene: Scene) -> list[Task]:
    return [
        {"config": {"lxc.start.auto": 1, "lxc.environment": ["A=1"]}},
        {"state": "frozen"},
        {"state": "stopped", "config": {"lxc.environment": None}},
        {"state": "absent"},
    ]


def mount(scene: Scene) -> list[Task]:
    there = {"source": "/usr/share", "target": "/mnt/share", "create": "dir", "options": ["ro"]}
    return [there, {"target": "/mnt/share", "state": "absent"}]


def cgroup(scene: Scene) -> list[Task]:
    return [{"limits": {"pids.max": 77}}, {"state": "absent"}]


def seccomp(scene: Scene) -> list[Task]:
    rules = [{"syscalls": ["mkdir"], "action": "errno 13"}]
    return [{"policy": {"mode": "denylist", "rules": rules}}, {"state": "absent"}]


def device(scene: Scene) -> list[Task]:
    return [{"path": "/dev/zero", "target": "/dev/other"}, {"target": "/dev/other", "state": "absent"}]


def snapshot(scene: Scene) -> list[Task]:
    scene.guest.stop()
    until(lambda: scene.guest.state() == "STOPPED", what="the container's end")
    return [{"comment": "before the upgrade"}, {"name": "snap0", "state": "absent"}]


def veth(scene: Scene) -> list[Task]:
    there = {"name": "eth7", "link": scene.bridge.name, "up": True, "ipv4_addresses": [scene.bridge.address(7)]}
    return [there, {**there, "mtu": 1400}, {"name": "eth7", "state": "absent"}]


def nic(scene: Scene) -> list[Task]:
    return [{"name": "eth7", "link": scene.card, "up": True}, {"name": "eth7", "state": "absent"}]


def vlan(scene: Scene) -> list[Task]:
    first, last = nic(scene)
    return [{**first, "vlan_id": 7}, last]


def fleet(scene: Scene) -> list[Task]:
    return [{"config": {"lxc.start.auto": 1}, "mounts": mount(scene)[:1], "cgroup": cgroup(scene)[0]}]


TABLE: dict[str, tuple[str, Callable[[Scene], list[Task]]]] = {
    # the name under which the resource is returned, and tasks of which each changes something
    "lxc_cgroup_isolation": ("cgroup", cgroup),
    "lxc_container": ("container", container),
    "lxc_device": ("device", device),
    "lxc_fleet": ("containers", fleet),
    "lxc_mount": ("mount", mount),
    "lxc_net_ipvlan": ("nic", nic),
    "lxc_net_macvlan": ("nic", nic),
    "lxc_net_phys": ("nic", nic),
    "lxc_net_veth": ("nic", veth),
    "lxc_net_vlan": ("nic", vlan),
    "lxc_seccomp": ("seccomp", seccomp),
    "lxc_snapshot": ("snapshot", snapshot),
}
LATE = {"lxc_net_ipvlan": "CONFIG_IPVLAN", "lxc_net_vlan": "CONFIG_VLAN_8021Q"}
"""Modules that the kernel of most machines refuses, and the word with which it is told."""

STATELESS = {"lxc_console_log", "lxc_info"}


def test_the_table_holds_every_module_with_a_state() -> None:
    runtime = yaml.safe_load((COLLECTION / "meta/runtime.yml").read_text())
    assert set(TABLE) | STATELESS == set(runtime["action_groups"]["lxc"])


def traces(guest: Guest) -> dict[str, Any]:
    """All that a module could have touched: files, the lock, mounts, interfaces, limits, and whether it runs."""
    init = guest.init_pid()
    lock = hashlib.sha256(f"{guest.lxc_path}/{guest.name}".encode()).hexdigest()[:24]
    found: dict[str, Any] = {
        "files": {path: _stat(path) for path in [Path(guest.lxc_path), *sorted(Path(guest.lxc_path).rglob("*"))]},
        "lock": _stat(Path(f"/run/community.lxc/{lock}.lock")),
        "state": (guest.state(), init),
    }
    if init > 0:
        proc = Path(f"/proc/{init}")
        found["mounts"] = (proc / "mountinfo").read_text()
        addresses = tool("nsenter", "-t", str(init), "-n", "ip", "-o", "address").stdout
        # The kernel takes its time to make a link's own address.
        found["addresses"] = [line for line in addresses.splitlines() if "scope link" not in line]
        groups = [line.split(":", 2) for line in (proc / "cgroup").read_text().splitlines()]
        places = [Path("/sys/fs/cgroup", controllers, path.strip("/")) for _number, controllers, path in groups]
        found["limits"] = [path.read_text() for place in places for path in sorted(place.glob("pids.max"))]
    return found


def _stat(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mode, status.st_uid, status.st_size, status.st_mtime_ns, status.st_ctime_ns


@pytest.mark.parametrize("module", sorted(TABLE))
def test_check_mode_tells_the_truth_and_touches_nothing(scene: Scene, module: str) -> None:
    kind, tasks = TABLE[module]
    twin = traces(scene.twin)
    for task in tasks(scene):
        options = scene.options(module, task)
        before = traces(scene.guest)

        told = run_module(module, options, check_mode=True, diff=True)

        assert traces(scene.guest) == before

        done = run_module(module, options, diff=True)

        if module in LATE and LATE[module] in done.get("msg", ""):
            assert (told["failed"], told["msg"], traces(scene.guest)) == (True, done["msg"], before)
            break
        assert ("failed" in told, "failed" in done) == (False, False)
        for key in ("changed", "actions", "restart_required", "diff"):
            assert told.get(key) == done.get(key), key
        assert (done["changed"], bool(done["actions"])) == (True, True)
        assert set(told[kind]) == set(done[kind])
        after = traces(scene.guest) if os.path.exists(scene.guest.config) else None

        again = run_module(module, options, diff=True)

        assert (again.get("failed"), again["changed"]) == (None, False)
        diffs = again["diff"] if isinstance(again["diff"], list) else [again["diff"]]
        assert [diff for diff in diffs if diff["before"] != diff["after"]] == []
        assert again["restart_required"] == done["restart_required"]
        assert after is None or traces(scene.guest) == after
    assert traces(scene.twin) == twin


@pytest.mark.parametrize("module", sorted(set(TABLE) | STATELESS))
def test_a_failure_is_one_sentence_with_the_log_and_the_actions(bed: Bed, module: str) -> None:
    name = {"lxc_container": "name", "lxc_info": "name", "lxc_fleet": "containers"}.get(module, "container")
    value: Any = {"lxc_fleet": [{"name": "../web"}], "lxc_info": ["../web"]}.get(module, "../web")
    more: Task = {
        "lxc_mount": {"target": "/mnt", "source": "/usr"},
        "lxc_snapshot": {"name": "snap0"},
        "lxc_device": {"path": "/dev/zero"},
    }.get(module, {"name": "eth0"} if module.startswith("lxc_net_") else {})

    result = run_module(module, {"lxc_path": bed.lxc_path, name: value, **more})

    assert result["failed"] is True
    assert "'../web' is not a container name" in result["msg"]
    assert "\n" not in result["msg"]
    assert "Traceback" not in str(result)
    assert (result["actions"], result["lxc_log"], result.get("changed", False)) == ([], [], False)
    assert os.listdir(bed.lxc_path) == []
