# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bridged pairs: hot-plugged, changed live, found drifted, unplugged."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, run_module
from ansible_collections.community.lxc.tests.live._host import Bridge, make_bridge, remove_link, tool, unique_name
from ansible_collections.community.lxc.tests.live._net import (
    Module,
    addresses,
    change_inside,
    default_route,
    host_end,
    host_link,
    host_routes,
    inside,
    link_inside,
    ping_in,
    ping_out,
    plain,
)


@pytest.fixture
def other_bridge() -> Iterator[Bridge]:
    name = f"{unique_name()}b"
    try:
        yield make_bridge(name)
    finally:
        remove_link(name)


def bridged(bridge: Bridge, *lines: str) -> list[str]:
    """A container that was started with lan0 in the bridge."""
    return [
        "lxc.net.0.type = veth",
        "lxc.net.0.name = lan0",
        f"lxc.net.0.link = {bridge.name}",
        "lxc.net.0.flags = up",
        f"lxc.net.0.ipv4.address = {bridge.address(7)}",
        f"lxc.net.0.ipv6.address = {bridge.address6(7)}",
        *lines,
    ]


def routes(bridge: Bridge, number: int) -> tuple[str, str]:
    """Two nets for routes, which no other test has: the host has one routing table."""
    prefix = bridge.ipv6.network.network_address.exploded[:9]
    six = ipaddress.IPv6Network(f"{prefix}:{number}::/64")
    return f"198.{18 + (int(bridge.ipv4.ip) >> 16) % 2}.{int(bridge.ipv4.ip) >> 8 & 255}.{16 * number}/28", str(six)


def pings(guest: Guest, bridge: Bridge, number: int) -> None:
    """In both directions and both families."""
    ping_in(guest, str(bridge.ipv4.ip))
    ping_out(plain(bridge.address(number)))
    ping_in(guest, str(bridge.ipv6.ip))
    ping_out(plain(bridge.address6(number)))


def test_an_interface_is_plugged_into_a_running_container_and_out_again(
    bed: Bed, bridge: Bridge, pyroute2_path: tuple[tuple[str, str], ...]
) -> None:
    guest = bed.guest(start=True)
    veth = Module(guest, environment=pyroute2_path)
    four, six = routes(bridge, 7)

    done = veth.changes(
        "lan0",
        link=bridge.name,
        mtu=1400,
        hwaddr="00:16:3e:01:02:03",
        ipv4_addresses=[bridge.address(7)],
        ipv6_addresses=[bridge.address6(7)],
        ipv4_gateway=str(bridge.ipv4.ip),
        ipv6_gateway=str(bridge.ipv6.ip),
        ipv4_routes=[four],
        ipv6_routes=[six],
    )

    assert not done["restart_required"]
    pings(guest, bridge, 7)
    end = host_end(guest, "lan0")
    live = done["nic"]["live"]
    assert live["host_name"] == end
    assert live["addresses"] == [bridge.address(7), bridge.address6(7)]
    assert live["bridge"] == bridge.name
    assert (host_link(end)["master"], host_link(end)["mtu"]) == (bridge.name, 1400)
    assert host_link(end)["address"].startswith("fe:"), "the bridge could take on the port's address"
    assert (host_routes(end), host_routes(end, 6)) == ({four}, {six})
    link = link_inside(guest, "lan0")
    assert link is not None
    assert (link["mtu"], link["address"]) == (1400, "00:16:3e:01:02:03")
    route, route6 = default_route(guest), default_route(guest, 6)
    assert route is not None
    assert route6 is not None
    assert (route["gateway"], route6["gateway"]) == (str(bridge.ipv4.ip), str(bridge.ipv6.ip))

    veth.changes("lan0", state="absent")

    assert link_inside(guest, "lan0") is None
    assert tool("ip", "link", "show", end, check=False).returncode != 0
    assert "lan0" not in guest.config.read_text()


def test_what_was_plugged_in_is_there_after_a_restart_with_nothing_left_to_do(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest(start=True)
    veth = Module(guest)
    options: dict[str, Any] = {
        "link": bridge.name,
        "ipv4_addresses": [bridge.address(7)],
        "ipv6_addresses": [bridge.address6(7)],
    }
    veth.changes("lan0", **options)

    guest.stop()
    assert not veth("lan0", **options)["changed"]
    guest.start()

    assert not veth("lan0", **options)["changed"]
    pings(guest, bridge, 7)


def test_a_running_interface_changes_without_a_restart(
    bed: Bed, bridge: Bridge, other_bridge: Bridge, pyroute2_path: tuple[tuple[str, str], ...]
) -> None:
    guest = bed.guest(*bridged(bridge, f"lxc.net.0.ipv4.gateway = {bridge.ipv4.ip}"), start=True)
    init = guest.init_pid()
    veth = Module(guest, environment=pyroute2_path)
    end = host_end(guest, "lan0")

    done = veth.changes("lan0", mtu=1380)
    assert host_link(end)["mtu"] == 1380
    assert link_inside(guest, "lan0")["mtu"] == 1380  # type: ignore[index]
    pings(guest, bridge, 7)

    done = veth.changes("lan0", hwaddr="00:16:3e:0a:0b:0c")
    assert link_inside(guest, "lan0")["address"] == "00:16:3e:0a:0b:0c"  # type: ignore[index]

    veth.changes("lan0", ipv4_addresses=[bridge.address(8), bridge.address(9)], ipv6_addresses=[bridge.address6(8)])
    assert addresses(guest, "lan0") == {bridge.address(8), bridge.address(9), bridge.address6(8)}
    route = default_route(guest)
    assert route is not None, "the gateway went with the address"
    assert route["gateway"] == str(bridge.ipv4.ip)
    pings(guest, bridge, 8)
    ping_out(plain(bridge.address(9)))

    (four, six), (other_four, _other_six) = routes(bridge, 9), routes(bridge, 10)
    veth.changes("lan0", ipv4_routes=[four], ipv6_routes=[six])
    assert (host_routes(end), host_routes(end, 6)) == ({four}, {six})
    veth.changes("lan0", ipv4_routes=[other_four], ipv6_routes=[])
    assert (host_routes(end), host_routes(end, 6)) == ({other_four}, set())

    done = veth.changes(
        "lan0",
        link=other_bridge.name,
        ipv4_addresses=[other_bridge.address(5)],
        ipv6_addresses=[other_bridge.address6(5)],
        ipv4_gateway=str(other_bridge.ipv4.ip),
    )
    assert host_link(end)["master"] == other_bridge.name
    pings(guest, other_bridge, 5)

    veth.changes("lan0", ipv4_gateway="dev")
    route = default_route(guest)
    assert route is not None
    assert "gateway" not in route
    veth.changes("lan0", ipv4_gateway="auto")
    assert default_route(guest)["gateway"] == str(other_bridge.ipv4.ip)  # type: ignore[index]
    veth.changes("lan0", ipv4_gateway="")
    assert default_route(guest) is None

    assert not done["restart_required"]
    assert guest.init_pid() == init, "the container was restarted"


def test_a_gateway_that_is_the_bridges_address(bed: Bed, bridge: Bridge) -> None:
    auto: dict[str, Any] = {f"ipv{family}_gateway": "auto" for family in (4, 6)}
    guest = bed.guest(*bridged(bridge, "lxc.net.0.ipv4.gateway = auto", "lxc.net.0.ipv6.gateway = auto"), start=True)
    veth = Module(guest)

    # LXC and the module mean the same address by it.
    assert not veth("lan0", **auto)["changed"]
    plugged: dict[str, Any] = {
        "link": bridge.name,
        "ipv4_addresses": [bridge.address(8)],
        "ipv6_addresses": [bridge.address6(8)],
    }
    change_inside(guest, "-4", "route", "del", "default")
    change_inside(guest, "-6", "route", "del", "default")
    veth.changes("lan1", **plugged, **auto)
    for family, address in ((4, bridge.ipv4.ip), (6, bridge.ipv6.ip)):
        route = default_route(guest, family)
        assert route is not None
        assert (route["dev"], route["gateway"]) == ("lan1", str(address))


def test_an_interface_is_switched_off_and_on(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest(*bridged(bridge), start=True)
    veth = Module(guest)

    veth.changes("lan0", up=False)
    assert "UP" not in link_inside(guest, "lan0")["flags"]  # type: ignore[index]
    assert "lxc.net.0.flags" not in guest.config.read_text()

    veth.changes("lan0", up=True)
    assert "UP" in link_inside(guest, "lan0")["flags"]  # type: ignore[index]
    # The kernel drops IPv6 addresses with the interface: the configuration brings them back.
    assert addresses(guest, "lan0") == {bridge.address(7), bridge.address6(7)}
    pings(guest, bridge, 7)


def test_what_was_changed_behind_our_back_is_put_right_and_reported(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest(
        *bridged(bridge, f"lxc.net.0.ipv4.gateway = {bridge.ipv4.ip}", "lxc.net.0.mtu = 1450"), start=True
    )
    veth = Module(guest)
    end = host_end(guest, "lan0")
    assert not veth("lan0")["changed"]

    change_inside(guest, "address", "del", bridge.address6(7), "dev", "lan0")
    change_inside(guest, "route", "del", "default")
    change_inside(guest, "link", "set", "lan0", "mtu", "1300")
    tool("ip", "link", "set", end, "nomaster")
    done = veth.changes("lan0")

    spoken = " ".join(done["actions"])
    for word in (f"bridge {bridge.name}", bridge.address6(7), f"gateway to {bridge.ipv4.ip}", "MTU"):
        assert word in spoken
    assert not done["restart_required"]
    assert host_link(end)["master"] == bridge.name
    pings(guest, bridge, 7)


def test_addresses_that_nobody_named_are_left_alone_until_the_list_is_named(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest(*bridged(bridge), start=True)
    veth = Module(guest)
    change_inside(guest, "address", "add", bridge.address(50), "dev", "lan0")
    change_inside(
        guest, "address", "add", bridge.address(51), "dev", "lan0", "valid_lft", "600", "preferred_lft", "600"
    )

    assert not veth("lan0")["changed"]

    done = veth.changes("lan0", ipv4_addresses=[bridge.address(7)])
    assert bridge.address(50) in " ".join(done["actions"])
    # A leased address belongs to whoever leased it.
    assert addresses(guest, "lan0") == {bridge.address(7), bridge.address6(7), bridge.address(51)}


def test_an_address_with_a_peer_is_kept_taken_back_and_removed(
    bed: Bed, bridge: Bridge, pyroute2_path: tuple[tuple[str, str], ...]
) -> None:
    guest = bed.guest(*bridged(bridge), start=True)
    veth = Module(guest, environment=pyroute2_path)
    peers = {"192.0.2.1/32": "192.0.2.2", "2001:db8::1/128": "2001:db8::2"}
    for address, peer in peers.items():
        change_inside(guest, "address", "add", plain(address), "peer", peer, "dev", "lan0")

    def found() -> list[tuple[str, str]]:
        links = inside(guest, "address", "show", "dev", "lan0")
        return [(a["local"], a["address"]) for link in links for a in link.get("addr_info", ()) if "address" in a]

    both = [(plain(address), peer) for address, peer in peers.items()]
    veth.changes("lan0", ipv4_addresses=[bridge.address(8), "192.0.2.1/32"])
    assert found() == both
    assert addresses(guest, "lan0") == {bridge.address(8), bridge.address6(7), *peers}

    tool("chattr", "+i", str(guest.config.parent))
    try:
        assert veth("lan0", ipv4_addresses=[bridge.address(9)], ipv6_addresses=[])["rc"] != 0
    finally:
        tool("chattr", "-i", str(guest.config.parent))
    assert sorted(found()) == sorted(both)

    veth.changes("lan0", ipv4_addresses=[bridge.address(8)], ipv6_addresses=[bridge.address6(7)])
    assert addresses(guest, "lan0") == {bridge.address(8), bridge.address6(7)}


def test_link_local_addresses_and_other_spellings_are_no_difference(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest(*bridged(bridge), start=True)
    veth = Module(guest)
    six = bridge.ipv6.network[7].exploded

    assert any(
        a["scope"] == "link" for x in inside(guest, "-6", "address", "show", "dev", "lan0") for a in x["addr_info"]
    )
    assert not veth("lan0", ipv6_addresses=[f"{six.upper()}/64"])["changed"]
    assert any(
        a["scope"] == "link" for x in inside(guest, "-6", "address", "show", "dev", "lan0") for a in x["addr_info"]
    )


def test_the_templates_nameless_interface_is_adopted(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest("lxc.net.0.type = veth", f"lxc.net.0.link = {bridge.name}", "lxc.net.0.flags = up", start=True)
    veth = Module(guest)

    done = veth.changes("eth0", ipv4_addresses=[bridge.address(7)])

    assert done["nic"]["index"] == 0
    assert "lxc.net.1" not in guest.config.read_text()
    ping_out(plain(bridge.address(7)))


def test_index_pins_the_section_and_names_the_nameless(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest("lxc.net.0.type = veth", f"lxc.net.0.link = {bridge.name}", "lxc.net.4.type = empty")
    veth = Module(guest)

    veth.changes("lan0", index=0)
    assert "lxc.net.0.name = lan0\n" in guest.config.read_text()
    veth.changes("lan4", index=4, link=bridge.name)
    assert re.findall(r"lxc\.net\.4\..*", guest.config.read_text()) == [
        "lxc.net.4.type = veth",
        "lxc.net.4.name = lan4",
        f"lxc.net.4.link = {bridge.name}",
        "lxc.net.4.flags = up",
    ]
    veth.changes("lan4", index=7)
    assert "lxc.net.4." not in guest.config.read_text()
    assert "lxc.net.7.name = lan4\n" in guest.config.read_text()
    assert "taken by 'lan0'" in veth.refuses("lan4", index=0)
    assert "lxc.net.7 is the interface 'lan4'" in veth.refuses("lan9", index=7)


def test_a_name_for_a_running_interface_waits_for_the_restart(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest("lxc.net.0.type = veth", f"lxc.net.0.link = {bridge.name}", "lxc.net.0.flags = up", start=True)
    veth = Module(guest)

    done = veth.changes("lan0", index=0, mtu=1400)

    assert done["restart_required"]
    assert "name lan0 instead of eth0" in done["actions"][-1]
    assert [(link["ifname"], link["mtu"]) for link in inside(guest, "link", "show")] == [("lo", 65536), ("eth0", 1400)]
    told = run_module("lxc_info", {"name": [guest.name], "lxc_path": bed.lxc_path})["containers"][0]
    assert [nic["name"] for nic in told["nics"]] == ["lan0"]
    assert told["nics"][0]["drift"] == ["name lan0 instead of eth0"]
    assert "lxc.net.0.name" in told["pending"]
    guest.stop()
    guest.start()
    assert not veth("lan0", index=0, mtu=1400)["restart_required"]
    assert [link["ifname"] for link in inside(guest, "link", "show")] == ["lo", "lan0"]


def test_what_has_got_a_name_since_the_start_is_removed_under_it(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest("lxc.net.0.type = veth", f"lxc.net.0.link = {bridge.name}", "lxc.net.0.flags = up", start=True)
    veth = Module(guest)
    veth.changes("lan0", index=0)

    assert not veth.changes("lan0", state="absent")["restart_required"]

    assert [link["ifname"] for link in inside(guest, "link", "show")] == ["lo"]


def test_removing_the_first_leaves_the_tenth_and_every_name_alone(bed: Bed, bridge: Bridge) -> None:
    lines = [f"lxc.net.{index}.{line}" for index in (0, 1, 10) for line in ("type = veth", "flags = up")]
    guest = bed.guest(*lines, "lxc.net.10.mtu = 1400", f"lxc.net.1.link = {bridge.name}", start=True)
    veth = Module(guest)

    veth.changes("eth1", state="absent")

    text = guest.config.read_text()
    assert "lxc.net.1." not in text
    assert "lxc.net.10.mtu = 1400\n" in text
    assert [link["ifname"] for link in inside(guest, "link", "show")] == ["lo", "eth0", "eth2"]
    guest.stop()
    guest.start()
    # Without a name of its own the third would have become eth1.
    assert [link["ifname"] for link in inside(guest, "link", "show")] == ["lo", "eth0", "eth2"]


def test_foreign_lines_survive_and_a_value_that_comes_back_leaves_no_trace(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest(
        "# the uplink",
        "lxc.net.0.type=veth",
        f"  lxc.net.0.link   =  {bridge.name}",
        "lxc.net.0.script.up = /bin/true first",
        "lxc.net.0.mtu = 1400",
        "",
        "lxc.net.0.script.down = /bin/true",
        "lxc.environment = A=1",
    )
    before = guest.config.read_text()
    veth = Module(guest)

    assert not veth("eth0", mtu=1400, link=bridge.name)["changed"]
    assert guest.config.read_text() == before
    veth.changes("eth0", mtu=1300)
    assert guest.config.read_text() == before.replace("1400", "1300")
    veth.changes("eth0", mtu=1400)
    assert guest.config.read_text() == before
    veth.changes("eth0", ipv4_addresses=[bridge.address(3)], mtu=0)
    veth.changes("eth0", ipv4_addresses=[])
    assert guest.config.read_text() == before.replace("lxc.net.0.mtu = 1400\n", "")
    veth.changes("eth0", script_up="/bin/false", script_down="")
    assert "lxc.net.0.script.up = /bin/false\n" in guest.config.read_text()
    assert "script.down" not in guest.config.read_text()


def test_a_hardware_address_template_is_expanded_once(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest()
    veth = Module(guest)

    done = veth.changes("lan0", link=bridge.name, hwaddr="00:16:3E:xx:xx:xx")

    address = done["nic"]["hwaddr"]
    assert re.fullmatch(r"00:16:3e:([0-9a-f]{2}:){2}[0-9a-f]{2}", address)
    assert not veth("lan0", hwaddr="00:16:3e:xx:xx:xx")["changed"]
    guest.start()
    assert link_inside(guest, "lan0")["address"] == address  # type: ignore[index]
    assert veth("lan1", link=bridge.name, hwaddr="00:16:3e:xx:xx:xx")["nic"]["hwaddr"] != address
    assert not veth("lan0", hwaddr="00:16:3e:xx:xx:xx")["changed"]
    veth.changes("lan0", hwaddr="02:xx:xx:xx:xx:xx")


@pytest.mark.parametrize(
    ("options", "word"),
    [({"mode": "router"}, "mode router instead of bridge"), ({"pair": "PAIR"}, "pair PAIR instead of")],
)
def test_what_needs_a_restart_says_so(
    bed: Bed, bridge: Bridge, unique: str, options: dict[str, str], word: str
) -> None:
    guest = bed.guest(*bridged(bridge), start=True)
    veth = Module(guest)
    pair = f"{unique}p"
    given: dict[str, Any] = {key: value.replace("PAIR", pair) for key, value in options.items()}

    done = veth.changes("lan0", **given)

    assert done["restart_required"]
    assert word.replace("PAIR", pair) in done["actions"][-1]
    pings(guest, bridge, 7)  # till then the interface is as it was
    guest.stop()
    guest.start()
    assert not veth("lan0", **given)["restart_required"]


@pytest.mark.parametrize(
    ("line", "cleared", "word"),
    [
        ("mtu = 1400", {"mtu": 0}, "no mtu instead of 1400"),
        ("veth.pair = PAIR", {"pair": ""}, "no pair instead of PAIR"),
        ("hwaddr = 00:16:3e:01:02:03", {"hwaddr": ""}, "no hwaddr instead of 00:16:3e:01:02:03"),
        ("veth.n_rxqueues = 3", {"rx_queues": 0}, "no rx_queues instead of 3"),
    ],
)
def test_what_is_cleared_stays_till_the_restart_and_says_so(
    bed: Bed, bridge: Bridge, unique: str, line: str, cleared: dict[str, Any], word: str
) -> None:
    pair = f"{unique}p"
    guest = bed.guest(*bridged(bridge, f"lxc.net.0.{line}".replace("PAIR", pair)), start=True)
    veth = Module(guest)

    done = veth.changes("lan0", **cleared)

    assert done["restart_required"]
    assert word.replace("PAIR", pair) in done["actions"][-1]
    guest.stop()
    guest.start()
    assert not veth("lan0", **cleared)["restart_required"]


def test_the_name_of_a_pair_that_was_plugged_in_is_cleared_by_a_restart(bed: Bed, bridge: Bridge, unique: str) -> None:
    guest = bed.guest(start=True)
    veth = Module(guest)
    veth.changes("lan0", link=bridge.name, pair=f"{unique}p")

    assert veth.changes("lan0", pair="")["restart_required"]


def test_another_type_waits_for_the_restart(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest(*bridged(bridge, "lxc.net.0.veth.mode = bridge"), start=True)

    done = Module(guest, type="macvlan").changes("lan0", mode="bridge")

    assert done["restart_required"]
    assert "type macvlan instead of veth" in done["actions"][-1]
    assert "lxc.net.0.veth.mode" not in guest.config.read_text()
    pings(guest, bridge, 7)
    guest.stop()
    guest.start()
    assert not Module(guest, type="macvlan")("lan0", mode="bridge")["restart_required"]
    assert link_inside(guest, "lan0")["linkinfo"]["info_kind"] == "macvlan"  # type: ignore[index]


def test_live_false_writes_and_says_what_waits(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest(*bridged(bridge), start=True)
    veth = Module(guest)

    done = veth.changes("lan0", live=False, mtu=1300)
    assert done["restart_required"]
    assert "mtu" in done["actions"][-1]
    assert link_inside(guest, "lan0")["mtu"] == 1500  # type: ignore[index]
    assert veth.changes("lan1", live=False, link=bridge.name)["restart_required"]
    assert link_inside(guest, "lan1") is None
    assert veth.changes("lan0", live=False, state="absent")["restart_required"]
    pings(guest, bridge, 7)


def test_a_named_pair_and_its_queues(bed: Bed, bridge: Bridge, unique: str) -> None:
    guest = bed.guest(start=True)
    veth = Module(guest)
    pair = f"{unique}p"

    done = veth.changes("lan0", link=bridge.name, pair=pair, rx_queues=3, tx_queues=2)

    assert not done["restart_required"]
    assert host_end(guest, "lan0") == pair
    link = link_inside(guest, "lan0")
    assert link is not None
    assert (link["num_rx_queues"], link["num_tx_queues"]) == (3, 2)


def test_a_stopped_container_needs_no_pyroute2(bed: Bed, bridge: Bridge, tmp_path: Path) -> None:
    (tmp_path / "pyroute2.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')\nraise ImportError('not here')\n")
    guest = bed.guest(*bridged(bridge))
    veth = Module(guest, environment=(("PYTHONPATH", str(tmp_path)),))

    assert veth("lan0", mtu=1400, ipv4_routes=["198.18.1.0/24"])["rc"] == 0
    assert not veth("lan0", mtu=1400)["changed"]
    assert veth("lan0", state="absent")["rc"] == 0
    assert not (tmp_path / "imported").exists()

    guest.start()
    assert veth("lan0", mtu=1400)["rc"] != 0
    assert (tmp_path / "imported").exists(), "the test would not have noticed an import"


def test_an_unprivileged_containers_interfaces_change_live(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest("lxc.net.0.type = empty", "lxc.idmap = u 0 300000 65536", "lxc.idmap = g 0 300000 65536")
    tool("chown", "-R", "300000:300000", str(guest.config.parent))
    guest.start()
    veth = Module(guest)

    options: dict[str, Any] = {"ipv4_addresses": [bridge.address(7)], "ipv6_addresses": [bridge.address6(7)]}
    veth.changes("lan0", link=bridge.name, **options)
    pings(guest, bridge, 7)
    veth.changes("lan0", mtu=1400, ipv4_addresses=[bridge.address(8)])
    ping_out(plain(bridge.address(8)))
