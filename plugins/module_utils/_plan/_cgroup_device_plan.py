# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Which devices a running container should be able to use, and how it gets there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ansible_collections.community.lxc.plugins.module_utils._errors import LxcError
from ansible_collections.community.lxc.plugins.module_utils._host import _cgroup_devices
from ansible_collections.community.lxc.plugins.module_utils._host._cgroup_place import Place
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_devices as devices
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_devices import Policy, Rule
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_dialect import Dialect
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup_live import device_place
from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup_state import CgroupState, Live, LiveDevices
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Step


def wanted(now: CgroupState, live: Live, dialect: Dialect) -> LiveDevices | None:
    """What a test should find after the run: the policy of the configuration, unless only a restart leads there."""
    found = live.devices
    if found is None:
        return None
    policy = now.wanted.policy(dialect)
    if found.listed is not None and found.listed.allow != policy.allow and not found.switchable:
        return found
    if found.listed is None and not found.switchable and policy.allow is False:
        return found
    return replace(found, allowed=devices.expected(policy, found.numbers))


def steps(ref: ContainerRef, now: CgroupState, want: Live, dialect: Dialect) -> Iterator[Step]:
    """At most one, of as many rules as it takes."""
    found = now.live.devices if now.live else None
    place = device_place(want.places)
    if found is None or want.devices is None or place is None or found.allowed == want.devices.allowed:
        return
    before, after = _known(now, found, dialect), now.wanted.policy(dialect)
    there = _rules(before, after, found, dialect)
    back = devices.live_rules(after, before, unified=dialect.unified) if before else ()
    yield Step(
        says=f"{', '.join(_words(rule) for rule in there)} in the running {ref}",
        do=lambda: _apply(ref, place, there, back),
        undo=lambda: _apply(ref, place, back, ()),
    )


def _words(rule: Rule) -> str:
    return f"{'allow' if rule.allow else 'deny'} {rule.text}"


def _known(now: CgroupState, found: LiveDevices, dialect: Dialect) -> Policy | None:
    """The policy in force, where it is known: v1 lists it, or the test finds just what the configuration says."""
    if found.listed is not None:
        return found.listed
    policy = now.persisted.policy(dialect)
    return policy if found.allowed == devices.expected(policy, found.numbers) else None


def _rules(before: Policy | None, after: Policy, found: LiveDevices, dialect: Dialect) -> tuple[Rule, ...]:
    if before is not None:
        return devices.live_rules(before, after, unified=dialect.unified)
    if found.switchable:
        return after.rules()
    # All is allowed but what somebody else has denied, and the group cannot start afresh.
    wanted = devices.expected(after, found.numbers)
    rules: list[Rule] = []
    for text, letters in found.allowed.items():
        key = devices.parse_device(text)
        more, less = set(wanted[text]) - set(letters), set(letters) - set(wanted[text])
        if key is not None:
            rules += [Rule(allow=True, key=key, access=devices.ordered(more))] if more else []
            rules += [Rule(allow=False, key=key, access=devices.ordered(less))] if less else []
    return tuple(rules)


def _apply(ref: ContainerRef, place: Place, rules: Sequence[Rule], back: Sequence[Rule]) -> None:
    """All of the rules; if one fails, those of the way back."""
    try:
        for rule in rules:
            _cgroup_devices.apply(ref, place, rule)
    except LxcError:
        for rule in back:
            with contextlib.suppress(LxcError):
                _cgroup_devices.apply(ref, place, rule)
        raise


def waits(state: CgroupState, dialect: Dialect) -> bool:
    """Whether the running container may use other devices than it may after its next start."""
    found = state.live.devices if state.live else None
    return found is not None and found.allowed != devices.expected(state.persisted.policy(dialect), found.numbers)
