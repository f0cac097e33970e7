# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input: one sentence, and nothing changed, in the configuration and in the running container."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._bed import Bed
from ansible_collections.community.lxc.tests.live._host import Bridge
from ansible_collections.community.lxc.tests.live._net import Module, inside

IPV4, IPV6 = "ipv4_addresses", "ipv6_addresses"

BAD: list[tuple[dict[str, Any], str]] = [
    ({IPV4: ["10.0.0.256/24"]}, "10.0.0.256/24"),
    ({IPV4: ["10.0.0.1"]}, "prefix length"),
    ({IPV4: ["10.0.0.1/33"]}, "10.0.0.1/33"),
    ({IPV4: ["10.0.0.1/255.255.255.0"]}, "255.255.255.0"),
    ({IPV4: ["fd00::1/64"]}, "IPv4"),
    ({IPV4: ["224.0.0.1/24"]}, "cannot be the address"),
    ({IPV4: ["10.0.0.1/24\nlxc.hook.pre-start = /bin/false"]}, "not an IPv4 address"),
    ({IPV6: ["fd00::1/129"]}, "fd00::1/129"),
    ({IPV6: ["fd00::g/64"]}, "fd00::g/64"),
    ({IPV6: ["fe80::1/64"]}, "link-local"),
    ({IPV6: ["fd00::1%eth0/64"]}, "not an IPv6 address"),
    ({"hwaddr": "00:16:3e:01:02"}, "not a MAC address"),
    ({"hwaddr": "01:16:3e:01:02:03"}, "multicast"),
    ({"hwaddr": "00:16:3e:01:02:x3"}, "not a MAC address"),
    ({"hwaddr": "00:00:00:00:00:00"}, "not an address that an interface can have"),
    ({"mtu": 67}, "68"),
    ({"mtu": 65536}, "65535"),
    ({"mtu": 1279, IPV6: ["fd00::1/64"]}, "1280"),
    ({"mtu": -1}, "-1"),
    ({"vlan_id": "4095"}, "4094"),
    ({"vlan_id": "0"}, "from 1"),
    ({"vlan_tagged_ids": [0]}, "from 1"),
    ({"vlan_id": "x"}, "none"),
    ({"vlan_tagged_ids": [4095]}, "4094"),
    ({"rx_queues": -2}, "queues"),
    ({"name": "abcdefghijklmnop"}, "15"),
    ({"name": "a/b"}, "slash"),
    ({"name": "a b"}, "interface name"),
    ({"name": ""}, "interface name"),
    ({"name": ".."}, "interface name"),
    ({"name": "eth%d"}, "percent"),
    ({"name": "lan0\n"}, "interface name"),
    ({"name": "lan\u00e9"}, "ASCII"),
    ({"link": "nosuchlink"}, "nosuchlink"),
    ({"link": "BRIDGE\nlxc.hook.pre-start = /bin/false"}, "interface name"),
    ({"link": "lo"}, "not a bridge"),
    ({"pair": "lo"}, "another interface 'lo'"),
    ({"pair": "much-too-long-name"}, "15"),
    ({"index": -1}, "index"),
    ({"script_up": "relative"}, "absolute"),
    ({"script_up": "/bin/true\nlxc.hook.pre-start = /bin/false"}, "newline"),
    ({"ipv4_gateway": "10.0.0.1"}, "ipv4_addresses"),
    ({IPV4: ["10.0.0.2/24"], "ipv4_gateway": "10.0.1.1"}, "none of the subnets 10.0.0.2/24"),
    ({IPV6: ["fd00::2/64"], "ipv6_gateway": "fd01::1"}, "none of the subnets fd00::2/64"),
    ({IPV4: ["10.0.0.2/24"], "ipv4_gateway": "10.0.0.1", "up": False}, "needs the interface to be up"),
    ({IPV4: ["10.0.0.2/24"], "ipv4_gateway": "10.0.0.1/24"}, "neither an IPv4 address"),
    ({"link": "", "ipv4_gateway": "auto"}, "'auto'"),
    ({"ipv4_routes": ["10.0.0.1/24"]}, "10.0.0.0/24"),
    ({"ipv6_routes": ["fd00::/200"]}, "not an IPv6 network"),
    ({"l2proxy": True, "link": ""}, "l2proxy"),
]


@pytest.mark.parametrize(("options", "word"), BAD, ids=lambda value: repr(value)[:60])
def test_bad_input_is_refused_first(bed: Bed, bridge: Bridge, options: dict[str, Any], word: str) -> None:
    guest = bed.guest()
    given = {"name": "lan0", "link": bridge.name, **options}
    if isinstance(given["link"], str):
        given["link"] = given["link"].replace("BRIDGE", bridge.name)
    name = given.pop("name")

    result = Module(guest)(name, **given)

    assert result["rc"] != 0
    assert word in result["msg"]
    assert "\n" not in result["msg"]
    assert "lxc.net.1" not in guest.config.read_text()
    assert "hook" not in guest.config.read_text()


def test_a_running_container_is_left_alone_as_well(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest(start=True)
    before = inside(guest, "link", "show")

    Module(guest).refuses("lan0", link=bridge.name, ipv4_addresses=[bridge.address(7), "10.0.0.256/24"])
    said = Module(guest).refuses("lan0", link="nosuchlink", link_must_exist=False)

    assert "nosuchlink" in said
    assert [link["ifname"] for link in inside(guest, "link", "show")] == [link["ifname"] for link in before]


def test_a_stopped_container_may_wait_for_its_link(bed: Bed) -> None:
    guest = bed.guest()

    said = Module(guest).refuses("lan0", link="nosuchlink")
    assert "link_must_exist: false" in said
    assert Module(guest).changes("lan0", link="nosuchlink", link_must_exist=False)["nic"]["link"] == "nosuchlink"


def test_a_host_name_is_given_once(bed: Bed, bridge: Bridge, unique: str) -> None:
    first, second = bed.guest(start=True), bed.guest()
    pair = f"{unique}p"
    # Whoever may write in a neighbour's directory could put something there that never ends to be read.
    neighbour = Path(bed.lxc_path, "aaa")
    neighbour.mkdir()
    os.mkfifo(neighbour / "config")
    Module(first).changes("lan0", link=bridge.name, pair=pair)

    assert f"taken by container '{first.name}'" in Module(second).refuses("lan0", link=bridge.name, pair=pair)
    assert "too" in Module(first).refuses("lan1", link=bridge.name, pair=pair)
    assert not Module(first)("lan0", link=bridge.name, pair=pair)["changed"]


def test_a_host_name_is_given_once_in_other_paths_and_included_files_too(
    bed: Bed, bridge: Bridge, unique: str, new_lxc_path: Callable[[], Path], tmp_path: Path
) -> None:
    guest, elsewhere, default = bed.guest(), Bed(str(new_lxc_path())), Bed(str(new_lxc_path()))
    included = tmp_path / "pair.conf"
    included.write_text(f"lxc.net.0.veth.pair = {unique}i\n")
    other = default.guest(f"lxc.include = {included}", "lxc.net.0.type = veth", rootfs=False)
    (tmp_path / "lxc.conf").write_text(f"lxc.lxcpath = {default.lxc_path}\n")
    with_default = ("unshare", "-m", "sh", "-c", f'mount --bind {tmp_path} /etc/lxc && exec "$@"', "sh")
    said = Module(guest, prefix=with_default).refuses("lan0", link=bridge.name, pair=f"{unique}i")
    assert f"taken by container '{other.name}' in {default.lxc_path}" in said

    waiting = elsewhere.guest("lxc.net.0.type = veth", f"lxc.net.0.veth.pair = {unique}w", rootfs=False)
    elsewhere.guest(start=True)
    said = Module(guest).refuses("lan0", link=bridge.name, pair=f"{unique}w")
    assert f"taken by container '{waiting.name}' in {elsewhere.lxc_path}" in said

    # The container's own path by another name is no other one.
    Module(guest).changes("lan0", link=bridge.name, pair=f"{unique}o")
    alias = tmp_path / "alias"
    alias.symlink_to(bed.lxc_path)
    (tmp_path / "lxc.conf").write_text(f"lxc.lxcpath = {alias}\n")
    assert Module(guest, prefix=with_default)("lan0", link=bridge.name, pair=f"{unique}o")["changed"] is False


def test_a_container_that_is_not_there(bed: Bed) -> None:
    guest = bed.guest()
    guest.config.unlink()

    result = Module(guest)("lan0", state="absent")

    assert result["rc"] != 0
    assert "There is no container" in result["msg"]


@pytest.mark.parametrize(
    ("kind", "options", "word"),
    [
        ("macvlan", {}, "link"),
        ("phys", {}, "link"),
        ("ipvlan", {"mode": "l2", "l2proxy": True}, "link"),
        ("ipvlan", {"mode": "l2", "l2proxy": True, "link": "lo"}, "l3s"),
        ("ipvlan", {"isolation": "vepa", "link": "lo"}, "mode"),
        ("vlan", {"link": "lo"}, "vlan_id"),
        ("vlan", {"link": "lo", "vlan_id": 4095}, "4094"),
        ("phys", {"link": "lo", "ipv4_gateway": "auto"}, "'auto'"),
    ],
)
def test_the_other_types_too(bed: Bed, kind: str, options: dict[str, Any], word: str) -> None:
    guest = bed.guest()

    assert word in Module(guest, type=kind).refuses("lan0", **options)


def test_an_interface_is_removed_by_the_module_of_its_type(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest("lxc.net.0.type = veth", f"lxc.net.0.link = {bridge.name}")

    assert "lxc_net_veth" in Module(guest, type="macvlan").refuses("eth0", state="absent")


def test_an_interface_of_an_included_file_is_left_to_that_file(bed: Bed, bridge: Bridge) -> None:
    other = Path(bed.lxc_path, "net.conf")
    other.write_text(f"lxc.net.0.type = veth\nlxc.net.0.link = {bridge.name}\nlxc.net.0.name = inc0\n")
    guest = bed.guest(f"lxc.include = {other}", "lxc.net.3.type = empty")
    veth = Module(guest)

    for options in ({"link": bridge.name}, {"state": "absent"}):
        assert "inc0" in veth.refuses("inc0", **options)
    assert "inc0" in veth.refuses("lan0", index=0, link=bridge.name)
    assert veth.changes("lan0", link=bridge.name)["nic"]["index"] == 1
    guest.start()
    assert [link["ifname"] for link in inside(guest, "link", "show")] == ["lo", "inc0", "lan0"]
