# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A container of liblxc, method by method. Made by ``LibLxc.container``.

None of the methods tells why it failed: only liblxc's log does. Where a negative errno is returned, LXC 4.0 says -1.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from ctypes import POINTER, addressof, byref, c_uint64, string_at
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
    LxcConsoleLog,
    LxcMount,
    LxcSnapshot,
)

CREATE_QUIET = 1
CLONE_KEEPNAME = 1
CLONE_KEEPMACADDR = 2
CLONE_SNAPSHOT = 4
CLONE_KEEPBDEVTYPE = 8
CLONE_MAYBE_SNAPSHOT = 16
CLONE_ALLOW_RUNNING = 64
MNT_DETACH = 2


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


class Handle(BaseHandle):
    """A container. Methods that liblxc declares ``bool`` return False for every failure."""

    def start(self, *, argv: Sequence[str] = (), daemonize: bool = True, close_fds: bool = False) -> bool:
        """Start it, with ``argv`` in the place of ``lxc.init.cmd`` if given. True is no proof that it stays up.

        Moves the calling process into the container's monitor cgroup and leaves it there; can block for ever.
        """
        if not self._call("want_daemonize", daemonize) or not self._call("want_close_all_fds", close_fds):
            return False
        return bool(self._call("start", 0, argv_of(argv)))

    def stop(self) -> bool:
        """Kill it. True for a stopped one. Blocks until it is down."""
        return bool(self._call("stop"))

    def shutdown(self, timeout: int) -> bool:
        """Send ``lxc.signal.halt`` and wait. ``timeout`` in seconds; -1: for ever, 0: do not wait. False: still up."""
        return bool(self._call("shutdown", timeout))

    def reboot2(self, timeout: int) -> bool:
        """Send ``lxc.signal.reboot`` and wait. ``timeout`` in seconds; -1: for ever, 0: do not wait.

        False: still the old init. True is no proof with 0, nor for a stopped container: see whether init is another.
        """
        return bool(self._call("reboot2", timeout))

    def freeze(self) -> bool:
        """Freeze all its processes."""
        return bool(self._call("freeze"))

    def unfreeze(self) -> bool:
        """Thaw it."""
        return bool(self._call("unfreeze"))

    def set_timeout(self, timeout: int) -> bool:
        """How many seconds to wait for the monitor's answers from now on (LXC 6.0 and later)."""
        return bool(self._call("set_timeout", timeout))

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

    def mount(
        self, *, source: str | None, target: str, fstype: str | None = None, flags: int = 0, data: str | None = None
    ) -> int:
        """Mount into the running container. 0 if it worked, else negative.

        The handle's configuration, and the container's when it was started, need ``lxc.mount.auto = shmounts:...``.
        ``source`` must exist on the host; None for a file system that has none. ``flags`` are those of mount(2), of
        which a bind mount does not obey ``MS_RDONLY``. Beware: a file at ``target`` is deleted.
        """
        arguments = (encode_or_null(source), encode(target), encode_or_null(fstype), flags, encode_or_null(data))
        return int(self._call("mount", *arguments, byref(LxcMount(version=1))))

    def umount(self, *, target: str, flags: int = 0) -> int:
        """Unmount in the running container. 0 if it worked; 1, or a negative number, if not."""
        return int(self._call("umount", encode(target), flags, byref(LxcMount(version=1))))

    def console_log(self, *, read: bool = True, clear: bool = False, read_max: int = 0) -> tuple[int, bytes]:
        """Read the console's ring buffer, which consumes what is read, or clear it.

        ``read_max`` in bytes, 0: all. Returns 0 with the bytes, or a negative errno: ``EFAULT`` no buffer is
        configured, ``ENODATA`` it is empty, ``ECONNREFUSED`` the container is stopped.
        """
        size = c_uint64(read_max)
        log = LxcConsoleLog(clear=clear, read=read, read_max=POINTER(c_uint64)(size), data=None)
        result = int(self._call("console_log", byref(log)))
        if not log.data:
            return result, b""
        try:
            return result, string_at(log.data, size.value) if result == 0 else b""
        finally:
            self._library.free(log.data)

    def init_pidfd(self) -> int:
        """A pidfd of init, which the caller closes; or a negative errno (``ECONNREFUSED``: stopped)."""
        return int(self._call("init_pidfd"))

    def devpts_fd(self) -> int:
        """An ``O_PATH`` descriptor of its devpts mount, which the caller closes; or a negative errno."""
        return int(self._call("devpts_fd"))

    def seccomp_notify_fd(self) -> int:
        """The notify descriptor of this very handle, if it started the container; else a negative errno."""
        return int(self._call("seccomp_notify_fd"))

    def seccomp_notify_fd_active(self) -> int:
        """The running container's notify descriptor, which the caller closes; or a negative errno (``EBADF``: none)."""
        return int(self._call("seccomp_notify_fd_active"))

    def get_cgroup_item(self, name: str) -> str | None:
        """The content of a file of the container's (inner) cgroup, newline included. None if it cannot be read."""
        return self._sized("get_cgroup_item", name)

    def set_cgroup_item(self, name: str, value: str) -> bool:
        """Write to a file of the container's (inner) cgroup."""
        return bool(self._call("set_cgroup_item", encode(name), encode(value)))

    def add_device_node(self, src_path: str, dest_path: str | None = None) -> bool:
        """Make the host's device node in the running container, at the same path, and allow its use.

        Beware: with ``dest_path``, it is the host's node at ``dest_path`` that liblxc looks at and copies.
        """
        return bool(self._call("add_device_node", encode(src_path), encode_or_null(dest_path)))

    def remove_device_node(self, src_path: str, dest_path: str | None = None) -> bool:
        """Take the device node away from the running container, and deny its use."""
        return bool(self._call("remove_device_node", encode(src_path), encode_or_null(dest_path)))

    def attach_interface(self, device: str, name: str | None = None) -> bool:
        """Move the host's interface into the running container, there called ``name``."""
        return bool(self._call("attach_interface", encode(device), encode_or_null(name)))

    def detach_interface(self, device: str, name: str | None = None) -> bool:
        """Move the container's interface back to the host, there called ``name``."""
        return bool(self._call("detach_interface", encode(device), encode_or_null(name)))


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
