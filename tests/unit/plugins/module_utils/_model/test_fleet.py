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


@pytest.mark.parametrize(
    ("defaults", "given", "left"),
    [
        ({"tarball": "/t", "config": {}}, {"template": "busybox"}, {"template": "busybox", "config": {}}),
        ({"template": "debian", "template_args": {"release": "x"}}, {"tarball": "/t"}, {"tarball": "/t"}),
        ({"template": "debian", "template_args": {}}, {"clone_from": "base"}, {"clone_from": "base"}),
        ({"clone_from": "base", "clone_snapshot": True}, {"rootfs": "/r"}, {"rootfs": "/r"}),
        ({"rootfs": "/r"}, {"clone_from": "base"}, {"clone_from": "base"}),
        # Of the same kind: key by key, as everything else.
        (
            {"template": "debian", "template_args": {"release": "x"}, "tarball": None},
            {"template": "busybox", "template_args": {"arch": "y"}},
            {"template": "busybox", "template_args": {"release": "x", "arch": "y"}},
        ),
        ({"clone_from": "a", "clone_snapshot": True}, {"clone_from": "b"}, {"clone_from": "b", "clone_snapshot": True}),
        # None names nothing.
        ({"tarball": "/t"}, {"template": None}, {"tarball": "/t", "template": None}),
        ({"tarball": "/t"}, {"template_args": {"a": 1}}, {"tarball": "/t", "template_args": {"a": 1}}),
        # What the description itself says twice is for its argument specification to refuse.
        ({}, {"tarball": "/t", "template": "busybox"}, {"tarball": "/t", "template": "busybox"}),
    ],
)
def test_a_source_replaces_the_default_of_another_kind(
    defaults: dict[str, Any], given: dict[str, Any], left: dict[str, Any]
) -> None:
    (member,) = members([{"name": "x", **given}], defaults)
    assert member.options == {"name": "x", **left}


def order(*containers: dict[str, Any]) -> list[str]:
    return [member.name for member in members(containers, {})]


def test_who_is_required_comes_first() -> None:
    assert order({"name": "web", "requires": ["db"]}, {"name": "db"}, {"name": "x", "requires": ["web"]}) == [
        "db",
        "web",
        "x",
    ]
    chain = [{"name": f"c{number}", "requires": [f"c{number + 1}"]} for number in range(3000)]
    assert order(*chain, {"name": "c3000"})[:2] == ["c3000", "c2999"]


def test_the_origin_of_a_clone_comes_first() -> None:
    assert order({"name": "copy", "clone_from": "base", "state": "stopped"}, {"name": "base", "state": "stopped"}) == [
        "base",
        "copy",
    ]
    # Of another fleet, or of none.
    assert order({"name": "copy", "clone_from": "elsewhere"}) == ["copy"]


def test_what_goes_down_goes_in_the_opposite_order() -> None:
    down = {"requires": ["db"], "state": "stopped"}
    assert order({"name": "db", "state": "stopped"}, {"name": "web", **down}) == ["web", "db"]
    assert order({"name": "db", "state": "absent"}, {"name": "web", **down}) == ["web", "db"]
    assert order({"name": "db"}, {"name": "web", **down}) == ["db", "web"]
    gone = {"clone_from": "base", "state": "absent"}
    assert order({"name": "base", "state": "absent"}, {"name": "copy", **gone}) == ["copy", "base"]


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
        ([{"name": "a", "purge_nics": "perhaps"}], r"a: purge_nics: 'perhaps' is neither true nor false"),
        ([{"name": "a", "clone_from": "b"}, {"name": "b", "requires": ["a"]}], r"in a circle: a -> b -> a"),
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
    batches = [place // serial for place in range(len(requires))] if serial else []
    schedule = Schedule(requires=requires, batches=batches, abort_on_failures=abort)
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
        else:
            # Never nothing to do and nothing to wait for.
            ended = rng.choice(sorted(schedule.running))
            schedule.end(ended, worked=ended not in bad)
    assert len(begun) == len(set(begun))
    assert set(begun) | set(schedule.skipped) == set(range(len(requires)))
    assert not set(begun) & set(schedule.skipped)
    if not bad & set(range(len(requires))):
        assert not schedule.skipped
    if not serial and not abort:
        # One failure takes along those that need it, directly or not, and nobody else.
        lost = set(bad)
        for place, others in enumerate(requires):
            if lost & set(others):
                lost.add(place)
        assert set(begun) - bad == set(range(len(requires))) - lost


class Looked(dict[int, Any]):
    """A dictionary that counts how often it is looked into."""

    looks = 0

    def __contains__(self, key: object) -> bool:
        self.looks += 1
        return super().__contains__(key)

    def get(self, key: int, default: Any = None) -> Any:
        self.looks += 1
        return super().get(key, default)


@pytest.mark.parametrize("serial", [0, 1, 7])
def test_a_schedule_asks_in_proportion(serial: int) -> None:
    def asked(size: int) -> int:
        batches = [place // serial for place in range(size)] if serial else []
        schedule = Schedule([[], *([0] for _place in range(size - 1))], batches, ended=Looked(), skipped=Looked())
        while not schedule.finished:
            place = schedule.next()
            assert place is not None
            schedule.end(place, worked=True)
        assert isinstance(schedule.ended, Looked)
        assert isinstance(schedule.skipped, Looked)
        return schedule.ended.looks + schedule.skipped.looks

    assert asked(1000) <= 10.5 * asked(100)
