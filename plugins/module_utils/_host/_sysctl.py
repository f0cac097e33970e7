# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Settings below ``/proc/sys``."""

from __future__ import annotations


def path(name: str) -> str:
    """Of a name with slashes, since an interface's name may hold dots: ``net/ipv4/conf/eth0.5/forwarding``."""
    return f"/proc/sys/{name}"


def read(name: str) -> str | None:
    """The value; None where this kernel, or this host, has no such setting."""
    try:
        with open(path(name), encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return None


def write(name: str, value: str) -> None:
    """OSError if the kernel refuses."""
    with open(path(name), "w", encoding="ascii") as stream:
        stream.write(value)
