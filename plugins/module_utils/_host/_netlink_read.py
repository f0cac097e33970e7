# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A running container's interfaces as the kernel has them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._host import _links
from ansible_collections.community.lxc.plugins.module_utils._host._netlink import Network, dump, netlink_error
from ansible_collections.community.lxc.plugins.module_utils._host._netlink_host_side import host_side
from ansible_collections.community.lxc.plugins.module_utils._host._netlink_message import (
    IFF_UP,
    SET_UP_BY_HAND,
    all_addresses,
    all_routes,
    attr,
    ifname,
    index_of,
    name_of,
    netnsid,
)
from ansible_collections.community.lxc.plugins.module_utils._model._ip import ordered
from ansible_collections.community.lxc.plugins.module_utils._model._nic import LiveNic

_FAMILIES = (4, 6)
_PERMANENT = 0x80
_COUNTERS = tuple(f"{way}_{what}" for way in ("rx", "tx") for what in ("bytes", "packets", "errors", "dropped"))
_IPVLAN_MODES = {0: "l2", 1: "l3", 2: "l3s"}
_IPVLAN_ISOLATION = {0: "bridge", 1: "private", 2: "vepa"}


def interfaces(network: Network) -> dict[str, LiveNic]:
    """Every interface in the container but the loopback, by name."""
    links = {ifname(link): link for link in dump(network.inside.get_links)}
    lists = _lists(network.inside)
    found = {}
    for name, link in links.items():
        if attr(link, "IFLA_INFO_KIND", "IFLA_LINKINFO") or not link["flags"] & 0x8:  # IFF_LOOPBACK
            found[name] = _interface(network, name, link, lists)
    return found


def interface(network: Network, name: str) -> LiveNic | None:
    """The interface of that name in the container."""
    index = index_of(network.inside, name)
    if index is None:
        return None
    try:
        link = next(iter(network.inside.link("get", index=index)))
    except netlink_error():
        return None
    return _interface(network, name, link, _lists(network.inside))


def first_address(host: Any, link: str, family: int) -> str | None:
    """The address of a host's interface that ``auto`` stands for; a global one before a link-local one."""
    index = _links.index(link)
    if index is None:
        return None
    there = [entry for entry in all_addresses(host, family) if entry["index"] == index]
    found = [attr(entry, "IFA_LOCAL") or attr(entry, "IFA_ADDRESS") for entry in there]
    ordered = sorted(found, key=lambda text: ipaddress.ip_address(text).is_link_local)
    return ordered[0] if ordered else None


@dataclass(frozen=True)
class _Lists:
    """Addresses and routes by family (4, 6) and interface: the container's root decides how many there are of both,
    so they are asked for once.
    """

    addresses: Mapping[tuple[int, int], Sequence[Any]]
    routes: Mapping[tuple[int, int], Sequence[Any]]


def _lists(iproute: Any) -> _Lists:
    addresses: dict[tuple[int, int], list[Any]] = {}
    routes: dict[tuple[int, int], list[Any]] = {}
    for family in _FAMILIES:
        for address in all_addresses(iproute, family):
            addresses.setdefault((family, address["index"]), []).append(address)
        for route in all_routes(iproute, family):
            routes.setdefault((family, attr(route, "RTA_OIF")), []).append(route)
    return _Lists(addresses, routes)


def _interface(network: Network, name: str, link: Any, lists: _Lists) -> LiveNic:
    index = int(link["index"])
    kind = str(attr(link, "IFLA_INFO_KIND", "IFLA_LINKINFO") or "")
    data = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA") if kind in ("macvlan", "ipvlan", "vlan") else None
    return LiveNic(
        name=name,
        index=index,
        kind=kind,
        mtu=int(attr(link, "IFLA_MTU")),
        up=bool(link["flags"] & IFF_UP),
        hwaddr=str(attr(link, "IFLA_ADDRESS") or ""),
        ipv4_addresses=_lasting(lists, index, 4),
        ipv6_addresses=_lasting(lists, index, 6),
        ipv4_gateway=_gateway(lists, index, 4),
        ipv6_gateway=_gateway(lists, index, 6),
        parent=_parent(network, link) if data is not None else None,
        mode=_mode(kind, data),
        isolation=_isolation(data) if kind == "ipvlan" else None,
        vlan_id=attr(data, "IFLA_VLAN_ID") if kind == "vlan" else None,
        rx_queues=int(attr(link, "IFLA_NUM_RX_QUEUES") or 1),
        tx_queues=int(attr(link, "IFLA_NUM_TX_QUEUES") or 1),
        host=host_side(network, index, link) if kind == "veth" else None,
        counters=_counters(link),
        peers=_peers(lists, index),
    )


def _counters(link: Any) -> Mapping[str, int]:
    statistics = attr(link, "IFLA_STATS64") or {}
    return {name: int(statistics[name]) for name in _COUNTERS if name in statistics}


def _mode(kind: str, data: Any) -> str | None:
    if kind == "macvlan":
        mode = attr(data, "IFLA_MACVLAN_MODE")
        return str(mode) if mode else None
    if kind == "ipvlan":
        mode = attr(data, "IFLA_IPVLAN_MODE")
        return _IPVLAN_MODES.get(mode, str(mode))
    return None


def _isolation(data: Any) -> str | None:
    flags = attr(data, "IFLA_IPVLAN_FLAGS")
    return _IPVLAN_ISOLATION.get(flags) if isinstance(flags, int) else None


def _lasting(lists: _Lists, index: int, family: int) -> tuple[str, ...]:
    """Global addresses without a time limit, canonical and sorted."""
    found = []
    for entry in lists.addresses.get((family, index), ()):
        flags = attr(entry, "IFA_FLAGS") or entry["flags"]
        address = ipaddress.ip_address(attr(entry, "IFA_LOCAL") or attr(entry, "IFA_ADDRESS"))
        # By the address and not its scope: IPv4's scope is whatever was asked for.
        if flags & _PERMANENT and not (family == 6 and address.is_link_local) and not address.is_loopback:
            found.append(f"{address}/{entry['prefixlen']}")
    return ordered(found)


def _peers(lists: _Lists, index: int) -> dict[str, str]:
    found = {}
    for family in _FAMILIES:
        for entry in lists.addresses.get((family, index), ()):
            local, peer = attr(entry, "IFA_LOCAL"), attr(entry, "IFA_ADDRESS")
            if local and peer and local != peer:
                found[f"{ipaddress.ip_address(local)}/{entry['prefixlen']}"] = str(peer)
    return found


def _gateway(lists: _Lists, index: int, family: int) -> str | None:
    """Where the interface's default route leads: an address, or ``dev``. Routes learnt from elsewhere do not count."""
    there = lists.routes.get((family, index), ())
    routes = [route for route in there if not route["dst_len"] and route["proto"] in SET_UP_BY_HAND]
    if not routes:
        return None
    best = min(routes, key=lambda route: attr(route, "RTA_PRIORITY") or 0)
    return str(attr(best, "RTA_GATEWAY") or "dev")


def _parent(network: Network, link: Any) -> str | None:
    """The host's interface below, if it is the host's: the container may have made interfaces of its own."""
    index, number = attr(link, "IFLA_LINK"), attr(link, "IFLA_LINK_NETNSID")
    if index is None or number is None or number != netnsid(network.inside, network.own_netns):
        return None
    return name_of(network.host, int(index))
