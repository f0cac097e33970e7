# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The network of a running container as /proc shows it: its interfaces and their addresses.

No namespace is entered and no process made: ``/proc/PID/net`` of init is the container's own. Pure: the texts of four
files in, addresses out. They are as ``net/core/net-procfs.c``, ``net/ipv4/fib_trie.c`` and ``net/ipv6/addrconf.c`` of
the kernel print them.

The container's root names the interfaces, by any bytes but a few: what Python, but not the kernel, takes for a blank or
the end of a line may be in a name.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address

_LINK_LOCAL = 0x20
_DAD_FAILED = 0x08


@dataclass(frozen=True)
class Interface:
    """One interface and its global addresses, without prefix lengths."""

    name: str
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()


@dataclass(frozen=True)
class Network:
    """``interfaces`` in the kernel's order; the loopback is one without addresses.

    ``unplaced`` are IPv4 addresses that the kernel's files do not tie to one of several interfaces, such as a /32
    without a route.
    """

    interfaces: tuple[Interface, ...] = ()
    unplaced: tuple[str, ...] = ()

    @property
    def ipv4(self) -> tuple[str, ...]:
        return tuple(address for interface in self.interfaces for address in interface.ipv4) + self.unplaced

    @property
    def ipv6(self) -> tuple[str, ...]:
        return tuple(address for interface in self.interfaces for address in interface.ipv6)


def parse(*, dev: str, fib_trie: str, route: str, if_inet6: str) -> Network:
    """The network that the files of these names below ``/proc/PID/net`` tell of; an empty text is a file not there."""
    names = _interface_names(dev)
    others = [name for name in names if name != "lo"]
    routes = _connected(route)
    placed: dict[str, list[str]] = {name: [] for name in names}
    unplaced = []
    for address in _local_addresses(fib_trie):
        name = others[0] if len(others) == 1 else _interface_of(address, routes)
        if name in placed:
            placed[name].append(str(address))
        else:
            unplaced.append(str(address))
    ipv6 = _ipv6_addresses(if_inet6)
    return Network(
        interfaces=tuple(Interface(name, tuple(placed[name]), tuple(ipv6.get(name, ()))) for name in names),
        unplaced=tuple(unplaced),
    )


def _interface_names(dev: str) -> list[str]:
    return [line.rpartition(":")[0].lstrip(" ") for line in _lines(dev)[2:]]


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


def _local_addresses(fib_trie: str) -> list[IPv4Address]:
    """The leaves that are ``/32 host LOCAL``, each once (the file shows a table twice), loopback left out."""
    found: dict[IPv4Address, None] = {}
    leaf = ""
    for line in _lines(fib_trie):
        text = line.strip()
        if text.startswith("|-- "):
            leaf = text[4:]
        elif text.startswith("/32 ") and text.split()[1:3] == ["host", "LOCAL"]:
            address = IPv4Address(leaf)
            if not address.is_loopback:
                found[address] = None
    return list(found)


def _connected(route: str) -> list[tuple[IPv4Network, str]]:
    """Network and interface of the routes without a gateway, the most specific first."""
    routes = []
    for line in _lines(route)[1:]:
        fields = line.split("\t")
        destination, gateway, mask = (_address(fields[column]) for column in (1, 2, 7))
        if gateway == IPv4Address(0) and mask != IPv4Address(0):
            routes.append((IPv4Network(f"{destination}/{mask}"), fields[0]))
    return sorted(routes, key=lambda found: -found[0].prefixlen)


def _address(text: str) -> IPv4Address:
    # The bytes in network order, printed as a number of the machine's own order.
    return IPv4Address(int(text, 16).to_bytes(4, sys.byteorder))


def _interface_of(address: IPv4Address, routes: list[tuple[IPv4Network, str]]) -> str | None:
    return next((name for net, name in routes if address in net), None)


def _ipv6_addresses(if_inet6: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in _lines(if_inet6):
        digits, _index, _prefix, scope, flags, name = re.split(" +", line, maxsplit=5)
        if name == "lo" or int(scope, 16) == _LINK_LOCAL or int(flags, 16) & _DAD_FAILED:
            continue
        found.setdefault(name, []).append(str(IPv6Address(bytes.fromhex(digits))))
    return found
