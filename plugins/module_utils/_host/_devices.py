# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Device nodes that belong to a container, in a directory beside its root file system, out of its reach."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Mapping
from urllib.parse import quote

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._device import Node
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_NODEV = 4  # ST_NODEV
_ADDED = ".added"


def own_path(ref: ContainerRef, target: str) -> str:
    """Where the container's node for the target is."""
    return f"{ref.directory}/devices/{quote(target, safe='')}"


def read(path: str) -> Node | None:
    """The node there; None where there is none. A link is not followed."""
    try:
        return _node(os.lstat(path))
    except FileNotFoundError:
        return None


def _node(info: os.stat_result) -> Node | None:
    if not stat.S_ISCHR(info.st_mode) and not stat.S_ISBLK(info.st_mode):
        return None
    return Node(
        kind="c" if stat.S_ISCHR(info.st_mode) else "b",
        major=os.major(info.st_rdev),
        minor=os.minor(info.st_rdev),
        owner=info.st_uid,
        group=info.st_gid,
        mode=stat.S_IMODE(info.st_mode),
    )


def of_host(path: str) -> Node:
    """The host's device node, through the host's own links. InvalidInput if there is none."""
    try:
        found = _node(os.stat(path))
    except OSError as error:
        raise InvalidInput(f"path: {path} is not there on the managed host: {error.strerror}") from error
    if found is None:
        raise InvalidInput(f"path: {path} is not a device node")
    return found


def check_place(ref: ContainerRef) -> None:
    """InvalidInput where a node in the container's directory could not be used."""
    if os.statvfs(ref.directory).f_flag & _NODEV:
        raise InvalidInput(
            f"{ref.directory} is on a file system that is mounted with nodev, where no device node works"
        )


def put(path: str, node: Node) -> None:
    """Make the node, or give the one that is there its owner and mode. What has it mounted sees that at once."""
    directory = os.path.dirname(path)
    os.makedirs(directory, mode=0o711, exist_ok=True)
    os.chmod(directory, 0o711)
    found = read(path)
    if found is not None and found.device == node.device:
        _dress(path, node)
        return
    with tempfile.TemporaryDirectory(prefix=".new.", dir=directory) as scratch:
        fresh = f"{scratch}/node"
        kind = stat.S_IFCHR if node.kind == "c" else stat.S_IFBLK
        try:
            os.mknod(fresh, 0o600 | kind, os.makedev(node.major, node.minor))
        except OSError as error:
            raise HostError(f"Failed to make a device node in {directory}: {error}") from error
        _dress(fresh, node)
        os.rename(fresh, path)


def _dress(path: str, node: Node) -> None:
    os.chown(path, node.owner, node.group, follow_symlinks=False)
    os.chmod(path, node.mode)


def remove(path: str) -> None:
    """Remove the node, and what is remembered of a device that no other one is for."""
    directory = os.path.dirname(path)
    os.unlink(path)
    old, used = _added(directory), _used(directory)
    _remember(directory, old, {device: access for device, access in old.items() if device in used})
    try:
        os.rmdir(directory)
    except OSError:
        return  # others are there


def used(ref: ContainerRef, *, but: str) -> frozenset[str]:
    """The devices of all of the container's nodes but the one there."""
    return _used(f"{ref.directory}/devices", but=but)


def _used(directory: str, *, but: str = "") -> frozenset[str]:
    try:
        paths = {f"{directory}/{name}" for name in os.listdir(directory)} - {but}
    except FileNotFoundError:
        return frozenset()
    return frozenset(node.device for node in map(read, paths) if node is not None)


def added(ref: ContainerRef) -> dict[str, str]:
    """What the device cgroup allows because of the nodes, and would not otherwise: device -> some of ``rwm``."""
    return _added(f"{ref.directory}/devices")


def _added(directory: str) -> dict[str, str]:
    try:
        with open(f"{directory}/{_ADDED}", encoding="ascii") as stream:
            told: dict[str, str] = json.load(stream)
    except FileNotFoundError:
        return {}
    return told


def remember(ref: ContainerRef, devices: Mapping[str, str]) -> None:
    """Write down what ``added`` then tells."""
    _remember(f"{ref.directory}/devices", added(ref), devices)


def _remember(directory: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    path = f"{directory}/{_ADDED}"
    if not new:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    elif new != old:
        with open(f"{path}.new", "w", encoding="ascii") as stream:
            json.dump(new, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(f"{path}.new", path)
