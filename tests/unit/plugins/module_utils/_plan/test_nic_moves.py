# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changes lead to the goal and, undone, back again, by the kernel's rules for addresses and routes."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._model import _ip
from ansible_collections.community.lxc.plugins.module_utils._model._nic import HostSide, LiveNic
from ansible_collections.community.lxc.plugins.module_utils._model._nic_change import (
    Address,
    BridgeVlan,
    Change,
    Proxy,
    Route,
    SetBridge,
    SetLink,
    inverses,
)
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_moves import moves

FOUR = ["10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24", "10.0.1.1/24", "10.0.0.2/16", "192.0.2.1/32"]
SIX = ["fd00::1/64", "fd00::2/64", "fd00::2/48", "fd01::1/64"]


class Kernel:
    """A pair, as the kernel keeps it: what goes with an address, and what goes when the interface does."""

    def __init__(self, nic: LiveNic) -> None:
        host = nic.host or HostSide(name="h", index=1, mtu=1500)
        self.inside: dict[str, int | str | bool] = {"mtu": nic.mtu, "hwaddr": nic.hwaddr, "up": nic.up}
        self.host: dict[str, int | str | bool] = {"mtu": host.mtu, "up": host.up}
        self.bridge = host.bridge
        self.vlan, self.tagged = host.vlan_id, set(host.vlan_tagged_ids)
        self.addresses = [*nic.ipv4_addresses, *nic.ipv6_addresses]
        self.default = {4: nic.ipv4_gateway, 6: nic.ipv6_gateway}
        self.routes = {*host.ipv4_routes, *host.ipv6_routes}
        self.proxies = set(host.proxies)

    def nic(self, like: LiveNic) -> LiveNic:
        families = {family: _ip.ordered(a for a in self.addresses if _ip.family_of(a) == family) for family in (4, 6)}
        host = HostSide(
            name="h",
            index=1,
            mtu=int(self.host["mtu"]),
            up=bool(self.host["up"]),
            bridge=self.bridge,
            ipv4_routes=_ip.ordered(r for r in self.routes if _ip.family_of(r) == 4),
            ipv6_routes=_ip.ordered(r for r in self.routes if _ip.family_of(r) == 6),
            proxies=tuple(sorted(self.proxies)),
            vlan_id=self.vlan,
            vlan_tagged_ids=tuple(sorted(self.tagged)),
        )
        return replace(
            like,
            mtu=int(self.inside["mtu"]),
            hwaddr=str(self.inside["hwaddr"]),
            up=bool(self.inside["up"]),
            ipv4_addresses=families[4],
            ipv6_addresses=families[6],
            ipv4_gateway=self.default[4],
            ipv6_gateway=self.default[6],
            host=host,
        )

    def apply(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._do(change)

    def _do(self, change: Change) -> None:
        if isinstance(change, SetLink):
            (self.inside if change.inside else self.host)[change.attribute] = change.new
            if change.inside and change.attribute == "up" and not change.new:
                self.default = {4: None, 6: None}
                self.addresses = [a for a in self.addresses if _ip.family_of(a) == 4]
        elif isinstance(change, SetBridge):
            given = change.new and not change.bare
            self.bridge, self.vlan, self.tagged = change.new, 10 if given else None, set()
        elif isinstance(change, BridgeVlan) and change.untagged:
            self.vlan = change.vid if change.add else None
        elif isinstance(change, BridgeVlan):
            self.tagged ^= {change.vid}
        elif isinstance(change, Proxy):
            self.proxies ^= {change.address}
        elif isinstance(change, Address):
            self._address(change)
        elif isinstance(change, Route) and not change.inside:
            self.routes ^= {change.destination}
        elif isinstance(change, Route):
            self._default_route(change)

    def _address(self, change: Address) -> None:
        one = change.address
        if change.add:
            taken = [a for a in self.addresses if _ip.host_of(a) == _ip.host_of(one)]
            if _ip.family_of(one) == 6 and taken and one not in taken:
                raise AssertionError("an IPv6 address twice")
            self.addresses += [] if one in self.addresses else [one]
            return
        if one not in self.addresses:
            return
        net = ipaddress.ip_interface(one).network
        same = [a for a in self.addresses if ipaddress.ip_interface(a).network == net]
        # The first of a subnet is the primary one: the others go with it.
        gone = same if _ip.family_of(one) == 4 and same[0] == one else [one]
        self.addresses = [a for a in self.addresses if a not in gone]
        for family, gateway in self.default.items():
            left = tuple(a for a in self.addresses if _ip.family_of(a) == family)
            if gateway and gateway != "dev" and not _ip.is_inside(gateway, left):
                self.default[family] = None

    def _default_route(self, change: Route) -> None:
        family = _ip.family_of(change.destination)
        wanted = change.gateway or "dev"
        if not change.add:
            self.default[family] = None if self.default[family] == wanted else self.default[family]
            return
        if not self.inside["up"]:
            assert change.keep or self.default[family] is None
        if self.default[family] is None:
            self.default[family] = wanted


@st.composite
def nics(draw: st.DrawFn) -> LiveNic:
    up = draw(st.booleans())
    four = tuple(draw(st.lists(st.sampled_from(FOUR), unique_by=_ip.host_of, max_size=4)))
    six = tuple(draw(st.lists(st.sampled_from(SIX), unique_by=_ip.host_of, max_size=3))) if up else ()
    gateways = {}
    for family, addresses, choices in ((4, four, ["10.0.0.254", "10.0.1.254"]), (6, six, ["fd00::fe", "fd01::fe"])):
        reached = [g for g in choices if _ip.is_inside(g, addresses)]
        gateways[family] = draw(st.sampled_from([None, "dev", *reached])) if up else None
    return LiveNic(
        name="eth0",
        index=2,
        kind="veth",
        mtu=draw(st.sampled_from([1400, 1500])),
        up=up,
        hwaddr=draw(st.sampled_from(["00:16:3e:00:00:01", "00:16:3e:00:00:02"])),
        ipv4_addresses=_ip.ordered(four),
        ipv6_addresses=_ip.ordered(six),
        ipv4_gateway=gateways[4],
        ipv6_gateway=gateways[6],
        host=HostSide(
            name="h",
            index=1,
            mtu=draw(st.sampled_from([1400, 1500])),
            up=True,
            bridge=draw(st.sampled_from([None, "br0", "br1"])),
            ipv4_routes=_ip.ordered(draw(st.sets(st.sampled_from(["10.9.0.0/16", "10.8.0.0/16"])))),
            ipv6_routes=_ip.ordered(draw(st.sets(st.sampled_from(["fd09::/64"])))),
            proxies=tuple(sorted(draw(st.sets(st.sampled_from(["169.254.1.1", "169.254.1.2"]))))),
        ),
    )


def in_vlans(nic: LiveNic, vlan: int | None, tagged: set[int]) -> LiveNic:
    if nic.host is None or nic.host.bridge is None:
        return nic
    return replace(nic, host=replace(nic.host, vlan_id=vlan, vlan_tagged_ids=tuple(sorted(tagged))))


@given(nics(), nics())
def test_there_and_back_again(now: LiveNic, goal: LiveNic) -> None:
    kernel = Kernel(now)
    lots = list(moves(now, goal, vlans=False))
    for move in lots:
        kernel.apply(move.changes)
    kernel.vlan = None
    assert kernel.nic(now) == goal

    for move in reversed(lots):
        kernel.apply(inverses(move.changes))
    kernel.vlan = None
    assert kernel.nic(now) == now


VLANS = st.tuples(st.sampled_from([None, 1, 20]), st.sets(st.sampled_from([30, 31])))


@given(nics(), nics(), VLANS, VLANS)
def test_the_vlans_of_the_port_follow(
    one: LiveNic, other: LiveNic, have: tuple[int | None, set[int]], want: tuple[int | None, set[int]]
) -> None:
    now, goal = in_vlans(one, *have), in_vlans(other, *want)
    assume(goal.host is not None and goal.host.bridge is not None)
    kernel = Kernel(now)
    for move in moves(now, goal, vlans=True):
        kernel.apply(move.changes)
    assert kernel.nic(now) == goal

    for move in reversed(list(moves(now, goal, vlans=True))):
        kernel.apply(inverses(move.changes))
    assert kernel.nic(now) == now


@given(nics())
def test_nothing_to_do_is_nothing_done(nic: LiveNic) -> None:
    assert list(moves(nic, nic, vlans=True)) == []
