# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A container of liblxc on disk: how it is made, copied, snapshotted and removed. A part of ``Handle``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from ctypes import POINTER, addressof, byref
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_base import (
    BaseHandle,
    argv_of,
    encode,
    encode_or_null,
)
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_struct import (
    RBDUSER_SINCE,
    BdevSpecsStruct,
    LxcSnapshot,
)

CREATE_QUIET = 1
CLONE_KEEPNAME = 1
CLONE_KEEPMACADDR = 2
CLONE_SNAPSHOT = 4
CLONE_KEEPBDEVTYPE = 8
CLONE_MAYBE_SNAPSHOT = 16
CLONE_ALLOW_RUNNING = 64


@dataclass(frozen=True)
class BdevSpecs:
    """What a backing store is made with. ``fssize`` in bytes; ``rbduser`` since LXC 7.0. None and 0: the default."""

    fstype: str | None = None
    fssize: int = 0
    zfsroot: str | None = None
    vg: str | None = None
    lv: str | None = None
    thinpool: str | None = None
    dir: str | None = None
    rbdname: str | None = None
    rbdpool: str | None = None
    rbduser: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """An entry of ``snapshot_list``. ``timestamp`` as liblxc wrote it: ``2026:11:21 23:21:13``."""

    name: str
    comment_pathname: str | None
    timestamp: str | None
    lxcpath: str


class StoredHandle(BaseHandle):
    """The methods about a stopped container's files. All can take as long as the files are large."""

    def create(
        self,
        *,
        template: str | None = None,
        bdevtype: str | None = None,
        specs: BdevSpecs | None = None,
        flags: int = 0,
        argv: Sequence[str] = (),
    ) -> bool:
        """Make the container's directory, its backing store and its root file system, by a template's name or path.

        No template: only what is in memory is written, and no root file system made. LXC 4.0 ends the calling process
        if there is no such template.
        """
        if specs and specs.rbduser and self._library.version_info < RBDUSER_SINCE:
            raise HostError(f"liblxc {self._library.version} knows no rbduser: it came with 7.0.0")
        return bool(
            self._call(
                "create",
                encode_or_null(template),
                encode_or_null(bdevtype),
                None if specs is None else byref(_specs_struct(specs)),
                flags,
                argv_of(argv),
            )
        )

    def clone(
        self,
        *,
        newname: str,
        lxcpath: str | None = None,
        flags: int = 0,
        bdevtype: str | None = None,
        bdevdata: str | None = None,
        newsize: int = 0,
        hookargs: Sequence[str] = (),
    ) -> bool:
        """Copy it, or with ``CLONE_SNAPSHOT`` snapshot it, to ``newname`` in ``lxcpath``. ``newsize`` in bytes."""
        pointer = self._call(
            "clone",
            encode(newname),
            encode_or_null(lxcpath),
            flags,
            encode_or_null(bdevtype),
            encode_or_null(bdevdata),
            newsize,
            argv_of(hookargs),
        )
        if pointer:
            self._library.put(pointer)
        return bool(pointer)

    def rename(self, newname: str) -> bool:
        """Rename a stopped container. This handle then stands for the old name."""
        return bool(self._call("rename", encode(newname)))

    def destroy(self) -> bool:
        """Remove a stopped container without snapshots, its root file system with it."""
        return bool(self._call("destroy"))

    def destroy_with_snapshots(self) -> bool:
        """Remove a stopped container and its snapshots."""
        return bool(self._call("destroy_with_snapshots"))

    def snapshot(self, commentfile: str | None = None) -> int:
        """Make the snapshot ``snapN`` of a stopped container and return N; negative: it failed."""
        return int(self._call("snapshot", encode_or_null(commentfile)))

    def snapshot_list(self) -> list[Snapshot]:
        """Its snapshots, in no order. ``HostError`` if they cannot be listed, as those of an undefined container."""
        array = POINTER(LxcSnapshot)()
        count = int(self._call("snapshot_list", byref(array)))
        if count < 0:
            raise HostError(f"liblxc cannot list the snapshots of container {self.name!r} in {self.lxcpath}")
        found = []
        for index in range(count):
            found.append(_snapshot(array[index]))
            array[index].free(addressof(array[index]))
        if count:
            self._library.free(array)
        return found

    def snapshot_restore(self, name: str, newname: str | None = None) -> bool:
        """Make ``newname`` from the snapshot, or put it in this container's own place."""
        return bool(self._call("snapshot_restore", encode(name), encode_or_null(newname)))

    def snapshot_destroy(self, name: str) -> bool:
        """Remove one snapshot."""
        return bool(self._call("snapshot_destroy", encode(name)))

    def snapshot_destroy_all(self) -> bool:
        """Remove all its snapshots."""
        return bool(self._call("snapshot_destroy_all"))


def _specs_struct(specs: BdevSpecs) -> BdevSpecsStruct:
    return BdevSpecsStruct(
        fstype=encode_or_null(specs.fstype),
        fssize=specs.fssize,
        zfsroot=encode_or_null(specs.zfsroot),
        vg=encode_or_null(specs.vg),
        lv=encode_or_null(specs.lv),
        thinpool=encode_or_null(specs.thinpool),
        dir=encode_or_null(specs.dir),
        rbdname=encode_or_null(specs.rbdname),
        rbdpool=encode_or_null(specs.rbdpool),
        rbduser=encode_or_null(specs.rbduser),
    )


def _snapshot(entry: LxcSnapshot) -> Snapshot:
    def text(value: bytes | None) -> str | None:
        return None if value is None else os.fsdecode(value)

    return Snapshot(
        name=os.fsdecode(entry.name),
        comment_pathname=text(entry.comment_pathname),
        timestamp=text(entry.timestamp),
        lxcpath=os.fsdecode(entry.lxcpath),
    )
