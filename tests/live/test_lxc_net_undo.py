# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All of a change or nothing, whatever fails and whoever is hostile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, run_module
from ansible_collections.community.lxc.tests.live._host import Bridge, remove_link, tool
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
    ping_out,
    plain,
)


def host_links() -> set[str]:
    """Of the test's own kind: other tests run at the same time."""
    return {name for name in os.listdir("/sys/class/net") if name.startswith("clxu")}


def picture(guest: Guest) -> Any:
    """All that a change could touch."""
    end = host_end(guest, "lan0")
    volatile = ("stats", "info_slave_data", "valid_life_time", "preferred_life_time", "flags", "dadfailed", "tentative")
    text = json.dumps(
        [
            inside(guest, "address", "show", "dev", "lan0"),
            inside(guest, "route", "show"),
            inside(guest, "-6", "route", "show"),
            host_link(end),
            sorted(host_routes(end)),
            sorted(host_routes(end, 6)),
        ]
    )
    return json.loads(text, object_hook=lambda found: {k: v for k, v in found.items() if k not in volatile})


def read_only(guest: Guest) -> None:
    tool("chattr", "+i", str(guest.config.parent))


def writable(guest: Guest) -> None:
    tool("chattr", "-i", str(guest.config.parent))


def test_an_interface_of_the_containers_own_is_not_touched(bed: Bed, bridge: Bridge, unique: str) -> None:
    guest = bed.guest(start=True)
    pair = f"clxu{unique[-8:]}"
    change_inside(guest, "link", "add", "lan0", "type", "bridge")

    assert not Module(guest)("lan0", state="absent")["changed"]
    done = Module(guest).changes("lan0", link=bridge.name, pair=pair)

    assert done["restart_required"], "another interface is in the place"
    assert link_inside(guest, "lan0")["linkinfo"]["info_kind"] == "bridge"  # type: ignore[index]
    assert pair not in host_links()


def test_a_route_that_is_taken_is_an_error_and_nothing_stays(bed: Bed, bridge: Bridge, unique: str) -> None:
    guest = bed.guest(start=True)
    pair = f"clxu{unique[-8:]}"
    net = f"198.18.{int(bridge.ipv4.ip) >> 8 & 255}.128/28"
    tool("ip", "route", "add", net, "dev", bridge.name)

    result = Module(guest)("lan0", link=bridge.name, pair=pair, ipv4_routes=[net])

    assert result["rc"] != 0
    assert net in result["msg"]
    assert "another interface" in result["msg"]
    assert link_inside(guest, "lan0") is None
    assert pair not in host_links()
    # The same for a second default route inside.
    gateway: dict[str, Any] = {"link": bridge.name, "ipv4_gateway": "dev"}
    assert Module(guest)("lan0", ipv4_addresses=[bridge.address(7)], **gateway)["rc"] == 0
    assert "another interface" in Module(guest)("lan1", ipv4_addresses=[bridge.address(8)], **gateway)["msg"]
    assert link_inside(guest, "lan1") is None
    assert "lan1" not in guest.config.read_text()


@pytest.mark.parametrize("kind", ["veth", "macvlan"])
def test_a_plug_that_fails_half_way_leaves_nothing(bed: Bed, bridge: Bridge, unique: str, kind: str) -> None:
    guest = bed.guest(start=True)
    pair = f"clxu{unique[-8:]}"
    more: dict[str, Any] = {"pair": pair} if kind == "veth" else {"mode": "bridge"}
    # IPv6 is off in the container, so that the address, which comes last, is refused.
    tool("nsenter", "-t", str(guest.init_pid()), "-n", "sysctl", "-q", "-w", "net.ipv6.conf.default.disable_ipv6=1")
    before = guest.config.read_bytes()

    result = Module(guest, type=kind)(
        "lan0", link=bridge.name, ipv4_addresses=[bridge.address(7)], ipv6_addresses=[bridge.address6(7)], **more
    )

    assert result["rc"] != 0
    assert bridge.address6(7) in result["msg"], "the message does not say what failed"
    assert link_inside(guest, "lan0") is None
    assert pair not in host_links()
    assert guest.config.read_bytes() == before
    assert result["actions"] == []


def test_a_physical_interface_that_cannot_be_set_up_goes_back(bed: Bed, unique: str) -> None:
    guest = bed.guest(start=True)
    card = f"clxu{unique[-8:]}"
    tool("ip", "link", "add", card, "mtu", "1400", "type", "veth", "peer", "name", f"{card[:-2]}zz")
    try:
        tool("nsenter", "-t", str(guest.init_pid()), "-n", "sysctl", "-q", "-w", "net.ipv6.conf.default.disable_ipv6=1")
        tool("sysctl", "-q", "-w", f"net.ipv6.conf.{card}.disable_ipv6=1")

        tool("ip", "link", "set", card, "up")

        result = Module(guest, type="phys")("wan", link=card, mtu=1300, ipv6_addresses=["fd5a::7/64"])

        assert result["rc"] != 0
        assert link_inside(guest, "wan") is None
        assert host_link(card)["mtu"] == 1400
        assert "UP" in host_link(card)["flags"]
    finally:
        remove_link(card)
        remove_link(f"{card[:-2]}zz")


def test_live_changes_are_taken_back_when_the_configuration_cannot_be_written(bed: Bed, bridge: Bridge) -> None:
    third = int(bridge.ipv4.ip) >> 8 & 255
    route = f"198.18.{third}.64/28"
    guest = bed.guest(
        "lxc.net.0.type = veth",
        "lxc.net.0.name = lan0",
        f"lxc.net.0.link = {bridge.name}",
        "lxc.net.0.flags = up",
        f"lxc.net.0.ipv4.address = {bridge.address(7)}",
        f"lxc.net.0.ipv4.address = {bridge.address(6)}",
        f"lxc.net.0.ipv6.address = {bridge.address6(7)}",
        f"lxc.net.0.ipv4.gateway = {bridge.ipv4.ip}",
        f"lxc.net.0.ipv6.gateway = {bridge.ipv6.ip}",
        f"lxc.net.0.veth.ipv4.route = {route}",
        start=True,
    )
    ping_out(plain(bridge.address(7)))
    before, text = picture(guest), guest.config.read_bytes()
    read_only(guest)
    try:
        for options in (
            {
                "mtu": 1300,
                "hwaddr": "00:16:3e:00:00:09",
                "ipv4_addresses": ["192.0.2.9/24"],
                "ipv6_addresses": [],
                "ipv4_gateway": "192.0.2.1",
                "ipv6_gateway": "",
                "ipv4_routes": [f"198.18.{third}.80/28"],
                "link": "",
            },
            {"up": False, "ipv4_gateway": "", "ipv6_gateway": ""},
            {"state": "absent"},
        ):
            result = Module(guest)("lan0", **options)
            assert result["rc"] != 0, options
            assert result["actions"] == [], "something stayed"
            after = picture(guest)
            if options.get("state") == "absent":
                # The same in all but its number, and the host's end in its own MAC address.
                assert addresses(guest, "lan0") == {bridge.address(6), bridge.address(7), bridge.address6(7)}
                assert default_route(guest)["gateway"] == str(bridge.ipv4.ip)  # type: ignore[index]
                assert host_link(host_end(guest, "lan0"))["master"] == bridge.name
                assert host_routes(host_end(guest, "lan0")) == {route}
            else:
                assert addresses(guest, "lan0") == {bridge.address(6), bridge.address(7), bridge.address6(7)}
                assert after[3] == before[3]
                assert [r for r in after[1] if r["dst"] == "default"] == [r for r in before[1] if r["dst"] == "default"]
                assert after[4:] == before[4:]
            assert guest.config.read_bytes() == text
    finally:
        writable(guest)
    ping_out(plain(bridge.address(7)))
    assert not Module(guest)("lan0")["changed"]


def test_a_container_that_forges_an_interface_does_not_reach_the_hosts(bed: Bed, bridge: Bridge, unique: str) -> None:
    """A pair with both ends inside, its peer numbered like an interface of the host."""
    guest = bed.guest(start=True)
    victim, other = f"clxu{unique[-8:]}", f"clxv{unique[-8:]}"
    tool("ip", "link", "add", victim, "type", "veth", "peer", "name", other)
    try:
        number = Path(f"/sys/class/net/{victim}/ifindex").read_text().strip()
        change_inside(guest, "link", "add", "lan0", "type", "veth", "peer", "name", "forged", "index", number)
        before = host_link(victim)

        result = Module(guest)("lan0", link=bridge.name, mtu=1300)
        assert result["rc"] == 0
        assert "an end on the host" in result["actions"][-1]
        assert host_link(victim) == before, "the host's interface was taken for the container's"
        Module(guest)("lan0", state="absent")
        assert host_link(victim) == before
    finally:
        remove_link(victim)


@pytest.mark.parametrize(
    "forgery",
    [
        ("type", "veth", "peer", "name", "mine"),
        ("link", "mine", "type", "macvlan"),
        ("tun",),
        ("type", "vxlan", "id", "7", "dstport", "0"),
        ("type", "ifb"),
    ],
    ids="-".join,
)
def test_a_forged_interface_does_not_come_to_the_host_in_the_place_of_the_cards(
    bed: Bed, unique: str, forgery: tuple[str, ...]
) -> None:
    """On the host's side of such a pair sits the host, which takes it for its network card, and on the other side the
    container's root.
    """
    card, far = f"clxu{unique[-8:]}", f"clxv{unique[-8:]}"
    tool("ip", "link", "add", card, "type", "veth", "peer", "name", far)
    guest = bed.guest("lxc.net.0.type = phys", f"lxc.net.0.link = {card}", "lxc.net.0.name = wan")
    try:
        guest.start()
        change_inside(guest, "link", "set", "wan", "name", "hidden")
        if forgery == ("tun",):
            change_inside(guest, "tuntap", "add", "dev", "wan", "mode", "tap")
        else:
            if forgery[1] == "mine":
                change_inside(guest, "link", "add", "mine", "type", "bridge")
            change_inside(guest, "link", "add", "wan", *forgery)

        done = Module(guest, type="phys").changes("wan", state="absent")

        assert card not in host_links()
        assert link_inside(guest, "wan") is not None
        assert done["restart_required"]
        assert "its removal" in done["actions"][-1]
        guest.stop()
        assert card in host_links()
        assert host_link(card)["linkinfo"]["info_kind"] == "veth"
    finally:
        remove_link(far)


def test_what_would_not_come_back_is_not_plugged_in(bed: Bed, unique: str) -> None:
    """The container's root can make such a one too, and nothing tells them apart."""
    guest = bed.guest(start=True)
    card = f"clxu{unique[-8:]}"
    tool("ip", "link", "add", card, "type", "ifb")
    try:
        phys = Module(guest, type="phys")
        assert "ifb" in phys.refuses("wan", link=card)
        assert card in host_links()
        assert phys.changes("wan", link=card, live=False)["restart_required"]
        guest.stop()
        guest.start()
        assert not phys("wan", link=card)["changed"]
        assert link_inside(guest, "wan")["linkinfo"]["info_kind"] == "ifb"  # type: ignore[index]
        guest.stop()
        assert card in host_links()
    finally:
        remove_link(card)


def test_a_card_in_hiding_is_not_forgotten(bed: Bed, unique: str) -> None:
    """Of one that was plugged in only the configuration knows."""
    card, far = f"clxu{unique[-8:]}", f"clxv{unique[-8:]}"
    tool("ip", "link", "add", card, "type", "veth", "peer", "name", far)
    guest = bed.guest(start=True)
    phys = Module(guest, type="phys")
    try:
        phys.changes("wan", link=card)
        change_inside(guest, "link", "set", "wan", "name", "hidden")
        change_inside(guest, "link", "add", "wan", "type", "ifb")

        assert "ifb" in phys.refuses("wan", state="absent")

        change_inside(guest, "link", "del", "wan")
        change_inside(guest, "link", "set", "hidden", "name", "wan")
        phys.changes("wan", state="absent")
        assert card in host_links()
    finally:
        remove_link(far)


def test_a_container_in_the_hosts_network_is_refused(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest("lxc.net.0.type = none", start=True)

    for options in ({"link": bridge.name}, {"state": "absent"}):
        assert "host's network" in Module(guest).refuses(bridge.name, **options)
    assert Path(f"/sys/class/net/{bridge.name}").exists()


def test_a_network_that_never_stands_still_gets_a_sentence(bed: Bed, bridge: Bridge, tmp_path: Path) -> None:
    """The kernel interrupts a long list when something changes meanwhile, and the container's root sees to that."""
    guest = bed.guest("lxc.net.0.type = veth", f"lxc.net.0.link = {bridge.name}", "lxc.net.0.name = lan0", start=True)
    inside_it = ["nsenter", "-t", str(guest.init_pid()), "-n"]
    (tmp_path / "many").write_text("".join(f"address add 10.9.{n // 250}.{n % 250}/32 dev lo\n" for n in range(1500)))
    tool(*inside_it, "ip", "-batch", str(tmp_path / "many"))
    (tmp_path / "flap").write_text("address add 192.0.2.1/32 dev lo\naddress del 192.0.2.1/32 dev lo\n" * 10000)
    flap = ["sh", "-c", f"while :; do ip -batch {tmp_path / 'flap'}; done"]
    with subprocess.Popen([*inside_it, *flap], process_group=0) as flapping:
        try:
            results = [Module(guest)("lan0", mtu=mtu) for mtu in (1400, 1300)]
            results.append(run_module("lxc_info", {"lxc_path": guest.lxc_path}))
            assert flapping.poll() is None
        finally:
            os.killpg(flapping.pid, signal.SIGKILL)
    for result in results:
        assert result["rc"] == 0 or "changes faster than it can be looked at" in result["msg"], result
    assert Module(guest)("lan0", mtu=1280)["changed"]
