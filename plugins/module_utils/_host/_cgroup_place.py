# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Where a running container is: its init's group, the one that limits it, and its monitor's, in every hierarchy."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._errors import LxcError
from ansible_collections.community.lxc.plugins.module_utils._host import _cgroupfs, _child
from ansible_collections.community.lxc.plugins.module_utils._host._cgroupfs import Cgroups, Hierarchy
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_mount
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_placement import (
    Placement,
    groups_by_name,
    limiting_group,
)

_CLONE_NEWCGROUP = 0x02000000
_SECONDS = 10.0


@dataclass(frozen=True)
class Place:
    """A container in one hierarchy; groups as the host names them.

    ``namespace`` is the root of init's cgroup namespace, the highest group that it can see; None where it shares the
    host's and sees all, or where nobody looked since there is no inner directory. ``monitor`` is
    empty where none was found.
    """

    hierarchy: Hierarchy
    init: str
    namespace: str | None
    limit: str
    monitor: str = ""

    def file(self, name: str) -> str:
        """A file of the limiting group."""
        return f"{self.hierarchy.directory(self.limit)}/{name}"


def places(init_pid: int, *, name: str, placement: Placement, cgroups: Cgroups) -> tuple[Place, ...]:
    """The container in every hierarchy of the host; ``placement`` as it was started. Empty when init is gone.

    The limiting group is the root of init's cgroup namespace without the inner directory. Neither can be moved from
    within, whereas init may well be in a group further below.
    """
    init = _cgroupfs.groups_of_process(init_pid, cgroups)
    named = [groups_by_name(path, name, placement) for path in init.values()]
    # Without an inner directory a name that occurs once tells which group it is, and a child process can be spared.
    known = not placement.container_inner_dir and all(len(groups) == 1 for groups in named)
    seen = _groups_as_seen_by(init_pid, cgroups) if init and not known else {}
    monitor = _monitor_groups(init_pid, cgroups)
    return tuple(
        _place(
            hierarchy, init[hierarchy.path], seen.get(hierarchy.path), monitor.get(hierarchy.path, ""), name, placement
        )
        for hierarchy in cgroups.hierarchies
        if hierarchy.path in init
    )


def _place(h: Hierarchy, init: str, seen: str | None, monitor: str, name: str, placement: Placement) -> Place:
    namespace = _namespace_root(init, seen) if seen is not None else None
    exact = namespace is not None
    limit = limiting_group(namespace or init, name, placement, exact=exact, monitor=monitor)
    return Place(hierarchy=h, init=init, namespace=namespace, limit=limit, monitor=monitor)


def _namespace_root(group: str, seen: str) -> str | None:
    if seen == "/":
        return group
    # "/.." stands before what is outside of the namespace: the host has moved init out of it.
    return (group[: -len(seen)] or "/") if group.endswith(seen) and not seen.startswith("/..") else None


def _groups_as_seen_by(pid: int, cgroups: Cgroups) -> dict[str, str]:
    """Init's groups as init itself names them; empty where it shares our cgroup namespace, or is gone."""
    try:
        if os.readlink(f"/proc/{pid}/ns/cgroup") == os.readlink("/proc/self/ns/cgroup"):
            return {}
        text = _child.run(lambda: _read_within(pid), what=f"look at the cgroups of process {pid}", timeout=_SECONDS)
    except (OSError, LxcError):
        return {}
    return _cgroupfs.groups_of(str(text.value), cgroups)


def _read_within(pid: int) -> str:
    setns = ctypes.CDLL(None, use_errno=True).setns
    namespace = os.open(f"/proc/{pid}/ns/cgroup", os.O_RDONLY | os.O_CLOEXEC)
    # The kernel names the groups for whoever reads, at the time of reading.
    with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
        if setns(namespace, _CLONE_NEWCGROUP) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return stream.read()


def _monitor_groups(init_pid: int, cgroups: Cgroups) -> dict[str, str]:
    """The groups of init's parent, if that is a monitor."""
    try:
        with open(f"/proc/{init_pid}/stat", encoding="utf-8", errors="replace") as stream:
            parent = int(stream.read().rpartition(")")[2].split()[1])
        with open(f"/proc/{parent}/cmdline", "rb") as binary:
            if not binary.read().startswith(b"[lxc monitor] "):
                return {}
    except (OSError, ValueError, IndexError):
        return {}
    return _cgroupfs.groups_of_process(parent, cgroups)


def isolated(init_pid: int, found: Sequence[Place]) -> bool:
    """Whether init sits below the limiting group in every hierarchy, and has no way to that group's files."""
    return bool(found) and all(_below(p) for p in found) and not _sees_limits(init_pid, found)


def _below(place: Place) -> bool:
    above = place.limit.rstrip("/") + "/"
    # From its namespace's root downwards init can mount the hierarchy itself, whatever it was given.
    return place.namespace is not None and place.namespace.startswith(above) and f"{place.init}/".startswith(above)


def _sees_limits(init_pid: int, found: Sequence[Place]) -> bool:
    for mount in _mounts(init_pid):
        for place in found:
            root = mount.root.rstrip("/") + "/"
            if _same_hierarchy(mount, place.hierarchy) and f"{place.limit}/".startswith(root):
                return True
    return False


def _same_hierarchy(mount: _cgroupfs.Mount, hierarchy: Hierarchy) -> bool:
    if mount.fstype != ("cgroup2" if hierarchy.version == 2 else "cgroup"):
        return False
    return hierarchy.version == 2 or set(hierarchy.controllers) <= set(mount.super_options)


def _mounts(init_pid: int) -> list[_cgroupfs.Mount]:
    try:
        return [mount for mount in _cgroupfs.mounts(init_pid) if mount.fstype in ("cgroup", "cgroup2")]
    except OSError:
        return []


def view(init_pid: int) -> str:
    """How init sees its cgroups: ``none``, ``cgroup:rw``, ``cgroup:ro``, ``cgroup2:rw`` or ``cgroup2:ro``."""
    below = [m for m in _mounts(init_pid) if f"{m.target}/".startswith(f"{_cgroupfs.MOUNT_POINT}/")]
    whole = [m for m in below if m.target == _cgroupfs.MOUNT_POINT]
    if whole:
        return f"{whole[-1].fstype}:{'ro' if whole[-1].read_only else 'rw'}"
    legacy = [m for m in below if m.fstype == "cgroup"]
    if legacy:
        return f"cgroup:{'ro' if all(m.read_only for m in legacy) else 'rw'}"
    return _cgroup_mount.NOTHING
