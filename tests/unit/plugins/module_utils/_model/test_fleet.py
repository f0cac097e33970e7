# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet as data, and the order of its work."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._fleet import Schedule, members, merge


def test_defaults_are_merged_key_by_key() -> None:
    defaults = {"template": "busybox", "config": {"lxc.a": 1, "lxc.b": 1}, "mounts": [{"target": "/a"}]}
    description = {"name": "x", "config": {"lxc.b": 2}, "mounts": [{"target": "/b"}], "cgroup": {"limits": {}}}
    (member,) = members([description], defaults)
    assert member.options == {"name": "x", "template": "busybox", "config": {"lxc.a": 1, "lxc.b": 2}}
    assert member.parts == (("mounts", {"target": "/b"}), ("cgroup", {"limits": {}}))
    assert merge({"a": {"b": {"c": 1}}}, {"a": {"b": {"d": 2}}}) == {"a": {"b": {"c": 1, "d": 2}}}


def test_who_is_required_comes_first() -> None:
    team = members([{"name": "web", "requires": ["db"]}, {"name": "db"}, {"name": "x", "requires": ["web"]}], {})
    assert [member.name for member in team] == ["db", "web", "x"]


@pytest.mark.parametrize(
    ("containers", "sentence"),
    [
        ([{"name": "a", "requires": ["b"]}, {"name": "b", "requires": ["a"]}], r"in a circle: a -> b -> a"),
        ([{"name": "a", "requires": ["a"]}], r"in a circle: a -> a"),
        ([{"name": "a", "requires": ["b"]}], r"a: requires: there is no 'b' in this fleet"),
        ([{"name": "a"}, {"name": "a"}], r"'a' stands in the list twice"),
        ([{"state": "started"}], r"containers\[0\]: it has no name"),
        ([{"name": "a", "requires": "b"}], r"requires: 'b' is no list"),
        ([{"name": "a", "mounts": ["x"]}], r"a: mounts: 'x' is no dictionary"),
        (
            [{"name": "a", "nics": [{"name": "eth0"}], "config": {"lxc.net.0.type": "veth"}}],
            r"a: lxc\.net\.0\.type in config and nics say the same thing twice",
        ),
        ([{"name": "a", "share_source": "magic"}], r"share_source: 'magic' is none of"),
    ],
)
def test_what_is_no_fleet(containers: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        members(containers, {})


GRAPHS = st.integers(1, 8).flatmap(
    lambda size: st.tuples(*(st.lists(st.integers(0, max(0, n - 1)), max_size=n, unique=True) for n in range(size)))
)


@given(GRAPHS, st.integers(0, 4), st.integers(0, 3), st.sets(st.integers(0, 7)), st.integers(1, 4), st.randoms())
def test_every_schedule_comes_to_its_end(
    requires: tuple[list[int], ...], serial: int, abort: int, bad: set[int], slots: int, rng: Any
) -> None:
    schedule = Schedule(requires=requires, serial=serial, abort_on_failures=abort)
    begun: list[int] = []
    while not schedule.finished:
        place = schedule.next() if len(schedule.running) < slots else None
        if place is not None:
            assert all(schedule.ended.get(other) for other in requires[place])
            if serial:
                assert all(schedule.ended.get(other) for other in range(place // serial * serial))
            if abort:
                assert sum(not worked for worked in schedule.ended.values()) < abort
            begun.append(place)
        elif schedule.running:
            ended = rng.choice(sorted(schedule.running))
            schedule.end(ended, worked=ended not in bad)
    assert len(begun) == len(set(begun))
    assert set(begun) | set(schedule.skipped) == set(range(len(requires)))
    if not bad & set(range(len(requires))):
        assert not schedule.skipped
