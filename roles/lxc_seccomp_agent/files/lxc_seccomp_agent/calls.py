# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""System calls, bound before they are needed.

A process that has entered a container's mount namespace or its root must load nothing more by name: everything
that it will call is bound here, when the agent starts. The functions return a negative errno and raise nothing,
since even the text of an exception could be looked up in a message catalogue of the container's.
"""

from __future__ import annotations

import ctypes
import struct
from ctypes import c_char_p, c_int, c_long, c_uint, c_void_p
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)
_get_errno = ctypes.get_errno

# The numbers of the newer calls are the same on every architecture that LXC runs on.
_OPEN_TREE, _MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT = 428, 429, 430, 431, 432
_OPENAT2, _FACCESSAT2, _MOUNT_SETATTR = 437, 439, 442

AT_FDCWD, AT_EMPTY_PATH, AT_EACCESS = -100, 0x1000, 0x200
AT_SYMLINK_NOFOLLOW, AT_RECURSIVE = 0x100, 0x8000
O_PATH, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW = 0o10000000, 0o2000000, 0o200000, 0o400000
RESOLVE_NO_MAGICLINKS, RESOLVE_IN_ROOT = 0x02, 0x10
CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
OPEN_TREE_CLONE = 1
MOVE_F_EMPTY, MOVE_T_EMPTY = 0x04, 0x40
FSCONFIG_FLAG, FSCONFIG_STRING, FSCONFIG_CREATE = 0, 1, 6
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV, ATTR_NOEXEC, ATTR_IDMAP = 0x01, 0x02, 0x04, 0x08, 0x100000
MS_REC, MS_PRIVATE, MS_SLAVE = 0x4000, 0x40000, 0x80000
PR_SET_KEEPCAPS, PR_SET_PDEATHSIG = 8, 1
MNT_DETACH = 2
_PATH_MAX = 4096
_CAP_VERSION_3 = 0x20080522


def _bind(name: str, *arguments: Any) -> Any:
    function = _libc[name]
    function.argtypes = list(arguments)
    function.restype = c_long if name == "syscall" else c_int
    return function


_syscall = _libc["syscall"]
_syscall.restype = c_long
_setns = _bind("setns", c_int, c_int)
_unshare = _bind("unshare", c_int)
_mount = _bind("mount", c_char_p, c_char_p, c_char_p, ctypes.c_ulong, c_char_p)
_umount2 = _bind("umount2", c_char_p, c_int)
_chroot = _bind("chroot", c_char_p)
_fchdir = _bind("fchdir", c_int)
_getcwd = _libc["getcwd"]
_getcwd.argtypes = [c_char_p, ctypes.c_size_t]
_getcwd.restype = c_void_p
_mknodat = _bind("mknodat", c_int, c_char_p, c_uint, ctypes.c_ulong)
_openat = _bind("openat", c_int, c_char_p, c_int, c_uint)
_unlinkat = _bind("unlinkat", c_int, c_char_p, c_int)
_setgroups = _bind("setgroups", ctypes.c_size_t, c_void_p)
_setresuid = _bind("setresuid", c_uint, c_uint, c_uint)
_setresgid = _bind("setresgid", c_uint, c_uint, c_uint)
_setfsuid = _bind("setfsuid", c_uint)
_setfsgid = _bind("setfsgid", c_uint)
_capset = _bind("capset", c_void_p, c_void_p)
_prctl = _bind("prctl", c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)


def _result(value: int) -> int:
    return value if value >= 0 else -_get_errno()


def _call(number: int, *arguments: object) -> int:
    return _result(_syscall(c_long(number), *arguments))


def setns(fd: int, kind: int) -> int:
    return _result(_setns(fd, kind))


def unshare(flags: int) -> int:
    return _result(_unshare(flags))


def mount(source: bytes | None, target: bytes, fstype: bytes | None, flags: int, data: bytes | None) -> int:
    return _result(_mount(source, target, fstype, flags, data))


def umount2(target: bytes, flags: int) -> int:
    return _result(_umount2(target, flags))


def enter_root(fd: int) -> int:
    """Make the directory this process's root and its working directory."""
    return _result(_fchdir(fd)) or _result(_chroot(b"."))


def fchdir(fd: int) -> int:
    return _result(_fchdir(fd))


def getcwd() -> bytes:
    """The working directory as seen from the root; empty where it lies outside."""
    buffer = ctypes.create_string_buffer(_PATH_MAX)
    return buffer.value if _getcwd(buffer, _PATH_MAX) else b""


def openat2(fd: int, path: bytes, flags: int, resolve: int) -> int:
    how = struct.pack("=QQQ", flags, 0, resolve)
    return _call(_OPENAT2, c_int(fd), c_char_p(path), c_char_p(how), c_long(len(how)))


def openat(fd: int, path: bytes, flags: int, mode: int = 0) -> int:
    return _result(_openat(fd, path, flags, mode))


def unlinkat(fd: int, name: bytes) -> int:
    return _result(_unlinkat(fd, name, 0))


def may_write(fd: int) -> int:
    """Whether this process, as what it is just now, may make entries in the directory: 0 or a negative errno."""
    return _call(_FACCESSAT2, c_int(fd), c_char_p(b""), c_int(2 | 1), c_int(AT_EMPTY_PATH | AT_EACCESS))


def mknodat(fd: int, name: bytes, mode: int, device: int) -> int:
    return _result(_mknodat(fd, name, mode, device))


def prctl(option: int, value: int) -> int:
    return _result(_prctl(option, value, 0, 0, 0))


def become(uid: int, gid: int, groups: bytes) -> int:
    """Take on these ids for good; capabilities stay permitted. ``groups``: packed 32 bit numbers."""
    return (
        prctl(PR_SET_KEEPCAPS, 1)
        or _result(_setgroups(len(groups) // 4, groups))
        or _result(_setresgid(gid, gid, gid))
        or _result(_setresuid(uid, uid, uid))
    )


def act_for(uid: int, gid: int) -> None:
    """Let what this process makes belong to these ids."""
    _setfsgid(gid)
    _setfsuid(uid)


def set_capabilities(mask: int) -> int:
    """Exactly these capabilities, permitted and effective."""
    low, high = mask & 0xFFFFFFFF, mask >> 32
    header = struct.pack("=Ii", _CAP_VERSION_3, 0)
    return _result(_capset(header, struct.pack("=6I", low, low, 0, high, high, 0)))


def open_tree(fd: int, path: bytes, flags: int) -> int:
    return _call(_OPEN_TREE, c_int(fd), c_char_p(path), c_uint(flags))


def move_mount(mount_fd: int, target_fd: int) -> int:
    flags = MOVE_F_EMPTY | MOVE_T_EMPTY
    return _call(_MOVE_MOUNT, c_int(mount_fd), c_char_p(b""), c_int(target_fd), c_char_p(b""), c_uint(flags))


def fsopen(fstype: bytes) -> int:
    return _call(_FSOPEN, c_char_p(fstype), c_uint(1))


def fsconfig(fd: int, command: int, key: bytes | None, value: bytes | None) -> int:
    return _call(_FSCONFIG, c_int(fd), c_uint(command), c_char_p(key), c_char_p(value), c_int(0))


def fsmount(fd: int, attributes: int) -> int:
    return _call(_FSMOUNT, c_int(fd), c_uint(1), c_uint(attributes))


def idmap(mount_fd: int, userns_fd: int) -> int:
    """Map the detached mount's owners by the user namespace."""
    attributes = struct.pack("=QQQQ", ATTR_IDMAP, 0, 0, userns_fd)
    return _call(
        _MOUNT_SETATTR, c_int(mount_fd), c_char_p(b""), c_uint(AT_EMPTY_PATH), c_char_p(attributes), c_long(32)
    )


class SyscallNames:
    """Numbers to names by libseccomp, whose tokens for architectures are the kernel's."""

    def __init__(self) -> None:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self._resolve = library["seccomp_syscall_resolve_num_arch"]
        self._resolve.argtypes = [ctypes.c_uint32, c_int]
        self._resolve.restype = c_void_p
        self._free = _libc["free"]
        self._free.argtypes = [c_void_p]
        self._known: dict[tuple[int, int], str] = {}

    def of(self, arch: int, nr: int) -> str:
        """The name, or an empty string where there is none."""
        if (arch, nr) not in self._known:
            pointer = self._resolve(arch, nr)
            self._known[arch, nr] = ctypes.string_at(pointer).decode() if pointer else ""
            self._free(pointer)
        return self._known[arch, nr]
