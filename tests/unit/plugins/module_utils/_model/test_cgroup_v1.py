# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The translation to the files of cgroup v1, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_limit as limit
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_v1 as v1
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_value as value

PAGE = 4096

EXAMPLES = [
    ({"memory.max": ("536870912",)}, {"memory.limit_in_bytes": ("536870912",)}),
    ({"memory.max": ("max",)}, {"memory.limit_in_bytes": ("-1",)}),
    ({"memory.high": ("4096",)}, {"memory.soft_limit_in_bytes": ("4096",)}),
    (
        {"memory.max": ("8192",), "memory.swap.max": ("4096",)},
        {"memory.limit_in_bytes": ("8192",), "memory.memsw.limit_in_bytes": ("12288",)},
    ),
    ({"memory.swap.max": ("max",)}, {"memory.memsw.limit_in_bytes": ("-1",)}),
    ({"pids.max": ("100",)}, {"pids.max": ("100",)}),
    ({"cpu.max": ("50000 100000",)}, {"cpu.cfs_quota_us": ("50000",), "cpu.cfs_period_us": ("100000",)}),
    ({"cpu.max": ("max 20000",)}, {"cpu.cfs_quota_us": ("-1",), "cpu.cfs_period_us": ("20000",)}),
    ({"cpu.weight": ("100",)}, {"cpu.shares": ("1024",)}),
    ({"cpuset.cpus": ("0-1",), "cpuset.mems": ("0",)}, {"cpuset.cpus": ("0-1",), "cpuset.mems": ("0",)}),
    (
        {"io.max": ("8:0 rbps=1048576 wiops=120", "8:16 rbps=2")},
        {
            "blkio.throttle.read_bps_device": ("8:0 1048576", "8:16 2"),
            "blkio.throttle.write_bps_device": (),
            "blkio.throttle.read_iops_device": (),
            "blkio.throttle.write_iops_device": ("8:0 120",),
        },
    ),
    ({"io.weight": ("default 100",)}, {"blkio.bfq.weight": ("100",)}),
    ({"hugetlb.2MB.max": ("4194304",)}, {"hugetlb.2MB.limit_in_bytes": ("4194304",)}),
    ({"hugetlb.1GB.rsvd.max": ("max",)}, {"hugetlb.1GB.rsvd.limit_in_bytes": ("-1",)}),
]


@pytest.mark.parametrize(("limits", "files"), EXAMPLES)
def test_the_table_there_and_back(limits: dict[str, tuple[str, ...]], files: dict[str, tuple[str, ...]]) -> None:
    assert v1.to_v1(limits) == files
    assert v1.from_v1(files, page=PAGE) == limits
    for name in limits:
        assert set(v1.files_of(name)) <= set(files)
    for file in files:
        assert v1.name_of(file) in limits


@pytest.mark.parametrize(
    "name", ["memory.min", "memory.low", "memory.swap.high", "memory.oom.group", "cpu.weight.nice", "cgroup.max.depth"]
)
def test_a_limit_without_an_equal_is_named(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name} has no equal in cgroup v1"):
        v1.to_v1({name: limit.default(name)})


def test_swap_alone_cannot_be_limited() -> None:
    with pytest.raises(InvalidInput, match="memory and swap together"):
        v1.to_v1({"memory.swap.max": ("4096",)})


def test_a_weight_for_one_device_has_no_equal() -> None:
    with pytest.raises(InvalidInput, match="one weight for all devices"):
        v1.to_v1({"io.weight": ("8:0 100",)})


def test_the_kernels_own_text_for_unlimited() -> None:
    found = v1.from_v1({"memory.limit_in_bytes": ("9223372036854771712",)}, page=PAGE)
    assert found == {"memory.max": ("max",)}


def test_half_of_a_pair_and_nonsense_are_read_too() -> None:
    assert v1.from_v1({"cpu.cfs_quota_us": ("5000",)}, page=PAGE) == {"cpu.max": ("5000 100000",)}
    assert v1.from_v1({"memory.memsw.limit_in_bytes": ("8192",)}, page=PAGE) == {"memory.swap.max": ("8192",)}
    assert v1.from_v1({"pids.max": ("many",)}, page=PAGE) == {"pids.max": ("many",)}
    assert v1.from_v1({"cpu.shares": ()}, page=PAGE) == {"cpu.weight": ("100",)}
    assert v1.from_v1({"net_cls.classid": ("1",)}, page=PAGE) == {}


@given(st.integers(1, 10000))
def test_a_cpu_weight_survives_the_way_there_and_back(weight: int) -> None:
    assert v1.weight_of_shares(v1.shares(weight)) == weight


@given(st.integers(1, 9999))
def test_more_weight_is_never_fewer_shares(weight: int) -> None:
    assert v1.shares(weight) < v1.shares(weight + 1)
    assert v1.bfq(weight) <= v1.bfq(weight + 1)


@given(st.integers(1, 1000))
def test_a_bfq_weight_survives_the_way_back_and_there(weight: int) -> None:
    assert v1.bfq(v1.weight_of_bfq(weight)) == weight
    assert 1 <= v1.weight_of_bfq(weight) <= 10000


def pages(low: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.integers(low, 2**40).map(lambda n: (str(n * PAGE),))


def or_max(values: st.SearchStrategy[tuple[str, ...]]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.one_of(values, st.just(("max",)))


RATES = st.dictionaries(st.sampled_from(["rbps", "wbps", "riops", "wiops"]), st.integers(1, 2**40), min_size=1)
IO = st.dictionaries(st.tuples(st.integers(0, 300), st.integers(0, 300)), RATES, max_size=4).map(
    lambda found: limit.normalise(
        "io.max",
        tuple(f"{a}:{b} " + " ".join(f"{k}={n}" for k, n in keys.items()) for (a, b), keys in found.items()),
        page=PAGE,
    )
)
NUMBERS = st.frozensets(st.integers(0, 1023), min_size=1).map(lambda found: (value.join_numbers(found),))
LIMITS = st.fixed_dictionaries(
    {"memory.max": pages()},
    optional={
        "memory.high": or_max(pages()),
        "memory.swap.max": or_max(pages()),
        "pids.max": or_max(st.integers(0, 4194304).map(lambda n: (str(n),))),
        "cpu.max": st.tuples(
            st.one_of(st.just("max"), st.integers(1000, 10**9).map(str)), st.integers(1000, 1000000)
        ).map(lambda pair: (f"{pair[0]} {pair[1]}",)),
        "cpu.weight": st.integers(1, 10000).map(lambda n: (str(n),)),
        "cpu.max.burst": st.integers(0, 2**44 // 1000).map(lambda n: (str(n),)),
        "cpuset.cpus": NUMBERS,
        "cpuset.mems": NUMBERS,
        "io.weight": st.integers(1, 1000).map(lambda n: (f"default {v1.weight_of_bfq(n)}",)),
        "io.max": IO,
        "hugetlb.2MB.max": or_max(st.integers(0, 2**30).map(lambda n: (str(n * 2**21),))),
    },
)


@given(LIMITS)
def test_limits_survive_the_way_there_and_back(limits: dict[str, tuple[str, ...]]) -> None:
    assert v1.from_v1(v1.to_v1(limits), page=PAGE) == limits


@given(LIMITS)
def test_files_survive_the_way_back_and_there(limits: dict[str, tuple[str, ...]]) -> None:
    files = v1.to_v1(limits)
    assert v1.to_v1(v1.from_v1(files, page=PAGE)) == files


def test_removing_a_throttle() -> None:
    file = "blkio.throttle.read_bps_device"
    assert v1.file_writes(file, ("8:0 5", "8:16 7"), ("8:16 9",)) == ("8:0 0", "8:16 9")
    assert v1.file_writes("cpuset.cpus", ("0",), ()) == ("\n",)
    assert v1.file_writes("pids.max", ("5",), ("7",)) == ("7",)


def test_the_controller_of_v1() -> None:
    assert v1.controller("io.max") == "blkio"
    assert v1.controller("blkio.throttle.read_bps_device") == "blkio"
    assert v1.controller("memory.max") == "memory"
