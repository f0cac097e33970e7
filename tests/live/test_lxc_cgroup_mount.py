# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_cgroup_isolation: how a container sees its cgroups, and input that is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Bed
from ansible_collections.community.lxc.tests.live._cgrouping import (
    HYBRID,
    ROOT,
    UNIFIED,
    cgroup,
    start_unified,
)

hybrid = pytest.mark.skipif(not HYBRID, reason="this host has no controllers of cgroup v1")


FORMS = [
    ("cgroup:rw:force", "cgroup:rw", "/sys/fs/cgroup/pids", True),
    ("cgroup:ro:force", "cgroup:ro", "/sys/fs/cgroup/pids", False),
    ("cgroup-full:rw:force", "cgroup:rw", "/sys/fs/cgroup/pids", True),
    ("cgroup2", "cgroup2:rw", "/sys/fs/cgroup", True),
    ("cgroup2:ro", "cgroup2:ro", "/sys/fs/cgroup", False),
    ("cgroup2:ro:force", "cgroup2:ro", "/sys/fs/cgroup", False),
    ("cgroup:mixed", "none", "", False),
]


@hybrid
@pytest.mark.parametrize(("form", "seen", "directory", "writable"), FORMS)
def test_a_form_is_written_waits_for_a_restart_and_is_read_back(
    bed: Bed, form: str, seen: str, directory: str, writable: bool
) -> None:
    guest = bed.guest(start=True)
    result = cgroup(guest, cgroup_mount=form)
    assert "lxc.mount.auto = proc:mixed sys:mixed\n" in guest.config.read_text()
    assert (result["changed"], result["restart_required"]) == (True, seen != "none")
    assert result["cgroup"]["mount"] == {"persisted": form, "live": "none"}
    guest.stop()
    guest.start()
    again = cgroup(guest, cgroup_mount=form)
    assert (again["changed"], again["restart_required"]) == (False, False)
    assert again["cgroup"]["mount"] == {"persisted": form, "live": seen}
    if directory:
        assert (guest.attach("mkdir", f"{directory}/probe", check=False).returncode == 0) is writable
    assert cgroup(guest, cgroup_mount="")["changed"] is True
    assert "cgroup" not in guest.config.read_text()


@pytest.mark.parametrize(("form", "seen"), [("cgroup:ro", "cgroup2:ro"), ("cgroup2", "cgroup2:rw")])
def test_a_form_where_all_is_cgroup_v2(bed: Bed, form: str, seen: str) -> None:
    guest = bed.guest()
    cgroup(guest, prefix=UNIFIED, cgroup_mount=form)
    start_unified(guest)
    again = cgroup(guest, prefix=UNIFIED, cgroup_mount=form)
    assert (again["changed"], again["restart_required"]) == (False, False)
    assert again["cgroup"]["mount"]["live"] == seen


@hybrid
def test_a_view_that_the_container_changed_is_told(bed: Bed) -> None:
    guest = bed.guest("lxc.mount.auto = cgroup2:ro", start=True)
    guest.attach("mount", "-o", "remount,rw,bind", "/sys/fs/cgroup")
    told = cgroup(guest)
    assert (told["cgroup"]["mount"]["live"], told["restart_required"]) == ("cgroup2:rw", True)


def test_other_words_of_the_key_stay_where_they_are(bed: Bed) -> None:
    guest = bed.guest()
    text = guest.config.read_text()
    guest.config.write_text(text.replace("proc:mixed sys:mixed", "proc:mixed cgroup:mixed sys:ro"))
    cgroup(guest, cgroup_mount="cgroup2:ro")
    assert [line for line in guest.config.read_text().splitlines() if "mount.auto" in line] == [
        "lxc.mount.auto = proc:mixed sys:ro",
        "lxc.mount.auto = cgroup2:ro",
    ]


BAD = [
    ({"dir": "/absolute"}, "dir: '/absolute' is absolute"),
    ({"dir": "a/../../b"}, "dir: 'a/../../b' holds '..'"),
    ({"monitor_dir": "../m", "container_dir": "c"}, "monitor_dir: '../m' holds '..'"),
    ({"monitor_dir": "m", "container_dir": "c\nlxc.hook.start-host = /bin/evil"}, "newline"),
    ({"monitor_dir": "m", "container_dir": "c", "container_inner_dir": "a/b"}, "single directory name"),
    ({"monitor_dir": "m"}, "needs container_dir"),
    ({"limits": {"memory.most": "1M"}}, "not a limit of cgroup v2"),
    ({"limits": {"nosuch.max": "1M"}}, "not a limit of cgroup v2"),
    ({"limits": {"memory.max": "512MB"}}, "a size in bytes"),
    ({"limits": {"memory.max": "1M\nlxc.hook.start-host = /bin/evil"}}, "newline"),
    ({"limits": {"cpu.max": "10 100"}}, "microseconds"),
    ({"limits": {"cpu.weight": 0}}, "from 1 to 10000"),
    ({"limits": {"pids.max": -3}}, "from 0 to 4194304"),
    ({"limits": {"cpuset.cpus": "0-4095"}}, "this host has"),
    ({"limits": {"cpuset.mems": "99"}}, "this host has"),
    ({"limits": {"io.max": "4095:77 rbps=1"}}, "no block device 4095:77"),
    ({"limits": {"cpu.max": "5000 100000", "cpu.max.burst": 6000}}, "more than the quota"),
    ({"limits": {"hugetlb.7MB.max": "7M"}}, "hugetlb"),
    ({"devices": [{"allow": True, "device": "x 1:3"}]}, "'a', or 'b' or 'c'"),
    ({"devices": [{"allow": True, "device": "c 1:3", "access": "x"}]}, "letters r, w and m"),
    ({"devices": [{"allow": True, "device": "c 1:3\nx"}]}, "'a', or 'b' or 'c'"),
    ({"cgroup_mount": "cgroup:all"}, "not a form"),
    ({"cgroup_mount": "cgroup\nlxc.hook.start-host = /bin/evil"}, "not a form"),
    ({"state": "absent", "limits": {"pids.max": 1}}, "cannot be combined"),
    ({"container": "no-such-container"}, "There is no container 'no-such-container'"),
    ({"container": "../x"}, "not a container name"),
]


@pytest.mark.parametrize(("options", "words"), BAD, ids=[words for _options, words in BAD])
def test_bad_input_is_refused_in_one_sentence_and_nothing_changes(
    bed: Bed, options: dict[str, Any], words: str
) -> None:
    guest = bed.guest(rootfs=False)
    before = guest.config.read_bytes(), guest.config.stat().st_mtime_ns
    arguments = {"container": guest.name, "lxc_path": guest.lxc_path, "limits": {"pids.max": 7}, **options}
    # What check mode lets through the real run must not refuse, so that it is check mode that has to refuse.
    result = run_module("lxc_cgroup_isolation", arguments, check_mode=True)
    assert result["rc"] == 1
    assert words in result["msg"]
    assert "\n" not in result["msg"]
    assert "Traceback" not in result["msg"]
    assert (guest.config.read_bytes(), guest.config.stat().st_mtime_ns) == before


@pytest.mark.parametrize("options", [BAD[0][0], BAD[9][0], BAD[13][0]])
def test_the_real_run_refuses_it_as_well(bed: Bed, options: dict[str, Any]) -> None:
    guest = bed.guest(rootfs=False)
    before = guest.config.read_bytes()
    assert cgroup(guest, **options)["rc"] == 1
    assert guest.config.read_bytes() == before


NO_EQUAL = ["memory.low", "memory.min", "memory.swap.high", "memory.oom.group", "cgroup.max.depth", "cpu.weight.nice"]


@hybrid
@pytest.mark.parametrize("name", NO_EQUAL)
def test_what_v1_has_no_equal_of_is_named(bed: Bed, name: str) -> None:
    values = {"memory.oom.group": 1, "cgroup.max.depth": 3, "cpu.weight.nice": 3}
    result = cgroup(bed.guest(rootfs=False), limits={name: values.get(name, "1M")})
    assert (result["rc"], f"{name} has no equal in cgroup v1" in result["msg"]) == (1, True)


@hybrid
def test_a_controller_that_is_elsewhere_or_nowhere_is_named(bed: Bed) -> None:
    guest = bed.guest(rootfs=False)
    here = (ROOT / "unified" / "cgroup.controllers").read_text().split()
    if "hugetlb" in here:
        result = cgroup(guest, limits={"hugetlb.2MB.max": "2M"})
        assert (result["rc"], "'hugetlb' is in the v2 hierarchy" in result["msg"]) == (1, True)
    if not (ROOT / "rdma").exists() and "rdma" not in here:
        result = cgroup(guest, limits={"rdma.max": "mlx4_0 hca_handle=2"})
        assert (result["rc"], "'rdma' is not there" in result["msg"]) == (1, True)
    # The same view of this host with cgroup v2 alone has no memory controller.
    result = cgroup(guest, prefix=UNIFIED, limits={"memory.max": "64M"})
    assert (result["rc"], "'memory' is not there" in result["msg"]) == (1, True)


def test_no_cgroups_at_all_is_told(bed: Bed) -> None:
    prefix = ("unshare", "-m", "sh", "-c", 'umount -Rl /sys/fs/cgroup; exec "$@"', "sh")
    result = cgroup(bed.guest(rootfs=False), prefix=prefix, limits={"pids.max": 7})
    assert (result["rc"], "no cgroup file system" in result["msg"]) == (1, True)
