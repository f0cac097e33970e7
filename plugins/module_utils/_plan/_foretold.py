# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A container as a planned resource would leave it, so that in check mode the next one is planned on that.

Which keys wait for a restart is judged by the running container. What a resource would change there is not there yet:
it counts as if the container had been started with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.community.lxc.plugins.module_utils._host import _assumed
from ansible_collections.community.lxc.plugins.module_utils._host._assumed import Assumption
from ansible_collections.community.lxc.plugins.module_utils._host._items import Items
from ansible_collections.community.lxc.plugins.module_utils._host._running import Look
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

if TYPE_CHECKING:
    from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup import CgroupResource
    from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup_state import CgroupState
    from ansible_collections.community.lxc.plugins.module_utils._plan._container_state import ContainerState
    from ansible_collections.community.lxc.plugins.module_utils._plan._mount import MountResource, MountState
    from ansible_collections.community.lxc.plugins.module_utils._plan._nic import NicResource
    from ansible_collections.community.lxc.plugins.module_utils._plan._nic_state import NicState


def assume_part(ref: ContainerRef, resource: Any, want: Any) -> None:
    """That a part of the container is as it was planned."""
    before = _assumed.of(ref) or Assumption(document=None, runs=False)
    settle = _SETTLERS.get(resource.kind)
    settled = (*before.settled, lambda look: settle(look, resource, want)) if settle else before.settled
    _assumed.assume(ref, replace(before, document=want.document, settled=settled))


def assume_container(ref: ContainerRef, want: ContainerState) -> None:
    """That the container itself is as it was planned."""
    document = want.document if want.exists else None
    # Of one that is started anew nothing can be known yet.
    _assumed.assume(ref, Assumption(document, runs=want.runs, fresh=want.runs and want.init.pid <= 0))


# The rooms of the resources are loaded where there are such resources.


def _mount(look: Look, resource: MountResource, want: MountState) -> Look:
    from ansible_collections.community.lxc.plugins.module_utils._config._mount_entries import ENTRY, entries_at

    if resource.spec.state not in ("mounted", "absent") or resource.pending(want):
        return look
    here = [entries_at(side.get(ENTRY, ()), resource.spec.target, rootfs=want.rootfs) for side in _sides(look)]
    kept = [value for value in look.running.get(ENTRY, ()) if value not in here[0]]
    return _with(look, {ENTRY: (*kept, *here[1])})


def _cgroup(look: Look, resource: CgroupResource, want: CgroupState) -> Look:
    from ansible_collections.community.lxc.plugins.module_utils._host import _cgroup_limits
    from ansible_collections.community.lxc.plugins.module_utils._plan import _cgroup_device_plan

    live, dialect = want.live, resource.dialect
    if live is None:
        return look

    def in_force(key: str) -> bool:
        if key.startswith(dialect.devices):
            return live.devices is not None and not _cgroup_device_plan.waits(want, dialect)
        name = dialect.name_of(key[len(dialect.prefix) :])
        if name is None or name not in live.limits:
            return False
        default = _cgroup_limits.default(live.places, name, dialect)
        return live.limits[name] == want.persisted.limits.get(name, default)

    return _as_configured(look, lambda key: key.startswith(dialect.prefix) and in_force(key))


def _nic(look: Look, resource: NicResource, want: NicState) -> Look:
    from ansible_collections.community.lxc.plugins.module_utils._config import _net
    from ansible_collections.community.lxc.plugins.module_utils._model._nic_request import NicRequest
    from ansible_collections.community.lxc.plugins.module_utils._plan import _nic_observe, _nic_view

    if not want.running:
        return look
    if want.nic is not None:
        request = NicRequest(type=want.nic.type, name=want.nic.name, live=False)
        indexes = [] if _nic_view.differences(request, want) else [want.index]
    else:
        running, configured = (_net.names(_nic_observe.interfaces_of(side)) for side in _sides(look))
        gone = [index for index, name in running.items() if name == resource.request.name]
        indexes = [index for index in gone if index not in configured and want.live is None]
    prefixes = tuple(_net.prefix(index) for index in indexes if index is not None)
    return _as_configured(look, lambda key: key.startswith(prefixes))


_SETTLERS: dict[str, Callable[[Look, Any, Any], Look]] = {"cgroup": _cgroup, "mount": _mount, "nic": _nic}
"""By the resource's kind; of the others nothing takes effect in a running container."""


def _sides(look: Look) -> tuple[Items, Items]:
    return look.running, look.configured


def _as_configured(look: Look, settled: Callable[[str], bool]) -> Look:
    keys = [key for key in {*look.running, *look.configured} if settled(key)]
    return _with(look, {key: look.configured.get(key, ()) for key in keys})


def _with(look: Look, values: Items) -> Look:
    """As if it had been started with these values; without the keys that have none."""
    running = {**look.running, **values}
    return replace(look, running={key: found for key, found in running.items() if found})
