# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The other end of a container's veth pair, as the host's kernel has it.

What the container names or numbers is never trusted for the host's side: a device counts as the other end of a
pair only if the host's kernel says that its peer is that very interface in that very network namespace.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._host import _links, _ovs, _proxies
from ansible_collections.community.lxc.plugins.module_utils._host._netlink import Network, dump, netlink_error
from ansible_collections.community.lxc.plugins.module_utils._host._netlink_message import (
    IFF_UP,
    SET_UP_BY_HAND,
    attr,
    destination,
    ifname,
    name_of,
    netnsid,
    routes_over,
)
from ansible_collections.community.lxc.plugins.module_utils._model._ip import ordered
from ansible_collections.community.lxc.plugins.module_utils._model._nic import HostSide

_PVID, _UNTAGGED = 2, 4


def host_side(network: Network, index: int, link: Any) -> HostSide | None:
    """The other end of the pair, if it is on the host."""
    peer = attr(link, "IFLA_LINK")
    if not peer:
        return None
    host = network.host
    try:
        other = next(iter(host.link("get", index=int(peer))))
    except netlink_error():
        return None
    mine = netnsid(host, network.netns)
    is_pair = (
        attr(other, "IFLA_INFO_KIND", "IFLA_LINKINFO") == "veth"
        and attr(other, "IFLA_LINK") == index
        and mine is not None
        and attr(other, "IFLA_LINK_NETNSID") == mine
    )
    if not is_pair:
        return None
    name, number = ifname(other), int(other["index"])
    bridge = _bridge(host, name, attr(other, "IFLA_MASTER"))
    untagged, tagged = _port_vlans(host, name, number, bridge)
    return HostSide(
        name=name,
        index=number,
        mtu=int(attr(other, "IFLA_MTU")),
        up=bool(other["flags"] & IFF_UP),
        bridge=bridge,
        ipv4_routes=_set_up_routes(host, number, 4),
        ipv6_routes=_set_up_routes(host, number, 6),
        proxies=_proxies.listed(number),
        vlan_id=untagged,
        vlan_tagged_ids=tagged,
    )


def _bridge(host: Any, name: str, master: int | None) -> str | None:
    bridge = name_of(host, master) if master else None
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
    found = [r for r in routes_over(host, index, family) if r["proto"] in SET_UP_BY_HAND]
    return ordered(destination(route, family) for route in found if not attr(route, "RTA_GATEWAY"))


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
