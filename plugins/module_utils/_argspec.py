# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Pieces of argument specs that can be merged; each has a doc fragment of the same content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Option = Mapping[str, Any]


@dataclass(frozen=True)
class ArgumentSpec:
    """The keyword arguments of ``AnsibleModule`` that describe options, as one value."""

    options: Mapping[str, Option] = field(default_factory=dict)
    mutually_exclusive: Sequence[Sequence[str]] = ()
    required_together: Sequence[Sequence[str]] = ()
    required_one_of: Sequence[Sequence[str]] = ()
    required_if: Sequence[Sequence[Any]] = ()
    required_by: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def merge(self, other: ArgumentSpec) -> ArgumentSpec:
        """Both together. An option that stands in both is a mistake of the collection."""
        twice = sorted(set(self.options) & set(other.options))
        if twice:
            raise ValueError(f"options defined twice: {', '.join(twice)}")
        return ArgumentSpec(
            options={**self.options, **other.options},
            mutually_exclusive=[*self.mutually_exclusive, *other.mutually_exclusive],
            required_together=[*self.required_together, *other.required_together],
            required_one_of=[*self.required_one_of, *other.required_one_of],
            required_if=[*self.required_if, *other.required_if],
            required_by={**self.required_by, **other.required_by},
        )

    def to_kwargs(self) -> dict[str, Any]:
        """For ``AnsibleModule(**spec.to_kwargs(), supports_check_mode=True)``."""
        return {
            "argument_spec": {name: dict(option) for name, option in self.options.items()},
            "mutually_exclusive": [list(x) for x in self.mutually_exclusive],
            "required_together": [list(x) for x in self.required_together],
            "required_one_of": [list(x) for x in self.required_one_of],
            "required_if": [tuple(x) for x in self.required_if],
            "required_by": dict(self.required_by),
        }


LXC_PATH = ArgumentSpec({"lxc_path": {"type": "path"}})
"""Mirrored by the doc fragment ``_lxc_path``."""

INFO_OPTIONS = LXC_PATH.merge(
    ArgumentSpec(
        {
            "name": {"type": "list", "elements": "str", "aliases": ["names"]},
            "keys": {"type": "list", "elements": "str", "no_log": False},
        }
    )
)
"""The options of ``lxc_info``."""

CONTAINER = LXC_PATH.merge(ArgumentSpec({"container": {"type": "str", "required": True}}))
"""For modules of a part of a container. Mirrored by the doc fragment ``_container``."""

_STORAGE = {
    "type": {"type": "str", "choices": ["dir", "btrfs", "zfs", "lvm", "loop", "overlay", "rbd", "best"]},
    "fstype": {"type": "str"},
    "fssize": {"type": "str"},
    "dir": {"type": "path"},
    "zfsroot": {"type": "str"},
    "vg": {"type": "str"},
    "lv": {"type": "str"},
    "thinpool": {"type": "str"},
    "rbdname": {"type": "str"},
    "rbdpool": {"type": "str"},
}

CONTAINER_OPTIONS = LXC_PATH.merge(
    ArgumentSpec(
        {
            "name": {"type": "str", "required": True},
            "state": {
                "type": "str",
                "choices": ["started", "present", "stopped", "frozen", "restarted", "absent"],
                "default": "started",
            },
            "template": {"type": "str"},
            "template_args": {"type": "raw"},
            "tarball": {"type": "path"},
            "clone_from": {"type": "str"},
            "clone_snapshot": {"type": "bool", "default": False},
            "rootfs": {"type": "str"},
            "storage": {"type": "dict", "options": _STORAGE},
            "config": {"type": "dict", "default": {}},
            "time_offset": {"type": "dict", "options": {"boot": {"type": "str"}, "monotonic": {"type": "str"}}},
            "restart": {"type": "str", "choices": ["never", "if_required"], "default": "never"},
            "timeout": {"type": "int", "default": 30},
            "force": {"type": "bool", "default": True},
            "force_destroy": {"type": "bool", "default": False},
            "wait_for": {"type": "str", "choices": ["none", "init", "ipv4", "ipv6"], "default": "none"},
            "wait_timeout": {"type": "int", "default": 60},
        },
        mutually_exclusive=[["template", "tarball", "clone_from", "rootfs"]],
        required_by={"template_args": ["template"]},
    )
)
"""The options of ``lxc_container``, which ``lxc_fleet`` takes for each container."""

MOUNT_OPTIONS = CONTAINER.merge(
    ArgumentSpec(
        {
            "target": {"type": "str", "required": True},
            "source": {"type": "str"},
            "fstype": {"type": "str", "default": "bind"},
            "options": {"type": "list", "elements": "str"},
            "create": {"type": "str", "choices": ["dir", "file"]},
            "optional": {"type": "bool", "default": False},
            "idmap": {"type": "str", "choices": ["container"]},
            "state": {
                "type": "str",
                "choices": ["mounted", "present", "ephemeral", "unmounted", "absent"],
                "default": "mounted",
            },
            "force": {"type": "bool", "default": False},
        }
    )
)
"""The options of ``lxc_mount``."""

CGROUP_OPTIONS = CONTAINER.merge(
    ArgumentSpec(
        {
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "dir": {"type": "str"},
            "monitor_dir": {"type": "str"},
            "monitor_pivot_dir": {"type": "str"},
            "container_dir": {"type": "str"},
            "container_inner_dir": {"type": "str"},
            "relative": {"type": "bool"},
            "limits": {"type": "dict"},
            "devices": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "allow": {"type": "bool", "required": True},
                    "device": {"type": "str", "required": True},
                    "access": {"type": "str", "default": "rwm"},
                },
            },
            "purge_devices": {"type": "bool", "default": False},
            "cgroup_mount": {"type": "str"},
            "live": {"type": "bool", "default": True},
        }
    )
)
"""The options of ``lxc_cgroup_isolation``."""

FLEET = LXC_PATH.merge(
    ArgumentSpec(
        {
            "containers": {"type": "list", "elements": "dict", "required": True},
            "defaults": {"type": "dict", "default": {}},
            "parallel": {"type": "int", "default": 0},
            "serial": {"type": "int", "default": 0},
            "abort_on_failures": {"type": "int", "default": 0},
            "purge": {"type": "bool", "default": False},
            "fleet": {"type": "str", "default": "default"},
            "progress_file": {"type": "path"},
        }
    )
)
"""The options of ``lxc_fleet``."""

_NIC_COMMON: dict[str, Option] = {
    "name": {"type": "str", "required": True},
    "index": {"type": "int"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "live": {"type": "bool", "default": True},
    "link": {"type": "str"},
    "link_must_exist": {"type": "bool", "default": True},
    "up": {"type": "bool"},
    "hwaddr": {"type": "str"},
    "mtu": {"type": "int"},
    "ipv4_addresses": {"type": "list", "elements": "str"},
    "ipv6_addresses": {"type": "list", "elements": "str"},
    "ipv4_gateway": {"type": "str"},
    "ipv6_gateway": {"type": "str"},
    "l2proxy": {"type": "bool"},
    "script_up": {"type": "str"},
    "script_down": {"type": "str"},
}

_NIC_OWN: dict[str, dict[str, Option]] = {
    "veth": {
        "mode": {"type": "str", "choices": ["bridge", "router"]},
        "pair": {"type": "str"},
        "ipv4_routes": {"type": "list", "elements": "str"},
        "ipv6_routes": {"type": "list", "elements": "str"},
        "vlan_id": {"type": "str"},
        "vlan_tagged_ids": {"type": "list", "elements": "int"},
        "rx_queues": {"type": "int"},
        "tx_queues": {"type": "int"},
    },
    "ipvlan": {
        "mode": {"type": "str", "choices": ["l3", "l3s", "l2"]},
        "isolation": {"type": "str", "choices": ["bridge", "private", "vepa"]},
    },
    "macvlan": {"mode": {"type": "str", "choices": ["private", "vepa", "bridge", "passthru"]}},
    "vlan": {"vlan_id": {"type": "int"}},
    "phys": {},
}

NIC = {nic_type: CONTAINER.merge(ArgumentSpec({**_NIC_COMMON, **own})) for nic_type, own in _NIC_OWN.items()}
"""The options of each ``lxc_net_<type>``. The common ones are mirrored by the doc fragment ``_nic``."""
SECCOMP_OPTIONS = CONTAINER.merge(
    ArgumentSpec(
        {
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "profile": {"type": "str"},
            "policy": {
                "type": "dict",
                "options": {
                    "mode": {"type": "str", "choices": ["denylist", "allowlist"], "required": True},
                    "default_action": {"type": "str"},
                    "rules": {
                        "type": "list",
                        "elements": "dict",
                        "options": {
                            "syscalls": {"type": "list", "elements": "str", "required": True},
                            "action": {"type": "str"},
                            "args": {"type": "list", "elements": "list"},
                            "arch": {"type": "str", "default": "all"},
                        },
                    },
                },
            },
            "allow_nesting": {"type": "bool"},
            "notify": {"type": "dict", "options": {"proxy": {"type": "str"}, "cookie": {"type": "str"}}},
        },
        mutually_exclusive=[["profile", "policy"]],
    )
)
"""The options of ``lxc_seccomp``."""

CONSOLE_LOG_OPTIONS = CONTAINER.merge(
    ArgumentSpec(
        {
            "source": {"type": "str", "choices": ["ring", "logfile"], "default": "ring"},
            "read": {"type": "bool", "default": True},
            "clear": {"type": "bool", "default": False},
            "max_bytes": {"type": "int", "default": 0},
        }
    )
)
"""The options of ``lxc_console_log``."""

SNAPSHOT_OPTIONS = CONTAINER.merge(
    ArgumentSpec(
        {
            "state": {"type": "str", "choices": ["present", "absent", "restored"], "default": "present"},
            "name": {"type": "str"},
            "comment": {"type": "str"},
            "new_name": {"type": "str"},
        },
        mutually_exclusive=[["name", "comment"]],
        required_one_of=[["name", "comment"]],
    )
)
"""The options of ``lxc_snapshot``."""

DEVICE_OPTIONS = CONTAINER.merge(
    ArgumentSpec(
        {
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "path": {"type": "str"},
            "target": {"type": "str"},
            "owner": {"type": "int", "default": 0},
            "group": {"type": "int", "default": 0},
            "mode": {"type": "str"},
            "access": {"type": "str", "default": "rwm"},
            "live": {"type": "bool", "default": True},
        },
        required_one_of=[["path", "target"]],
    )
)
"""The options of ``lxc_device``."""
