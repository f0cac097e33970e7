# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container's root may call its things to mislead whoever looks at them from the host."""

from __future__ import annotations

import os

from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._host import Bridge, cgroups_of
from ansible_collections.community.lxc.tests.live._net import change_inside

# No UTF-8; what Python takes for blanks and ends of lines, and the kernel does not; and what a terminal obeys.
NAMES = (b"a\xffb", b"c\x1fd\x1ce", b"f\xc2\x85g", b"h\xe2\x80\xa8i", b"j\x1b[31mk")
# What no interface can be called, but a directory.
MOUNT_NAMES = (*NAMES, b"l\rm", b"n\x0bo\x0cp")


def with_names(bed: Bed, bridge: Bridge) -> Guest:
    """A container with interfaces, addresses, routes and mounts by such names."""
    guest = bed.guest("lxc.net.0.type = veth", f"lxc.net.0.link = {bridge.name}", "lxc.net.0.flags = up", start=True)
    for number, raw in enumerate(NAMES):
        name = os.fsdecode(raw)
        change_inside(guest, "link", "add", "name", name, "type", "bridge")
        change_inside(guest, "link", "set", name, "up")
        change_inside(guest, "address", "add", f"192.0.2.{number + 1}/32", "dev", name)
        change_inside(guest, "-6", "address", "add", f"2001:db8::{number + 1}/128", "dev", name)
        change_inside(guest, "route", "add", f"198.51.100.{number}/32", "dev", name)
    for raw in MOUNT_NAMES:
        path = "".join(f"\\{byte:03o}" for byte in b"/mnt/" + raw)
        guest.attach("/bin/sh", "-c", f'p="$(printf \'{path}\')" && mkdir "$p" && mount -t tmpfs "$p" "$p"')
    return guest


def into_groups_with_names(guest: Guest) -> None:
    """Its init is in a cgroup by such a name, in every hierarchy, as root could do to whom cgroups are delegated."""
    name = os.fsdecode(b"".join(MOUNT_NAMES))
    init = guest.init_pid()
    for directory in cgroups_of(init):
        (directory / name).mkdir()
        if directory.parts[4:5] != ("cpuset",):  # a new one has neither processors nor memory
            (directory / name / "cgroup.procs").write_text(str(init))
