# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What is read out of the kernel's netlink messages, of whichever network namespace they tell."""

from __future__ import annotations

import ipaddress
import os
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._host._netlink import dump, netlink_error
from ansible_collections.community.lxc.plugins.module_utils._model._ip import DEFAULT_ROUTE

IFF_UP = 1
SET_UP_BY_HAND = (3, 4)
"""The protocols of routes that somebody set up: RTPROT_BOOT and RTPROT_STATIC."""

_FAMILIES = {4: 2, 6: 10}
_MAIN_TABLE = 254
_UNICAST = 1
_RTM_F_CLONED = 0x200


def attr(message: Any, name: str, nest: str | None = None) -> Any:
    """An attribute of a message, or of an attribute with attributes of its own; None where there is none."""
    if message is None:
        return None
    return message.get_nested(nest, name) if nest else message.get_attr(name)


def ifname(link: Any) -> str:
    """The kernel lets a name be almost any bytes, and what is no UTF-8 comes as bytes."""
    return os.fsdecode(attr(link, "IFLA_IFNAME"))


def index_of(iproute: Any, name: str) -> int | None:
    """The index of the interface of exactly that name in the socket's namespace."""
    try:
        found = tuple(iproute.link("get", ifname=name))
    except netlink_error():
        return None
    # The kernel also knows alternative names, by which nothing here goes.
    return next((int(link["index"]) for link in found if ifname(link) == name), None)


def name_of(iproute: Any, index: int) -> str | None:
    """The name of the interface that has the index in the socket's namespace."""
    try:
        return ifname(next(iter(iproute.link("get", index=index))))
    except netlink_error():
        return None


def all_addresses(iproute: Any, family: int) -> list[Any]:
    """Of a family (4, 6), on all interfaces."""
    return dump(lambda: iproute.get_addr(family=_FAMILIES[family]))


def all_routes(iproute: Any, family: int) -> list[Any]:
    """The main table's, of a family (4, 6)."""
    found = dump(lambda: iproute.route("dump", family=_FAMILIES[family]))
    return [
        route
        for route in found
        if (attr(route, "RTA_TABLE") or route["table"]) == _MAIN_TABLE
        and route["type"] == _UNICAST
        and not route["flags"] & _RTM_F_CLONED
    ]


def routes_over(iproute: Any, index: int, family: int) -> list[Any]:
    """The main table's that lead over the interface."""
    return [route for route in all_routes(iproute, family) if attr(route, "RTA_OIF") == index]


def destination(route: Any, family: int) -> str:
    """Where a route leads, as a network."""
    if not route["dst_len"]:
        return DEFAULT_ROUTE[family]
    return str(ipaddress.ip_network(f"{attr(route, 'RTA_DST')}/{route['dst_len']}"))


def destinations(iproute: Any, index: int, family: int) -> set[str]:
    """Where the routes over an interface lead, whoever made them."""
    return {destination(route, family) for route in routes_over(iproute, index, family)}


def netnsid(iproute: Any, netns: int) -> int | None:
    """The number by which the socket's namespace knows another one."""
    answer = iproute.get_netnsid(fd=netns)
    number = answer["nsid"] if isinstance(answer, dict) else answer
    return int(number) if number is not None and int(number) >= 0 else None
