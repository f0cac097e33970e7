# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The cgroup file systems of this host: which there are, where a process is in them, and their files."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._model import _mountinfo
from ansible_collections.community.lxc.plugins.module_utils._model._mountinfo import MountPoint, MountTable

MOUNT_POINT = "/sys/fs/cgroup"
Mount = MountPoint


@dataclass(frozen=True)
class Hierarchy:
    """A mounted hierarchy. ``controllers``: of v1 as mounted (also ``name=systemd``), of v2 what its root offers."""

    path: str
    version: int
    controllers: tuple[str, ...]
    root: str = "/"
    """The group that is mounted: ``/``, but for a container that got only its own."""

    def directory(self, group: str) -> str:
        """Where the group, as ``/proc/PID/cgroup`` names it, is in the file system."""
        below = group[len(self.root) :] if self.root != "/" and group.startswith(self.root) else group
        return f"{self.path}/{below.strip('/')}".rstrip("/")


@dataclass(frozen=True)
class Cgroups:
    """What this host has. ``layout``: ``unified``, ``hybrid`` (v1, and v2 beside it), ``legacy`` or ``none``."""

    layout: str
    hierarchies: tuple[Hierarchy, ...]

    @property
    def unified(self) -> bool:
        return self.layout == "unified"

    def of_controller(self, controller: str) -> Hierarchy | None:
        """The hierarchy that the controller is in; every v2 hierarchy has the core, ``cgroup``."""
        for hierarchy in self.hierarchies:
            if controller in hierarchy.controllers or (controller == "cgroup" and hierarchy.version == 2):
                return hierarchy
        return None

    def controllers(self) -> dict[str, int]:
        """Controller -> version of the hierarchy that it is in; named hierarchies are left out."""
        found = ((name, h.version) for h in self.hierarchies for name in h.controllers if "=" not in name)
        return dict(sorted(found))


def mounts(pid: int | str = "self") -> MountTable:
    """The mounts that a process sees, in the order in which they were made."""
    with open(f"/proc/{pid}/mountinfo", "rb") as stream:
        return _mountinfo.parse(os.fsdecode(stream.read()))


def page_size() -> int:
    """Of memory, in bytes."""
    return os.sysconf("SC_PAGE_SIZE")


def look() -> Cgroups:
    """Layout and hierarchies. Only what is below ``/sys/fs/cgroup`` counts, as it does for liblxc."""
    found: dict[str, Hierarchy] = {}
    layout = "none"
    for mount in mounts():
        if mount.target == MOUNT_POINT:
            # What is mounted on top hides what was there before.
            found = {}
            layout = "unified" if mount.fstype == "cgroup2" else "legacy"
        if mount.fstype in ("cgroup", "cgroup2") and f"{mount.target}/".startswith(f"{MOUNT_POINT}/"):
            found[mount.target] = _hierarchy(mount)
    hierarchies = tuple(found.values())
    if layout == "legacy" and any(h.version == 2 for h in hierarchies):
        layout = "hybrid"
    return Cgroups(layout=layout if hierarchies else "none", hierarchies=hierarchies)


def _hierarchy(mount: Mount) -> Hierarchy:
    if mount.fstype == "cgroup2":
        controllers = tuple(" ".join(read(f"{mount.target}/cgroup.controllers") or ()).split())
        return Hierarchy(path=mount.target, version=2, controllers=controllers, root=mount.root)
    known = ("rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode", "favordynmods", "none")
    controllers = tuple(
        option for option in mount.super_options if option not in known and not option.startswith("release_agent=")
    )
    return Hierarchy(path=mount.target, version=1, controllers=controllers, root=mount.root)


def groups_of(text: str, cgroups: Cgroups) -> dict[str, str]:
    """From the content of ``/proc/PID/cgroup``: path of the hierarchy -> group."""
    groups = {}
    # Only this ends a line: a container's root may name its groups by whatever else Python takes for an end.
    for line in text.split("\n"):
        if not line:
            continue
        _number, names, group = line.split(":", 2)
        for hierarchy in cgroups.hierarchies:
            same = set(names.split(",")) == set(hierarchy.controllers) if names else hierarchy.version == 2
            if same and (names == "") == (hierarchy.version == 2):
                groups[hierarchy.path] = group[: -len(" (deleted)")] if group.endswith(" (deleted)") else group
    return groups


def groups_of_process(pid: int, cgroups: Cgroups) -> dict[str, str]:
    """Path of the hierarchy -> group of the process; empty when there is no such process any more."""
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
            return groups_of(stream.read(), cgroups)
    except (FileNotFoundError, ProcessLookupError):
        return {}


def read(path: str) -> tuple[str, ...] | None:
    """The lines of a file without blank ones; None where there is no such file, or it cannot be read."""
    try:
        # A process calls itself what it likes, and that need be no UTF-8.
        with open(path, encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            return tuple(line.strip() for line in stream.read().split("\n") if line.strip())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return None


def write(path: str, texts: Sequence[str]) -> None:
    """Write each text by one write(2), as the kernel's cgroup files want it. OSError as the kernel says it."""
    for text in texts:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)


def number(path: str) -> int | None:
    """The one number in a file; None where there is none."""
    lines = read(path)
    return int(lines[0]) if lines and lines[0].isdigit() else None


def children(directory: str) -> list[str]:
    """The groups right below, as directories, sorted; empty when the directory is gone, or too deep for a path."""
    try:
        with os.scandir(directory) as entries:
            return sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
            return []
        raise


def descendants(directory: str) -> list[str]:
    """All groups below, each before the one that it is in."""
    found = [directory]
    # Not by recursion: a container's root may nest its groups deeper than that goes.
    for above in found:
        found += children(above)
    return found[:0:-1]


def knows_file(hierarchy: Hierarchy, file: str) -> bool | None:
    """Whether groups of the hierarchy have that file; None: no group of it is there to look at.

    Files that limit are absent from the root group, and on v2 where the parent does not pass the controller on.
    """
    prefix = file.partition(".")[0] + "."
    limiting = [] if hierarchy.root == "/" else [_names(hierarchy.path)]
    limiting += [_names(path) for path in children(hierarchy.path)]
    samples = [names for names in limiting if any(name.startswith(prefix) for name in names)]
    return any(file in names for names in samples) if samples else None


def _names(directory: str) -> frozenset[str]:
    """What is in a group; other containers' groups come and go, and one that is gone holds nothing."""
    try:
        return frozenset(os.listdir(directory))
    except OSError:
        return frozenset()


def processes(directory: str) -> list[int]:
    """The processes in the group itself."""
    return [int(line) for line in read(f"{directory}/cgroup.procs") or ()]


def explain(error: OSError, what: str) -> HostError:
    """A sentence for a write that the kernel refused."""
    return HostError(f"Failed to {what}: the kernel refused it: {error.strerror}")
