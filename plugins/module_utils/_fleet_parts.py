# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The parts of a fleet's containers, by the options of the modules that manage them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup import build_cgroup
from ansible_collections.community.lxc.plugins.module_utils._plan._mount import build_mount
from ansible_collections.community.lxc.plugins.module_utils._plan._nic import build_nic
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Resource
from ansible_collections.community.lxc.plugins.module_utils._plan._seccomp import build_seccomp

PartBuilder = Callable[[ContainerRef], Resource[Any]]


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


_PARTS: Mapping[str, tuple[ArgumentSpec, Callable[[Mapping[str, Any]], Resource[Any]]]] = {
    "mounts": (MOUNT_OPTIONS, build_mount),
    "cgroup": (CGROUP_OPTIONS, build_cgroup),
    "seccomp": (SECCOMP_OPTIONS, build_seccomp),
}


def _nic(
    options: Mapping[str, Any], ref: ContainerRef
) -> tuple[ArgumentSpec, Callable[[Mapping[str, Any]], Resource[Any]], Mapping[str, Any]]:
    """An interface says by ``type`` which of the modules' options it has; veth if it says nothing."""
    nic_type = options.get("type", "veth")
    if nic_type not in NIC:
        raise InvalidInput(f"{ref.name}: nics: type {nic_type!r} is none of {', '.join(NIC)}")
    given = {name: value for name, value in options.items() if name != "type"}
    return NIC[nic_type], lambda params: build_nic(nic_type, params), given


def part_builder(part: str, options: Mapping[str, Any], ref: ContainerRef) -> PartBuilder:
    """What builds the resource of a part, its options checked now."""
    spec, build, options = _nic(options, ref) if part == "nics" else (*_PARTS[part], options)
    where = f"{ref.name}: {part}"
    for name in ("container", "lxc_path"):
        if name in options:
            raise InvalidInput(f"{where}: {name} is the container that the part stands in, and cannot be named")
    given = validated(spec, {**options, "container": ref.name}, where=where)
    return lambda container: build({**given, "container": container.name, "lxc_path": container.lxc_path})
