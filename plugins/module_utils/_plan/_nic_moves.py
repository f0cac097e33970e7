# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The changes that lead from a live interface to where it should be, with a sentence for each lot. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ansible_collections.community.lxc.plugins.module_utils._model import _ip
from ansible_collections.community.lxc.plugins.module_utils._model._nic import HostSide, LiveNic, Nic
from ansible_collections.community.lxc.plugins.module_utils._model._nic_change import (
    Address,
    BridgeVlan,
    Change,
    Move,
    Plug,
    Proxy,
    Route,
    SetBridge,
    SetLink,
    Sysctl,
    Unplug,
    inverses,
)
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_state import Proxied


def plug_move(
    nic: Nic,
    bare: LiveNic,
    goal: LiveNic,
    *,
    mtu: int | None,
    host_name: str | None,
    home: tuple[int, bool] | None = None,
) -> Move:
    """The whole interface, with everything that belongs to it, as one lot."""
    start = replace(bare, host=replace(bare.host, name=host_name or "") if bare.host else None)
    end = replace(goal, host=replace(goal.host, name=host_name or "") if goal.host else None)
    settings = _router_settings(host_name) if nic.is_router and host_name else ()
    vlans = nic.vlan_id is not None or bool(nic.vlan_tagged_ids)
    rest = tuple(change for move in moves(start, end, vlans=vlans) for change in move.changes)
    changes = (Plug(nic=nic, mtu=mtu, host_name=host_name, home=home), *settings, *rest)
    return Move(f"plug the {nic.type} interface {nic.name} into the running container", changes)


def _router_settings(host_name: str) -> tuple[Change, ...]:
    """As liblxc has them on the host's end of a pair in router mode."""
    four, six = f"net/ipv4/conf/{host_name}", f"net/ipv6/conf/{host_name}"
    return (
        Sysctl(f"{four}/forwarding", old="0", new="1"),
        Sysctl(f"{four}/rp_filter", old="0", new="0"),
        Sysctl(f"{six}/proxy_ndp", old="0", new="1"),
    )


def unplug_move(nic: Nic, live: LiveNic, bare: LiveNic, *, home: tuple[int, bool] | None = None) -> Move:
    """The whole interface out, in such a way that the inverse brings it back as it was."""
    host_name = live.host.name if live.host else None
    start = replace(bare, host=replace(bare.host, name=host_name or "") if bare.host else None)
    vlans = live.host is not None and (live.host.vlan_id is not None or bool(live.host.vlan_tagged_ids))
    way_back = tuple(change for move in moves(start, live, vlans=vlans) for change in move.changes)
    changes = (*inverses(way_back), Unplug(nic=nic, mtu=live.mtu, host_name=host_name, home=home))
    return Move(f"unplug the {nic.type} interface {nic.name} from the running container", changes)


def moves(now: LiveNic, goal: LiveNic, *, vlans: bool) -> Iterator[Move]:
    """For an interface that is there. ``vlans``: the VLANs of its bridge port are managed."""
    name = now.name
    if now.host and goal.host:
        yield from _port_moves(name, now.host, goal.host, vlans=vlans)
    ends = [("host", now.host.name, now.host.mtu, goal.host.mtu)] if now.host and goal.host else []
    ends.append(("inside", name, now.mtu, goal.mtu))
    resized = tuple(SetLink(side == "inside", device, "mtu", old, new) for side, device, old, new in ends if old != new)
    if resized:
        yield Move(f"set the MTU of {name} to {goal.mtu}", resized)
    if goal.hwaddr != now.hwaddr:
        change = SetLink(True, name, "hwaddr", now.hwaddr, goal.hwaddr)
        yield Move(f"set the MAC address of {name} to {goal.hwaddr}", (change,))
    yield from _up_moves(now, goal)
    if now.up and not goal.up:
        yield _down_move(now)
        now = replace(now, up=False, ipv6_addresses=(), ipv4_gateway=None, ipv6_gateway=None)
    for family in (4, 6):
        changes, words = _family_changes(now, goal, family)
        if changes:
            yield Move(f"on {name} {'; '.join(words)}", changes)
    if now.host and goal.host:
        yield from _host_moves(name, now.host, goal.host)


def _port_moves(name: str, now: HostSide, goal: HostSide, *, vlans: bool) -> Iterator[Move]:
    device, joins = now.name, now.bridge != goal.bridge
    before = _vlan_changes(device, now, replace(now, vlan_id=None, vlan_tagged_ids=())) if joins and vlans else ()
    if joins:
        instead = f" instead of {now.bridge}" if now.bridge and goal.bridge else ""
        into = f"put {name} into the bridge {goal.bridge}{instead}"
        said = into if goal.bridge else f"take {name} out of the bridge {now.bridge}"
        yield Move(said, (*before, SetBridge(device, now.bridge, goal.bridge, bare=vlans)))
        now = replace(now, vlan_id=None, vlan_tagged_ids=())
    changes = _vlan_changes(device, now, goal) if vlans and goal.bridge else ()
    if changes:
        tagged = ", ".join(map(str, goal.vlan_tagged_ids)) or "none"
        untagged = "none" if goal.vlan_id is None else goal.vlan_id
        yield Move(f"set the VLANs of {name} to untagged {untagged}, tagged {tagged}", changes)


def _vlan_changes(device: str, now: HostSide, goal: HostSide) -> tuple[Change, ...]:
    changes: list[Change] = []
    if now.vlan_id != goal.vlan_id:
        if now.vlan_id is not None:
            changes.append(BridgeVlan(device, now.vlan_id, untagged=True, add=False))
        if goal.vlan_id is not None:
            changes.append(BridgeVlan(device, goal.vlan_id, untagged=True))
    have, want = now.vlan_tagged_ids, goal.vlan_tagged_ids
    changes += [BridgeVlan(device, vid, untagged=False, add=False) for vid in have if vid not in want]
    changes += [BridgeVlan(device, vid, untagged=False) for vid in want if vid not in have]
    return tuple(changes)


def _up_moves(now: LiveNic, goal: LiveNic) -> Iterator[Move]:
    changes: list[Change] = []
    if now.host and goal.host and goal.host.up and not now.host.up:
        changes.append(SetLink(False, now.host.name, "up", False, True))
    if goal.up and not now.up:
        changes.append(SetLink(True, now.name, "up", False, True))
    if changes:
        yield Move(f"switch {now.name} on", tuple(changes))


def _down_move(now: LiveNic) -> Move:
    kept: list[Change] = [*_gateway_routes(now, keep=True)]
    kept += [Address(now.name, one, keep=True, peer=now.peers.get(one)) for one in now.ipv6_addresses]
    # Doing them first does nothing; taking the move back does them last, when the interface is up again.
    return Move(f"switch {now.name} off", (*kept, SetLink(True, now.name, "up", True, False)))


def _gateway_routes(live: LiveNic, *, keep: bool, family: int | None = None) -> list[Route]:
    found = []
    for number, gateway in ((4, live.ipv4_gateway), (6, live.ipv6_gateway)):
        if gateway and family in (None, number):
            via = None if gateway == "dev" else gateway
            found.append(Route(True, live.name, _ip.DEFAULT_ROUTE[number], via, keep=keep))
    return found


def _family_changes(now: LiveNic, goal: LiveNic, family: int) -> tuple[tuple[Change, ...], list[str]]:
    """Addresses and gateway of one family. New ones come before old ones go, so that connections have a chance."""
    name = now.name
    have, want = (now.ipv4_addresses, goal.ipv4_addresses) if family == 4 else (now.ipv6_addresses, goal.ipv6_addresses)
    old, new = (now.ipv4_gateway, goal.ipv4_gateway) if family == 4 else (now.ipv6_gateway, goal.ipv6_gateway)
    gone, came = [a for a in have if a not in want], [a for a in want if a not in have]
    same_host = {_ip.host_of(address) for address in came}
    # IPv6 takes an address only once, whatever its prefix.
    first = [a for a in gone if family == 6 and _ip.host_of(a) in same_host]
    # Removing an address takes others of its subnet, and routes through it, along: both ways end by restoring them.
    changes: list[Change] = [*_gateway_routes(now, keep=True, family=family)] if gone or came else []
    changes += [Address(name, a, keep=True, peer=now.peers.get(a)) for a in have] if gone or came else []
    changes += [Address(name, a, add=False, peer=now.peers.get(a)) for a in first]
    changes += [Address(name, a, peer=goal.peers.get(a)) for a in came]
    if old != new:
        changes += [replace(route, add=False) for route in _gateway_routes(now, keep=False, family=family)]
    changes += [Address(name, a, add=False, peer=now.peers.get(a)) for a in gone if a not in first]
    changes += [Address(name, a, keep=True, peer=now.peers.get(a)) for a in want] if gone else []
    changes += _gateway_routes(goal, keep=old == new, family=family) if gone or old != new else []
    return (tuple(changes) if gone or came or old != new else ()), _family_words(gone, came, old, new, family)


def _family_words(gone: Sequence[str], came: Sequence[str], old: str | None, new: str | None, family: int) -> list[str]:
    words = [f"add the address {address}" for address in came]
    words += [f"remove the address {address}" for address in gone]
    if old != new:
        words.append(f"set the IPv{family} gateway to {new}" if new else f"remove the IPv{family} gateway {old}")
    return words


def _host_moves(name: str, now: HostSide, goal: HostSide) -> Iterator[Move]:
    for have, want in ((now.ipv4_routes, goal.ipv4_routes), (now.ipv6_routes, goal.ipv6_routes)):
        came, gone = [r for r in want if r not in have], [r for r in have if r not in want]
        changes: list[Change] = [Route(False, now.name, route) for route in came]
        changes += [Route(False, now.name, route, add=False) for route in gone]
        if changes:
            words = [f"add {route}" for route in came] + [f"remove {route}" for route in gone]
            yield Move(f"on the host's routes over {name}: {'; '.join(words)}", tuple(changes))
    came, gone = [p for p in goal.proxies if p not in now.proxies], [p for p in now.proxies if p not in goal.proxies]
    if came or gone:
        words = [f"add {address}" for address in came] + [f"remove {address}" for address in gone]
        proxies = (*(Proxy(now.name, p) for p in came), *(Proxy(now.name, p, add=False) for p in gone))
        yield Move(f"on the host's proxy neighbour entries for {name}: {'; '.join(words)}", proxies)


def proxied_moves(name: str, now: Sequence[Proxied], goal: Sequence[Proxied], *, ipvlan: bool) -> Iterator[Move]:
    """Proxy neighbour entries on links. Over ipvlan they work by a route to the host's loopback, as in liblxc."""
    for add, pairs in ((True, [p for p in goal if p not in now]), (False, [p for p in now if p not in goal])):
        changes: list[Change] = []
        for link, address in pairs:
            changes.append(Proxy(link, address, add=add))
            if ipvlan:
                changes.append(Route(False, "lo", _ip.host_route(address), add=add))
        if changes:
            said = ", ".join(f"{address} on {link}" for link, address in pairs)
            yield Move(f"{'add' if add else 'remove'} the proxy neighbour entries of {name}: {said}", tuple(changes))
