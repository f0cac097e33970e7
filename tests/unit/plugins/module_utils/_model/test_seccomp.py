# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Seccomp policies: text to rules and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model import _seccomp as seccomp
from ansible_collections.community.lxc.plugins.module_utils._model._seccomp_spec import seccomp_spec
from ansible_collections.community.lxc.plugins.module_utils._model._seccomp_start import start_calls

numbers = st.integers(0, 2**64 - 1)
arguments = st.builds(
    lambda index, value, op, mask: seccomp.argument(index, value, op, mask, where="x"),
    st.integers(0, 5),
    numbers,
    st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "&=", "SCMP_CMP_GE", "SCMP_CMP_MASKED_EQ"]),
    numbers,
)
actions = st.sampled_from(["allow", "kill", "trap", "notify", "log", "errno 13", "trace 7"])
rules = st.builds(
    seccomp.Rule,
    st.sampled_from(seccomp.ARCHITECTURES),
    st.from_regex(r"[a-z_][a-z0-9_]{0,9}", fullmatch=True),
    actions,
    st.lists(arguments, max_size=3).map(lambda found: tuple(sorted(found))),
)
policies = st.builds(
    seccomp.Policy, st.sampled_from(["denylist", "allowlist"]), actions, st.frozensets(rules, max_size=8)
)


@given(policies)
def test_what_is_written_is_read_back(policy: seccomp.Policy) -> None:
    assert seccomp.parse(policy.render()) == policy


@given(policies)
def test_equal_policies_have_one_text(policy: seccomp.Policy) -> None:
    again = seccomp.Policy(policy.mode, policy.default, frozenset(sorted(policy.rules, reverse=True)))
    assert again.render() == policy.render()


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for whole in (text, f"2\n{text}", f"2\ndenylist\n{text}"):
        try:
            assert seccomp.parse(whole).mode in ("denylist", "allowlist")
        except InvalidInput:
            continue


@pytest.mark.parametrize("old", ["blacklist", "whitelist"])
def test_older_words_are_the_same(old: str) -> None:
    new = {"blacklist": "denylist", "whitelist": "allowlist"}[old]
    rest = " errno 38\n[all]\n# a comment\n\nmkdir errno 1 [1,0x10,SCMP_CMP_MASKED_EQ,0x10]\nrmdir kill # why\n"
    assert seccomp.parse(f"2\n{old}{rest}") == seccomp.parse(f"2\n{new}{rest}")


def test_defaults_are_those_of_liblxc() -> None:
    denied = seccomp.parse("2\ndenylist\nmkdir\n")
    assert (denied.default, [rule.action for rule in denied.rules]) == ("allow", ["kill"])
    allowed = seccomp.parse("2\nallowlist\nmkdir\n")
    assert (allowed.default, [rule.action for rule in allowed.rules]) == ("kill", ["allow"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1\nallowlist\n1\n", "not a seccomp policy of version 2"),
        ("2\nfoolist\n", "neither denylist nor allowlist"),
        ("2\ndenylist\n[vax]\nmkdir\n", "no architecture"),
        ("2\ndenylist\nmkdir deny\n", "'deny' is no seccomp action"),
        ("2\ndenylist\nmkdir errno\n", "takes a number"),
    ],
)
def test_what_liblxc_refuses_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        seccomp.parse(text)


@pytest.mark.parametrize(
    ("text", "blocked"),
    [
        ("2\ndenylist\nmkdir\n", ()),
        ("2\ndenylist\nread kill\n", ("read",)),
        ("2\ndenylist\nread kill [0,1,==]\n", ()),
        ("2\ndenylist\nwrite notify\n", ("write",)),
        ("2\nallowlist\nread\nwrite\n", ()),
        ("2\nallowlist\nread\n", ("write",)),
        ("2\nallowlist\nread\nwrite allow [0,1,==]\n", ("write",)),
        ("2\nallowlist\nread\nwrite allow\nwrite errno 1\n", ("write",)),
        ("2\nallowlist allow\nread errno 1\n", ("read",)),
        ("2\nallowlist\n[arm64]\nread\n[all]\nwrite\n", ("read",)),
        ("2\nallowlist\n[x86]\nread\n[x86_64]\nwrite\n", ("read",)),
        ("2\ndenylist\n[x86]\nread\n", ()),
    ],
)
def test_calls_that_are_not_let_through(text: str, blocked: tuple[str, ...]) -> None:
    policy = seccomp.parse(text)
    assert tuple(call for call in ("read", "write") if not policy.lets_through(call, "x86_64")) == blocked


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("2\nallowlist\nread\n", ("write",)),
        ("2\nallowlist errno 38\nread\n", ()),
        ("2\nallowlist trap\nread\n", ("write",)),
        # Nobody knows which arguments it will have.
        ("2\nallowlist\nread\nwrite allow [0,1,==]\n", ()),
        ("2\ndenylist\nread kill\nwrite kill [0,1,==]\n", ("read",)),
        ("2\ndenylist\nread errno 1\nwrite notify\n", ("write",)),
        ("2\ndenylist\n[arm64]\nread kill\n", ()),
    ],
)
def test_calls_that_end_their_caller(text: str, ends: tuple[str, ...]) -> None:
    policy = seccomp.parse(text)
    assert tuple(call for call in ("read", "write") if policy.ends(call, "x86_64")) == ends


IDMAP = {"lxc.idmap": "u 0 100000 65536"}


@pytest.mark.parametrize(
    ("settings", "calls"),
    [
        ({}, {"setgroups", "capget", "fchown or fchown32"}),
        (IDMAP, {"fchown or fchown32"}),
        ({**IDMAP, "lxc.init.uid": "0", "lxc.init.groups": "5"}, {"setgroups", "fchown or fchown32"}),
        ({**IDMAP, "lxc.init.uid": "9", "lxc.init.cwd": "/"}, {"setresuid", "chdir", "fchown or fchown32"}),
        ({**IDMAP, "lxc.init.gid": "9", "lxc.console.path": "none"}, {"setresgid"}),
        ({**IDMAP, "lxc.autodev": "0"}, set()),
    ],
)
def test_what_a_start_needs_is_told_by_the_configuration(settings: dict[str, str], calls: set[str]) -> None:
    nothing = seccomp.parse("2\nallowlist\n[all]\nmkdir\n")
    blocked = start_calls(settings).blocked(nothing, native="x86_64")
    some = {"setgroups", "capget", "setresuid", "setresgid", "chdir", "fchown or fchown32"}
    assert some & set(blocked) == calls
    assert {"execve", "sendmsg", "close", "setsid"} < set(blocked)
    without = seccomp.parse("2\nallowlist errno 38\n[all]\nmkdir\n")
    assert "close" not in start_calls(settings).blocked(without, native="x86_64")


def test_one_of_a_call_s_names_is_enough() -> None:
    names = ("newfstatat", "fstat", "fstat64", "statx")
    for name in names:
        blocked = start_calls({}).blocked(seccomp.parse(f"2\nallowlist\n[all]\n{name}\n"), native="x86_64")
        assert " or ".join(names) not in blocked


def spec(**options: Any) -> Any:
    return seccomp_spec({"state": "present", **options})


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ([[0, 1]], "is not a list of index"),
        ([["x", 1, "=="]], "'x' in args is not a number"),
        ([[True, 1, "=="]], "not a number"),
        ([[0, 2**64, "=="]], "64 bits"),
        ([[0, -1, "=="]], "64 bits"),
        ([[0, 1, "&="]], "needs a mask"),
        ([[0, 1, "=="], [0, 2, "!="]], "one condition for each"),
    ],
)
def test_conditions_that_cannot_be(args: Any, why: str) -> None:
    rule = {"syscalls": ["mkdir"], "args": args}
    with pytest.raises(InvalidInput, match=why):
        spec(policy={"mode": "denylist", "rules": [rule]})


def test_one_call_cannot_have_two_actions() -> None:
    both = [{"syscalls": ["mkdir"], "action": action} for action in ("kill", "trap")]
    with pytest.raises(InvalidInput, match="both kill and trap"):
        spec(policy={"mode": "denylist", "rules": both})
