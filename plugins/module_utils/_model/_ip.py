# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Addresses and networks in one spelling, so that ``fd99:0::1/64`` equals ``fd99::1/64``. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Union

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput

Interface = Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

_EXAMPLE = {4: "192.0.2.10/24", 6: "2001:db8::10/64"}
_EXAMPLE_NETWORK = {4: "192.0.2.0/24", 6: "2001:db8::/64"}
HOST_PREFIX = {4: 32, 6: 128}
DEFAULT_ROUTE = {4: "0.0.0.0/0", 6: "::/0"}


def interface_address(text: str, *, family: int, option: str) -> str:
    """The canonical form of an interface's address with its prefix length; ``family`` is 4 or 6.

    InvalidInput for anything that cannot be given to an interface.
    """
    refusal = InvalidInput(
        f"{option}: {text!r} is not an IPv{family} address with its prefix length, such as {_EXAMPLE[family]}"
    )
    if "/" not in text:
        raise refusal
    interface = _interface(text, family)
    if interface is None:
        raise refusal
    if interface.ip.is_unspecified or interface.ip.is_multicast or interface.ip.is_loopback:
        raise InvalidInput(f"{option}: {text!r} cannot be the address of an interface")
    if family == 6 and interface.ip.is_link_local:
        raise InvalidInput(f"{option}: {text!r} is link-local; the kernel gives each interface its own such address")
    return str(interface)


def network(text: str, *, family: int, option: str) -> str:
    """The canonical form of a route's destination. InvalidInput for malformed ones, and for set host bits."""
    interface = _interface(text, family) if "/" in text else None
    if interface is None:
        raise InvalidInput(f"{option}: {text!r} is not an IPv{family} network, such as {_EXAMPLE_NETWORK[family]}")
    if interface.ip != interface.network.network_address:
        raise InvalidInput(f"{option}: {text!r} has bits set behind its prefix; the network is {interface.network}")
    return str(interface.network)


def gateway(text: str, *, family: int, option: str) -> str:
    """The canonical form of a gateway: ``auto``, ``dev``, or an address."""
    if text in ("auto", "dev"):
        return text
    interface = _interface(text, family) if "/" not in text else None
    if interface is None or interface.ip.is_unspecified or interface.ip.is_multicast:
        raise InvalidInput(f"{option}: {text!r} is neither an IPv{family} address nor 'auto' nor 'dev'")
    return str(interface.ip)


def spelled(text: str, *, family: int) -> str:
    """What a configuration file says, in canonical form as far as it can be read, and otherwise as it stands.

    liblxc lets the prefix be absent (the address's class, or 64) and a broadcast address follow.
    """
    words = text.split()
    address = words[0] if words else ""
    interface = _interface(address, family)
    if interface is None:
        return text
    if "/" in address:
        return str(interface)
    return f"{interface.ip}/{_default_prefix(interface)}"


def _default_prefix(interface: Interface) -> int:
    if interface.version == 6:
        return 64
    first = interface.ip.packed[0]
    return 8 if first < 128 else 16 if first < 192 else 24


def _interface(text: str, family: int) -> Interface | None:
    address, _slash, prefix = text.partition("/")
    # ipaddress also takes netmasks, zones and other digits than ASCII's: liblxc does not.
    if not address.isascii() or "%" in address or (prefix and not (prefix.isascii() and prefix.isdigit())):
        return None
    try:
        return ipaddress.IPv4Interface(text) if family == 4 else ipaddress.IPv6Interface(text)
    except ValueError:
        return None


def family_of(text: str) -> int:
    """4 or 6, for an address or network in canonical form."""
    return 6 if ":" in text else 4


def ordered(addresses: Iterable[str]) -> tuple[str, ...]:
    """Each once, in numerical order; all of one family, in canonical form."""
    return tuple(str(one) for one in sorted(map(ipaddress.ip_interface, set(addresses)), key=_numerically))


def _numerically(interface: Interface) -> tuple[int, int]:
    return int(interface.ip), interface.network.prefixlen


def host_of(text: str) -> str:
    """The address without its prefix length."""
    return text.partition("/")[0]


def host_route(text: str) -> str:
    """The route to the address alone: ``192.0.2.10/24`` gives ``192.0.2.10/32``."""
    return f"{host_of(text)}/{HOST_PREFIX[family_of(text)]}"


def broadcast_of(text: str) -> str | None:
    """The broadcast address of an IPv4 interface address; None where there is none (IPv6, /31, /32)."""
    if family_of(text) == 6:
        return None
    found = ipaddress.IPv4Interface(text)
    return str(found.network.broadcast_address) if found.network.prefixlen < 31 else None


def is_inside(address: str, interfaces: tuple[str, ...]) -> bool:
    """Whether the address lies in the subnet of one of the interface addresses."""
    one = ipaddress.ip_address(address)
    return any(one in ipaddress.ip_interface(interface).network for interface in interfaces)


def is_link_local(address: str) -> bool:
    return ipaddress.ip_address(host_of(address)).is_link_local
