# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Proxy neighbour entries, by a netlink message of our own: pyroute2 does not list them alike in all its versions."""

from __future__ import annotations

import socket
import struct

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _links

_NETLINK_ROUTE = 0
_RTM_GETNEIGH = 30
_REQUEST_DUMP = 0x301
_DONE, _ERROR = 3, 2
_NTF_PROXY = 8
_NDA_DST = 1
_HEADER = struct.Struct("=IHHII")
_NDMSG = struct.Struct("=BxxxiHBB")


def listed_on(link: str) -> tuple[str, ...]:
    """As ``listed``, by the interface's name; none for an interface that is not there."""
    index = _links.index(link)
    return listed(index) if index else ()


def listed(ifindex: int) -> tuple[str, ...]:
    """The addresses that the kernel of this namespace answers for on the interface, sorted, IPv4 first."""
    return (*_dump(socket.AF_INET, ifindex), *_dump(socket.AF_INET6, ifindex))


def _dump(family: int, ifindex: int) -> list[str]:
    request = _NDMSG.pack(family, 0, 0, _NTF_PROXY, 0)
    found: list[str] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_ROUTE) as link:
        link.bind((0, 0))
        link.send(_HEADER.pack(_HEADER.size + len(request), _RTM_GETNEIGH, _REQUEST_DUMP, 1, 0) + request)
        while True:
            data = link.recv(1 << 16)
            while data:
                length, kind = _HEADER.unpack_from(data)[:2]
                if kind == _DONE:
                    return sorted(found)
                if kind == _ERROR:
                    raise HostError("The kernel did not list its proxy neighbour entries")
                body = data[_HEADER.size : length]
                address = _address(body, family)
                if address and _NDMSG.unpack_from(body)[1] == ifindex:
                    found.append(address)
                data = data[_aligned(length) :]


def _address(body: bytes, family: int) -> str | None:
    rest = body[_NDMSG.size :]
    while len(rest) >= 4:
        length, kind = struct.unpack_from("=HH", rest)
        if kind == _NDA_DST:
            return socket.inet_ntop(family, rest[4:length])
        rest = rest[_aligned(max(length, 4)) :]
    return None


def _aligned(length: int) -> int:
    return (length + 3) & ~3
