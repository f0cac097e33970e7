# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_info: what it tells about control groups."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._cgrouping import (
    HYBRID,
    ROOT,
    UNIFIED,
    cgroup,
    groups,
    isolation,
    monitor_pid,
    put,
    start_unified,
    value,
)


def info(guest: Guest, prefix: tuple[str, ...] = ()) -> tuple[dict[str, Any], dict[str, Any]]:
    """The host's and the container's part."""
    result = run_module("lxc_info", {"name": [guest.name], "lxc_path": guest.lxc_path}, prefix=prefix)
    found: dict[str, Any] = result["containers"][0]
    host: dict[str, Any] = result["host"]["cgroup"]
    return host, found


@pytest.mark.skipif(not HYBRID, reason="this host has no controllers of cgroup v1")
def test_layout_controllers_groups_limits_and_usage(bed: Bed, unique: str) -> None:
    guest = bed.guest("lxc.cgroup.pids.max = 40", "lxc.cgroup.memory.limit_in_bytes = 64M")
    cgroup(guest, **isolation(unique))
    guest.start()
    put("pids", f"{unique}/ct", "pids.max", "41")

    host, found = info(guest)

    assert host["layout"] == "hybrid"
    assert host["controllers"]["memory"] == 1
    for name in (ROOT / "unified" / "cgroup.controllers").read_text().split():
        assert host["controllers"][name] == 2
    told = found["cgroup"]
    assert told["container_path"] == groups(guest.init_pid())["memory"] == f"/{unique}/ct/inner"
    assert told["monitor_path"] == groups(monitor_pid(guest))["memory"]
    assert (told["limit_path"], told["isolated"]) == (f"/{unique}/ct", True)
    assert told["limits"] == {
        "cpu.max": {"persisted": None, "live": "max 100000"},
        "memory.max": {"persisted": "67108864", "live": "67108864"},
        "pids.max": {"persisted": "40", "live": "41"},
    }
    assert told["usage"]["pids"] == int(value("pids", f"{unique}/ct", "pids.current"))
    assert told["usage"]["memory"] > 0
    assert told["usage"]["cpu"] > 0
    assert "lxc.cgroup.pids.max" not in found["pending"]
    assert found["error"] is None


def test_a_host_with_cgroup_v2_alone(bed: Bed) -> None:
    guest = start_unified(bed.guest("lxc.cgroup2.cgroup.max.depth = 7"))
    host, found = info(guest, UNIFIED)
    assert host["layout"] == "unified"
    assert set(host["controllers"].values()) <= {2}
    told = found["cgroup"]
    assert (told["limit_path"], told["isolated"]) == (f"/lxc.payload.{guest.name}", False)
    assert told["limits"]["cgroup.max.depth"] == {"persisted": "7", "live": "7"}


def test_a_stopped_container_has_its_configuration_alone(bed: Bed) -> None:
    key = "lxc.cgroup.pids.max" if HYBRID else "lxc.cgroup2.pids.max"
    dummy, found = info(bed.guest(f"{key} = 40", "lxc.mount.auto = cgroup:mixed"))
    told = found["cgroup"]
    assert told["limits"] == {"pids.max": {"persisted": "40", "live": None}}
    assert (told["usage"], told["isolated"], told["container_path"]) == (None, None, None)
    assert told["mount"] == {"persisted": "cgroup:mixed", "live": None}
