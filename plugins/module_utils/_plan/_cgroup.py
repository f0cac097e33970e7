# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Where a container's cgroups are, what limits it and which devices it may use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _cgroup_checks,
    _cgroupfs,
    _config_file,
    _config_includes,
    _lock,
)
from ansible_collections.community.lxc.plugins.module_utils._host._binding import resolve
from ansible_collections.community.lxc.plugins.module_utils._host._running import UNRESPONSIVE, settled_look
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_mount as mount
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_dialect import Dialect
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_spec import CgroupSpec, cgroup_spec
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan import (
    _cgroup_device_plan,
    _cgroup_edit,
    _cgroup_live,
    _cgroup_persisted,
)
from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup_state import (
    CgroupState,
    show_cgroup,
    show_devices,
    show_limits,
    show_placement,
    shown,
    unlike,
)
from ansible_collections.community.lxc.plugins.module_utils._plan._persist import persist_step
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Step


def host_dialect(cgroups: _cgroupfs.Cgroups) -> Dialect:
    return Dialect(unified=cgroups.unified, page=_cgroupfs.page_size())


class CgroupResource:
    """The resource behind ``lxc_cgroup_isolation``."""

    kind = "cgroup"

    def __init__(self, ref: ContainerRef, spec: CgroupSpec) -> None:
        self.ref = ref
        self.spec = spec
        self.cgroups = _cgroupfs.look()
        self.dialect = host_dialect(self.cgroups)
        # All that one run has looked at stays in view until its end, so that the proof compares like with like.
        self._scope = _cgroup_live.Scope()

    # ---- what is there

    def observe(self) -> CgroupState:
        document = _config_file.read(self.ref)
        if document is None:
            raise InvalidInput(f"There is no {self.ref}; lxc_container creates containers")
        _cgroup_checks.check(self.spec, self.cgroups, self.dialect)
        includes = _config_includes.read(document)
        persisted = self._read(document, includes)
        edited = _cgroup_edit.edit(self.spec, document, persisted, includes, self.dialect)
        wanted = self._read(edited, includes)
        _cgroup_edit.refuse_what_stays(self.spec, wanted, self.dialect)
        if edited != document:
            _cgroup_checks.check_burst(wanted.limits)
            _config_file.check(self.ref, edited)
        look = settled_look(self.ref, document)
        if look.state == UNRESPONSIVE:
            raise HostError(f"The monitor of {self.ref} does not answer; lxc_container with state: stopped ends it")
        if look.state == "FROZEN" and self.spec.rules is not None and self.spec.live and self.dialect.unified:
            raise HostError(
                f"{self.ref} is frozen, so that what it may do with devices cannot be tried; thaw it first, or give "
                "live: false"
            )
        self._scope.extend(self.spec, persisted, wanted)
        live = _cgroup_live.observe(self.ref, look, self._scope, self.cgroups, self.dialect)
        return CgroupState(
            layout=self.cgroups.layout,
            document=document,
            persisted=persisted,
            edited=edited,
            wanted=wanted,
            live=live,
        )

    def _read(self, document: Document, includes: _config_includes.Includes) -> _cgroup_persisted.Persisted:
        return _cgroup_persisted.read(_config_includes.expand(document, includes), self.dialect)

    # ---- what should be there

    def desire(self, now: CgroupState) -> CgroupState:
        live = now.live
        if live is not None and self.spec.live:
            limits = {**live.limits, **_cgroup_live.wanted_limits(self.spec, now, live, self.dialect)}
            devices = _cgroup_device_plan.wanted(now, live, self.dialect)
            live = replace(live, limits=limits, devices=devices)
        return replace(now, document=now.edited, persisted=now.wanted, live=live)

    # ---- the way there

    def steps(self, now: CgroupState, want: CgroupState) -> Iterator[Step]:
        if now.live is not None and want.live is not None:
            yield from _cgroup_live.limit_steps(self.ref, now.live, want.live, self.dialect)
            yield from _cgroup_device_plan.steps(self.ref, now, want.live, self.dialect)
        if now.document != want.document:
            says = f"change the configuration of {self.ref}: {_cgroup_edit.difference(now, want, self.dialect)}"
            yield persist_step(self.ref, says=says, old=now.document, new=want.document)

    # ---- what is told

    def compare(self, state: CgroupState) -> dict[str, Any]:
        names = {*self.spec.limits, *self._scope.touched}
        limits = show_limits(state.persisted.limits, state.live)
        nothing = {"persisted": None, "live": None}
        told: dict[str, Any] = {"placement": show_placement(state.persisted.placement)}
        told["limits"] = {name: limits.get(name, nothing) for name in sorted(names)}
        if self._scope.devices:
            told["devices"] = show_devices(state, self.dialect)
        if self.spec.mount_form is not None:
            told["cgroup_mount"] = state.persisted.mount_form
        return told

    def pending(self, state: CgroupState) -> list[str]:
        live = state.live
        if live is None:
            return []
        then = "takes effect at its next start"
        old, new = show_placement(live.placement), show_placement(state.persisted.placement)
        said = [
            f"{option} of {self.ref}: {new[option] or 'none'} {then}, until then it is {old[option] or 'none'}"
            for option in new
            if new[option] != old[option]
        ]
        for name, (now, later) in unlike(state.persisted.limits, live.limits).items():
            said.append(f"{name} of {self.ref}: {shown(later)} {then}, until then it is {shown(now)}")
        if _cgroup_device_plan.waits(state, self.dialect):
            said.append(f"the device rules of {self.ref}: a change of them {then}")
        if _view_waits(state):
            said.append(
                f"cgroup_mount of {self.ref}: {state.persisted.mount_form} {then}, until then it is {live.view}"
            )
        return said

    def show(self, state: CgroupState) -> dict[str, Any]:
        return show_cgroup(state, self.dialect)

    def exclusive(self) -> AbstractContextManager[None]:
        return _lock.exclusive(self.ref)


def _view_waits(state: CgroupState) -> bool:
    expected = mount.view_of(state.persisted.mount_form, unified=state.layout == "unified")
    # Where LXC mounts nothing, what is seen was mounted by the container's own init.
    return state.live is not None and expected not in (mount.NOTHING, state.live.view)


def build_cgroup(params: Mapping[str, Any]) -> CgroupResource:
    """The resource that the options of ``lxc_cgroup_isolation`` describe."""
    ref = resolve(params["container"], params["lxc_path"])
    return CgroupResource(ref, cgroup_spec(params, page=_cgroupfs.page_size()))
