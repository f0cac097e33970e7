# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The host's interfaces by sysfs: enough to judge a configuration, without netlink."""

from __future__ import annotations

import os
import random
import string

_NET = "/sys/class/net"
_IFF_UP = 1


def exists(name: str) -> bool:
    return os.path.isdir(f"{_NET}/{name}")


def mtu(name: str) -> int | None:
    """In bytes; None where there is no such interface."""
    text = _read(f"{_NET}/{name}/mtu")
    return int(text) if text else None


def home(name: str) -> tuple[int, bool] | None:
    """MTU in bytes, and whether the interface is up; None where there is none."""
    found, flags = mtu(name), _read(f"{_NET}/{name}/flags")
    return (found, bool(int(flags, 16) & _IFF_UP)) if found and flags else None


def index(name: str) -> int | None:
    text = _read(f"{_NET}/{name}/ifindex")
    return int(text) if text else None


def free_name(prefix: str) -> str:
    """A name that no interface of the host has: the prefix and six characters, as liblxc makes them."""
    while True:
        name = prefix + "".join(random.SystemRandom().choices(string.ascii_letters + string.digits, k=6))
        if not exists(name):
            return name


def is_bridge(name: str) -> bool:
    """A bridge of the kernel's."""
    return os.path.isdir(f"{_NET}/{name}/bridge")


def vlan_filtering(bridge: str) -> str | None:
    """``1`` or ``0``; None where the kernel was built without bridge VLAN filtering."""
    return _read(f"{_NET}/{bridge}/bridge/vlan_filtering")


def default_vlan(bridge: str) -> int | None:
    """The VLAN of untagged frames that a bridge which obeys VLANs gives its new ports."""
    found = _read(f"{_NET}/{bridge}/bridge/default_pvid") if vlan_filtering(bridge) == "1" else None
    return int(found or 0) or None


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return None
