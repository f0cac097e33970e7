# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_cgroup_isolation: limits, persisted and live, translated where the host has cgroup v1."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.module_utils._host import _cgroupfs
from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._cgrouping import (
    HYBRID,
    UNIFIED,
    UNIFIED_ROOT,
    cgroup,
    isolation,
    put,
    start_unified,
    value,
)
from ansible_collections.community.lxc.tests.live._host import tool

hybrid = pytest.mark.skipif(not HYBRID, reason="this host has no memory controller of cgroup v1")
pytestmark = hybrid

MB = 1024 * 1024


def own(guest: Guest) -> str:
    return f"lxc.payload.{guest.name}"


def lines(guest: Guest) -> list[str]:
    """The cgroup lines of the configuration."""
    return [line for line in guest.config.read_text().splitlines() if line.startswith("lxc.cgroup")]


def a_disk() -> str:
    """A whole block device of this host."""
    return Path(sorted(Path("/sys/block").glob("*/dev"))[0]).read_text().strip()


def translated(disk: str) -> list[tuple[str, Any, dict[str, str], list[str]]]:
    """Limit, value, what is in the files of the kernel, and what is in the configuration."""
    return [
        ("memory.max", "64M", {"memory/memory.limit_in_bytes": str(64 * MB)}, [f"memory.limit_in_bytes = {64 * MB}"]),
        ("memory.high", "5000000", {"memory/memory.soft_limit_in_bytes": "4997120"}, []),
        ("memory.max", "max", {"memory/memory.limit_in_bytes": "9223372036854771712"}, ["memory.limit_in_bytes = -1"]),
        ("pids.max", 33, {"pids/pids.max": "33"}, ["pids.max = 33"]),
        (
            "cpu.max",
            "50000 200000",
            {"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "200000"},
            ["cpu.cfs_quota_us = 50000", "cpu.cfs_period_us = 200000"],
        ),
        ("cpu.weight", 250, {"cpu/cpu.shares": "2560"}, ["cpu.shares = 2560"]),
        ("cpu.max.burst", 5000, {"cpu/cpu.cfs_burst_us": "5000"}, []),
        ("cpuset.cpus", "0", {"cpuset/cpuset.cpus": "0"}, ["cpuset.cpus = 0"]),
        ("cpuset.mems", 0, {"cpuset/cpuset.mems": "0"}, ["cpuset.mems = 0"]),
        (
            "io.max",
            [f"{disk} rbps=1M wiops=120"],
            {
                "blkio/blkio.throttle.read_bps_device": f"{disk} {MB}",
                "blkio/blkio.throttle.write_iops_device": f"{disk} 120",
                "blkio/blkio.throttle.write_bps_device": "",
            },
            [f"blkio.throttle.read_bps_device = {disk} {MB}", f"blkio.throttle.write_iops_device = {disk} 120"],
        ),
        ("io.weight", 50, {"blkio/blkio.bfq.weight": "50"}, ["blkio.bfq.weight = 50"]),
    ]


@pytest.mark.parametrize("number", range(len(translated("8:0"))))
def test_a_limit_lands_in_the_file_of_v1_now_and_after_a_restart(bed: Bed, number: int) -> None:
    name, given, files, config = translated(a_disk())[number]
    guest = bed.guest(start=True)
    extra = {"cpu.max": 50000} if name == "cpu.max.burst" else {}
    limits = {**extra, name: given}

    done = cgroup(guest, limits=limits)

    assert (done["rc"], done["restart_required"]) == (0, False)
    for file, text in files.items():
        controller, _slash, short = file.partition("/")
        assert value(controller, own(guest), short) == text
    assert {f"lxc.cgroup.{line}" for line in config} <= set(lines(guest))
    again = cgroup(guest, limits=limits)
    assert (again["changed"], again["actions"]) == (False, [])

    guest.stop()
    guest.start()

    for file, text in files.items():
        controller, _slash, short = file.partition("/")
        assert value(controller, own(guest), short) == text
    after = cgroup(guest, limits=limits)
    assert (after["changed"], after["restart_required"]) == (False, False)

    cleared = cgroup(guest, limits=dict.fromkeys(limits, ""))
    assert cleared["changed"] is True
    assert lines(guest) == []
    assert cgroup(guest, limits=dict.fromkeys(limits, ""))["changed"] is False
    live = cleared["cgroup"]["limits"][name]["live"]
    defaults = {"cpu.weight": "100", "cpu.max": "max 100000", "cpu.max.burst": "0", "io.weight": "default 100"}
    root = {name: value("cpuset", "", name) for name in ("cpuset.cpus", "cpuset.mems")}
    assert live == {**defaults, **root, "io.max": []}.get(name, "max")


def test_groups_that_come_and_go_meanwhile_disturb_nobody(unique: str) -> None:
    hierarchy = next(found for found in _cgroupfs.look().hierarchies if "pids" in found.controllers)
    passing = 'while mkdir "$1"; do rmdir "$1"; done'
    with subprocess.Popen(["sh", "-c", passing, "sh", f"{hierarchy.path}/{unique}"]) as others:
        try:
            answers = {_cgroupfs.knows_file(hierarchy, "pids.max") for _time in range(3000)}
        finally:
            others.kill()
    assert answers <= {True, None}


def test_memory_and_swap_share_a_file_of_v1_and_keep_their_meaning(bed: Bed) -> None:
    guest = bed.guest(start=True)

    def both() -> tuple[int, int]:
        files = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        memory, memsw = (int(value("memory", own(guest), file)) for file in files)
        return memory // MB, memsw // MB

    assert cgroup(guest, limits={"memory.max": "64M", "memory.swap.max": "16M"})["changed"] is True
    assert both() == (64, 80)
    # The limit on swap stays what it is, whichever way memory's goes.
    assert cgroup(guest, limits={"memory.max": "128M"})["changed"] is True
    assert both() == (128, 144)
    assert cgroup(guest, limits={"memory.max": "32M"})["changed"] is True
    assert both() == (32, 48)
    told = cgroup(guest, limits={"memory.swap.max": "16M"})
    assert told["changed"] is False
    assert told["cgroup"]["limits"]["memory.swap.max"] == {"persisted": str(16 * MB), "live": str(16 * MB)}
    cgroup(guest, limits={"memory.swap.max": 0})
    assert both() == (32, 32)
    guest.stop()
    guest.start()
    assert both() == (32, 32)
    refused = cgroup(guest, limits={"memory.max": ""})
    assert (refused["rc"], both()) == (1, (32, 32))
    assert "memory and swap together" in refused["msg"]


def test_below_what_is_in_use_the_refusal_says_how_much_that_is(bed: Bed) -> None:
    guest = bed.guest(start=True)
    cgroup(guest, limits={"memory.max": "96M", "memory.swap.max": 0})
    guest.attach("sh", "-c", "mkdir /mnt/m; mount -t tmpfs none /mnt/m; dd if=/dev/zero of=/mnt/m/x bs=1M count=40")
    before = guest.config.read_bytes()

    failed = cgroup(guest, limits={"memory.max": "16M", "pids.max": 44, "cpu.weight": 7})

    assert failed["rc"] == 1
    used = int(value("memory", own(guest), "memory.usage_in_bytes"))
    assert "memory.max" in failed["msg"]
    told = next(int(word) for word in failed["msg"].split() if word.isdigit() and int(word) > 30 * MB)
    assert abs(told - used) < 8 * MB
    assert "in use" in failed["msg"]
    # Nothing is ahead of what could be done, and what was done on the way has been taken back.
    assert guest.config.read_bytes() == before
    assert failed["actions"] == []
    assert value("memory", own(guest), "memory.limit_in_bytes") == str(96 * MB)
    assert value("memory", own(guest), "memory.memsw.limit_in_bytes") == str(96 * MB)
    assert value("cpu", own(guest), "cpu.shares") == "1024"
    assert value("pids", own(guest), "pids.max") == "max"


def test_what_somebody_changed_behind_our_back_is_found_and_put_right(bed: Bed) -> None:
    guest = bed.guest(start=True)
    limits = {"memory.max": "64M", "pids.max": 50, "cpu.max": 50000}
    cgroup(guest, limits=limits)
    put("memory", own(guest), "memory.limit_in_bytes", "-1")
    put("pids", own(guest), "pids.max", "77")
    seen = cgroup(guest)
    assert seen["cgroup"]["limits"]["pids.max"] == {"persisted": "50", "live": "77"}
    assert (seen["changed"], seen["restart_required"]) == (False, True)
    told = cgroup(guest, limits=limits, check=True)
    assert value("pids", own(guest), "pids.max") == "77"
    done = cgroup(guest, limits=limits)
    assert [told[key] for key in ("changed", "actions")] == [done[key] for key in ("changed", "actions")]
    assert done["diff"]["before"]["limits"]["pids.max"]["live"] == "77"
    assert value("memory", own(guest), "memory.limit_in_bytes") == str(64 * MB)
    assert value("pids", own(guest), "pids.max") == "50"
    assert cgroup(guest, limits=limits)["changed"] is False


def test_limits_are_the_outer_groups_own_and_not_the_inner_ones(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    cgroup(guest, limits={"memory.max": "64M", "cpuset.cpus": "0"}, **isolation(unique))
    run_module("lxc_container", {"name": guest.name, "lxc_path": guest.lxc_path})
    cgroup(guest, limits={"memory.max": "80M"})
    assert value("memory", f"{unique}/ct", "memory.limit_in_bytes") == str(80 * MB)
    assert value("memory", f"{unique}/ct/inner", "memory.limit_in_bytes") == "9223372036854771712"
    # A group of v1 must hold all CPUs of those below it, whichever way the change goes.
    for cpus in ("0-1", "1", "0", "0-1"):
        assert cgroup(guest, limits={"cpuset.cpus": cpus})["rc"] == 0
        assert value("cpuset", f"{unique}/ct", "cpuset.cpus") == cpus
        assert value("cpuset", f"{unique}/ct/inner", "cpuset.cpus") == cpus


def test_without_live_a_limit_waits_for_the_next_start(bed: Bed) -> None:
    guest = bed.guest(start=True)
    result = cgroup(guest, limits={"pids.max": 21}, live=False)
    assert (result["changed"], result["restart_required"]) == (True, True)
    assert value("pids", own(guest), "pids.max") == "max"
    again = cgroup(guest, limits={"pids.max": 21}, live=False)
    assert (again["changed"], again["restart_required"]) == (False, True)
    guest.stop()
    guest.start()
    assert value("pids", own(guest), "pids.max") == "21"
    assert cgroup(guest, limits={"pids.max": 21}, live=False)["restart_required"] is False


def test_a_limit_brought_live_is_not_pending_for_lxc_container(bed: Bed) -> None:
    guest = bed.guest(start=True)
    arguments = {"name": guest.name, "lxc_path": guest.lxc_path, "restart": "if_required"}
    pid = guest.init_pid()
    cgroup(guest, limits={"pids.max": 21, "memory.max": "64M", "cpu.max": "50000"})
    result = run_module("lxc_container", arguments)
    assert (result["changed"], result["container"]["pending"]) == (False, [])
    assert guest.init_pid() == pid
    put("pids", own(guest), "pids.max", "99")
    assert run_module("lxc_container", arguments, check_mode=True)["changed"] is True


def test_the_same_value_in_other_words_changes_nothing(bed: Bed) -> None:
    guest = bed.guest("lxc.cgroup.memory.limit_in_bytes = 64M", "lxc.cgroup.cpu.cfs_quota_us = 50000", start=True)
    before = guest.config.read_bytes()
    limits = {"memory.max": 64 * MB + 17, "cpu.max": "50000 100000"}
    assert cgroup(guest, limits=limits)["changed"] is False
    assert guest.config.read_bytes() == before


def test_what_an_included_file_says_counts(bed: Bed) -> None:
    included = Path(bed.lxc_path, "common.conf")
    included.write_text("lxc.cgroup.pids.max = 60\n")
    guest = bed.guest(f"lxc.include = {included}", start=True)
    assert cgroup(guest, limits={"pids.max": 60})["changed"] is False
    assert cgroup(guest, limits={"pids.max": 50})["changed"] is True
    assert value("pids", own(guest), "pids.max") == "50"
    refused = cgroup(guest, limits={"pids.max": ""})
    assert (refused["rc"], "included" in refused["msg"] or "includes" in refused["msg"]) == (1, True)
    assert value("pids", own(guest), "pids.max") == "50"


def test_two_containers_of_one_name_in_two_paths_never_touch_each_other(bed: Bed, new_lxc_path: Any) -> None:
    one = bed.guest(start=True)
    other = Bed(str(new_lxc_path())).guest(name=one.name, start=True)
    cgroup(other, limits={"pids.max": 31})
    told = cgroup(other)["cgroup"]
    assert told["limit_path"] != cgroup(one)["cgroup"]["limit_path"]
    assert value("pids", told["limit_path"], "pids.max") == "31"
    assert value("pids", own(one), "pids.max") == "max"


def test_a_limit_on_a_host_with_cgroup_v2_alone(bed: Bed) -> None:
    guest = bed.guest()
    limits = {"cgroup.max.depth": 5, "hugetlb.2MB.max": "5M"}
    assert cgroup(guest, prefix=UNIFIED, limits=limits)["rc"] == 0
    assert lines(guest) == ["lxc.cgroup2.cgroup.max.depth = 5", "lxc.cgroup2.hugetlb.2MB.max = 4194304"]
    start_unified(guest)

    def files() -> tuple[str, str]:
        directory = UNIFIED_ROOT / own(guest)
        return tuple((directory / file).read_text().strip() for file in limits)  # type: ignore[return-value]

    # Huge pages are counted whole.
    assert files() == ("5", "4194304")
    done = cgroup(guest, prefix=UNIFIED, limits={"cgroup.max.depth": 6, "hugetlb.2MB.max": "8M"})
    assert (done["changed"], files()) == (True, ("6", "8388608"))
    again = cgroup(guest, prefix=UNIFIED, limits={"cgroup.max.depth": 6, "hugetlb.2MB.max": "8M"})
    assert (again["changed"], again["restart_required"]) == (False, False)
    (UNIFIED_ROOT / own(guest) / "cgroup.max.depth").write_text("77")
    assert cgroup(guest, prefix=UNIFIED, limits={"cgroup.max.depth": 6})["changed"] is True
    assert files()[0] == "6"
    cgroup(guest, prefix=UNIFIED, limits={"cgroup.max.depth": None})
    assert (files()[0], lines(guest)) == ("max", ["lxc.cgroup2.hugetlb.2MB.max = 8388608"])


def test_usage_is_told(bed: Bed) -> None:
    guest = bed.guest(start=True)
    guest.attach("sh", "-c", "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done")
    usage = cgroup(guest)["cgroup"]["usage"]
    assert usage["pids"] == int(value("pids", own(guest), "pids.current"))
    assert 4096 <= usage["memory"] <= 512 * MB
    assert 0 < usage["cpu"] < 60
    tool("lxc-stop", "-P", guest.lxc_path, "-n", guest.name, "-k")
    told = cgroup(guest)["cgroup"]
    assert (told["usage"], told["limit_path"], told["isolated"]) == (None, None, None)
