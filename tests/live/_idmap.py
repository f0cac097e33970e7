# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers with a user namespace of their own."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

COUNT = 65536


def subordinate() -> int:
    """The first id of a range that root may map, granted where there is none."""
    starts = []
    for name in ("/etc/subuid", "/etc/subgid"):
        with open(name, "a+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.seek(0)
            ranges = [line.strip().split(":") for line in stream if line.startswith("root:")]
            fitting = [int(start) for _user, start, count in ranges if int(count) >= COUNT]
            if not fitting:
                stream.write(f"root:300000:{COUNT}\n")
                fitting = [300000]
            starts.append(fitting[0])
    uid, gid = starts
    if uid != gid:
        raise AssertionError("/etc/subuid and /etc/subgid begin root's range at different numbers")
    return uid


def idmap_lines() -> tuple[str, str]:
    first = subordinate()
    return f"lxc.idmap = u 0 {first} {COUNT}", f"lxc.idmap = g 0 {first} {COUNT}"


def give(rootfs: Path) -> None:
    """Let the container's own root own its root file system."""
    first = subordinate()
    for directory, _names, files in os.walk(rootfs):
        for path in (directory, *(os.path.join(directory, name) for name in files)):
            os.chown(path, first, first, follow_symlinks=False)
    for above in (rootfs.parent, rootfs.parent.parent):
        above.chmod(above.stat().st_mode | 0o011)
