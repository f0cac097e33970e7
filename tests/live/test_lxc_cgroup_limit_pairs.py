# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_cgroup_isolation: limits of which the kernel takes one only as far as another one, or a group below, lets it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.community.lxc.tests.live._bed import Bed
from ansible_collections.community.lxc.tests.live._cgrouping import HYBRID, ROOT, cgroup, put, value

pytestmark = pytest.mark.skipif(not HYBRID, reason="this host has no memory controller of cgroup v1")

MB = 1024 * 1024


def test_quota_and_burst_go_down_and_up_together(bed: Bed) -> None:
    guest = bed.guest(start=True)
    group = f"lxc.payload.{guest.name}"
    for quota, burst in ((50000, 40000), (20000, 10000), (50000, 40000), ("max", 0), (20000, 20000)):
        limits = {"cpu.max": quota, "cpu.max.burst": burst}
        done = cgroup(guest, limits=limits)
        assert (done["rc"], done["changed"], done["restart_required"]) == (0, True, False)
        assert value("cpu", group, "cpu.cfs_quota_us") == str(-1 if quota == "max" else quota)
        assert value("cpu", group, "cpu.cfs_burst_us") == str(burst)
        assert cgroup(guest, limits=limits)["changed"] is False
    assert cgroup(guest, state="absent")["rc"] == 0
    assert value("cpu", group, "cpu.cfs_quota_us") == "-1"


def test_memory_above_a_limit_on_both_that_nobody_configured_names_that_limit(bed: Bed) -> None:
    guest = bed.guest(start=True)
    group = f"lxc.payload.{guest.name}"
    assert cgroup(guest, limits={"memory.max": "64M"})["rc"] == 0
    put("memory", group, "memory.memsw.limit_in_bytes", str(80 * MB))

    refused = cgroup(guest, limits={"memory.max": "128M"})

    assert refused["rc"] == 1
    assert "memory.swap.max" in refused["msg"]
    assert str(80 * MB) in refused["msg"]
    assert value("memory", group, "memory.limit_in_bytes") == str(64 * MB)
    # As the message says.
    assert cgroup(guest, limits={"memory.max": "128M", "memory.swap.max": "max"})["rc"] == 0
    assert value("memory", group, "memory.limit_in_bytes") == str(128 * MB)


def test_any_depth_of_groups_below_is_no_obstacle(bed: Bed) -> None:
    guest = bed.guest(start=True)
    top = ROOT / "cpuset" / f"lxc.payload.{guest.name}"
    made: list[Path] = [top / "d"]
    try:
        made[0].mkdir()
        # Deep enough for a recursion of two frames a group to fail, and not for os.walk, which other tests call.
        while len(made) < 600:
            (made[-1] / "d").mkdir()
            made.append(made[-1] / "d")
        done = cgroup(guest, limits={"cpuset.cpus": "0"})
        assert (done["rc"], done["restart_required"]) == (0, False)
        assert value("cpuset", top.name, "cpuset.cpus") == "0"
    finally:
        for directory in reversed(made):
            if directory.is_dir():
                os.rmdir(directory)
