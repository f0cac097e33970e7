# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Which types of network devices this kernel can make, asked of the kernel itself. Needs no pyroute2."""

from __future__ import annotations

import errno
import socket
import struct

_RTM_NEWLINK, _RTM_GETLINK = 16, 18
_REQUEST = 0x1
_REQUEST_CREATE_ACK = 0x1 | 0x4 | 0x200 | 0x400
_TYPE = 0x3FFF
_IFLA_IFNAME, _IFLA_LINKINFO, _IFLA_INFO_KIND, _IFLA_MAX_MTU = 3, 18, 1, 51

CONFIG = {
    "ipvlan": "IPVLAN",
    "vlan": "VLAN_8021Q",
    "macvlan": "MACVLAN",
    "veth": "VETH",
}
"""Kind -> the kernel's build option that brings it."""


def supported(kind: str) -> bool:
    """Ask for a device of that kind on top of nothing: known kinds refuse that, unknown ones are not known.

    Nothing is made. The kernel loads its module, as it would for a real one. ``kind``: ipvlan, macvlan or vlan.
    """
    link_info = _attribute(_IFLA_LINKINFO, _attribute(_IFLA_INFO_KIND, kind.encode() + b"\0"))
    body = struct.pack("=BxHiII", 0, 0, 0, 0, 0) + _attribute(_IFLA_IFNAME, b"clx-probe\0") + link_info
    answer = _ask(_RTM_NEWLINK, _REQUEST_CREATE_ACK, body)
    number = -int(struct.unpack_from("=i", answer, 16)[0])
    return number != errno.EOPNOTSUPP


def max_mtu(name: str) -> int | None:
    """The most that the host's interface can have, in bytes; None where the kernel sets no limit."""
    found = _attributes_of(name).get(_IFLA_MAX_MTU)
    return int(struct.unpack("=I", found)[0]) or None if found else None


def kind_of(name: str) -> str:
    """The kernel's word for the type of the host's interface; empty for hardware, and where there is no such one."""
    info = _attributes(_attributes_of(name).get(_IFLA_LINKINFO, b""))
    return info.get(_IFLA_INFO_KIND, b"").rstrip(b"\0").decode("ascii", "replace")


def _attributes_of(name: str) -> dict[int, bytes]:
    body = struct.pack("=BxHiII", 0, 0, 0, 0, 0) + _attribute(_IFLA_IFNAME, name.encode() + b"\0")
    answer = _ask(_RTM_GETLINK, _REQUEST, body)
    return _attributes(answer[32:]) if struct.unpack_from("=H", answer, 4)[0] == _RTM_NEWLINK else {}


def _attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & _TYPE] = data[4:length]
        data = data[(max(length, 4) + 3) & ~3 :]
    return found


def _ask(kind: int, flags: int, body: bytes) -> bytes:
    header = struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as link:
        link.bind((0, 0))
        link.send(header + body)
        return link.recv(1 << 16)


def _attribute(kind: int, payload: bytes) -> bytes:
    data = struct.pack("=HH", 4 + len(payload), kind) + payload
    return data + b"\0" * (-len(data) % 4)
