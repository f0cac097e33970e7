# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A running container's interfaces as the kernel has them.

What the container names or numbers is never trusted for the host's side: a device counts as the other end of a
pair only if the host's kernel says that its peer is that very interface in that very network namespace.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._host import _links, _ovs, _proxies
from ansible_collections.community.lxc.plugins.module_utils._host._netlink import Network, dump, netlink_error
from ansible_collections.community.lxc.plugins.module_utils._model._ip import DEFAULT_ROUTE, ordered
from ansible_collections.community.lxc.plugins.module_utils._model._nic import HostSide, LiveNic

_FAMILIES = {4: 2, 6: 10}
_MAIN_TABLE = 254
_BOOT, _STATIC = 3, 4
_PERMANENT = 0x80
_UNIVERSE = 0
_UNICAST = 1
_IFF_UP = 1
_PVID, _UNTAGGED = 2, 4
_COUNTERS = tuple(f"{way}_{what}" for way in ("rx", "tx") for what in ("bytes", "packets", "errors", "dropped"))
_IPVLAN_MODES = {0: "l2", 1: "l3", 2: "l3s"}
_IPVLAN_ISOLATION = {0: "bridge", 1: "private", 2: "vepa"}


def interfaces(network: Network) -> dict[str, LiveNic]:
    """Every interface in the container but the loopback, by name."""
    links = {_ifname(link): link for link in dump(network.inside.get_links)}
    lists = _lists(network.inside)
    found = {}
    for name, link in links.items():
        if _attr(link, "IFLA_INFO_KIND", "IFLA_LINKINFO") or not link["flags"] & 0x8:  # IFF_LOOPBACK
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


def index_of(iproute: Any, name: str) -> int | None:
    """The index of the interface of exactly that name in the socket's namespace."""
    try:
        found = tuple(iproute.link("get", ifname=name))
    except netlink_error():
        return None
    # The kernel also knows alternative names, by which nothing here goes.
    return next((int(link["index"]) for link in found if _ifname(link) == name), None)


def first_address(host: Any, link: str, family: int) -> str | None:
    """The address of a host's interface that ``auto`` stands for; a global one before a link-local one."""
    index = _links.index(link)
    if index is None:
        return None
    there = [entry for entry in _all_addresses(host, family) if entry["index"] == index]
    found = [_attr(entry, "IFA_LOCAL") or _attr(entry, "IFA_ADDRESS") for entry in there]
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
        for address in _all_addresses(iproute, family):
            addresses.setdefault((family, address["index"]), []).append(address)
        for route in _all_routes(iproute, family):
            routes.setdefault((family, _attr(route, "RTA_OIF")), []).append(route)
    return _Lists(addresses, routes)


def _interface(network: Network, name: str, link: Any, lists: _Lists) -> LiveNic:
    index = int(link["index"])
    kind = str(_attr(link, "IFLA_INFO_KIND", "IFLA_LINKINFO") or "")
    data = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA") if kind in ("macvlan", "ipvlan", "vlan") else None
    return LiveNic(
        name=name,
        index=index,
        kind=kind,
        mtu=int(_attr(link, "IFLA_MTU")),
        up=bool(link["flags"] & _IFF_UP),
        hwaddr=str(_attr(link, "IFLA_ADDRESS") or ""),
        ipv4_addresses=_lasting(lists, index, 4),
        ipv6_addresses=_lasting(lists, index, 6),
        ipv4_gateway=_gateway(lists, index, 4),
        ipv6_gateway=_gateway(lists, index, 6),
        parent=_parent(network, link) if data is not None else None,
        mode=_mode(kind, data),
        isolation=_isolation(data) if kind == "ipvlan" else None,
        vlan_id=_attr(data, "IFLA_VLAN_ID") if kind == "vlan" else None,
        rx_queues=int(_attr(link, "IFLA_NUM_RX_QUEUES") or 1),
        tx_queues=int(_attr(link, "IFLA_NUM_TX_QUEUES") or 1),
        host=_host_side(network, index, link) if kind == "veth" else None,
        counters=_counters(link),
    )


def _attr(message: Any, name: str, nest: str | None = None) -> Any:
    if message is None:
        return None
    return message.get_nested(nest, name) if nest else message.get_attr(name)


def _ifname(link: Any) -> str:
    """The kernel lets a name be almost any bytes, and what is no UTF-8 comes as bytes."""
    return os.fsdecode(_attr(link, "IFLA_IFNAME"))


def _counters(link: Any) -> Mapping[str, int]:
    statistics = _attr(link, "IFLA_STATS64") or {}
    return {name: int(statistics[name]) for name in _COUNTERS if name in statistics}


def _mode(kind: str, data: Any) -> str | None:
    if kind == "macvlan":
        mode = _attr(data, "IFLA_MACVLAN_MODE")
        return str(mode) if mode else None
    if kind == "ipvlan":
        mode = _attr(data, "IFLA_IPVLAN_MODE")
        return _IPVLAN_MODES.get(mode, str(mode))
    return None


def _isolation(data: Any) -> str | None:
    flags = _attr(data, "IFLA_IPVLAN_FLAGS")
    return _IPVLAN_ISOLATION.get(flags) if isinstance(flags, int) else None


def _lasting(lists: _Lists, index: int, family: int) -> tuple[str, ...]:
    """Global addresses without a time limit, canonical and sorted."""
    found = []
    for entry in lists.addresses.get((family, index), ()):
        flags = _attr(entry, "IFA_FLAGS") or entry["flags"]
        address = ipaddress.ip_address(_attr(entry, "IFA_LOCAL") or _attr(entry, "IFA_ADDRESS"))
        # By the address and not its scope: IPv4's scope is whatever was asked for.
        if flags & _PERMANENT and not (family == 6 and address.is_link_local) and not address.is_loopback:
            found.append(f"{address}/{entry['prefixlen']}")
    return ordered(found)


def _all_addresses(iproute: Any, family: int) -> list[Any]:
    return dump(lambda: iproute.get_addr(family=_FAMILIES[family]))


def _all_routes(iproute: Any, family: int) -> list[Any]:
    """The main table's."""
    found = dump(lambda: iproute.route("dump", family=_FAMILIES[family]))
    return [
        route
        for route in found
        if (_attr(route, "RTA_TABLE") or route["table"]) == _MAIN_TABLE
        and route["type"] == _UNICAST
        and not route["flags"] & 0x200  # RTM_F_CLONED
    ]


def _routes(iproute: Any, index: int, family: int) -> list[Any]:
    return [route for route in _all_routes(iproute, family) if _attr(route, "RTA_OIF") == index]


def _destination(route: Any, family: int) -> str:
    if not route["dst_len"]:
        return DEFAULT_ROUTE[family]
    return str(ipaddress.ip_network(f"{_attr(route, 'RTA_DST')}/{route['dst_len']}"))


def destinations(iproute: Any, index: int, family: int) -> set[str]:
    """Where the routes over an interface lead, whoever made them."""
    return {_destination(route, family) for route in _routes(iproute, index, family)}


def _gateway(lists: _Lists, index: int, family: int) -> str | None:
    """Where the interface's default route leads: an address, or ``dev``. Routes learnt from elsewhere do not count."""
    there = lists.routes.get((family, index), ())
    routes = [route for route in there if not route["dst_len"] and route["proto"] in (_BOOT, _STATIC)]
    if not routes:
        return None
    best = min(routes, key=lambda route: _attr(route, "RTA_PRIORITY") or 0)
    return str(_attr(best, "RTA_GATEWAY") or "dev")


def _parent(network: Network, link: Any) -> str | None:
    """The host's interface below, if it is the host's: the container may have made interfaces of its own."""
    index, netnsid = _attr(link, "IFLA_LINK"), _attr(link, "IFLA_LINK_NETNSID")
    if index is None or netnsid is None or netnsid != _netnsid(network.inside, network.own_netns):
        return None
    return _name_on_host(network.host, int(index))


def _name_on_host(host: Any, index: int) -> str | None:
    try:
        return _ifname(next(iter(host.link("get", index=index))))
    except netlink_error():
        return None


def _netnsid(iproute: Any, netns: int) -> int | None:
    """The number by which the socket's namespace knows another one."""
    answer = iproute.get_netnsid(fd=netns)
    number = answer["nsid"] if isinstance(answer, dict) else answer
    return int(number) if number is not None and int(number) >= 0 else None


def _host_side(network: Network, index: int, link: Any) -> HostSide | None:
    """The other end of the pair, if it is on the host."""
    peer = _attr(link, "IFLA_LINK")
    if not peer:
        return None
    host = network.host
    try:
        other = next(iter(host.link("get", index=int(peer))))
    except netlink_error():
        return None
    mine = _netnsid(host, network.netns)
    is_pair = (
        _attr(other, "IFLA_INFO_KIND", "IFLA_LINKINFO") == "veth"
        and _attr(other, "IFLA_LINK") == index
        and mine is not None
        and _attr(other, "IFLA_LINK_NETNSID") == mine
    )
    if not is_pair:
        return None
    name, number = _ifname(other), int(other["index"])
    bridge = _bridge(host, name, _attr(other, "IFLA_MASTER"))
    untagged, tagged = _port_vlans(host, name, number, bridge)
    return HostSide(
        name=name,
        index=number,
        mtu=int(_attr(other, "IFLA_MTU")),
        up=bool(other["flags"] & _IFF_UP),
        bridge=bridge,
        ipv4_routes=_set_up_routes(host, number, 4),
        ipv6_routes=_set_up_routes(host, number, 6),
        proxies=_proxies.listed(number),
        vlan_id=untagged,
        vlan_tagged_ids=tagged,
    )


def _bridge(host: Any, name: str, master: int | None) -> str | None:
    bridge = _name_on_host(host, master) if master else None
    # Open vSwitch's ports have a master that is none of its bridges, or, switched in user space, none at all.
    return bridge if bridge and bridge != "ovs-system" else _ovs.bridge_of(name)


def _port_vlans(host: Any, name: str, index: int, bridge: str | None) -> tuple[int | None, tuple[int, ...]]:
    if bridge is None:
        return None, ()
    if not _links.is_bridge(bridge):
        return _ovs.vlans(name)
    return _vlans(host, index) if _links.vlan_filtering(bridge) == "1" else (None, ())


def _set_up_routes(host: Any, index: int, family: int) -> tuple[str, ...]:
    """On-link routes that somebody set up, not those that the kernel or a routing daemon keeps."""
    found = [r for r in _routes(host, index, family) if r["proto"] in (_BOOT, _STATIC)]
    return ordered(_destination(route, family) for route in found if not _attr(route, "RTA_GATEWAY"))


def port_vlans(host: Any, index: int) -> dict[int, int]:
    """The VLANs that a bridge port is in: number and flags."""
    return {
        int(vlan["vid"]): int(vlan["flags"])
        for port in dump(lambda: host.get_vlans(index=index))
        for vlan in port.get_attr("IFLA_AF_SPEC").get_attrs("IFLA_BRIDGE_VLAN_INFO")
    }


def _vlans(host: Any, index: int) -> tuple[int | None, tuple[int, ...]]:
    """The untagged VLAN that incoming frames get, and the tagged ones."""
    found = port_vlans(host, index)
    untagged = next((vid for vid, flags in found.items() if flags & _PVID), None)
    return untagged, tuple(sorted(vid for vid, flags in found.items() if not flags & (_PVID | _UNTAGGED)))
