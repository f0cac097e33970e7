# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A container's snapshots, as liblxc keeps them: ``NAME/snaps/snapN`` with a copy of the configuration."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, parse
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import _child
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_SECONDS = 3600.0
_NAME = re.compile(r"snap[0-9]+")


@dataclass(frozen=True)
class Snapshot:
    """``created`` as liblxc wrote it, in local time: ``2026:11:21 23:21:13``; it is not part of what is compared.

    It is empty as long as the snapshot is not finished, and for ever if whoever made it was killed.
    """

    name: str
    comment: str
    created: str


def directory(ref: ContainerRef, name: str) -> str:
    return f"{ref.directory}/snaps/{name}"


def snapshots(ref: ContainerRef) -> tuple[Snapshot, ...]:
    """In the order of their numbers."""
    try:
        names = os.listdir(f"{ref.directory}/snaps")
    except OSError:
        return ()
    dropped = half_made(ref)
    there = [name for name in names if name != dropped and os.path.exists(f"{directory(ref, name)}/config")]
    return tuple(
        Snapshot(name, _text(f"{directory(ref, name)}/comment"), _text(f"{directory(ref, name)}/ts"))
        for name in sorted(there, key=lambda name: [int(x) if x.isdigit() else x for x in re.split(r"(\d+)", name)])
    )


def _text(path: str) -> str:
    try:
        # With its carriage returns, which a comment may hold.
        with open(path, encoding="utf-8", errors="replace", newline="") as stream:
            return stream.read().rstrip("\n")
    except OSError:
        return ""


def next_name(ref: ContainerRef) -> str:
    """The name that liblxc will choose: the first of which there is nothing, once what is half made has gone."""
    try:
        taken = set(os.listdir(f"{ref.directory}/snaps"))
    except OSError:
        taken = set()
    taken.discard(half_made(ref))
    return next(name for name in (f"snap{number}" for number in range(len(taken) + 1)) if name not in taken)


def config_of(ref: ContainerRef, name: str) -> Document:
    """The configuration in the snapshot."""
    try:
        with open(f"{directory(ref, name)}/config", "rb") as stream:
            return parse(stream.read().decode("utf-8", errors="surrogateescape"))
    except OSError as error:
        raise HostError(f"Failed to read the configuration of snapshot {name} of {ref}: {error}") from error


def storage(document: Document) -> str:
    """The type of the root file system: ``dir``, ``overlay``, ``btrfs``, ..."""
    values = document.values("lxc.rootfs.path")
    kind, colon, _rest = (values[-1] if values else "").partition(":")
    return kind if colon else "dir"


def require_tools(document: Document, *, in_place: bool = False) -> None:
    """InvalidInput where a program is missing that liblxc, or an exchange in place, would call half-way."""
    kind = storage(document)
    if kind in ("dir", "overlay", "overlayfs") and not shutil.which("rsync"):
        raise InvalidInput(f"rsync is not installed on the managed host, and storage of type {kind} is copied with it")
    if kind == "btrfs" and in_place and not shutil.which("btrfs"):
        raise InvalidInput("btrfs is not installed on the managed host (package btrfs-progs), and it is needed here")


def create(ref: ContainerRef, comment: str, *, expected: str) -> None:
    """Make a snapshot of a stopped container. HostError leaves none behind."""

    def work() -> int:
        from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc

        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".comment") as file:
            file.write(comment)
            file.flush()
            with _liblxc.load().container(ref.name, ref.lxc_path) as container:
                return container.snapshot(file.name if comment else None)

    with open(_marker(ref), "w", encoding="ascii") as stream:
        stream.write(expected)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        done = _child.run(work, what=f"make a snapshot of {ref}", timeout=_SECONDS, log=ref)
        if done.value < 0:
            raise HostError(f"Failed to make a snapshot of {ref}", lxc_log=done.lxc_log)
    finally:
        drop_half_made(ref)


def _marker(ref: ContainerRef) -> str:
    return f"{ref.directory}/.community.lxc.snapshot"


def half_made(ref: ContainerRef) -> str:
    """The name of the snapshot that a killed run of ours has left unfinished; empty for none."""
    name = _text(_marker(ref))
    place = directory(ref, name)
    return name if _NAME.fullmatch(name) and os.path.isdir(place) and not os.path.exists(f"{place}/ts") else ""


def drop_half_made(ref: ContainerRef) -> None:
    """Remove a snapshot that was begun by us and is not finished. One that somebody else is making stays."""
    name = half_made(ref)
    if name:
        shutil.rmtree(directory(ref, name), ignore_errors=True)
    os.unlink(_marker(ref))


def destroy(ref: ContainerRef, name: str) -> None:
    """Remove a snapshot."""

    def work() -> bool:
        from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc

        with _liblxc.load().container(ref.name, ref.lxc_path) as container:
            return container.snapshot_destroy(name)

    done = _child.run(work, what=f"remove snapshot {name} of {ref}", timeout=_SECONDS, log=ref)
    if not done.value:
        raise HostError(f"Failed to remove snapshot {name} of {ref}", lxc_log=done.lxc_log)


def restore_as(ref: ContainerRef, name: str, new: ContainerRef) -> None:
    """Make a new container from a snapshot. What a failure leaves is the caller's affair."""

    def work() -> bool:
        from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc

        with _liblxc.load().container(ref.name, ref.lxc_path) as container:
            return container.snapshot_restore(name, new.name)

    what = f"restore snapshot {name} of {ref} as {new.name!r}"
    done = _child.run(work, what=what, timeout=_SECONDS, log=ref)
    if not done.value:
        raise HostError(f"Failed to {what}", lxc_log=done.lxc_log)
