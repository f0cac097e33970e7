# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Routed pairs, gateways without an address, and hosts that answer for their containers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.community.lxc.tests.live._bed import Bed
from ansible_collections.community.lxc.tests.live._host import Bridge, tool
from ansible_collections.community.lxc.tests.live._net import (
    FarGuest,
    Module,
    OtherHost,
    change_inside,
    default_route,
    host_end,
    host_routes,
    other_host,
    ping_in,
    ping_out,
    plain,
    proxies,
)


@pytest.fixture
def far() -> Iterator[OtherHost]:
    with other_host() as host:
        yield host


def free_host(bridge: Bridge) -> str:
    """An IPv4 address that lies in no net of this host."""
    return f"198.18.{int(bridge.ipv4.ip) >> 8 & 255}.9/32"


@pytest.mark.parametrize("hot", [True, False])
def test_router_mode_with_a_gateway_that_nobody_has(bed: Bed, bridge: Bridge, hot: bool) -> None:
    guest = bed.guest(start=hot)
    veth = Module(guest)
    address = free_host(bridge)

    done = veth.changes("lan0", mode="router", ipv4_addresses=[address], ipv4_gateway="169.254.1.1")
    if not hot:
        guest.start()
        assert not veth("lan0", mode="router", ipv4_addresses=[address])["changed"]

    assert not done["restart_required"]
    end = host_end(guest, "lan0")
    assert host_routes(end) == {plain(address)}
    assert proxies(end) == {"169.254.1.1"}
    assert default_route(guest)["gateway"] == "169.254.1.1"  # type: ignore[index]
    ping_in(guest, str(bridge.ipv4.ip))
    ping_out(plain(address))

    tool("ip", "route", "del", address, "dev", end)
    tool("ip", "neigh", "del", "proxy", "169.254.1.1", "dev", end)
    put_right = " ".join(veth.changes("lan0")["actions"])
    assert address in put_right
    assert "169.254.1.1" in put_right
    other = address.replace(".9/", ".10/")
    veth.changes("lan0", ipv4_addresses=[other])
    assert host_routes(end) == {plain(other)}
    ping_out(plain(other))
    ping_in(guest, str(bridge.ipv4.ip))


@pytest.mark.parametrize("mode", ["router", "bridge"])
def test_a_gateway_that_is_the_device(bed: Bed, bridge: Bridge, mode: str) -> None:
    guest = bed.guest(start=True)
    veth = Module(guest)
    address = free_host(bridge) if mode == "router" else bridge.address(7)
    more = {} if mode == "router" else {"link": bridge.name}

    veth.changes("lan0", mode=mode, ipv4_addresses=[address], ipv4_gateway="dev", **more)

    route = default_route(guest)
    assert route is not None
    assert "gateway" not in route
    ping_out(plain(address))
    ping_in(guest, str(bridge.ipv4.ip))
    change_inside(guest, "route", "del", "default")
    assert "IPv4 gateway to dev" in " ".join(veth.changes("lan0")["actions"])


def test_ipv6_router_mode_needs_a_setting_of_the_host(bed: Bed, far: OtherHost) -> None:
    made = bed.guest()
    guest = FarGuest(made.name, made.lxc_path, host=far).start()
    veth = Module(guest, prefix=far.prefix)
    options = {"mode": "router", "ipv6_addresses": ["fd5a:1::9/128"], "ipv6_gateway": "fe80::1"}

    assert "net.ipv6.conf.all.forwarding = 1" in veth.refuses("lan0", **options)
    far.sysctl("net/ipv6/conf/all/forwarding", "1")
    done = veth.changes("lan0", **options)

    end = done["nic"]["live"]["host_name"]
    assert done["nic"]["live"]["proxies"] == ["fe80::1"]
    assert "fd5a:1::9" in far.run("ip", "-6", "route", "show", "dev", end)
    far.run("ip", "-6", "address", "add", "fd5a:2::1/128", "dev", "lo")
    ping_in(guest, "fd5a:2::1")
    far.run("ping", "-6", "-c", "1", "-W", "5", "fd5a:1::9")


def test_l2proxy_is_checked_set_up_followed_and_cleaned_up(
    bed: Bed, bridge: Bridge, pyroute2_path: tuple[tuple[str, str], ...]
) -> None:
    guest = bed.guest(start=True)
    veth = Module(guest, environment=pyroute2_path)
    options = {
        "link": bridge.name,
        "l2proxy": True,
        "mode": "router",
        "ipv4_addresses": [bridge.address(9).replace("/24", "/32")],
        "ipv4_gateway": "dev",
    }
    forwarding = f"net.ipv4.conf.{bridge.name}.forwarding"
    tool("sysctl", "-q", "-w", f"{forwarding}=0")

    assert f"{forwarding} = 1" in veth.refuses("lan0", **options)
    six = {**options, "ipv4_addresses": [], "ipv4_gateway": "", "ipv6_addresses": [bridge.address6(9)]}
    assert f"net.ipv6.conf.{bridge.name}.proxy_ndp = 1" in veth.refuses("lan0", **six)
    tool("sysctl", "-q", "-w", f"{forwarding}=1")
    done = veth.changes("lan0", **options)

    first, second = plain(bridge.address(9)), plain(bridge.address(10))
    assert first in " ".join(done["actions"])
    assert proxies(bridge.name) == {first}
    tool("ip", "neigh", "del", "proxy", first, "dev", bridge.name)
    assert first in " ".join(veth.changes("lan0", **options)["actions"])
    veth.changes("lan0", ipv4_addresses=[f"{second}/32"])
    assert proxies(bridge.name) == {second}
    veth.changes("lan0", l2proxy=False)
    assert proxies(bridge.name) == set()


def test_an_address_that_the_container_takes_is_not_its_entry(bed: Bed, bridge: Bridge) -> None:
    tool("sysctl", "-q", "-w", f"net.ipv4.conf.{bridge.name}.forwarding=1")
    guest = bed.guest(start=True)
    veth = Module(guest)
    own, others = plain(bridge.address(9)), plain(bridge.address(10))
    options = {"link": bridge.name, "l2proxy": True, "mode": "router", "ipv4_addresses": [f"{own}/32"]}
    veth.changes("lan0", **options)
    tool("ip", "neigh", "add", "proxy", others, "dev", bridge.name)
    change_inside(guest, "address", "add", f"{others}/32", "dev", "lan0")

    assert not veth("lan0")["changed"]
    assert proxies(bridge.name) == {own, others}
    veth.changes("lan0", **options)
    assert proxies(bridge.name) == {own, others}
    change_inside(guest, "address", "add", f"{others}/32", "dev", "lan0")
    veth.changes("lan0", state="absent")
    assert proxies(bridge.name) == {others}


def test_what_lxc_leaves_behind_is_removed_with_the_interface(bed: Bed, bridge: Bridge) -> None:
    tool("sysctl", "-q", "-w", f"net.ipv4.conf.{bridge.name}.forwarding=1")
    guest = bed.guest(
        "lxc.net.0.type = veth",
        "lxc.net.0.veth.mode = router",
        f"lxc.net.0.link = {bridge.name}",
        "lxc.net.0.flags = up",
        "lxc.net.0.l2proxy = 1",
        f"lxc.net.0.ipv4.address = {plain(bridge.address(9))}/32",
        start=True,
    )
    guest.stop()
    assert proxies(bridge.name) == {plain(bridge.address(9))}, "LXC cleans up by itself"
    tool("ip", "neigh", "add", "proxy", plain(bridge.address(99)), "dev", bridge.name)

    done = Module(guest).changes("eth0", state="absent")

    assert plain(bridge.address(9)) in " ".join(done["actions"])
    assert proxies(bridge.name) == {plain(bridge.address(99))}, "someone else's entry"
