# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Where the live side of an interface should be. Pure.

What neither the task nor the configuration names is left alone. A list that the task names is the whole list;
one that only the configuration names must be there, and more may be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.community.lxc.plugins.module_utils._model import _ether, _ip
from ansible_collections.community.lxc.plugins.module_utils._model._nic import KINDS, HostSide, LiveNic, Nic
from ansible_collections.community.lxc.plugins.module_utils._model._nic_request import NicRequest
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_state import (
    ETHERNET_MTU,
    NicState,
    Proxied,
    live_type,
    restart_reasons,
)


def live_goal(request: NicRequest, nic: Nic | None, now: NicState) -> LiveNic | None:
    """``nic`` is the interface as it is to be configured."""
    if not now.running or not request.live:
        return now.live
    if nic is None:
        ours = now.live is not None and live_type(now.live, now.started, request.type) == request.type
        return None if ours and _has_come_from_us(request, now) else now.live
    if now.live is None:
        return _adjusted(request, nic, bare(nic, now), now)
    if restart_reasons(nic, now.live, now.started):
        return now.live
    return _adjusted(request, nic, now.live, now)


def _has_come_from_us(request: NicRequest, now: NicState) -> bool:
    """Not one that the container made for itself: such a pair has no end on the host, such a link no parent there."""
    live = now.live
    if live is None:
        return False
    if request.type == "veth":
        return live.host is not None
    if request.type == "phys":
        return live.may_be_the_hosts and (now.nic is not None or now.started is not None)
    return live.parent is not None


def bare(nic: Nic, now: NicState) -> LiveNic:
    """The interface as it is right after it was made: down, without addresses. The host's name is still to come."""
    mtu = nic.mtu or now.link_mtu or ETHERNET_MTU
    return LiveNic(
        name=nic.name,
        index=0,
        kind=nic.type if nic.type in KINDS else "",
        mtu=mtu,
        up=False,
        hwaddr="" if not nic.hwaddr or _ether.is_template(nic.hwaddr) else nic.hwaddr,
        parent=nic.link if nic.type in KINDS[1:] else None,
        mode=nic.mode or {"macvlan": "private", "ipvlan": "l3"}.get(nic.type),
        isolation=(nic.isolation or "bridge") if nic.type == "ipvlan" else None,
        vlan_id=nic.vlan_id if nic.type == "vlan" and isinstance(nic.vlan_id, int) else None,
        rx_queues=nic.rx_queues or 1,
        tx_queues=nic.tx_queues or 1,
        host=HostSide(name=nic.pair or "", index=0, mtu=mtu, up=False) if nic.type == "veth" else None,
    )


def _adjusted(request: NicRequest, nic: Nic, base: LiveNic, now: NicState) -> LiveNic:
    """``base`` with everything that can change in a running container."""
    given = request.given
    up = nic.up if nic.up or "up" in given else base.up
    goal = replace(
        base,
        up=up,
        mtu=nic.mtu or base.mtu,
        hwaddr=nic.hwaddr if nic.hwaddr and not _ether.is_template(nic.hwaddr) else base.hwaddr,
        ipv4_addresses=_list(base.ipv4_addresses, nic.ipv4_addresses, exact="ipv4_addresses" in given),
        ipv6_addresses=_list(base.ipv6_addresses, nic.ipv6_addresses, exact="ipv6_addresses" in given),
        ipv4_gateway=_gateway(request, nic, base, now, 4),
        ipv6_gateway=_gateway(request, nic, base, now, 6),
        host=_host_goal(request, nic, base.host, now) if base.host and nic.type == "veth" else base.host,
    )
    if not up:
        # The kernel drops them with the interface; they come back with it.
        return replace(goal, ipv6_addresses=(), ipv4_gateway=None, ipv6_gateway=None)
    return goal


def _list(now: tuple[str, ...], wanted: tuple[str, ...], *, exact: bool) -> tuple[str, ...]:
    return _ip.ordered(wanted if exact else (*now, *wanted))


def resolved_gateway(nic: Nic, now: NicState, family: int) -> str | None:
    """``auto`` is the link's own address."""
    gateway: str | None = nic.ipv4_gateway if family == 4 else nic.ipv6_gateway
    return now.auto.get(family) if gateway == "auto" else gateway


def _gateway(request: NicRequest, nic: Nic, base: LiveNic, now: NicState, family: int) -> str | None:
    wanted = resolved_gateway(nic, now, family)
    if wanted or f"ipv{family}_gateway" in request.given:
        return wanted
    return base.ipv4_gateway if family == 4 else base.ipv6_gateway


def _host_goal(request: NicRequest, nic: Nic, host: HostSide, now: NicState) -> HostSide:
    given = request.given
    bridge = host.bridge
    if not nic.is_router and (nic.link or "link" in given):
        bridge = nic.link
    # What the new bridge gives every port, unless VLANs are named.
    untagged = host.vlan_id if bridge == host.bridge else now.link_vlan
    tagged = host.vlan_tagged_ids if bridge == host.bridge else ()
    if nic.vlan_id is not None:
        untagged = nic.vlan_id if isinstance(nic.vlan_id, int) else None
    if nic.vlan_tagged_ids or "vlan_tagged_ids" in given:
        own = nic.vlan_tagged_ids if "vlan_tagged_ids" in given else (*tagged, *nic.vlan_tagged_ids)
        tagged = tuple(sorted(set(own)))
    return replace(
        host,
        up=True if nic.up else host.up,
        mtu=nic.mtu or host.mtu,
        bridge=bridge,
        ipv4_routes=_routes(request, nic, host, 4),
        ipv6_routes=_routes(request, nic, host, 6),
        proxies=_proxies(request, nic, host),
        vlan_id=untagged,
        vlan_tagged_ids=tagged,
    )


def implied_routes(nic: Nic, family: int) -> tuple[str, ...]:
    """In router mode the host has a route to each address."""
    addresses = nic.ipv4_addresses if family == 4 else nic.ipv6_addresses
    return tuple(map(_ip.host_route, addresses)) if nic.is_router else ()


def _routes(request: NicRequest, nic: Nic, host: HostSide, family: int) -> tuple[str, ...]:
    routes = nic.ipv4_routes if family == 4 else nic.ipv6_routes
    have = host.ipv4_routes if family == 4 else host.ipv6_routes
    wanted = (*routes, *implied_routes(nic, family))
    named = {f"ipv{family}_routes"} | ({f"ipv{family}_addresses"} if nic.is_router else set())
    return _list(have, wanted, exact=bool(named & set(request.given)))


def implied_proxies(nic: Nic) -> tuple[str, ...]:
    """In router mode the host answers for the gateways, so that they need not be anybody's address."""
    gateways = (nic.ipv4_gateway, nic.ipv6_gateway)
    return tuple(g for g in gateways if g and g not in ("dev", "auto")) if nic.is_router else ()


def _proxies(request: NicRequest, nic: Nic, host: HostSide) -> tuple[str, ...]:
    if not nic.is_router:
        return host.proxies
    exact = "ipv4_gateway" in request.given or "ipv6_gateway" in request.given
    return sort_hosts((*(() if exact else host.proxies), *implied_proxies(nic)))


def sort_hosts(addresses: Iterable[str]) -> tuple[str, ...]:
    """IPv4 first, each family by number."""
    unique = set(addresses)
    return tuple(
        _ip.host_of(one)
        for family in (4, 6)
        for one in _ip.ordered(_ip.host_route(a) for a in unique if _ip.family_of(a) == family)
    )


def proxied_goal(request: NicRequest, nic: Nic | None, now: NicState) -> tuple[Proxied, ...]:
    """The proxy neighbour entries on links: l2proxy's, and none of what LXC left of this interface."""
    stays = set(now.proxied)
    if now.nic is not None and now.nic.l2proxy and now.nic.link:
        addresses = (*now.nic.addresses, *(now.started.addresses if now.started else ()))
        stays -= {(now.nic.link, _ip.host_of(address)) for address in addresses}
    live = now.running and request.live and not (nic and now.live and restart_reasons(nic, now.live, now.started))
    if now.running and not live:
        return now.proxied
    if nic is not None and nic.l2proxy and nic.link:
        mine = {(nic.link, _ip.host_of(address)) for address in nic.addresses}
        # Of a stopped container nothing is added, and what is there will be needed again.
        stays |= mine if live else mine & set(now.proxied)
    return tuple(sorted(stays))
