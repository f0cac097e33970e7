# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What is there of a container's cgroups, on disk and in the running container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._host._cgroup_place import Place
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_limit as limit
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_devices import Key, Policy
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_dialect import Dialect
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_limit import Limits
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_placement import KEYS, Placement
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_value import Value
from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup_persisted import Persisted


@dataclass(frozen=True)
class LiveDevices:
    """What a test of real device numbers found. ``listed``: the whole policy, where v1 shows it.

    ``switchable``: the default of the device controller can be changed while the container runs.
    """

    numbers: Mapping[str, Key]
    allowed: Mapping[str, str]
    listed: Policy | None = None
    switchable: bool = True


@dataclass(frozen=True)
class Live:
    """A running container. ``placement`` is that of its start; ``limits`` holds those that were asked for."""

    init_pid: int
    placement: Placement
    places: tuple[Place, ...]
    limits: Limits = field(default_factory=dict)
    devices: LiveDevices | None = None
    view: str = ""
    isolated: bool = False
    usage: Mapping[str, int | float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class CgroupState:
    """``edited`` is the configuration as the task wants it, ``wanted`` what that amounts to."""

    layout: str
    document: Document
    persisted: Persisted
    edited: Document
    wanted: Persisted
    live: Live | None = None


def shown(value: Value | None) -> Any:
    """A limit's value as a module returns it: a text, a list where there can be several, None where there is none."""
    if value is None:
        return None
    return value[0] if len(value) == 1 else list(value)


def show_limits(persisted: Limits, live: Live | None) -> dict[str, dict[str, Any]]:
    """``{"memory.max": {"persisted": "536870912", "live": "536870912"}}``."""
    names = sorted({*persisted, *(live.limits if live else ())})
    return {
        name: {"persisted": shown(persisted.get(name)), "live": shown(live.limits.get(name)) if live else None}
        for name in names
    }


def show_placement(placement: Placement) -> dict[str, Any]:
    """By the names of the options; None where nothing is configured."""
    return {**{option: getattr(placement, option) or None for option in KEYS}, "relative": placement.relative}


def main_place(live: Live | None) -> Place | None:
    """The hierarchy whose paths are told: that of memory, or else any."""
    places = live.places if live else ()
    with_memory = [place for place in places if "memory" in place.hierarchy.controllers]
    return next(iter((*with_memory, *places)), None)


def show_devices(state: CgroupState, dialect: Dialect) -> dict[str, Any]:
    """The rules that the configuration amounts to, and what a test found, if there was one."""
    rules = state.persisted.policy(dialect).rules() if state.persisted.rules else ()
    found = state.live.devices if state.live else None
    return {
        "persisted": [f"{'allow' if rule.allow else 'deny'} {rule.text}" for rule in rules],
        "live": None if found is None else dict(sorted(found.allowed.items())),
    }


def show_cgroup(state: CgroupState, dialect: Dialect) -> dict[str, Any]:
    """A container's cgroups as ``lxc_cgroup_isolation`` and ``lxc_info`` return them."""
    live, place = state.live, main_place(state.live)
    return {
        "layout": state.layout,
        "placement": show_placement(state.persisted.placement),
        "container_path": place.init if place else None,
        "limit_path": place.limit if place else None,
        "monitor_path": (place.monitor or None) if place else None,
        "isolated": live.isolated if live else None,
        "limits": show_limits(state.persisted.limits, live),
        "usage": dict(live.usage) if live else None,
        "devices": show_devices(state, dialect),
        "mount": {"persisted": state.persisted.mount_form or None, "live": live.view if live else None},
    }


def unlike(persisted: Limits, live: Limits) -> dict[str, tuple[Value | None, Value]]:
    """The limits whose value in force is not the one of the next start: name -> in force, at the next start.

    None is in force where the running container's group has no such file, for want of the controller at its start.
    """
    differing: dict[str, tuple[Value | None, Value]] = {
        name: (value, persisted.get(name, limit.default(name)))
        for name, value in live.items()
        if value != persisted.get(name, value if name.startswith("cpuset.") else limit.default(name))
    }
    differing.update({name: (None, value) for name, value in persisted.items() if name not in live})
    return differing
