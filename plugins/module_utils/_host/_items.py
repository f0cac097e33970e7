# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""All keys of a configuration with their values, as liblxc tells them: of a handle, or of a running monitor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Items = Mapping[str, tuple[str, ...]]
"""Key -> its values in order, in liblxc's own spelling; keys without a value are left out."""

_FAMILIES = ("lxc.cgroup", "lxc.cgroup2", "lxc.prlimit", "lxc.sysctl", "lxc.proc")
_NET_INDEXES = 1024
_NET_KEYS = (
    *("type", "flags", "link", "name", "hwaddr", "mtu", "l2proxy", "script.up", "script.down"),
    *(f"{family}.{what}" for family in ("ipv4", "ipv6") for what in ("address", "gateway")),
    *("veth.mode", "veth.pair", "veth.ipv4.route", "veth.ipv6.route", "veth.n_rxqueues", "veth.n_txqueues"),
    *("veth.vlan.id", "veth.vlan.tagged.id", "ipvlan.mode", "ipvlan.isolation", "macvlan.mode", "vlan.id"),
)
"""liblxc's own list for an interface lacks some of them, and there is none for an index that the file has no more."""
_SILENT = ("lxc.hook", "lxc.include", "lxc.net", "lxc.namespace.share")
"""Names of families, which have no value of their own."""


def running(container: Any) -> dict[str, list[str]]:
    """What the monitor was started with; JSON-able. A question for each key, and for ever if it does not answer."""
    return _items(container, container.get_running_config_item)


def configured(container: Any) -> dict[str, list[str]]:
    """What the handle's own configuration says; JSON-able."""
    return _items(container, lambda key: _configured(container, key))


def items(told: Mapping[str, list[str]]) -> Items:
    """The same after its way through JSON."""
    return {key: tuple(values) for key, values in told.items()}


def _configured(container: Any, key: str) -> str | None:
    try:
        value = container.get_config_item(key)
    except KeyError:
        return None
    return "\n".join(value) if isinstance(value, list) else str(value or "")


def _items(container: Any, get: Callable[[str], str | None]) -> dict[str, list[str]]:
    items: dict[str, list[str]] = {}
    for key in _keys(container, get):
        values = (get(key) or "").rstrip("\n").split("\n")
        if key in _FAMILIES:
            for name, equals, value in (line.partition(" = ") for line in values):
                if equals:
                    items.setdefault(name, []).append(value)
        elif values not in ([""], ["(null)"]):
            items[key] = values
    return items


def _keys(container: Any, get: Callable[[str], str | None]) -> list[str]:
    # LXC 4.0 lists the keys of an interface without its index as well, and dies when it is asked for some of them.
    keys = [key for key in container.get_keys() if key not in _SILENT and not key.startswith("lxc.net.")]
    return keys + [f"lxc.net.{index}.{name}" for index in _net_indexes(get) for name in _NET_KEYS]


def _net_indexes(get: Callable[[str], str | None]) -> list[int]:
    """``lxc.net`` tells the types in order and no indexes, among which there may be gaps."""
    count = len((get("lxc.net") or "").split())
    found: list[int] = []
    for index in range(_NET_INDEXES):
        if len(found) == count:
            break
        if get(f"lxc.net.{index}.type"):
            found.append(index)
    return found
