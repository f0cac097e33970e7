# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What the host has to say to an interface before anything is written."""

from __future__ import annotations

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import _link_kinds, _links, _ovs, _pairs, _sysctl
from ansible_collections.community.lxc.plugins.module_utils._model._nic import KINDS, Nic
from ansible_collections.community.lxc.plugins.module_utils._model._nic_request import NicRequest
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_state import NicState


def check(ref: ContainerRef, request: NicRequest, nic: Nic, now: NicState) -> None:
    """InvalidInput names the option and what the host lacks."""
    _check_kernel(nic)
    if nic.link and not _is_moved_in(nic, now):
        if _links.exists(nic.link):
            _check_link(nic, nic.link)
            if nic.type == "phys" and now.running and request.live:
                _check_way_back(nic.link)
            _check_sysctls(nic)
        elif now.running or request.link_must_exist:
            raise InvalidInput(
                f"link: there is no interface {nic.link!r} on the host"
                + ("" if now.running else "; link_must_exist: false configures a stopped container nevertheless")
            )
    elif nic.is_router:
        _check_sysctls(nic)
    if nic.pair:
        _check_pair(ref, nic, now)
    _check_auto(nic, now)


def _is_moved_in(nic: Nic, now: NicState) -> bool:
    """A physical interface that is in the container is not on the host."""
    return nic.type == "phys" and now.live is not None


def _check_kernel(nic: Nic) -> None:
    if nic.type in ("ipvlan", "vlan", "macvlan") and not _link_kinds.supported(nic.type):
        raise InvalidInput(
            f"This host's kernel has no {nic.type} interfaces: it lacks the feature {_link_kinds.CONFIG[nic.type]} "
            f"(CONFIG_{_link_kinds.CONFIG[nic.type]}), as a module or built in"
        )


def _check_link(nic: Nic, link: str) -> None:
    if nic.type == "veth" and not nic.is_router:
        _check_bridge(nic, link)
    if nic.type == "phys" and (_links.is_bridge(link) or link == "lo"):
        raise InvalidInput(f"link: {link!r} stays where it was made: the kernel moves no bridge and no loopback")
    limit = _links.mtu(link)
    if nic.type in ("ipvlan", "macvlan", "vlan") and nic.mtu and limit and nic.mtu > limit:
        raise InvalidInput(f"mtu: {nic.mtu} is more than the {limit} of {link}, which the interface stands on")
    most = _link_kinds.max_mtu(link) if nic.type == "phys" else None
    if nic.mtu and most and nic.mtu > most:
        raise InvalidInput(f"mtu: {nic.mtu} is more than the {most} that {link} can have")


def _check_way_back(link: str) -> None:
    kind = _link_kinds.kind_of(link)
    if kind and kind not in KINDS:
        raise InvalidInput(
            f"link: {link!r} is a {kind} interface. A container can make such a one itself, so that it would not be "
            "taken back out of the running one; live: false has it moved in at the next start, and LXC brings it back"
        )


def check_removal(ref: ContainerRef, request: NicRequest, now: NicState) -> None:
    """InvalidInput for what stands in the place of an interface that was plugged in and is known to nothing else."""
    nic, live = now.nic, now.live
    if nic is None or live is None or now.started is not None or nic.type != "phys" or not request.live:
        return
    if not live.may_be_the_hosts:
        raise InvalidInput(
            f"{request.name} of {ref} is a {live.kind} interface that the container may have made itself, and not "
            f"{nic.link} of the host; live: false removes it from the configuration alone"
        )


def _check_bridge(nic: Nic, link: str) -> None:
    if not _links.is_bridge(link):
        if not _ovs.is_bridge(link):
            raise InvalidInput(f"link: {link!r} is not a bridge, which a veth interface in mode bridge needs")
        return
    if nic.vlan_id is None and not nic.vlan_tagged_ids:
        return
    filtering = _links.vlan_filtering(link)
    if filtering is None:
        raise InvalidInput(
            "vlan_id, vlan_tagged_ids: this host's kernel has no bridge VLAN filtering: it lacks the feature "
            "BRIDGE_VLAN_FILTERING (CONFIG_BRIDGE_VLAN_FILTERING)"
        )
    if filtering != "1":
        raise InvalidInput(
            f"vlan_id, vlan_tagged_ids: VLAN filtering is off on the bridge {link}; switch it on with "
            f"'ip link set {link} type bridge vlan_filtering 1'"
        )


def _check_sysctls(nic: Nic) -> None:
    """The settings without which LXC would refuse to start the container, or nothing would be forwarded."""
    if nic.is_router and nic.ipv6_gateway and nic.ipv6_gateway != "dev":
        _need("net/ipv6/conf/all/forwarding", "mode: router with an ipv6_gateway")
    if not nic.l2proxy or not nic.link:
        return
    if nic.ipv4_addresses:
        _need(f"net/ipv4/conf/{nic.link}/forwarding", "l2proxy: with an IPv4 address it")
    if nic.ipv6_addresses:
        _need(f"net/ipv6/conf/{nic.link}/proxy_ndp", "l2proxy: with an IPv6 address it")
        _need(f"net/ipv6/conf/{nic.link}/forwarding", "l2proxy: with an IPv6 address it")


def _need(name: str, who: str) -> None:
    value = _sysctl.read(name)
    if value != "1":
        found = "which this host does not have" if value is None else f"which is {value}"
        raise InvalidInput(f"{who} needs the host's setting {name.replace('/', '.')} = 1, {found}")


def _check_pair(ref: ContainerRef, nic: Nic, now: NicState) -> None:
    own = now.live is not None and now.live.host is not None and now.live.host.name == nic.pair
    for index, other in _pairs.of_container(ref):
        if other == nic.pair and index != now.index:
            raise InvalidInput(f"pair: {nic.pair!r} is the pair of lxc.net.{index} of {ref} too")
    neighbour = _pairs.owner(nic.pair, ref) if nic.pair else None
    if neighbour:
        raise InvalidInput(f"pair: {nic.pair!r} is taken by {neighbour}")
    started = now.started is not None and now.started.pair == nic.pair
    if not own and not started and nic.pair and _links.exists(nic.pair):
        raise InvalidInput(f"pair: there is another interface {nic.pair!r} on the host")


def _check_auto(nic: Nic, now: NicState) -> None:
    for family, gateway in ((4, nic.ipv4_gateway), (6, nic.ipv6_gateway)):
        if gateway == "auto" and now.running and now.auto.get(family) is None:
            raise InvalidInput(
                f"ipv{family}_gateway: {nic.link} has no IPv{family} address that 'auto' could stand for"
            )
