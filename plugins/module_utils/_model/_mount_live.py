# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Is a line of the mount table the mount that a task declares? Pure comparisons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.community.lxc.plugins.module_utils._model import _mountinfo
from ansible_collections.community.lxc.plugins.module_utils._model._mount import Mount
from ansible_collections.community.lxc.plugins.module_utils._model._mount_options import MOUNT_FLAGS, PROPAGATIONS
from ansible_collections.community.lxc.plugins.module_utils._model._mountinfo import MountPoint, MountTable

_SIZE = re.compile(r"(\d+)([kmgtpe%]?)", re.IGNORECASE)
_UNITS = {unit: 1024**power for power, unit in enumerate(("", "k", "m", "g", "t", "p", "e"))}

NAMESPACED = frozenset(("proc", "sysfs", "mqueue", "cgroup", "cgroup2", "binfmt_misc", "nfsd", "rpc_pipefs"))
"""File systems that show the namespaces of whoever mounts them: made from outside, they would show the host's."""


@dataclass(frozen=True)
class Source:
    """A path of the host: what a bind mount of it would show.

    ``identity`` is device and directory, ``below`` the same for each mount below it, by its path from there;
    ``inherited`` are the mount options that a bind mount takes over. ``kind`` is ``dir`` or ``file``.
    """

    kind: str
    identity: tuple[str, str]
    inherited: frozenset[str] = frozenset()
    below: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """A mount and what is known of it on the host.

    ``source`` is None for anything but a bind mount of something that exists. ``device`` is the ``major:minor`` of a
    file system's block device. ``more`` are options that the container's user namespace adds. ``memory`` is the
    host's, in bytes, of which ``size=50%`` speaks; ``page`` what the kernel rounds sizes to.
    """

    mount: Mount
    source: Source | None = None
    device: str = ""
    more: tuple[str, ...] = ()
    memory: int = 0
    page: int = 4096

    @property
    def kind(self) -> str:
        """What kind of mount point it needs."""
        return self.source.kind if self.source else "dir"


def differences(wanted: Wanted, point: MountPoint, table: MountTable) -> tuple[str, ...]:
    """In what the mount is not the wanted one; empty: it is the one.

    ``source``, ``fstype``, ``data`` (the file system's own options) and ``idmap`` make it another mount; ``options``
    (flags, access times, propagation) can be changed where they are.
    """
    found = _what(wanted, point, table)
    if not found and not wanted.mount.is_bind and _data_differ(wanted, point):
        found = ["data"]
    if _idmap_differs(wanted, point):
        found = [*found, "idmap"]
    return tuple([*found, "options"] if _options_differ(wanted, point) else found)


def _what(wanted: Wanted, point: MountPoint, table: MountTable) -> list[str]:
    if wanted.mount.is_bind:
        same = wanted.source is not None and wanted.source.identity == point.identity
        return [] if same and _has_below(wanted, point, table) else ["source"]
    if wanted.mount.fstype != point.fstype:
        return ["fstype"]
    if point.root != "/":
        return ["source"]
    if wanted.device:
        return [] if wanted.device == point.device or wanted.mount.source == point.source else ["source"]
    # What stands for the source of a file system without a device is a mere name, unless it is an address.
    return ["source"] if ":" in wanted.mount.source and wanted.mount.source != point.source else []


def _has_below(wanted: Wanted, point: MountPoint, table: MountTable) -> bool:
    if wanted.source is None or not wanted.mount.options.recursive:
        return True
    below = {
        child.target[len(point.target) :].lstrip("/"): child.identity for child in _mountinfo.children(table, point)
    }
    return all(below.get(path) == identity for path, identity in wanted.source.below.items())


def final_flags(wanted: Wanted) -> frozenset[str]:
    """The flags of the mount in the end, with those that a bind mount takes over from its source."""
    inherited = wanted.source.inherited if wanted.source else frozenset()
    return frozenset(flag for flag in MOUNT_FLAGS if flag in wanted.mount.options.flags or flag in inherited)


def final_access_time(wanted: Wanted) -> str:
    """Likewise for access times; empty where the file system may have what it likes."""
    if wanted.mount.options.access_time or wanted.source is None:
        return wanted.mount.options.access_time
    return next((word for word in ("noatime", "relatime") if word in wanted.source.inherited), "strictatime")


def _options_differ(wanted: Wanted, point: MountPoint) -> bool:
    options, there = wanted.mount.options, set(point.options)
    if not wanted.mount.is_bind and "ro" in point.super_options:
        there.add("ro")
    return (
        final_flags(wanted) != there & set(MOUNT_FLAGS)
        or _access_time_differs(final_access_time(wanted), there)
        or _propagation_differs(options.propagation, point)
    )


def _idmap_differs(wanted: Wanted, point: MountPoint) -> bool:
    if wanted.source and "idmapped" in wanted.source.inherited:
        return False
    return bool(wanted.mount.options.idmap) != ("idmapped" in point.options)


def _access_time_differs(wanted: str, there: set[str]) -> bool:
    if wanted == "strictatime":
        return bool(there & {"noatime", "relatime"})
    return bool(wanted) and wanted not in there


def _propagation_differs(wanted: str, point: MountPoint) -> bool:
    kinds = {tag.partition(":")[0] for tag in point.tags}
    if wanted not in PROPAGATIONS:
        return False
    return {
        "shared": "shared" not in kinds,
        "slave": "shared" in kinds,
        "private": bool(kinds & {"shared", "master"}),
        "unbindable": "unbindable" not in kinds,
    }[wanted.removeprefix("r")]


def _data_differ(wanted: Wanted, point: MountPoint) -> bool:
    shown = dict(_split(word) for word in point.super_options)
    if "ro" in shown and "ro" not in wanted.mount.options.flags:
        return True
    defaults = _hidden(point.fstype, wanted)
    wants = dict(map(_split, (*wanted.mount.options.data, *wanted.more)))
    if point.fstype == "tmpfs" and "nr_blocks" in wants:
        blocks = int(_normal("nr_blocks", wants.pop("nr_blocks"), wanted))
        wants.setdefault("size", str(blocks * wanted.page))
    for key, value in wants.items():
        there = shown.get(key, defaults.get(key))
        if there is not None and _normal(key, there, wanted) != _normal(key, value, wanted):
            return True
    # What the file system shows and nobody wants: only what is known to be hidden by default can tell.
    return any(
        key in shown and key not in wants and _normal(key, shown[key], wanted) != default
        for key, default in defaults.items()
        if key not in _HOST_DECIDES
    )


def _hidden(fstype: str, wanted: Wanted) -> dict[str, str]:
    """Options that a file system does not show as long as they have these values."""
    if fstype != "tmpfs":
        return {}
    half = wanted.memory // wanted.page // 2
    sizes = {"size": str(half * wanted.page), "nr_inodes": str(half)}
    return {**sizes, "mode": "1777", "uid": "0", "gid": "0", "huge": "never", "noswap": "no"}


_HOST_DECIDES = ("huge",)
"""What these are by default can be told to the kernel when it starts."""


def _split(word: str) -> tuple[str, str]:
    key, dummy, value = word.partition("=")
    return key, value


def _normal(key: str, value: str, wanted: Wanted) -> str:
    """One spelling of a value; sizes in bytes, in whole pages, as the kernel has them."""
    if key == "mode":
        return value.lstrip("0") or "0"
    match = _SIZE.fullmatch(value)
    if not match:
        return value
    number, unit = int(match[1]), match[2].lower()
    number = wanted.memory * number // 100 if unit == "%" else number * _UNITS[unit]
    return str(-(-number // wanted.page) * wanted.page if key == "size" else number)


def host_path(table: Sequence[MountPoint], identity: tuple[str, str]) -> str:
    """Where on the host (``table`` is its mount table) a device's directory can be seen; empty: nowhere."""
    device, root = identity
    for point in table:
        inside = point.root.rstrip("/")
        if point.device == device and (root == point.root or root.startswith(inside + "/")):
            return (point.target.rstrip("/") + root[len(inside) :]).rstrip("/") or "/"
    return ""
