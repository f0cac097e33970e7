# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the device cgroup is told for a device node, and what of it is taken away again."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_devices import Policy, named
from ansible_collections.community.lxc.plugins.module_utils._plan._device_rules import permission

DENIED = Policy(allow=False)
FULL = "c 1:7"


def policy(*rules: tuple[str, str]) -> Policy:
    found = DENIED
    for device, access in rules:
        found = found.then(named(True, device, access))
    return found


@pytest.mark.parametrize(
    ("found", "added"),
    [
        (policy(), {FULL: "rwm"}),
        (policy((FULL, "r")), {FULL: "wm"}),
        (policy(("c 1:*", "rw")), {FULL: "m"}),
        (policy((FULL, "rwm")), {}),
        (Policy(), {}),
    ],
)
def test_what_is_allowed_already_is_not_ours(found: Policy, added: Mapping[str, str]) -> None:
    told = permission(found, wanted=FULL, access="rwm", used=frozenset(), added={})
    assert (told.rules, told.added) == ((named(True, FULL, "rwm"),), added)


@pytest.mark.parametrize(
    ("found", "added", "denied"),
    [
        (policy((FULL, "rwm")), "rwm", "rwm"),
        (policy((FULL, "rwm")), "wm", "wm"),
        (policy((FULL, "rwm"), ("c 1:*", "r")), "rwm", "wm"),
        (policy(("c 1:*", "rwm")), "rwm", ""),
        (policy(), "rwm", ""),
        (Policy(), "rwm", ""),
    ],
)
def test_only_what_was_added_goes(found: Policy, added: str, denied: str) -> None:
    told = permission(found, wanted=None, access="rwm", used=frozenset(), added={FULL: added})
    assert told.rules == ((named(False, FULL, denied),) if denied else ())
    assert told.added == {}


def test_what_another_node_needs_stays() -> None:
    told = permission(policy((FULL, "rwm")), wanted=None, access="rwm", used=frozenset({FULL}), added={FULL: "rwm"})
    assert (told.rules, told.added) == ((), {FULL: "rwm"})


def test_another_device_at_the_target_takes_the_first_one_away() -> None:
    told = permission(policy((FULL, "rwm")), wanted="c 1:5", access="r", used=frozenset(), added={FULL: "rwm"})
    assert told.rules == (named(False, FULL, "rwm"), named(True, "c 1:5", "r"))
    assert told.added == {"c 1:5": "r"}
