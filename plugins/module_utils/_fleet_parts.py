# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The parts of a fleet's containers, by the options of the modules that manage them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.community.lxc.plugins.module_utils._argspec import (
    CGROUP_OPTIONS,
    MOUNT_OPTIONS,
    NIC,
    SECCOMP_OPTIONS,
    ArgumentSpec,
)
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Resource

PartsBuilder = Callable[[ContainerRef], Iterable[Resource[Any]]]
"""One that looks at the container does so when its resources are asked for: the container may have to be made first."""


def validated(spec: ArgumentSpec, options: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    """The options with types and defaults as a module of that spec would get them. InvalidInput says ``where``."""
    arguments = spec.to_kwargs()
    result = ArgumentSpecValidator(
        arguments["argument_spec"],
        mutually_exclusive=arguments["mutually_exclusive"],
        required_together=arguments["required_together"],
        required_one_of=arguments["required_one_of"],
        required_if=arguments["required_if"],
        required_by=arguments["required_by"],
    ).validate(dict(options))
    if result.unsupported_parameters:
        unknown = ", ".join(sorted(map(str, result.unsupported_parameters)))
        raise InvalidInput(f"{where}: there is no option {unknown}; there are {', '.join(sorted(spec.options))}")
    if result.error_messages:
        raise InvalidInput(f"{where}: {'; '.join(result.error_messages)}")
    values: dict[str, Any] = result.validated_parameters
    return values


Build = Callable[[Mapping[str, Any]], Resource[Any]]

# Imported where a description has such a part: most of a fleet's time is otherwise that of imports.


def _mount() -> Build:
    from ansible_collections.community.lxc.plugins.module_utils._plan._mount import build_mount

    return build_mount


def _cgroup() -> Build:
    from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup import build_cgroup

    return build_cgroup


def _seccomp() -> Build:
    from ansible_collections.community.lxc.plugins.module_utils._plan._seccomp import build_seccomp

    return build_seccomp


_PARTS: Mapping[str, tuple[ArgumentSpec, Callable[[], Build]]] = {
    "mounts": (MOUNT_OPTIONS, _mount),
    "cgroup": (CGROUP_OPTIONS, _cgroup),
    "seccomp": (SECCOMP_OPTIONS, _seccomp),
}


def _nic(options: Mapping[str, Any], ref: ContainerRef) -> tuple[ArgumentSpec, Build, Mapping[str, Any]]:
    """An interface says by ``type`` which of the modules' options it has; veth if it says nothing."""
    from ansible_collections.community.lxc.plugins.module_utils._plan._nic import build_nic

    nic_type = options.get("type", "veth")
    if nic_type not in NIC:
        raise InvalidInput(f"{ref.name}: nics: type {nic_type!r} is none of {', '.join(NIC)}")
    given = {name: value for name, value in options.items() if name != "type"}
    return NIC[nic_type], lambda params: build_nic(nic_type, params), given


def part_builder(part: str, options: Mapping[str, Any], ref: ContainerRef) -> PartsBuilder:
    """What builds the resource of a part, its options checked now."""
    if part == "nics":
        spec, build, options = _nic(options, ref)
    else:
        spec, build = _PARTS[part][0], _PARTS[part][1]()
    where = f"{ref.name}: {part}"
    for name in ("container", "lxc_path"):
        if name in options:
            raise InvalidInput(f"{where}: {name} is the container that the part stands in, and cannot be named")
    given = validated(spec, {**options, "container": ref.name}, where=where)
    return lambda container: [build({**given, "container": container.name, "lxc_path": container.lxc_path})]


def is_live_only(part: str, options: Mapping[str, Any]) -> bool:
    """Whether the part is about the running container alone, and gone with it."""
    if part != "mounts":
        return False
    from ansible_collections.community.lxc.plugins.module_utils._model._mount_spec import LIVE_ONLY

    return options.get("state") in LIVE_ONLY


def nic_purger(named: Collection[str]) -> PartsBuilder:
    """What builds the removal of each configured interface whose name is not among those."""

    from ansible_collections.community.lxc.plugins.module_utils._plan._nic import build_nic, undescribed

    def build(container: ContainerRef) -> Iterable[Resource[Any]]:
        for nic_type, name in undescribed(container, named):
            options = {"name": name, "state": "absent", "container": container.name}
            given = validated(NIC[nic_type], options, where=f"{container.name}: purge_nics")
            yield build_nic(nic_type, {**given, "lxc_path": container.lxc_path})

    return build
