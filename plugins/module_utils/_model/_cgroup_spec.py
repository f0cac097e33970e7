# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What a task says about a container's cgroups, checked as far as that goes without the host. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_devices as devices
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_limit as limit
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_placement as placement
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_devices import Rule
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_placement import Placement
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_value import Value


@dataclass(frozen=True)
class CgroupSpec:
    """``None`` (or absence from a mapping) leaves alone. A limit of None, an empty list or text clears."""

    absent: bool = False
    directories: Mapping[str, str] = field(default_factory=dict)
    relative: bool | None = None
    limits: Mapping[str, Value | None] = field(default_factory=dict)
    rules: tuple[Rule, ...] | None = None
    purge_rules: bool = False
    mount_form: str | None = None
    live: bool = True

    def place(self, now: Placement) -> Placement:
        """Where the container is to be. InvalidInput for a combination that liblxc would refuse."""
        if self.absent:
            return Placement()
        directories = {option: self.directories.get(option, getattr(now, option)) for option in placement.KEYS}
        wanted = Placement(**directories, relative=now.relative if self.relative is None else self.relative)
        if wanted != now:
            placement.check(wanted)
        return wanted


def cgroup_spec(params: Mapping[str, Any], *, page: int) -> CgroupSpec:
    """From the options of ``lxc_cgroup_isolation``; ``page`` is the host's page size in bytes."""
    absent = params["state"] == "absent"
    if absent:
        _refuse_with_absent(params)
    directories = {
        option: placement.check_directory(option, params[option]) if params[option] else ""
        for option in placement.KEYS
        if params[option] is not None
    }
    return CgroupSpec(
        absent=absent,
        directories=directories,
        relative=params["relative"],
        limits=limit.named(params["limits"] or {}, page=page),
        rules=None if params["devices"] is None else tuple(_rule(given) for given in params["devices"]),
        purge_rules=params["purge_devices"],
        mount_form=params["cgroup_mount"],
        live=params["live"],
    )


def _rule(given: Mapping[str, Any]) -> Rule:
    return devices.named(given["allow"], given["device"], given["access"])


def _refuse_with_absent(params: Mapping[str, Any]) -> None:
    options = (*placement.KEYS, "relative", "limits", "devices", "cgroup_mount")
    given = [option for option in options if params[option] is not None]
    if given:
        raise InvalidInput(f"state: absent takes away all of it and cannot be combined with {', '.join(given)}")
