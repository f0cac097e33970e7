# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sizes, lists and rates, normalised as the kernel stores them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_limit as limit
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_value as value

PAGE = 4096


@pytest.mark.parametrize(
    ("name", "given_", "stored"),
    [
        ("memory.max", "512M", ("536870912",)),
        ("memory.max", 536870912, ("536870912",)),
        ("memory.max", "536870912", ("536870912",)),
        ("memory.max", "512MiB", ("536870912",)),
        ("memory.max", "0.5G", ("536870912",)),
        ("memory.max", "524288K", ("536870912",)),
        ("memory.max", "1000000", ("999424",)),  # rounded down to pages, as the kernel does
        ("memory.max", "max", ("max",)),
        ("memory.max", -1, ("max",)),
        ("memory.max", "9223372036854771712", ("max",)),
        ("memory.high", "8E", ("max",)),
        ("memory.low", "1M", ("1048576",)),
        ("pids.max", 100, ("100",)),
        ("pids.max", "0100", ("100",)),
        ("pids.max", "max", ("max",)),
        ("cpu.max", "50000", ("50000 100000",)),
        ("cpu.max", "max", ("max 100000",)),
        ("cpu.max", "  50000   20000 ", ("50000 20000",)),
        ("cpu.weight", 200, ("200",)),
        ("cpu.uclamp.min", "20%", ("20.00",)),
        ("cpu.uclamp.min", "12.5", ("12.50",)),
        ("cpu.uclamp.max", "100%", ("max",)),
        ("cpuset.cpus", "3,1,2,0-1, 7", ("0-3,7",)),
        ("cpuset.mems", 0, ("0",)),
        ("io.max", "8:0 wiops=120 rbps=1M wbps=max", ("8:0 rbps=1048576 wiops=120",)),
        ("io.max", ["8:16 rbps=1", "8:0 rbps=2"], ("8:0 rbps=2", "8:16 rbps=1")),
        ("io.max", ["8:0 rbps=1", "8:0 rbps=max"], ()),
        ("io.weight", 50, ("default 50",)),
        ("io.weight", ["8:0 200", "default 50"], ("default 50", "8:0 200")),
        ("io.weight", "8:0 50", ("default 100", "8:0 50")),
        ("io.bfq.weight", ["8:16 50", "8:0 60"], ("default 100", "8:0 60", "8:16 50")),
        ("misc.max", ["res_b 007", "res_a max"], ("res_b 7",)),
        ("misc.max", "res_a max", ()),
        ("rdma.max", "mlx4_0 hca_object=max hca_handle=2", ("mlx4_0 hca_handle=2",)),
        ("rdma.max", ["a hca_object=5 hca_handle=2", "b hca_handle=max"], ("a hca_handle=2 hca_object=5",)),
        ("hugetlb.2MB.max", "4M", ("4194304",)),
        ("hugetlb.2MB.max", "5M", ("4194304",)),  # whole huge pages
        ("hugetlb.1GB.rsvd.max", "max", ("max",)),
        ("cgroup.max.depth", 5, ("5",)),
    ],
)
def test_a_value_is_stored_as_the_kernel_would(name: str, given_: Any, stored: tuple[str, ...]) -> None:
    assert limit.named({name: given_}, page=PAGE) == {name: stored}


@pytest.mark.parametrize("given_", [None, "", []])
def test_nothing_means_to_clear_the_limit(given_: Any) -> None:
    assert limit.named({"memory.max": given_}, page=PAGE) == {"memory.max": None}


@pytest.mark.parametrize(
    ("name", "given_", "words"),
    [
        ("memory.maximum", "1M", "not a limit of cgroup v2"),
        ("memory.limit_in_bytes", "1M", "not a limit of cgroup v2"),
        ("../memory.max", "1M", "not a limit of cgroup v2"),
        ("hugetlb.4XB.max", "1M", "not a limit of cgroup v2"),
        ("memory.max", "512MB", "K, M, G"),
        ("memory.max", "50%", "K, M, G"),
        ("memory.max", "lots", "K, M, G"),
        ("memory.max", "1.0001K", "whole number"),
        ("memory.max", "-5", "K, M, G"),
        ("memory.max", True, "a text, a number"),
        ("memory.max", {"a": 1}, "a text, a number"),
        ("memory.max", ["1M", "2M"], "one value"),
        ("memory.max", "1M\nlxc.hook.start-host = /bin/evil", "newline"),
        ("pids.max", "-7", "from 0 to 4194304"),
        ("pids.max", 4194305, "from 0 to 4194304"),
        ("pids.max", "12x", "from 0 to 4194304"),
        ("cpu.max", "50%", "microseconds"),
        ("cpu.max", "999 100000", "at least 1000"),
        ("cpu.max", "50000 999", "PERIOD from 1000"),
        ("cpu.max", "50000 1000001", "PERIOD from 1000"),
        ("cpu.max", "1 2 3", "microseconds"),
        ("cpu.weight", 0, "from 1 to 10000"),
        ("cpu.weight", 10001, "from 1 to 10000"),
        ("cpu.weight", "max", "from 1 to 10000"),
        ("cpu.weight.nice", 20, "from -20 to 19"),
        ("cpu.idle", 2, "0 or 1"),
        ("cpu.uclamp.min", "101%", "percentage"),
        ("cpuset.cpus", "3-1", "list of numbers"),
        ("cpuset.cpus", "a", "list of numbers"),
        ("io.max", "8:0", "MAJOR:MINOR"),
        ("io.max", "/dev/sda rbps=1", "MAJOR:MINOR"),
        ("io.max", "8:0 speed=1", "MAJOR:MINOR"),
        ("io.max", "8:0 rbps=0", "0 is not accepted"),
        ("io.weight", 10001, "from 1 to 10000"),
        ("io.weight", "a b c", "weight"),
        ("misc.max", "sgx", "a name"),
        ("cpuset.cpus.partition", "mine", "member or root"),
    ],
)
def test_a_bad_value_is_refused_with_what_would_be_accepted(name: str, given_: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        limit.named({name: given_}, page=PAGE)
    assert name in caught.value.msg


@given(st.integers(0, 2**63 - 1), st.sampled_from([4096, 16384, 65536]))
def test_a_size_is_whole_pages_never_more_and_stays_what_it_is(number: int, page: int) -> None:
    stored = value.size(str(number), page)
    assert value.size(stored, page) == stored
    if stored != "max":
        assert int(stored) % page == 0
        assert 0 <= number - int(stored) < page


@given(st.sets(st.integers(0, 200)))
def test_a_list_of_cpus_keeps_its_members(found: set[int]) -> None:
    text = value.join_numbers(found)
    assert value.split_numbers(text) == found
    assert value.numbers(text, PAGE) == text


RATES = st.dictionaries(st.sampled_from(["rbps", "wbps", "riops", "wiops"]), st.integers(1, 2**40), min_size=1)
DEVICES = st.tuples(st.integers(0, 300), st.integers(0, 300))
IO_LINES = st.dictionaries(DEVICES, RATES, max_size=4)


def io_value(rates: dict[tuple[int, int], dict[str, int]]) -> value.Value:
    lines = [f"{a}:{b} " + " ".join(f"{key}={n}" for key, n in found.items()) for (a, b), found in rates.items()]
    return limit.normalise("io.max", tuple(lines), page=PAGE)


@given(IO_LINES, IO_LINES)
def test_the_writes_to_io_max_lead_from_any_value_to_any_other(
    old: dict[tuple[int, int], dict[str, int]], new: dict[tuple[int, int], dict[str, int]]
) -> None:
    now, want = io_value(old), io_value(new)
    kernel = {line.split()[0]: value.io_keys(line) for line in now}
    for text in limit.writes("io.max", now, want):
        kernel.setdefault(text.split()[0], {}).update(value.io_keys(text))
    lines = tuple(f"{device} " + " ".join(f"{k}={v}" for k, v in found.items()) for device, found in kernel.items())
    assert limit.normalise("io.max", lines, page=PAGE) == want


RESOURCES = st.dictionaries(st.sampled_from(["res_a", "res_b", "res_c"]), st.integers(0, 9), max_size=3)
HANDLES = st.dictionaries(st.sampled_from(["hca_handle", "hca_object"]), st.integers(0, 9), min_size=1)
RDMA = st.dictionaries(st.sampled_from(["mlx4_0", "mlx5_1"]), HANDLES, max_size=2)
WEIGHTS = st.dictionaries(st.sampled_from(["default", "8:0", "8:16"]), st.integers(1, 1000), max_size=3)


@pytest.mark.parametrize("name", ["io.weight", "io.bfq.weight"])
@given(WEIGHTS, WEIGHTS)
def test_weights_are_what_the_kernel_shows_after_writing(name: str, old: dict[str, int], new: dict[str, int]) -> None:
    kernel = {"default": "100", **{device: str(weight) for device, weight in old.items()}}

    def shown() -> value.Value:
        lines = [f"{device} {weight}" for device, weight in kernel.items()]
        return limit.normalise(name, tuple(lines), page=PAGE)

    want = limit.normalise(name, tuple(f"{device} {weight}" for device, weight in new.items()), page=PAGE)
    for text in limit.writes(name, shown(), want):
        device, weight = text.split()
        kernel[device] = weight
        if weight == "default":
            del kernel[device]
    assert shown() == want


@given(RESOURCES, RESOURCES)
def test_the_kernel_shows_every_resource_of_misc_and_those_without_a_limit_do_not_count(
    old: dict[str, int], new: dict[str, int]
) -> None:
    kernel = {**dict.fromkeys(("res_a", "res_b", "res_c"), "max"), **{key: str(n) for key, n in old.items()}}

    def shown() -> value.Value:
        return limit.normalise("misc.max", tuple(f"{key} {n}" for key, n in kernel.items()), page=PAGE)

    want = limit.normalise("misc.max", tuple(f"{key} {n}" for key, n in new.items()), page=PAGE)
    for text in limit.writes("misc.max", shown(), want):
        resource, number = text.split()
        kernel[resource] = number
    assert shown() == want


@given(RDMA, RDMA)
def test_the_kernel_shows_both_limits_of_every_rdma_device(
    old: dict[str, dict[str, int]], new: dict[str, dict[str, int]]
) -> None:
    free = {"hca_handle": "max", "hca_object": "max"}
    kernel: dict[str, dict[str, Any]] = {device: {**free, **old.get(device, {})} for device in ("mlx4_0", "mlx5_1")}

    def text_of(device: str, found: Mapping[str, object]) -> str:
        return f"{device} " + " ".join(f"{key}={number}" for key, number in found.items())

    def shown() -> value.Value:
        return limit.normalise("rdma.max", tuple(text_of(*item) for item in kernel.items()), page=PAGE)

    want = limit.normalise("rdma.max", tuple(text_of(*item) for item in new.items()), page=PAGE)
    for text in limit.writes("rdma.max", shown(), want):
        device, *fields = text.split()
        kernel[device].update({key: number for key, _is, number in (field.partition("=") for field in fields)})
    assert shown() == want


def test_what_clears_a_value() -> None:
    assert limit.writes("cpuset.cpus", ("0",), ()) == ("\n",)
    assert limit.writes("io.weight", ("default 50", "8:0 10"), ("default 100",)) == ("8:0 default", "default 100")
    assert limit.writes("misc.max", ("res_a 5",), ()) == ("res_a max",)
    assert limit.default("cpu.max") == ("max 100000",)
    assert limit.default("io.max") == ()


def test_what_a_file_holds_is_kept_when_it_is_not_understood() -> None:
    assert limit.or_kept("memory.max", ("strange",), page=PAGE) == ("strange",)
    assert limit.huge_page_size("hugetlb.2MB.max") == "2MB"
    assert limit.huge_page_size("memory.max") is None
