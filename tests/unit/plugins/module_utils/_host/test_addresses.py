# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses from the texts of /proc/PID/net, as a kernel printed them."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.community.lxc.plugins.module_utils._host._addresses import Interface, Network, parse

_COUNTERS = "     936      12    0    0    0     0          0         0      866      11    0    0    0     0"
_DEV = f"""Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier
    lo:{_COUNTERS}
  eth0:{_COUNTERS}
  eth1:{_COUNTERS}
"""
_FIB_TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.1.2.0/24 2 0 2
        |-- 10.1.2.0
           /24 link UNICAST
        |-- 10.1.2.7
           /32 host LOCAL
        |-- 10.1.2.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
     |-- 192.168.9.1
        /32 host LOCAL
     |-- 203.0.113.5
        /32 host LOCAL
Local:
  +-- 10.1.2.0/24 2 0 2
     |-- 10.1.2.7
        /32 host LOCAL
     |-- 127.0.0.1
        /32 host LOCAL
"""
_IF_INET6 = """00000000000000000000000000000001 01 80 10 80       lo
fe80000000000000021641fffe0f0b0a 02 40 20 80     eth0
fd120000000000000000000000000007 02 40 00 80     eth0
fd120000000000000000000000000008 03 40 00 88     eth1
20010db8000000000000000000000001 03 40 00 c0     eth1
"""


def _hex(address: str) -> str:
    return f"{int.from_bytes(bytes(map(int, address.split('.'))), sys.byteorder):08X}"


def _route(*rows: tuple[str, str, str, str]) -> str:
    """Interface, destination, gateway and mask, as the kernel prints them on this machine."""
    lines = ["Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"]
    for name, destination, gateway, mask in rows:
        lines.append(f"{name}\t{_hex(destination)}\t{_hex(gateway)}\t0001\t0\t0\t0\t{_hex(mask)}\t0\t0\t0")
    return "\n".join(lines) + "\n"


_ROUTE = _route(
    ("eth0", "0.0.0.0", "10.1.2.1", "0.0.0.0"),
    ("eth0", "10.1.2.0", "0.0.0.0", "255.255.255.0"),
    ("eth1", "192.168.0.0", "0.0.0.0", "255.255.0.0"),
)


def test_each_interface_has_its_global_addresses() -> None:
    network = parse(dev=_DEV, fib_trie=_FIB_TRIE, route=_ROUTE, if_inet6=_IF_INET6)
    assert network.interfaces == (
        Interface("lo"),
        Interface("eth0", ipv4=("10.1.2.7",), ipv6=("fd12::7",)),
        Interface("eth1", ipv4=("192.168.9.1",), ipv6=("2001:db8::1",)),
    )


def test_an_address_without_a_route_belongs_to_no_interface_when_there_are_several() -> None:
    network = parse(dev=_DEV, fib_trie=_FIB_TRIE, route=_ROUTE, if_inet6="")
    assert network.unplaced == ("203.0.113.5",)
    assert network.ipv4 == ("10.1.2.7", "192.168.9.1", "203.0.113.5")
    assert network.ipv6 == ()


def test_the_only_interface_has_every_address() -> None:
    dev = "".join(line for line in _DEV.splitlines(keepends=True) if "eth1" not in line)
    network = parse(dev=dev, fib_trie=_FIB_TRIE, route=_ROUTE, if_inet6="")
    assert network.interfaces[1] == Interface("eth0", ipv4=("10.1.2.7", "192.168.9.1", "203.0.113.5"))
    assert network.unplaced == ()


@pytest.mark.parametrize("narrow", ["eth0", "eth1"])
def test_the_most_specific_route_decides(narrow: str) -> None:
    wide = "eth1" if narrow == "eth0" else "eth0"
    route = _route((wide, "10.0.0.0", "0.0.0.0", "255.0.0.0"), (narrow, "10.1.2.0", "0.0.0.0", "255.255.255.0"))
    network = parse(dev=_DEV, fib_trie=_FIB_TRIE, route=route, if_inet6="")
    assert {found.name for found in network.interfaces if "10.1.2.7" in found.ipv4} == {narrow}


def test_what_python_takes_for_a_blank_or_an_end_of_line_may_be_in_a_name() -> None:
    """The kernel forbids its own blanks, the slash and the colon, and nothing else."""
    name = "a\x1fb\x1cc\x85d\u2028e\udcff"
    texts = [text.replace("eth1", name) for text in (_DEV, _ROUTE, _IF_INET6)]
    network = parse(dev=texts[0], fib_trie=_FIB_TRIE, route=texts[1], if_inet6=texts[2])
    assert network.interfaces[2] == Interface(name, ipv4=("192.168.9.1",), ipv6=("2001:db8::1",))


def test_files_that_are_not_there() -> None:
    assert parse(dev="", fib_trie="", route="", if_inet6="") == Network()
