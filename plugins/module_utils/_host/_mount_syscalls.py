# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The kernel's mount calls, bound once: nothing in here looks a name up or opens a library when it is called.

Every call takes and gives integers and bytes, and returns what the kernel does: a result, or minus the error number.
So they can be used in a child process inside a container's mount namespace, where Python's own machinery for errors
must not run. Source: mount_setattr(2), open_tree(2), move_mount(2), fsopen(2), openat2(2), statx(2).
"""

from __future__ import annotations

import functools
from ctypes import (
    CDLL,
    Structure,
    addressof,
    byref,
    c_char_p,
    c_int,
    c_long,
    c_uint,
    c_uint32,
    c_uint64,
    c_ulong,
    get_errno,
    sizeof,
)
from typing import Any

# These numbers are the same on every architecture that LXC runs on.
_NR_OPEN_TREE = 428
_NR_MOVE_MOUNT = 429
_NR_FSOPEN = 430
_NR_FSCONFIG = 431
_NR_FSMOUNT = 432
_NR_OPENAT2 = 437
_NR_MOUNT_SETATTR = 442

AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
AT_REMOVEDIR = 0x200
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000

O_RDONLY = 0
O_WRONLY = 0o1
O_CREAT = 0o100
O_EXCL = 0o200
O_CLOEXEC = 0o2000000
O_PATH = 0o10000000

OPEN_TREE_CLONE = 1
OPEN_TREE_CLOEXEC = O_CLOEXEC
MOVE_MOUNT_F_EMPTY_PATH = 0x4
MOVE_MOUNT_T_EMPTY_PATH = 0x40

FSOPEN_CLOEXEC = 1
FSMOUNT_CLOEXEC = 1
FSCONFIG_SET_FLAG = 0
FSCONFIG_SET_STRING = 1
FSCONFIG_CMD_CREATE = 6

RESOLVE_NO_XDEV = 0x01
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_NO_SYMLINKS = 0x04
RESOLVE_BENEATH = 0x08
RESOLVE_IN_ROOT = 0x10

ATTR_RDONLY = 0x1
ATTR_NOSUID = 0x2
ATTR_NODEV = 0x4
ATTR_NOEXEC = 0x8
ATTR_ATIME_MASK = 0x70
ATTR_NOATIME = 0x10
ATTR_STRICTATIME = 0x20
ATTR_NODIRATIME = 0x80
ATTR_IDMAP = 0x100000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_SYNCHRONOUS = 16
MS_REMOUNT = 32
MS_MANDLOCK = 64
MS_DIRSYNC = 128
MS_NOATIME = 1024
MS_NODIRATIME = 2048
MS_BIND = 4096
MS_REC = 16384
MS_UNBINDABLE = 1 << 17
MS_PRIVATE = 1 << 18
MS_SLAVE = 1 << 19
MS_SHARED = 1 << 20
MS_RELATIME = 1 << 21
MS_STRICTATIME = 1 << 24
MS_LAZYTIME = 1 << 25

MNT_DETACH = 2
UMOUNT_NOFOLLOW = 8

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000

STATX_MNT_ID = 0x1000
STATX_ATTR_MOUNT_ROOT = 0x2000
_STATX_BASIC = 0x7FF


class OpenHow(Structure):
    """``struct open_how``."""

    _fields_ = (("flags", c_uint64), ("mode", c_uint64), ("resolve", c_uint64))


class MountAttr(Structure):
    """``struct mount_attr``."""

    _fields_ = (("attr_set", c_uint64), ("attr_clr", c_uint64), ("propagation", c_uint64), ("userns_fd", c_uint64))


class Statx(Structure):
    """``struct statx``, padded to its 256 bytes."""

    _fields_ = (
        ("mask", c_uint32),
        ("blksize", c_uint32),
        ("attributes", c_uint64),
        ("nlink", c_uint32),
        ("uid", c_uint32),
        ("gid", c_uint32),
        ("mode", c_uint32),
        ("ino", c_uint64),
        ("size", c_uint64),
        ("blocks", c_uint64),
        ("attributes_mask", c_uint64),
        ("times", c_uint64 * 8),
        ("rdev_major", c_uint32),
        ("rdev_minor", c_uint32),
        ("dev_major", c_uint32),
        ("dev_minor", c_uint32),
        ("mnt_id", c_uint64),
        ("spare", c_uint64 * 13),
    )


class MountSyscalls:
    """The calls, bound. One object serves a whole process; see ``load``."""

    def __init__(self) -> None:
        libc = CDLL(None, use_errno=True)
        self._syscall = libc["syscall"]
        self._syscall.restype = c_long
        self._mount = _bind(libc, "mount", c_char_p, c_char_p, c_char_p, c_ulong, c_char_p)
        self._umount2 = _bind(libc, "umount2", c_char_p, c_int)
        self._setns = _bind(libc, "setns", c_int, c_int)
        self._unshare = _bind(libc, "unshare", c_int)
        self._fchdir = _bind(libc, "fchdir", c_int)
        self._mkdirat = _bind(libc, "mkdirat", c_int, c_char_p, c_uint)
        self._unlinkat = _bind(libc, "unlinkat", c_int, c_char_p, c_int)
        self._openat = _bind(libc, "openat", c_int, c_char_p, c_int, c_uint)
        self._close = _bind(libc, "close", c_int)
        self._statx = _bind(libc, "statx", c_int, c_char_p, c_int, c_uint, c_ulong)
        self._setresuid = _bind(libc, "setresuid", c_uint, c_uint, c_uint)
        self._setresgid = _bind(libc, "setresgid", c_uint, c_uint, c_uint)
        self._setgroups = _bind(libc, "setgroups", c_ulong, c_ulong)
        # One use of each kind of structure, so that nothing of ctypes is left to be set up.
        self.openat2(-1, b"", 0, 0)
        self.mount_setattr(-1, b"", 0)
        self.stat(-1, b"", 0)

    def _call(self, number: int, *arguments: Any) -> int:
        result = self._syscall(c_long(number), *arguments)
        return int(result) if result >= 0 else -get_errno()

    def open_tree(self, directory: int, path: bytes, flags: int) -> int:
        return self._call(_NR_OPEN_TREE, c_int(directory), c_char_p(path), c_uint(flags))

    def move_mount(self, source: int, target: int) -> int:
        """Attach a tree to an open directory or file."""
        flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
        return self._call(_NR_MOVE_MOUNT, c_int(source), c_char_p(b""), c_int(target), c_char_p(b""), c_uint(flags))

    def fsopen(self, fstype: bytes) -> int:
        return self._call(_NR_FSOPEN, c_char_p(fstype), c_uint(FSOPEN_CLOEXEC))

    def fsconfig(self, context: int, command: int, key: bytes | None = None, value: bytes | None = None) -> int:
        return self._call(_NR_FSCONFIG, c_int(context), c_uint(command), c_char_p(key), c_char_p(value), c_int(0))

    def fsmount(self, context: int, attributes: int) -> int:
        return self._call(_NR_FSMOUNT, c_int(context), c_uint(FSMOUNT_CLOEXEC), c_uint(attributes))

    def openat2(self, directory: int, path: bytes, flags: int, resolve: int) -> int:
        how = OpenHow(flags | O_CLOEXEC, 0, resolve)
        return self._call(_NR_OPENAT2, c_int(directory), c_char_p(path), byref(how), c_ulong(sizeof(how)))

    def mount_setattr(
        self,
        tree: int,
        path: bytes,
        flags: int,
        *,
        set_: int = 0,
        clear: int = 0,
        propagation: int = 0,
        userns: int = 0,
    ) -> int:
        """Change a mount, or all of a tree. ``set_``, ``clear``: ``ATTR_`` bits; ``propagation``: an ``MS_`` number."""
        attr = MountAttr(set_, clear, propagation, userns)
        return self._call(
            _NR_MOUNT_SETATTR, c_int(tree), c_char_p(path), c_uint(flags), byref(attr), c_ulong(sizeof(attr))
        )

    def stat(self, directory: int, path: bytes, flags: int) -> Statx | None:
        """``statx`` with the mount's id; None when it fails."""
        found = Statx()
        mask = _STATX_BASIC | STATX_MNT_ID
        return found if self._statx(directory, path, flags, mask, addressof(found)) == 0 else None

    def mount(self, source: bytes | None, target: bytes, fstype: bytes | None, flags: int, data: bytes | None) -> int:
        return _result(self._mount(source, target, fstype, flags, data))

    def umount2(self, path: bytes, flags: int) -> int:
        return _result(self._umount2(path, flags))

    def setns(self, namespace: int, kind: int) -> int:
        return _result(self._setns(namespace, kind))

    def unshare(self, kinds: int) -> int:
        return _result(self._unshare(kinds))

    def fchdir(self, directory: int) -> int:
        return _result(self._fchdir(directory))

    def mkdirat(self, directory: int, name: bytes, mode: int) -> int:
        return _result(self._mkdirat(directory, name, mode))

    def unlinkat(self, directory: int, name: bytes, flags: int) -> int:
        return _result(self._unlinkat(directory, name, flags))

    def openat(self, directory: int, name: bytes, flags: int, mode: int) -> int:
        return _result(self._openat(directory, name, flags | O_CLOEXEC, mode))

    def close(self, descriptor: int) -> int:
        return _result(self._close(descriptor))

    def become_root(self) -> int:
        """User and group 0 of the user namespace that was just entered."""
        self._setgroups(0, 0)  # not allowed in every namespace, and then there are none to lose
        result = _result(self._setresgid(0, 0, 0))
        return result if result < 0 else _result(self._setresuid(0, 0, 0))


def _bind(libc: CDLL, name: str, *arguments: Any) -> Any:
    function = libc[name]
    function.restype = c_int
    function.argtypes = list(arguments)
    return function


def _result(result: int) -> int:
    return int(result) if result >= 0 else -get_errno()


@functools.cache
def load() -> MountSyscalls:
    """The calls, bound once in a process."""
    return MountSyscalls()
