# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lxc_info and lxc_container tell of interfaces."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._host import Bridge, tool
from ansible_collections.community.lxc.tests.live._net import Module, change_inside, host_end, ping_in


def info(guest: Guest) -> dict[str, Any]:
    result = run_module("lxc_info", {"lxc_path": guest.lxc_path, "name": [guest.name]})
    assert result["rc"] == 0, result
    found: dict[str, Any] = result["containers"][0]
    assert found["error"] is None
    return found


def running(bed: Bed, bridge: Bridge) -> Guest:
    return bed.guest(
        "lxc.net.0.type = veth",
        f"lxc.net.0.link = {bridge.name}",
        "lxc.net.0.flags = up",
        f"lxc.net.0.ipv4.address = {bridge.address(7)}",
        "lxc.net.0.mtu = 1450",
        start=True,
    )


def test_info_shows_both_sides_counters_and_drift(bed: Bed, bridge: Bridge) -> None:
    guest = running(bed, bridge)
    ping_in(guest, str(bridge.ipv4.ip))

    (nic,) = info(guest)["nics"]
    assert (nic["name"], nic["type"], nic["index"], nic["mtu"]) == ("eth0", "veth", 0, 1450)
    assert nic["ipv4_addresses"] == nic["live"]["addresses"] == [bridge.address(7)]
    assert nic["live"]["host_name"] == host_end(guest, "eth0")
    # The name that the container was started with, which its configuration does not tell.
    assert re.search(
        rf"^Link: +{nic['live']['host_name']}$", tool("lxc-info", "-P", guest.lxc_path, "-n", guest.name).stdout, re.M
    )
    assert nic["live"]["bridge"] == bridge.name
    assert nic["counters"]["rx_packets"] > 0
    assert nic["counters"]["tx_bytes"] > 0
    assert nic["drift"] == []

    change_inside(guest, "link", "set", "eth0", "mtu", "1300")
    tool("ip", "link", "set", host_end(guest, "eth0"), "nomaster")
    change_inside(guest, "link", "add", "own0", "type", "bridge")
    eth0, own0 = info(guest)["nics"]
    assert any(phrase.startswith("mtu") for phrase in eth0["drift"])
    assert any(phrase.startswith("bridge") for phrase in eth0["drift"])
    assert (own0["name"], own0["type"], own0["live"]["kind"]) == ("own0", None, "bridge")

    guest.stop()
    (nic,) = info(guest)["nics"]
    assert nic["live"] is None
    assert nic["drift"] == []


def test_what_was_brought_live_does_not_wait_for_a_restart(bed: Bed, bridge: Bridge) -> None:
    guest = running(bed, bridge)
    veth = Module(guest)
    veth.changes("eth0", mtu=1400, ipv4_addresses=[bridge.address(8)], ipv4_gateway="dev")
    veth.changes("eth5", link=bridge.name, hwaddr="00:16:3e:00:00:05")

    assert info(guest)["pending"] == []
    result = run_module("lxc_container", {"name": guest.name, "lxc_path": guest.lxc_path, "state": "started"})
    assert not result["restart_required"], result
    veth.changes("eth5", state="absent")
    assert info(guest)["pending"] == []

    veth.changes("eth0", mode="router")
    assert "lxc.net.0.veth.mode" in info(guest)["pending"]
    assert "mode router instead of bridge" in info(guest)["nics"][0]["drift"]


def test_a_live_value_that_is_lost_waits_again(bed: Bed, bridge: Bridge) -> None:
    guest = running(bed, bridge)
    Module(guest).changes("eth0", mtu=1400)
    change_inside(guest, "link", "set", "eth0", "mtu", "1300")

    assert "lxc.net.0.mtu" in info(guest)["pending"]
