# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cgroup part of a configuration: read, edited, and edited back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._config._document import parse
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_devices import extend
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_dialect import Dialect
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_placement import Placement, limiting_group
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_spec import CgroupSpec, cgroup_spec
from ansible_collections.community.lxc.plugins.module_utils._plan import _cgroup_edit as edit
from ansible_collections.community.lxc.plugins.module_utils._plan import _cgroup_persisted as persisted

PAGE = 4096
V1, V2 = Dialect(unified=False, page=PAGE), Dialect(unified=True, page=PAGE)
DIALECTS = pytest.mark.parametrize("dialect", [V1, V2], ids=["v1", "v2"])
ORIGINAL = """# a comment

lxc.uts.name = x
   lxc.tty.max = 2
lxc.net.1.type = empty
"""
NOTHING: Mapping[str, Any] = {
    "state": "present",
    "dir": None,
    "monitor_dir": None,
    "monitor_pivot_dir": None,
    "container_dir": None,
    "container_inner_dir": None,
    "relative": None,
    "limits": None,
    "devices": None,
    "purge_devices": False,
    "cgroup_mount": None,
    "live": True,
}


def spec(**options: Any) -> CgroupSpec:
    return cgroup_spec({**NOTHING, **options}, page=PAGE)


def change(text: str, dialect: Dialect, includes: Mapping[str, Any] | None = None, **options: Any) -> str:
    document = parse(text)
    entries = persisted.read(_expanded(document.entries(), includes or {}), dialect)
    return edit.edit(spec(**options), document, entries, includes or {}, dialect).render()


def _expanded(entries: Any, includes: Mapping[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in entries:
        found += includes.get(value, ()) if key == "lxc.include" else [(key, value)]
    return found


LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "memory.max": st.integers(1, 2**40),
        "pids.max": st.integers(1, 1000),
        "cpu.max": st.integers(1000, 10**6),
        "cpu.weight": st.integers(1, 10000),
        "io.max": st.lists(st.sampled_from(["8:0 rbps=5", "8:16 wiops=7 rbps=max"]), min_size=1, max_size=3),
    },
)


@DIALECTS
@given(LIMITS, LIMITS)
def test_there_and_back_ends_where_it_began(dialect: Dialect, one: dict[str, Any], other: dict[str, Any]) -> None:
    first = change(ORIGINAL, dialect, limits=one)
    second = change(first, dialect, limits=other)
    assert change(second, dialect, limits=other) == second
    back = change(second, dialect, limits={**dict.fromkeys(other, ""), **one})
    assert persisted.read(parse(back).entries(), dialect) == persisted.read(parse(first).entries(), dialect)
    assert change(back, dialect, limits=dict.fromkeys({**one, **other}, None)) == ORIGINAL
    assert change(back, dialect, state="absent") == ORIGINAL


@DIALECTS
def test_what_a_task_does_not_name_stays_byte_for_byte(dialect: Dialect) -> None:
    text = ORIGINAL + f"{dialect.prefix}pids.max=7\n{dialect.prefix}freezer.state = THAWED\n"
    assert change(text, dialect, limits={"pids.max": 7}) == text
    assert change(text, dialect) == text
    assert change(text, dialect, limits={"pids.max": 8}) == text.replace("pids.max=7", "pids.max = 8")


def test_on_v1_a_value_is_compared_as_v1_can_hold_it() -> None:
    text = change(ORIGINAL, V1, limits={"io.weight": 150, "memory.max": 5000})
    assert "lxc.cgroup.blkio.bfq.weight = 105\n" in text
    assert "lxc.cgroup.memory.limit_in_bytes = 4096\n" in text
    assert change(text, V1, limits={"io.weight": 150, "memory.max": 4999}) == text


def test_swap_follows_memory_on_v1() -> None:
    text = change(ORIGINAL, V1, limits={"memory.max": "1M", "memory.swap.max": "1M"})
    assert "lxc.cgroup.memory.memsw.limit_in_bytes = 2097152\n" in text
    assert "memsw.limit_in_bytes = 4194304\n" in change(text, V1, limits={"memory.max": "3M"})
    with pytest.raises(InvalidInput, match="memory and swap together"):
        change(text, V1, limits={"memory.max": None})
    assert "memsw" not in change(text, V1, limits={"memory.swap.max": None})


@DIALECTS
def test_the_last_line_of_a_limit_counts_and_an_empty_one_forgets(dialect: Dialect) -> None:
    lines = [(f"{dialect.prefix}pids.max", value) for value in ("5", "", "9")]
    assert persisted.read(lines, dialect).limits == {"pids.max": ("9",)}
    assert persisted.read(lines[:2], dialect).limits == {}


def test_the_other_family_does_not_count() -> None:
    text = "lxc.cgroup2.pids.max = 5\nlxc.cgroup.pids.max = 6\nlxc.cgroup.dir = d\n"
    assert persisted.read(parse(text).entries(), V1).limits == {"pids.max": ("6",)}
    found = persisted.read(parse(text).entries(), V2)
    assert (found.limits, found.placement.dir) == ({"pids.max": ("5",)}, "d")


@DIALECTS
def test_a_list_of_rules_becomes_the_shortest_one(dialect: Dialect) -> None:
    rules = [
        {"allow": False, "device": "a", "access": "rwm"},
        {"allow": True, "device": "c 1:5", "access": "r"},
        {"allow": True, "device": "c 1:3", "access": "rwm"},
        {"allow": True, "device": "c 1:5", "access": "w"},
    ]
    text = change(ORIGINAL, dialect, devices=rules)
    assert text[len(ORIGINAL) :].splitlines() == [
        f"{dialect.prefix}devices.deny = a",
        f"{dialect.prefix}devices.allow = c 1:3 rwm",
        f"{dialect.prefix}devices.allow = c 1:5 rw",
    ]
    assert change(text, dialect, devices=list(reversed(rules[1:]))) == text
    assert change(text, dialect, devices=[]) == ORIGINAL


@DIALECTS
def test_rules_begin_where_the_included_ones_end(dialect: Dialect) -> None:
    includes = {
        "/base": ((f"{dialect.prefix}devices.deny", "a"), (f"{dialect.prefix}devices.allow", "c 1:7 rwm")),
    }
    text = ORIGINAL + "lxc.include = /base\n"
    rules = [
        {"allow": True, "device": "c 1:3", "access": "rwm"},
        {"allow": False, "device": "c 1:7", "access": "rwm"},
    ]
    changed = change(text, dialect, includes, devices=rules, purge_devices=True)
    assert changed[len(text) :].splitlines() == [
        f"{dialect.prefix}devices.allow = c 1:3 rwm",
        f"{dialect.prefix}devices.deny = c 1:7 rwm",
    ]
    assert change(changed, dialect, includes, devices=rules, purge_devices=True) == changed


RULES = st.tuples(st.booleans(), st.sampled_from(["a", "c 1:3 rwm", "c 1:5 rw", "c 5:* rwm", "c 5:1 rwm"]))
GIVEN = st.builds(
    lambda allow, device: {"allow": allow, "device": device, "access": "rwm"},
    st.booleans(),
    st.sampled_from(["a", "c 1:3", "c 1:5", "c 5:*", "c 5:1"]),
)


@DIALECTS
@given(
    st.lists(st.one_of(RULES, st.sampled_from(["/one", "/two"])), max_size=5),
    st.lists(RULES, max_size=3),
    st.lists(RULES, max_size=3),
    st.lists(GIVEN, min_size=1, max_size=3),
    st.booleans(),
)
def test_the_configuration_amounts_to_what_was_asked(
    dialect: Dialect, own: list[Any], one: list[Any], two: list[Any], rules: list[dict[str, Any]], purge: bool
) -> None:
    def entry(rule: tuple[bool, str]) -> tuple[str, str]:
        return (f"{dialect.devices}{'allow' if rule[0] else 'deny'}", rule[1])

    includes = {"/one": tuple(map(entry, one)), "/two": tuple(map(entry, two))}
    lines = [("lxc.include", line) if isinstance(line, str) else entry(line) for line in own]
    text = ORIGINAL + "".join(f"{key} = {value}\n" for key, value in lines)
    start = [line for line in lines if line[0] == "lxc.include"] if purge else lines
    now = persisted.read(_expanded(start, includes), dialect)
    asked = spec(devices=rules, purge_devices=purge)
    try:
        wanted = extend(now.policy(dialect), asked.rules or (), unified=dialect.unified)
        changed = change(text, dialect, includes, devices=rules, purge_devices=purge)
    except InvalidInput:
        return
    assert persisted.read(_expanded(parse(changed).entries(), includes), dialect).policy(dialect) == wanted
    assert [line for line in changed.splitlines() if ".devices." not in line] == [
        line for line in text.splitlines() if ".devices." not in line
    ]


def test_an_included_file_that_has_the_last_word_is_named() -> None:
    wanted = persisted.Persisted(limits={"pids.max": ("60",)}, mount_form="cgroup", placement=Placement(dir="d"))
    with pytest.raises(InvalidInput, match=r"pids.max, dir, cgroup_mount: a file"):
        edit.refuse_what_stays(spec(limits={"pids.max": None}, dir="e", cgroup_mount=""), wanted, V2)
    edit.refuse_what_stays(spec(limits={"pids.max": 60}, dir="d", cgroup_mount="cgroup"), wanted, V2)


def test_absent_takes_no_other_option() -> None:
    with pytest.raises(InvalidInput, match="limits, devices"):
        spec(state="absent", limits={}, devices=[])


PLACED = Placement(monitor_dir="x/mon", container_dir="x/ct", container_inner_dir="in")


@pytest.mark.parametrize(
    ("path", "placement", "exact", "limit"),
    [
        ("/x/ct/in", PLACED, True, "/x/ct"),
        ("/x/ct/in", PLACED, False, "/x/ct"),
        ("/x/ct/in/x/ct/in", PLACED, False, "/x/ct"),
        ("/above/x/ct/in", PLACED, False, "/above/x/ct"),
        ("/x/ct", PLACED, True, "/x/ct"),
        ("/lxc.payload.web", Placement(), False, "/lxc.payload.web"),
        ("/lxc.payload.web-2/init.scope", Placement(), False, "/lxc.payload.web-2"),
        ("/d/lxc.payload.web/lxc.payload.web", Placement(dir="d"), False, "/d/lxc.payload.web"),
        ("/lxc.payload.web2", Placement(), False, "/lxc.payload.web2"),
        ("/", Placement(), True, "/"),
        ("/elsewhere", Placement(), False, "/elsewhere"),
    ],
)
def test_the_limiting_group(path: str, placement: Placement, exact: bool, limit: str) -> None:
    assert limiting_group(path, "web", placement, exact=exact) == limit


@pytest.mark.parametrize(
    ("path", "monitor", "limit"),
    [
        ("/ct/ct", "/ct/mon", "/ct/ct"),
        ("/ct/ct/ct", "/ct/mon", "/ct/ct"),
        ("/ct/ct", "/mon", "/ct"),
        ("/ct/ct", "", "/ct"),
    ],
)
def test_no_group_with_the_monitor_in_it_is_the_containers(path: str, monitor: str, limit: str) -> None:
    placement = Placement(monitor_dir="mon", container_dir="ct", relative=True)
    assert limiting_group(path, "web", placement, exact=False, monitor=monitor) == limit


def test_nonsense_that_is_there_already_is_no_obstacle_to_other_limits() -> None:
    text = ORIGINAL + "lxc.cgroup.memory.limit_in_bytes = lots\nlxc.cgroup.cpuset.cpus = all\n"
    assert change(text, V1, limits={"pids.max": 8}) == text + "lxc.cgroup.pids.max = 8\n"
    assert "limit_in_bytes = 4096\n" in change(text, V1, limits={"memory.max": 4096})
    with pytest.raises(InvalidInput, match="'lots'"):
        change(text, V1, limits={"memory.swap.max": 0})
