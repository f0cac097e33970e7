# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The interface types that stand on an interface of the host, or are one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._bed import Bed
from ansible_collections.community.lxc.tests.live._host import Bridge, remove_link, tool, unique_name
from ansible_collections.community.lxc.tests.live._net import (
    Module,
    addresses,
    change_inside,
    host_link,
    link_inside,
    ping_in,
    ping_out,
    plain,
)


@dataclass(frozen=True)
class Cable:
    """A pair on the host: ``card`` stands for a network card, and its other end is a port of the bridge."""

    card: str
    port: str


@pytest.fixture
def cable(bridge: Bridge) -> Iterator[Cable]:
    base = unique_name()
    card, port = f"{base}c", f"{base}p"
    try:
        tool("ip", "link", "add", card, "type", "veth", "peer", "name", port)
        tool("ip", "link", "set", port, "master", bridge.name, "up")
        tool("ip", "link", "set", card, "up")
        yield Cable(card, port)
    finally:
        remove_link(port)


def kernel_has(option: str) -> bool:
    """By the kernel's own word, not by the collection's: whether ip(8) can make one."""
    kind = {"IPVLAN": "ipvlan", "VLAN_8021Q": "vlan"}[option]
    done = tool("ip", "link", "add", "clx-kind0", "type", kind, check=False)
    return "Unknown device type" not in done.stderr and "Operation not supported" not in done.stderr


def test_macvlan_is_plugged_in_changed_and_unplugged(
    bed: Bed, bridge: Bridge, cable: Cable, pyroute2_path: tuple[tuple[str, str], ...]
) -> None:
    guest = bed.guest(start=True)
    macvlan = Module(guest, type="macvlan", environment=pyroute2_path)

    done = macvlan.changes(
        "lan0",
        link=cable.card,
        mode="bridge",
        mtu=1400,
        hwaddr="00:16:3e:0d:00:01",
        ipv4_addresses=[bridge.address(7)],
        ipv6_addresses=[bridge.address6(7)],
    )

    assert not done["restart_required"]
    assert (done["nic"]["live"]["parent"], done["nic"]["live"]["mode"]) == (cable.card, "bridge")
    link = link_inside(guest, "lan0")
    assert link is not None
    assert (link["mtu"], link["address"]) == (1400, "00:16:3e:0d:00:01")
    ping_in(guest, str(bridge.ipv4.ip))
    ping_out(plain(bridge.address(7)))
    ping_out(plain(bridge.address6(7)))

    macvlan.changes("lan0", mtu=1300, ipv4_addresses=[bridge.address(8)])
    ping_out(plain(bridge.address(8)))
    change_inside(guest, "address", "del", bridge.address(8), "dev", "lan0")
    assert bridge.address(8) in " ".join(macvlan.changes("lan0")["actions"])
    assert "no mtu instead of 1300" in macvlan.changes("lan0", mtu=0)["actions"][-1]
    ping_in(guest, str(bridge.ipv4.ip))

    macvlan.changes("lan0", state="absent")
    assert link_inside(guest, "lan0") is None


def test_macvlan_is_started_and_its_essence_waits_for_a_restart(bed: Bed, bridge: Bridge, cable: Cable) -> None:
    guest = bed.guest()
    macvlan = Module(guest, type="macvlan")
    macvlan.changes("lan0", link=cable.card, mode="bridge", mtu=1300, ipv4_addresses=[bridge.address(7)])
    guest.start()
    assert link_inside(guest, "lan0")["mtu"] == 1300  # type: ignore[index]
    assert not macvlan("lan0")["changed"]
    ping_in(guest, str(bridge.ipv4.ip))

    done = macvlan.changes("lan0", mode="private")
    assert done["restart_required"]
    assert "mode private instead of bridge" in done["actions"][-1]
    done = macvlan.changes("lan0", link=bridge.name)
    assert f"link {bridge.name} instead of {cable.card}" in " ".join(done["actions"])
    ping_in(guest, str(bridge.ipv4.ip))


def test_an_mtu_above_the_parents_is_refused(bed: Bed, cable: Cable) -> None:
    guest = bed.guest()

    said = Module(guest, type="macvlan").refuses("lan0", link=cable.card, mtu=1501)

    assert "1501" in said
    assert "1500" in said
    assert cable.card in said


def test_an_mtu_above_the_cards_is_refused(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    card = f"{unique}t"
    tool("ip", "tuntap", "add", "dev", card, "mode", "tap")
    try:
        # A tap device's packets need room for the Ethernet header.
        assert "65530 is more than the 65521" in Module(guest, type="phys").refuses("wan", link=card, mtu=65530)
    finally:
        remove_link(card)


def test_what_the_kernel_does_not_move_is_refused_and_stays_up(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest(start=True)
    flags = Path(f"/sys/class/net/{bridge.name}/flags").read_text()

    for link in (bridge.name, "lo"):
        assert "moves no bridge and no loopback" in Module(guest, type="phys").refuses("wan", link=link)
    assert Path(f"/sys/class/net/{bridge.name}/flags").read_text() == flags
    ping_out(str(bridge.ipv4.ip))


def test_phys_is_plugged_in_changed_and_given_back(
    bed: Bed, bridge: Bridge, cable: Cable, pyroute2_path: tuple[tuple[str, str], ...]
) -> None:
    guest = bed.guest(start=True)
    phys = Module(guest, type="phys", environment=pyroute2_path)

    done = phys.changes("wan", link=cable.card, mtu=1300, ipv4_addresses=[bridge.address(7)], up=True)

    assert not done["restart_required"]
    assert not Path(f"/sys/class/net/{cable.card}").exists()
    assert link_inside(guest, "wan")["mtu"] == 1300  # type: ignore[index]
    ping_in(guest, str(bridge.ipv4.ip))
    ping_out(plain(bridge.address(7)))

    phys.changes("wan", ipv4_addresses=[bridge.address(8)])
    assert addresses(guest, "wan") == {bridge.address(8)}
    ping_out(plain(bridge.address(8)))

    phys.changes("wan", state="absent")
    assert link_inside(guest, "wan") is None
    card = host_link(cable.card)
    assert card["mtu"] == 1500
    assert "UP" in card["flags"]


def test_phys_is_started_with_an_mtu_and_comes_back_at_stop(bed: Bed, bridge: Bridge, cable: Cable) -> None:
    guest = bed.guest()
    phys = Module(guest, type="phys")
    phys.changes("wan", link=cable.card, mtu=1280, ipv4_addresses=[bridge.address(7)])
    guest.start()

    assert link_inside(guest, "wan")["mtu"] == 1280  # type: ignore[index]
    assert not phys("wan", link=cable.card)["changed"]
    ping_in(guest, str(bridge.ipv4.ip))
    guest.stop()
    assert Path(f"/sys/class/net/{cable.card}/mtu").read_text() == "1500\n"


@pytest.mark.parametrize(
    ("kind", "option", "more"),
    [
        ("ipvlan", "IPVLAN", {"mode": "l3s", "isolation": "private"}),
        ("vlan", "VLAN_8021Q", {"vlan_id": 20}),
    ],
)
@pytest.mark.parametrize("running", [False, True])
def test_a_kernel_without_the_type_is_named_before_anything_is_written(
    bed: Bed, cable: Cable, kind: str, option: str, more: dict[str, Any], running: bool
) -> None:
    guest = bed.guest(start=running)
    module = Module(guest, type=kind)

    if kernel_has(option):
        done = module.changes("lan0", link=cable.card, **more)
        assert (link_inside(guest, "lan0") is not None) is running
        assert not done["restart_required"]
        module.changes("lan0", state="absent")
        return
    said = module.refuses("lan0", link=cable.card, **more)

    assert f"CONFIG_{option}" in said
    assert link_inside(guest, "lan0") is None if running else True
    # What is there can be removed all the same.
    guest.config.write_text(guest.config.read_text() + f"lxc.net.5.type = {kind}\nlxc.net.5.name = lan5\n")
    assert module("lan5", state="absent")["changed"]


@pytest.mark.parametrize("options", [{"vlan_id": "20"}, {"vlan_tagged_ids": [20, 21]}, {"vlan_id": "none"}])
def test_a_kernel_without_bridge_vlans_is_named_before_anything_is_written(
    bed: Bed, bridge: Bridge, options: dict[str, Any]
) -> None:
    guest = bed.guest(start=True)
    filtering = Path(f"/sys/class/net/{bridge.name}/bridge/vlan_filtering")
    veth = Module(guest)

    said = veth.refuses("lan0", link=bridge.name, **options)
    if not filtering.exists():
        assert "CONFIG_BRIDGE_VLAN_FILTERING" in said
        return
    assert "VLAN filtering is off" in said
    filtering.write_text("1")
    done = veth.changes("lan0", link=bridge.name, **options)
    assert not done["restart_required"]
    shown = tool("bridge", "vlan", "show", "dev", done["nic"]["live"]["host_name"]).stdout
    for wanted in (options.get("vlan_id"), *(options.get("vlan_tagged_ids") or ())):
        assert wanted in (None, "none") or str(wanted) in shown.split()
