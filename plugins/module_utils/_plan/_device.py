# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A device node in a container: the node itself, its mount and the permission to use it, together.

The node is the container's own, made beside its root file system with the owner and mode that it is to have inside,
and bind-mounted to its target by the very code of ``lxc_mount``: no path of the container is ever followed by name.
The permission is a rule of the device cgroup, by the code of ``lxc_cgroup_isolation``; what it allows that was not
allowed before is remembered beside the nodes, and taken away with the last one for that device.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput, LxcError
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _cgroupfs,
    _config_file,
    _config_includes,
    _devices,
    _lock,
)
from ansible_collections.community.lxc.plugins.module_utils._host._binding import resolve
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_spec import CgroupSpec
from ansible_collections.community.lxc.plugins.module_utils._model._device import (
    DeviceSpec,
    Node,
    device_spec,
    host_id,
)
from ansible_collections.community.lxc.plugins.module_utils._model._mount_spec import mount_spec
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan import _cgroup_persisted
from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup import CgroupResource, host_dialect
from ansible_collections.community.lxc.plugins.module_utils._plan._device_rules import Permission, permission
from ansible_collections.community.lxc.plugins.module_utils._plan._mount import MountResource
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Resource, Step


@dataclass(frozen=True)
class DeviceState:
    """``mounted`` and ``allowed``: whether mount and permission are as the task wants them, persisted and live."""

    node: Node | None
    wanted: Node | None
    mounted: bool
    allowed: bool
    live: bool | None
    mount_says: tuple[str, ...] = field(default=(), compare=False)
    cgroup_says: tuple[str, ...] = field(default=(), compare=False)
    pending: tuple[str, ...] = field(default=(), compare=False)


class DeviceResource:
    """The resource behind ``lxc_device``."""

    kind = "device"

    def __init__(self, ref: ContainerRef, spec: DeviceSpec) -> None:
        self.ref = ref
        self.spec = spec
        self.path = _devices.own_path(ref, spec.target)

    # ---- what is there

    def observe(self) -> DeviceState:
        document = _config_file.read(self.ref)
        if document is None:
            raise InvalidInput(f"There is no {self.ref}; lxc_container creates containers")
        node = _devices.read(self.path)
        wanted = self._wanted(document) if self.spec.present else None
        if not self.spec.present and node is None and not self._is_entered(document):
            return DeviceState(None, None, mounted=True, allowed=True, live=None)
        mount, cgroup = self._mount(node), self._cgroup(self._permission(wanted, document))
        mount_says, mount_pending, live = _look(mount)
        cgroup_says, cgroup_pending, _none = _look(cgroup) if cgroup else ((), (), None)
        return DeviceState(
            node=node,
            wanted=wanted,
            mounted=not mount_says and (node is not None or not self.spec.present),
            allowed=not cgroup_says,
            live=live,
            mount_says=mount_says or (f"mount the device node at {self.spec.target}",),
            cgroup_says=cgroup_says,
            pending=(*mount_pending, *cgroup_pending),
        )

    def _is_entered(self, document: Document) -> bool:
        return any(value.split()[:1] == [self.path] for value in document.values("lxc.mount.entry"))

    def _wanted(self, document: Document) -> Node:
        _devices.check_place(self.ref)
        spec, host = self.spec, _devices.of_host(self.spec.path)
        entries = _config_includes.expand(document, _config_includes.read(document))
        idmap = [value for key, value in entries if key == "lxc.idmap"]
        return replace(
            host,
            owner=host_id(spec.owner, "u", idmap, option="owner"),
            group=host_id(spec.group, "g", idmap, option="group"),
            mode=host.mode & 0o777 if spec.mode is None else spec.mode,
        )

    def _mount(self, node: Node | None) -> MountResource:
        spec = self.spec
        state = ("mounted" if spec.live else "present") if spec.present else "absent"
        options = {"target": spec.target, "source": self.path, "create": "file", "state": state}
        # Before the node is made, only an optional mount of it can be looked at.
        return MountResource(self.ref, mount_spec({**options, "optional": spec.present and node is None}))

    def _permission(self, wanted: Node | None, document: Document) -> Permission:
        dialect = host_dialect(_cgroupfs.look())
        entries = _config_includes.expand(document, _config_includes.read(document))
        return permission(
            _cgroup_persisted.read(entries, dialect).policy(dialect),
            wanted=wanted.device if wanted else None,
            access=self.spec.access,
            used=_devices.used(self.ref, but=self.path),
            added=_devices.added(self.ref),
        )

    def _cgroup(self, found: Permission) -> CgroupResource | None:
        return CgroupResource(self.ref, CgroupSpec(rules=found.rules, live=self.spec.live)) if found.rules else None

    # ---- what should be there

    def desire(self, now: DeviceState) -> DeviceState:
        live = now.live if now.live is None or not self.spec.live else self.spec.present
        return replace(now, node=now.wanted, mounted=True, allowed=True, live=live)

    # ---- the way there

    def steps(self, now: DeviceState, want: DeviceState) -> Iterator[Step]:
        if want.node is not None:
            yield from self._node_step(now, want.node)
        if not now.allowed:
            undo = (lambda: self._settle_cgroup(now.node)) if self.spec.present else None
            yield Step("; ".join(now.cgroup_says), lambda: self._settle_cgroup(want.node), undo=undo)
        if not now.mounted or (want.node is not None and now.node is not None and now.node.device != want.node.device):
            yield Step("; ".join(now.mount_says), lambda: _settle(self._mount(_devices.read(self.path))))
        if want.node is None and now.node is not None:
            yield Step(f"remove the device node {self.path}", lambda: _devices.remove(self.path))

    def _node_step(self, now: DeviceState, want: Node) -> Iterator[Step]:
        old = now.node
        if old == want:
            return
        verb = "change" if old else "make"
        says = (
            f"{verb} the device node {self.path}: {want.device}, owner {want.owner}:{want.group}, mode {want.mode:04o}"
        )
        undo = (lambda: _devices.put(self.path, old)) if old else (lambda: _devices.remove(self.path))
        yield Step(says, lambda: _devices.put(self.path, want), undo=undo)

    def _settle_cgroup(self, wanted: Node | None) -> None:
        document = _config_file.read(self.ref)
        found = self._permission(wanted, document or Document())
        cgroup, old = self._cgroup(found), _devices.added(self.ref)
        if cgroup is None:
            return
        # First, or after a kill what was added would pass for somebody else's.
        _devices.remember(self.ref, {**old, **found.added})
        try:
            _settle(cgroup)
        except (LxcError, OSError):
            _devices.remember(self.ref, old)
            raise
        _devices.remember(self.ref, found.added)

    # ---- what is told

    def compare(self, state: DeviceState) -> dict[str, Any]:
        return {
            "node": _show(state.node),
            "mounted": state.mounted and state.node is not None,
            "allowed": state.allowed,
        }

    def pending(self, state: DeviceState) -> tuple[str, ...]:
        return state.pending

    def show(self, state: DeviceState) -> dict[str, Any]:
        node = _show(state.node)
        return {"target": self.spec.target, "node": node and {"path": self.path, **node}, "live": state.live}

    def exclusive(self) -> AbstractContextManager[None]:
        return _lock.exclusive(self.ref)


def _show(node: Node | None) -> dict[str, Any] | None:
    if node is None:
        return None
    return {"device": node.device, "owner": node.owner, "group": node.group, "mode": f"{node.mode:04o}"}


def _look(resource: Resource[Any]) -> tuple[tuple[str, ...], tuple[str, ...], bool | None]:
    """The sentences of its steps, what then waits for a restart, and for a mount whether it is there live."""
    now = resource.observe()
    want = resource.desire(now)
    says = tuple(step.says for step in resource.steps(now, want))
    live = bool(resource.show(now).get("live")) if resource.kind == "mount" and now.runs else None
    return says, tuple(resource.pending(want)), live


def _settle(resource: Resource[Any]) -> None:
    """Bring a part to where it should be; what was done of it is undone if a later step fails."""
    now = resource.observe()
    done: list[Step] = []
    for step in resource.steps(now, resource.desire(now)):
        try:
            step.do()
        except (LxcError, OSError):
            for earlier in reversed(done):
                if earlier.undo:
                    earlier.undo()
            raise
        done.append(step)


def build_device(params: Mapping[str, Any]) -> DeviceResource:
    """The resource that the options of ``lxc_device`` describe."""
    return DeviceResource(resolve(params["container"], params["lxc_path"]), device_spec(params))
