# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Whether a configured limit or device rule is in force in the running container, whatever it was started with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ansible_collections.community.lxc.plugins.module_utils._host import (
    _cgroup_devices,
    _cgroup_limits,
    _cgroup_place,
    _cgroupfs,
)
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_devices as devices
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_dialect import Dialect
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_placement import placement_of
from ansible_collections.community.lxc.plugins.module_utils._plan import _cgroup_persisted
from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup_live import device_place

if TYPE_CHECKING:
    from ansible_collections.community.lxc.plugins.module_utils._plan._pending import Case


def in_force(case: Case) -> bool:
    """For keys that begin with ``lxc.cgroup``. Directories are what they were at the start."""
    cgroups = _cgroupfs.look()
    dialect = Dialect(unified=cgroups.unified, page=_cgroupfs.page_size())
    if not case.key.startswith(dialect.prefix):
        # The other family does not count on this host, unless it is about the directories.
        return case.key.startswith("lxc.cgroup2.") or (dialect.unified and not _is_placement(case.key))
    running = {key: values[-1] for key, values in case.look.running.items() if values}
    places = _cgroup_place.places(
        case.look.init_pid, name=case.ref.name, placement=placement_of(running), cgroups=cgroups
    )
    if case.key.startswith(dialect.devices):
        return _devices_in_force(case, places, dialect)
    name = dialect.name_of(case.key[len(dialect.prefix) :])
    return name is not None and _limit_in_force(case, name, places, dialect)


def _is_placement(key: str) -> bool:
    return key.startswith("lxc.cgroup.dir") or key == "lxc.cgroup.relative"


def _limit_in_force(case: Case, name: str, places: tuple[_cgroup_place.Place, ...], dialect: Dialect) -> bool:
    found = _cgroup_limits.read(places, [name], dialect)
    persisted = _cgroup_persisted.read(_entries(case.look.configured), dialect)
    wanted = persisted.limits.get(name, _cgroup_limits.default(places, name, dialect))
    return found.get(name) == wanted


def _devices_in_force(case: Case, places: tuple[_cgroup_place.Place, ...], dialect: Dialect) -> bool:
    place = device_place(places)
    if place is None or (case.look.state != "RUNNING" and place.hierarchy.version == 2):
        return False
    rules = _cgroup_persisted.read(_entries(case.look.configured), dialect).rules
    started = _cgroup_persisted.read(_entries(case.look.running), dialect).rules
    # liblxc tells them by key and not in their order; in a list without needless rules the one for all comes first.
    policy = devices.policy_of(sorted(rules, key=lambda rule: rule.key is not None), unified=dialect.unified)
    numbers = devices.probes(rule.key for rule in (*rules, *started) if rule.key is not None)
    return _cgroup_devices.probe(place, numbers) == devices.expected(policy, numbers)


def _entries(items: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(key, value) for key, values in items.items() for value in values]
