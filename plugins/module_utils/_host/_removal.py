# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Remove a container, and nothing that is not the container's own."""

from __future__ import annotations

import contextlib
import os
import shutil

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._config._rules import salvage
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, LxcError
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _cgroup_leftovers,
    _child,
    _config_file,
    _config_includes,
    _mounts,
    _snapshot_restore,
)
from ansible_collections.community.lxc.plugins.module_utils._host._binding import handle
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_DESTROY_SECONDS = 900.0


def snapshot_names(ref: ContainerRef) -> tuple[str, ...]:
    """The container's snapshots, by name."""
    directory = f"{ref.directory}/snaps"
    if not os.path.isdir(directory):
        return ()
    return tuple(sorted(name for name in os.listdir(directory) if os.path.exists(f"{directory}/{name}/config")))


def dependants(ref: ContainerRef) -> tuple[str, ...]:
    """The snapshot clones that still stand on this container's root file system (liblxc's ``lxc_snapshots`` file)."""
    try:
        with open(f"{ref.directory}/lxc_snapshots", encoding="utf-8", errors="surrogateescape") as stream:
            fields = [field for field in stream.read().replace("\0", "\n").split("\n") if field]
    except OSError:
        return ()
    pairs = zip(fields[::2], fields[1::2])
    return tuple(name for path, name in pairs if os.path.exists(f"{path}/{name}/config"))


def foreign_rootfs(ref: ContainerRef, document: Document) -> str:
    """The root file system that is to stay when the container goes, or the empty string.

    That is one that LXC is told not to manage, and one in a directory outside of the container's own.
    """
    path = _config_includes.last_value(document, "lxc.rootfs.path")
    kind, colon, rest = path.partition(":")
    place = rest if colon else path
    if _config_includes.last_value(document, "lxc.rootfs.managed") == "0":
        return place
    if (colon and kind != "dir") or not os.path.isdir(place):
        return ""
    return "" if is_inside(ref, place) else place


def is_inside(ref: ContainerRef, path: str) -> bool:
    """Whether a path lies in the container's own directory."""
    return os.path.realpath(path).startswith(os.path.realpath(ref.directory) + "/")


def refuse_mounts(ref: ContainerRef, document: Document) -> None:
    """HostError where something is mounted in the container's directory: its files would be removed as well.

    Where LXC itself keeps a root file system mounted (zfs), it also takes that mount away.
    """
    kind, _colon, rest = _config_includes.last_value(document, "lxc.rootfs.path").partition(":")
    own = os.path.realpath(rest) if kind == "zfs" else None
    inside = [target for target in _mounts.below(ref.directory) if target != own]
    if inside:
        raise HostError(f"{ref} cannot be removed: {', '.join(inside)} is mounted in its directory; unmount it first")


def destroy(ref: ContainerRef, document: Document, *, force: bool) -> None:
    """Remove a stopped container. ``force`` takes its snapshots along.

    A foreign root file system stays. A configuration that no longer parses is first reduced to what says where the
    container's files are.
    """
    refuse_mounts(ref, document)
    with contextlib.suppress(FileNotFoundError):
        # A killed lxc-create leaves it, and liblxc destroys what has it in the middle of being looked at.
        os.unlink(f"{ref.directory}/partial")
    _cgroup_leftovers.tidy_absent(ref)
    stays = bool(foreign_rootfs(ref, document))
    if stays or not _loads(ref):
        reduce(ref, document, with_rootfs=not stays)
    _child.run(lambda: _destroy(ref, force), what=f"remove {ref}", timeout=_DESTROY_SECONDS, log=ref)
    if os.path.lexists(ref.config_file):
        raise HostError(f"Failed to remove {ref}: liblxc reports success, and its configuration is still there")
    _snapshot_restore.forget(ref)


def reduce(ref: ContainerRef, document: Document, *, with_rootfs: bool = True) -> None:
    """Write a configuration that says no more than where the container's files are, so that liblxc can load it."""
    entries = _config_includes.expand(document, _config_includes.read(document))
    _config_file.write(ref, salvage(entries, with_rootfs=with_rootfs))


def _loads(ref: ContainerRef) -> bool:
    try:
        handle(ref)
    except HostError:
        return False
    return True


def _destroy(ref: ContainerRef, force: bool) -> None:
    from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc

    with _liblxc.load().container(ref.name, ref.lxc_path) as container:
        # liblxc fails where there are none to take along.
        done = container.destroy_with_snapshots() if force and snapshot_names(ref) else container.destroy()
        if not done:
            raise HostError(f"Failed to remove {ref}")


def remove_half_made(ref: ContainerRef) -> None:
    """Remove what a failed or killed creation left: the container never ran, so nothing of anyone's is in it."""
    document = _config_file.read(ref)
    if document is not None:
        with contextlib.suppress(LxcError):
            destroy(ref, document, force=True)
    if os.path.isdir(ref.directory) and not os.path.islink(ref.directory):
        refuse_mounts(ref, Document())
        shutil.rmtree(ref.directory)
