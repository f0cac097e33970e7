# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The rules of the device cgroup that go with a container's device nodes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_devices import (
    Key,
    Policy,
    Rule,
    named,
    ordered,
    parse_device,
)


@dataclass(frozen=True)
class Permission:
    """Rules to give, and what then is allowed because of the nodes alone: device -> some of ``rwm``."""

    rules: tuple[Rule, ...]
    added: Mapping[str, str]


def permission(
    policy: Policy, *, wanted: str | None, access: str, used: Set[str], added: Mapping[str, str]
) -> Permission:
    """``access`` to ``wanted``, and no longer what was ``added`` for devices that no node uses.

    ``policy`` is that of the configuration, ``used`` holds the devices of all other nodes.
    """
    kept = {device: letters for device, letters in added.items() if device in used or device == wanted}
    rules = [rule for device in sorted(set(added) - set(kept)) for rule in _denials(policy, device, added[device])]
    if wanted is not None:
        rule = named(True, wanted, access)
        rules.append(rule)
        if not policy.allow and rule.key is not None:
            missing = {letter for letter in rule.access if not policy.permits(rule.key, letter)}
            kept.update({wanted: ordered(missing.union(kept.get(wanted, "")))} if missing else {})
    return Permission(tuple(rules), kept)


def _denials(policy: Policy, device: str, letters: str) -> list[Rule]:
    """Nothing where all is allowed that is not denied, and of what a wider rule allows as well."""
    key: Key | None = parse_device(device)
    if policy.allow or key is None or key not in policy.exceptions:
        return []
    rest = Policy(policy.allow, {other: access for other, access in policy.exceptions.items() if other != key})
    taken = [letter for letter in policy.exceptions[key] if letter in letters and not rest.permits(key, letter)]
    return [Rule(allow=False, key=key, access=ordered(taken))] if taken else []
