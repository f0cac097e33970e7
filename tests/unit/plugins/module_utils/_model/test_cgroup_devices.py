# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Device rules, compared as what they allow."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_devices as devices
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_devices import Policy, Rule


def rules(*texts: str) -> list[Rule]:
    """``+c 1:3 rw`` allows, ``-a`` denies."""
    found = [devices.parse_line("allow" if text[0] == "+" else "deny", text[1:]) for text in texts]
    return [rule for rule in found if rule is not None]


def policy(*texts: str, unified: bool = False) -> Policy:
    return devices.policy_of(rules(*texts), unified=unified)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("-a", "+c 1:3 rwm", "+c 1:5 rwm"), ("-a", "+c 1:5 rwm", "+c 1:3 rwm")),
        (("-a", "+c 1:3 rw", "+c 1:3 m"), ("-a", "+c 1:3 rwm")),
        (("-a", "+c 1:3 rwm", "-c 1:3 w"), ("-a", "+c 1:3 mr")),
        (("-a", "+c 1:* rwm", "+c 1:3 r"), ("-a", "+c 1:* rwm")),
        (("+c 5:1 r", "-b 8:0 rwm", "-a", "+c 1:3 rwm"), ("-a", "+c 1:3 rwm")),
        (("-a", "+a"), ()),
        (("+c 1:3 rwm",), ()),
        (("-a", "+c 01:003 rwm"), ("-a", "+c 1:3 rwm")),
    ],
)
def test_lists_that_allow_alike_are_equal(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert policy(*one) == policy(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("-a", "+c 1:3 rwm"), ("+c 1:3 rwm", "-a")),
        (("-a", "+c 1:3 r"), ("-a", "+c 1:3 rw")),
        (("-a", "+c 1:3 r"), ("-a", "+b 1:3 r")),
        (("-a",), ("+a",)),
        (("-a", "+c 1:* r"), ("-a", "+c 1:1 r")),
    ],
)
def test_lists_that_allow_otherwise_are_not(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert policy(*one) != policy(*other)


def test_without_a_rule_for_all_the_two_versions_start_differently() -> None:
    assert policy("+c 1:3 rwm").permits(("c", "9", "9"), "r")
    assert not policy("+c 1:3 rwm", unified=True).permits(("c", "9", "9"), "r")
    assert policy(unified=True) == Policy(allow=True)


@pytest.mark.parametrize(
    ("device", "access", "words"),
    [
        ("x 1:3", "rwm", "'a', or 'b' or 'c'"),
        ("p 1:3", "rwm", "'a', or 'b' or 'c'"),
        ("c 1", "rwm", "'a', or 'b' or 'c'"),
        ("c 1:3 rwm", "rwm", "'a', or 'b' or 'c'"),
        ("/dev/null", "rwm", "'a', or 'b' or 'c'"),
        ("c 4096:1", "rwm", "below 4096"),
        ("c 1:1048576", "rwm", "below 1048576"),
        ("c 1:3", "rwx", "letters r, w and m"),
        ("c 1:3", "", "letters r, w and m"),
        ("a", "r", "accepted is rwm"),
        ("c 1:3\nlxc.hook.start-host = /bin/evil", "rwm", "'a', or 'b' or 'c'"),
        ("c 1:3", "r\n", "letters r, w and m"),
    ],
)
def test_a_bad_rule_is_refused(device: str, access: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        devices.named(True, device, access)


def test_a_rule_without_effect_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no exception from an exception"):
        devices.extend(Policy(), rules("-a", "+c 1:* rwm", "-c 1:3 w"), unified=False)
    with pytest.raises(InvalidInput, match="no exception from an exception"):
        devices.extend(Policy(), rules("-c 1:* rwm", "+c 1:3 r"), unified=False)


def test_what_liblxcs_program_cannot_deny_is_refused() -> None:
    with pytest.raises(InvalidInput, match="both reading and writing"):
        devices.extend(Policy(), rules("-c 1:3 w"), unified=True)
    assert devices.extend(Policy(), rules("-c 1:3 w"), unified=False).exceptions == {("c", "1", "3"): "w"}
    assert devices.extend(Policy(), rules("-c 1:3 rw", "-c 1:5 m"), unified=True).allow


NUMBERS = st.sampled_from(["1", "3", "5", "*"])
KEYS = st.tuples(st.sampled_from("bc"), NUMBERS, NUMBERS)
ACCESS = st.sets(st.sampled_from("rwm"), min_size=1).map(devices.ordered)
RULES = st.builds(Rule, allow=st.booleans(), key=KEYS, access=ACCESS)
ALL_RULES = st.builds(Rule, allow=st.booleans(), key=st.none())
LISTS = st.lists(st.one_of(RULES, RULES, ALL_RULES), max_size=8)
WORLD = [(kind, str(a), str(b)) for kind, a, b in itertools.product("bc", (1, 3, 5, 7), (1, 3, 5, 7))]


def table(found: Policy) -> dict[tuple[tuple[str, str, str], str], bool]:
    return {(key, letter): found.permits(key, letter) for key in WORLD for letter in "rwm"}


@given(LISTS, st.booleans())
def test_a_reduced_policy_allows_the_same(found: list[Rule], unified: bool) -> None:
    whole = Policy(allow=not (unified and found))
    for rule in found:
        whole = whole.then(rule)
    assert table(whole.reduced()) == table(whole)


@given(LISTS, st.booleans())
def test_the_shortest_list_makes_the_same_policy(found: list[Rule], unified: bool) -> None:
    want = devices.policy_of(found, unified=unified)
    assert devices.policy_of(want.rules(), unified=unified) == want


@given(LISTS, LISTS, st.booleans())
def test_the_difference_leads_from_one_policy_to_the_other(old: list[Rule], new: list[Rule], unified: bool) -> None:
    base, want = devices.policy_of(old, unified=unified), devices.policy_of(new, unified=unified)
    for steps in (devices.difference(base, want), devices.live_rules(base, want, unified=unified)):
        found = base
        for rule in steps:
            found = found.then(rule)
        assert found.reduced() == want
    assert devices.difference(want, want) == ()
    assert devices.difference(None, want) == want.rules()


@given(LISTS)
def test_a_probe_stands_for_the_devices_of_its_rule(found: list[Rule]) -> None:
    numbers = devices.probes(rule.key for rule in found if rule.key)
    assert all("*" not in key for key in numbers.values())
    assert {f"{k[0]} {k[1]}:{k[2]}" for rule in found if (k := rule.key)} | {"a"} == set(numbers)
    for rule in found:
        if rule.key:
            assert devices.covers(rule.key, numbers[rule.device])


def test_what_a_probe_should_find() -> None:
    wanted = policy("-a", "+c 1:3 rw", "+c 136:* rwm")
    numbers = devices.probes(wanted.exceptions)
    assert devices.expected(wanted, numbers) == {"a": "", "c 1:3": "rw", "c 136:*": "rwm"}


def test_lines_that_are_not_understood_are_no_rules() -> None:
    assert devices.parse_line("allow", "c 1:3") is None
    assert devices.parse_line("allow", "/dev/null rwm") is None
    assert devices.parse_line("deny", "a *:* rwm") == Rule(allow=False, key=None)
    assert devices.parse_line("devices.allow", "c 5:* rwm") == Rule(allow=True, key=("c", "5", "*"))


def test_texts() -> None:
    assert Rule(allow=True, key=("c", "1", "3"), access="rw").text == "c 1:3 rw"
    assert Rule(allow=False, key=None).text == "a"
    assert Rule(allow=False, key=None).verb == "devices.deny"
