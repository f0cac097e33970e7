# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_cgroup_isolation: where the groups are, and what a privileged container's root can do about its limits."""

from __future__ import annotations

from pathlib import Path
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
    named_cgroups,
    start_unified,
    value,
)
from ansible_collections.community.lxc.tests.live._host import tool

hybrid = pytest.mark.skipif(not HYBRID, reason="this host has no memory controller of cgroup v1")
LIMIT = 24 * 1024 * 1024


def container(guest: Guest, **options: Any) -> dict[str, Any]:
    return run_module("lxc_container", {"name": guest.name, "lxc_path": guest.lxc_path, **options})


def fill(guest: Guest) -> bool:
    """Put twice the limit into the container's memory; False: it was not let."""
    script = "mkdir -p /mnt/m && mount -t tmpfs none /mnt/m && dd if=/dev/zero of=/mnt/m/x bs=1M count=48"
    return guest.attach("sh", "-c", script, check=False).returncode == 0


def raise_own_limit(guest: Guest) -> None:
    """All that a privileged root can think of: the mounted files, those above, and a mount of its own."""
    script = """
    mkdir -p /mnt/c
    mount -t cgroup -o memory none /mnt/c
    for directory in /sys/fs/cgroup/memory /sys/fs/cgroup/memory/.. /mnt/c /mnt/c/..; do
        echo -1 > $directory/memory.memsw.limit_in_bytes
        echo -1 > $directory/memory.limit_in_bytes
    done
    """
    guest.attach("sh", "-c", script, check=False)


@hybrid
@pytest.mark.parametrize("isolated", [False, True])
def test_the_root_of_a_container_raises_its_own_limit_unless_isolated(bed: Bed, unique: str, isolated: bool) -> None:
    guest = bed.guest()
    placement = isolation(unique) if isolated else {"dir": unique}
    result = cgroup(guest, limits={"memory.max": LIMIT}, cgroup_mount="cgroup:rw:force", **placement)
    assert (result["rc"], result["restart_required"]) == (0, False)
    container(guest)
    told = cgroup(guest)["cgroup"]
    assert told["isolated"] is isolated
    assert told["limits"]["memory.max"] == {"persisted": str(LIMIT), "live": str(LIMIT)}
    assert fill(guest) is False

    raise_own_limit(guest)

    limit = int(value("memory", told["limit_path"], "memory.limit_in_bytes"))
    assert (limit == LIMIT) is isolated
    assert fill(guest) is not isolated
    assert (cgroup(guest)["cgroup"]["limits"]["memory.max"]["live"] == str(LIMIT)) is isolated


@hybrid
def test_init_is_in_the_inner_group_its_monitor_apart_and_limits_in_the_outer_one(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    limits = {"memory.max": "64M", "pids.max": 40, "cpu.max": 50000}
    assert cgroup(guest, limits=limits, **isolation(unique))["rc"] == 0
    container(guest)

    init, monitor = groups(guest.init_pid()), groups(monitor_pid(guest))
    assert len(init) > 5
    assert set(init.values()) == {f"/{unique}/ct/inner"}
    assert set(monitor.values()) == {f"/{unique}/mon"}
    assert value("memory", f"{unique}/ct", "memory.limit_in_bytes") == str(64 * 1024 * 1024)
    assert value("pids", f"{unique}/ct", "pids.max") == "40"
    assert value("cpu", f"{unique}/ct", "cpu.cfs_quota_us") == "50000"
    assert value("pids", f"{unique}/ct/inner", "pids.max") == "max"
    told = cgroup(guest)["cgroup"]
    assert (told["container_path"], told["limit_path"]) == (f"/{unique}/ct/inner", f"/{unique}/ct")
    assert (told["monitor_path"], told["isolated"]) == (f"/{unique}/mon", True)
    assert told["placement"]["container_inner_dir"] == "inner"


def test_isolation_where_all_is_cgroup_v2(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    limits = {"cgroup.max.descendants": 7}
    assert cgroup(guest, prefix=UNIFIED, limits=limits, cgroup_mount="cgroup2", **isolation(unique))["rc"] == 0
    start_unified(guest)
    told = cgroup(guest, prefix=UNIFIED)["cgroup"]
    assert (told["layout"], told["isolated"], told["limit_path"]) == ("unified", True, f"/{unique}/ct")
    assert told["limits"] == {"cgroup.max.descendants": {"persisted": "7", "live": "7"}}
    guest.attach("sh", "-c", "echo 100 > /sys/fs/cgroup/../cgroup.max.descendants", check=False)
    # The inner group has a file of that name too, and that one is the container's own business.
    assert guest.attach("sh", "-c", "echo 9 > /sys/fs/cgroup/cgroup.max.descendants").returncode == 0
    assert cgroup(guest, prefix=UNIFIED)["cgroup"]["limits"]["cgroup.max.descendants"]["live"] == "7"


def test_isolated_is_measured_and_not_what_the_configuration_says(bed: Bed, unique: str) -> None:
    guest = bed.guest(start=True)
    result = cgroup(guest, **isolation(unique))
    assert result["cgroup"]["placement"]["container_inner_dir"] == "inner"
    assert result["cgroup"]["isolated"] is False
    assert result["restart_required"] is True
    assert any("container_inner_dir" in action and "next start" in action for action in result["actions"])
    again = cgroup(guest, **isolation(unique))
    assert (again["changed"], again["restart_required"]) == (False, True)


@hybrid
def test_a_way_to_the_limiting_group_through_a_mount_is_no_isolation(bed: Bed, unique: str) -> None:
    guest = bed.guest("lxc.mount.entry = /sys/fs/cgroup/memory mnt none bind,create=dir 0 0")
    cgroup(guest, **isolation(unique))
    container(guest)
    assert groups(guest.init_pid())["memory"] == f"/{unique}/ct/inner"
    assert cgroup(guest)["cgroup"]["isolated"] is False


def test_a_container_that_shares_the_hosts_cgroup_namespace_is_not_isolated(bed: Bed, unique: str) -> None:
    guest = bed.guest("lxc.namespace.keep = cgroup user")
    cgroup(guest, **isolation(unique))
    container(guest)
    told = cgroup(guest)["cgroup"]
    assert told["isolated"] is False
    assert told["container_path"] == f"/{unique}/ct/inner"


@hybrid
def test_an_init_that_went_into_a_group_below_is_still_limited_by_the_one_above(bed: Bed) -> None:
    guest = bed.guest("lxc.mount.auto = cgroup:rw:force", start=True)
    # Named as if it were the container's own group.
    below = f"/sys/fs/cgroup/memory/lxc.payload.{guest.name}"
    guest.attach("sh", "-c", f"mkdir {below} && echo 1 > {below}/cgroup.procs")
    told = cgroup(guest, limits={"memory.max": "64M"})["cgroup"]
    assert told["container_path"] == f"/lxc.payload.{guest.name}/lxc.payload.{guest.name}"
    assert told["limit_path"] == f"/lxc.payload.{guest.name}"
    assert value("memory", told["limit_path"], "memory.limit_in_bytes") == str(64 * 1024 * 1024)


@hybrid
def test_a_group_s_name_moves_no_limit_into_the_container(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    cgroup(guest, **isolation(unique))
    container(guest)
    init = guest.init_pid()
    # As root could do to whom cgroups are delegated: for Python's text two lines, of which the second says "/b".
    below = Path(f"/sys/fs/cgroup/memory{groups(init)['memory']}/a\r0:memory:/b")
    below.mkdir(parents=True)
    (below / "cgroup.procs").write_text(str(init))
    told = cgroup(guest, limits={"memory.max": "64M"})["cgroup"]
    assert told["limit_path"] == f"/{unique}/ct"
    assert value("memory", f"{unique}/ct", "memory.limit_in_bytes") == str(64 * 1024 * 1024)


def test_relative_directories_begin_at_the_starters_group(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    assert cgroup(guest, relative=True)["changed"] is True
    above = ROOT / ("pids" if HYBRID else "") / f"{unique}r"
    above.mkdir()
    script = 'echo $$ > "$0/cgroup.procs" && exec lxc-start -P "$1" -n "$2"'
    tool("sh", "-c", script, str(above), guest.lxc_path, guest.name)
    told = cgroup(guest)["cgroup"]
    assert groups(guest.init_pid())["pids" if HYBRID else ""] == f"/{unique}r/lxc.payload.{guest.name}"
    assert told["placement"]["relative"] is True
    result = cgroup(guest, relative=False)
    assert (result["changed"], result["restart_required"]) == (True, True)
    assert "lxc.cgroup.relative" not in guest.config.read_text()
    guest.stop()


@hybrid
@pytest.mark.parametrize("namespace", ["own", "shared"])
def test_the_starters_group_is_not_the_containers_though_it_has_its_name(bed: Bed, unique: str, namespace: str) -> None:
    guest = bed.guest(*(["lxc.namespace.keep = cgroup user"] if namespace == "shared" else []))
    cgroup(guest, relative=True, container_dir=unique, monitor_dir=f"{unique}m")
    above = ROOT / "pids" / unique
    above.mkdir()
    script = 'echo $$ > "$0/cgroup.procs" && exec lxc-start -P "$1" -n "$2"'
    tool("sh", "-c", script, str(above), guest.lxc_path, guest.name)
    assert groups(guest.init_pid())["pids"] == f"/{unique}/{unique}"

    told = cgroup(guest, limits={"pids.max": 77})

    assert (told["rc"], told["restart_required"]) == (0, False)
    assert value("pids", f"{unique}/{unique}", "pids.max") == "77"
    assert value("pids", unique, "pids.max") == "max"
    guest.stop()


def test_directories_come_and_go_and_the_file_is_as_before(bed: Bed, unique: str) -> None:
    guest = bed.guest("# mine", "lxc.start.auto = 0")
    original = guest.config.read_bytes()
    limits = {"pids.max": 9} if HYBRID else {"cgroup.max.depth": 9}
    before = cgroup(guest, check=True, limits=limits, **isolation(unique))
    assert guest.config.read_bytes() == original
    done = cgroup(guest, limits=limits, **isolation(unique))
    assert [before[key] for key in ("changed", "actions", "diff")] == [
        done[key] for key in ("changed", "actions", "diff")
    ]
    assert cgroup(guest, limits=limits, **isolation(unique))["changed"] is False
    assert cgroup(guest, state="absent")["changed"] is True
    assert guest.config.read_bytes() == original
    assert cgroup(guest, state="absent")["changed"] is False


COMBINATIONS = [
    {"monitor_dir": "m"},
    {"container_dir": "c"},
    {"container_inner_dir": "i"},
    {"dir": "d", "monitor_dir": "m", "container_dir": "c"},
    {"dir": "d", "container_inner_dir": "i"},
    {"monitor_dir": "m", "container_dir": "m"},
    {"monitor_dir": "c/m", "container_dir": "c"},
    {"dir": "d/../e"},
    {"dir": "/d"},
    {"monitor_dir": "m", "container_dir": "c", "container_inner_dir": "a/b"},
]
KEYS = {
    "dir": "lxc.cgroup.dir",
    "monitor_dir": "lxc.cgroup.dir.monitor",
    "container_dir": "lxc.cgroup.dir.container",
    "container_inner_dir": "lxc.cgroup.dir.container.inner",
}


@pytest.mark.parametrize("options", COMBINATIONS, ids=lambda options: " ".join(f"{k}={v}" for k, v in options.items()))
def test_what_liblxc_refuses_is_refused_beforehand(bed: Bed, unique: str, options: dict[str, Any]) -> None:
    def own(option: str, directory: str) -> str:
        absolute = "/" if directory.startswith("/") else ""
        return directory if option == "container_inner_dir" else f"{absolute}{unique}{directory.lstrip('/')}"

    options = {option: own(option, directory) for option, directory in options.items()}
    guest = bed.guest()
    before = guest.config.read_bytes()
    result = cgroup(guest, **options)
    assert (result["rc"], guest.config.read_bytes()) == (1, before)
    assert any(option in result["msg"] for option in options)
    guest.config.write_bytes(before + "".join(f"{KEYS[k]} = {v}\n" for k, v in options.items()).encode())
    assert tool("lxc-start", "-P", guest.lxc_path, "-n", guest.name, check=False).returncode != 0


def test_after_a_stop_nothing_is_left_in_any_hierarchy(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    cgroup(guest, **isolation(unique))
    container(guest)
    assert named_cgroups(unique)
    container(guest, state="stopped")
    assert named_cgroups(unique) == []
    cgroup(guest, state="absent")
    cgroup(guest, dir=f"{unique}/below")
    container(guest)
    assert Path(ROOT, "pids" if HYBRID else "", unique, "below").is_dir()
    container(guest, state="stopped")
    assert named_cgroups(unique) == []


def test_what_was_there_before_stays(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    mine = ROOT / ("pids" if HYBRID else "") / unique
    mine.mkdir()
    cgroup(guest, **isolation(unique))
    container(guest)
    container(guest, state="stopped")
    assert named_cgroups(unique) == [str(mine)]
    mine.rmdir()
