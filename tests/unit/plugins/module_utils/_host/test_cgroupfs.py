# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hierarchies and groups from the kernel's own texts, and refusals that depend on liblxc's version."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import _cgroup_checks, _cgroupfs
from ansible_collections.community.lxc.plugins.module_utils._host._cgroupfs import Cgroups, Hierarchy
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_dialect import Dialect

ROOT = "/sys/fs/cgroup"
HYBRID = Cgroups(
    layout="hybrid",
    hierarchies=(
        Hierarchy(path=f"{ROOT}/cpu,cpuacct", version=1, controllers=("cpu", "cpuacct")),
        Hierarchy(path=f"{ROOT}/memory", version=1, controllers=("memory",)),
        Hierarchy(path=f"{ROOT}/systemd", version=1, controllers=("name=systemd",)),
        Hierarchy(path=f"{ROOT}/unified", version=2, controllers=("hugetlb",)),
    ),
)
UNIFIED = Cgroups(layout="unified", hierarchies=(Hierarchy(path=ROOT, version=2, controllers=("memory", "pids")),))


def test_groups_are_found_by_their_hierarchys_controllers() -> None:
    text = "9:name=systemd:/s\n4:memory:/m/x (deleted)\n2:cpuacct,cpu:/c:d\n3:freezer:/not/mounted\n0::/u\n"
    assert _cgroupfs.groups_of(text, HYBRID) == {
        f"{ROOT}/cpu,cpuacct": "/c:d",
        f"{ROOT}/memory": "/m/x",
        f"{ROOT}/systemd": "/s",
        f"{ROOT}/unified": "/u",
    }
    assert _cgroupfs.groups_of(text, UNIFIED) == {ROOT: "/u"}


def test_controllers_and_where_they_are() -> None:
    assert HYBRID.controllers() == {"cpu": 1, "cpuacct": 1, "hugetlb": 2, "memory": 1}
    found = [HYBRID.of_controller(name) for name in ("memory", "hugetlb", "cgroup", "rdma")]
    assert [hierarchy.path.rpartition("/")[2] if hierarchy else None for hierarchy in found] == [
        "memory",
        "unified",
        "unified",
        None,
    ]


def test_the_directory_of_a_group() -> None:
    assert UNIFIED.hierarchies[0].directory("/a/b") == f"{ROOT}/a/b"
    assert UNIFIED.hierarchies[0].directory("/") == ROOT
    # In a container that was given its own group only.
    assert Hierarchy(path=ROOT, version=2, controllers=(), root="/own").directory("/own/a") == f"{ROOT}/a"


def test_groups_are_found_however_deep_they_are(tmp_path: Path) -> None:
    for name in ("a/b", "c"):
        (tmp_path / name).mkdir(parents=True)
    found = [os.path.relpath(path, tmp_path) for path in _cgroupfs.descendants(str(tmp_path))]
    assert sorted(found) == ["a", "a/b", "c"]
    assert found.index("a/b") < found.index("a")
    made = [tmp_path / "d"]
    made[0].mkdir()
    while len(made) < 1200:
        (made[-1] / "d").mkdir()
        made.append(made[-1] / "d")
    try:
        assert _cgroupfs.descendants(str(made[0])) == [str(path) for path in reversed(made[1:])]
    finally:
        # pytest's own way to remove them is recursive.
        for path in reversed(made):
            path.rmdir()


@dataclass(frozen=True)
class Library:
    """What the check asks of a liblxc. A version 7 with hybrid cgroups is nowhere at hand."""

    version: str
    keys: tuple[str, ...]

    def config_item_is_supported(self, key: str) -> bool:
        return key in self.keys


def test_lxc_7_has_no_keys_for_cgroup_v1() -> None:
    old, new = Library("5.0.2", ("lxc.cgroup", "lxc.cgroup2")), Library("7.0.0", ("lxc.cgroup2",))
    v1, v2 = Dialect(unified=False, page=4096), Dialect(unified=True, page=4096)
    _cgroup_checks.check_keys(old, HYBRID, v1)
    _cgroup_checks.check_keys(old, UNIFIED, v2)
    _cgroup_checks.check_keys(new, UNIFIED, v2)
    with pytest.raises(InvalidInput, match=r"layout is hybrid.*lxc\.cgroup\.\*.*7\.0\.0"):
        _cgroup_checks.check_keys(new, HYBRID, v1)
