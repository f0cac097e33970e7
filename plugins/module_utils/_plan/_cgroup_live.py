# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The cgroups of a running container: what is looked at, and what is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ansible_collections.community.lxc.plugins.module_utils._host import (
    _cgroup_devices,
    _cgroup_limits,
    _cgroup_place,
    _cgroupfs,
)
from ansible_collections.community.lxc.plugins.module_utils._host._running import Look
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_devices as devices
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_devices import Key
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_dialect import Dialect
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_limit import Limits
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_placement import placement_of
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_spec import CgroupSpec
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_value import MAX, Value
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup_persisted import Persisted
from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup_state import (
    CgroupState,
    Live,
    LiveDevices,
    shown,
)
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Step


@dataclass
class Scope:
    """What a run looks at: it only ever grows. ``touched``: limits that the task changes without naming them."""

    names: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    devices: bool = False
    keys: set[Key] = field(default_factory=set)

    def extend(self, spec: CgroupSpec, persisted: Persisted, wanted: Persisted) -> None:
        self.names |= {*spec.limits, *persisted.limits, *wanted.limits}
        if spec.absent:
            self.touched |= set(persisted.limits)
        self.devices = self.devices or spec.rules is not None or (spec.absent and bool(persisted.rules))
        rules = (*(spec.rules or ()), *persisted.rules, *wanted.rules)
        self.keys |= {rule.key for rule in rules if rule.key is not None}


def observe(ref: ContainerRef, look: Look, scope: Scope, cgroups: _cgroupfs.Cgroups, dialect: Dialect) -> Live | None:
    """None for a container that does not run."""
    if look.init_pid <= 0:
        return None
    placement = placement_of({key: values[-1] for key, values in look.running.items() if values})
    places = _cgroup_place.places(look.init_pid, name=ref.name, placement=placement, cgroups=cgroups)
    if not places:
        return None
    return Live(
        init_pid=look.init_pid,
        placement=placement,
        places=places,
        limits=_cgroup_limits.read(places, scope.names, dialect),
        devices=_observe_devices(places, look, scope) if scope.devices else None,
        view=_cgroup_place.view(look.init_pid),
        isolated=_cgroup_place.isolated(look.init_pid, places),
        usage=_cgroup_limits.usage(places),
    )


def device_place(places: tuple[_cgroup_place.Place, ...]) -> _cgroup_place.Place | None:
    """The hierarchy of the device controller: v1's own, or the unified one, where it is an eBPF program."""
    legacy = _cgroup_limits.place_of(places, "devices")
    return legacy or (places[0] if len(places) == 1 and places[0].hierarchy.version == 2 else None)


def _observe_devices(places: tuple[_cgroup_place.Place, ...], look: Look, scope: Scope) -> LiveDevices | None:
    place = device_place(places)
    # In a frozen v2 group the test would freeze as well.
    if place is None or (look.state != "RUNNING" and place.hierarchy.version == 2):
        return None
    listed = _cgroup_devices.listed(place)
    scope.keys |= set(listed.exceptions) if listed else set()
    numbers = devices.probes(scope.keys)
    return LiveDevices(
        numbers=numbers,
        allowed=_cgroup_devices.probe(place, numbers),
        listed=listed,
        switchable=_cgroup_devices.can_switch(place),
    )


def wanted_limits(spec: CgroupSpec, now: CgroupState, live: Live, dialect: Dialect) -> dict[str, Value]:
    """The limits that the task wants in force now: those that it names, or takes away."""
    names = {*spec.limits, *(now.persisted.limits if spec.absent else ())}
    return {
        name: now.wanted.limits.get(name, _cgroup_limits.default(live.places, name, dialect))
        for name in sorted(names)
        if name in live.limits
    }


def limit_steps(ref: ContainerRef, now: Live, want: Live, dialect: Dialect) -> Iterator[Step]:
    """One step for each limit; memory with and without swap go together where one file of v1 counts both.

    In an order in which the kernel takes them.
    """
    changed = [name for name in want.limits if want.limits[name] != now.limits.get(name)]
    if not dialect.unified and {"memory.max", "memory.swap.max"} & set(changed):
        pair = [name for name in ("memory.max", "memory.swap.max") if name in want.limits]
        yield _limit_step(ref, now, want, pair, dialect)
        changed = [name for name in changed if name not in pair]
    for name in sorted(changed, key=lambda name: name == "cpu.max" and not _quota_first(now.limits, want.limits)):
        yield _limit_step(ref, now, want, [name], dialect)


def _quota_first(now: Limits, want: Limits) -> bool:
    """Whether the quota can be changed before the burst, which may at no time be above it."""
    quota, burst = want["cpu.max"][0].split()[0], now.get("cpu.max.burst", ("0",))[0]
    return quota == MAX or int(burst) <= int(quota)


def _limit_step(ref: ContainerRef, now: Live, want: Live, names: list[str], dialect: Dialect) -> Step:
    old: Limits = {name: now.limits[name] for name in names}
    new: Limits = {name: want.limits[name] for name in names}
    changes = [
        f"{name} from {shown(old[name]) or 'none'} to {shown(new[name]) or 'none'}"
        for name in names
        if old[name] != new[name]
    ]
    return Step(
        says=f"set {' and '.join(changes)} in the running {ref}",
        do=lambda: _cgroup_limits.write(ref, now.places, dialect, old, new),
        undo=lambda: _cgroup_limits.write(ref, now.places, dialect, new, old),
    )
