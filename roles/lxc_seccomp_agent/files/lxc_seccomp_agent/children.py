# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Child processes that stand in the target's place, or in its namespaces, for a few system calls each.

``locate`` finds a place as the target itself would: with its root, its ids, its capabilities and its user namespace,
so that the kernel decides whether the target may go there and write. What is then made, by the agent's own rights,
is made at a place where the target could have made a file by itself. The others make the node or the mount.
Every child calls functions of ``calls`` alone, has a time limit, and leaves by ``_exit``.
"""

from __future__ import annotations

import array
import errno
import os
import select
import signal
import socket
import stat
import struct
from collections.abc import Callable

from . import calls
from .target import Credentials

SECONDS = 5.0
_RESOLVE = calls.RESOLVE_IN_ROOT | calls.RESOLVE_NO_MAGICLINKS
_SCM = struct.Struct("=i")


def run(work: Callable[[], int], *, seconds: float = SECONDS) -> tuple[int, int]:
    """Run ``work`` in a child. It returns a descriptor, or a negative errno; here: (errno, own descriptor or -1)."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        pid = os.fork()
        if pid == 0:
            _child(work, theirs)
        theirs.close()
        try:
            return _answer(ours, seconds)
        finally:
            # Not reaped yet, so the number is still this child's; and it may hang in a file system for ever.
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _child(work: Callable[[], int], channel: socket.socket) -> None:
    try:
        calls.prctl(calls.PR_SET_PDEATHSIG, signal.SIGKILL)
        result = work()
        fds = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, _SCM.pack(result))] if result > 0 else []
        channel.sendmsg([_SCM.pack(min(result, 0))], fds)
    finally:
        os._exit(0)


def _answer(channel: socket.socket, seconds: float) -> tuple[int, int]:
    if not select.select([channel], [], [], seconds)[0]:
        return errno.EIO, -1
    data, ancillary, _flags, _address = channel.recvmsg(
        _SCM.size, socket.CMSG_SPACE(_SCM.size), socket.MSG_CMSG_CLOEXEC
    )
    fds = array.array("i")
    for _level, _kind, content in ancillary:
        fds.frombytes(content)
    if len(data) != _SCM.size:
        return errno.EIO, -1
    return -_SCM.unpack(data)[0], fds[0] if fds else -1


def locate(*, root: int, base: int, path: bytes, userns: int, who: Credentials, make_entries: bool) -> tuple[int, int]:
    """An ``O_PATH`` descriptor of the path inside the target's root, found with the target's own rights.

    ``base``: where a relative path begins, or -1. ``userns``: -1 where it is the agent's own. With ``make_entries``
    it has to be a directory in which the target may make entries.
    """
    groups = struct.pack(f"={len(who.groups)}I", *who.groups)
    flags = calls.O_PATH | calls.O_CLOEXEC | (calls.O_DIRECTORY if make_entries else 0)

    def work() -> int:
        failed = calls.enter_root(root)
        whole = path
        if not failed and base >= 0:
            failed = calls.fchdir(base)
            here = b"" if failed else calls.getcwd()
            # Out of reach of the root, a relative path has no meaning that would be safe.
            failed = failed or (0 if here.startswith(b"/") else -errno.ENOENT)
            whole = here + b"/" + path
        failed = failed or calls.become(who.uid, who.gid, groups)
        if userns >= 0:
            failed = failed or calls.set_capabilities(1 << 21) or calls.setns(userns, calls.CLONE_NEWUSER)
        failed = failed or calls.set_capabilities(who.capabilities)
        if failed:
            return failed
        fd = calls.openat2(root, whole, flags, _RESOLVE)
        return fd if fd < 0 or not make_entries else calls.may_write(fd) or fd

    return run(work)


def make_node(*, directory: int, name: bytes, mode: int, device: int, who: Credentials) -> int:
    """Make the device node, owned by the target. 0, or an errno; ENODEV: the file system lets no node be used."""

    own = own_capabilities()

    def work() -> int:
        os.umask(who.umask)
        calls.act_for(who.uid, who.gid)
        # What acts for another id has lost the capabilities of a file system's root, and keeps them permitted.
        failed = calls.set_capabilities(own) or calls.mknodat(directory, name, mode, device)
        if failed:
            return failed
        return 0 if _usable(directory, name, device) else calls.unlinkat(directory, name) or -errno.ENODEV

    return run(work)[0]


def own_capabilities() -> int:
    """What this process may have at most: root's, less what the unit takes away."""
    with open("/proc/self/status", "rb") as stream:
        lines = stream.read().split(b"\n")
    return next(int(line.split()[1], 16) for line in lines if line.startswith(b"CapPrm:"))


def _usable(directory: int, name: bytes, device: int) -> bool:
    """Whether the node that was just made can be opened; the container may have put another in its place."""
    fd = calls.openat(directory, name, calls.O_PATH | calls.O_NOFOLLOW | calls.O_CLOEXEC)
    if fd < 0:
        return True
    info = os.fstat(fd)
    if not stat.S_ISCHR(info.st_mode) or info.st_rdev != device:
        return True
    link = b"/proc/self/fd/" + str(fd).encode()
    return calls.openat(calls.AT_FDCWD, link, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY) != -errno.EACCES


def bind_node(*, directory: int, name: bytes, mntns: int, source: bytes, who: Credentials) -> int:
    """Put the agent's own node ``source`` over an empty file of that name: 0 or an errno."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | calls.O_NOFOLLOW | calls.O_CLOEXEC
    own = own_capabilities()

    def work() -> int:
        node = calls.open_tree(calls.AT_FDCWD, source, calls.OPEN_TREE_CLONE | calls.O_CLOEXEC)
        if node < 0:
            return node
        calls.act_for(who.uid, who.gid)
        made = calls.set_capabilities(own) or calls.openat(directory, name, flags, 0o600)
        if made < 0:
            return made
        calls.act_for(0, 0)
        place = calls.openat(directory, name, calls.O_PATH | calls.O_NOFOLLOW | calls.O_CLOEXEC)
        failed = place if place < 0 else calls.setns(mntns, calls.CLONE_NEWNS) or calls.move_mount(node, place)
        if failed:
            calls.unlinkat(directory, name)
        return failed

    return run(work)[0]


def make_mount(
    *,
    fstype: bytes,
    settings: list[tuple[int, bytes | None, bytes | None]],
    attributes: int,
    userns: int,
    mntns: int,
    place: int,
    stage: bytes,
) -> int:
    """Make the file system and mount it at ``place`` in the target's mount namespace: 0 or an errno.

    ``settings``: what goes to fsconfig(2). ``stage``: a directory of the agent's own mount namespace.
    """

    def work() -> int:
        context = calls.fsopen(fstype)
        if context < 0:
            return context
        for command, key, value in settings:
            failed = calls.fsconfig(context, command, key, value)
            if failed:
                return failed
        mount = calls.fsmount(context, attributes)
        failed = min(mount, 0) or (calls.idmap(mount, userns) if userns >= 0 else 0)
        if failed:
            return failed
        locked = _lock_attributes(mount, stage)
        return min(locked, 0) or calls.setns(mntns, calls.CLONE_NEWNS) or calls.move_mount(locked, place)

    return run(work)[0]


def _lock_attributes(mount: int, stage: bytes) -> int:
    """The same mount with nodev and nosuid beyond the container's reach, as a descriptor, or a negative errno.

    The container's root owns its mount namespace and could remount without them. The kernel locks a mount's
    attributes when it is copied into the mount namespace of a new user namespace: so it is, and taken from there.
    """
    where = calls.openat(calls.AT_FDCWD, stage, calls.O_PATH | calls.O_DIRECTORY | calls.O_CLOEXEC)
    failed = min(where, 0) or calls.move_mount(mount, where)
    if failed:
        return failed

    def work() -> int:
        flags = calls.OPEN_TREE_CLONE | calls.O_CLOEXEC
        failed = calls.unshare(calls.CLONE_NEWUSER | calls.CLONE_NEWNS)
        return failed or calls.open_tree(calls.AT_FDCWD, stage, flags)

    number, locked = run(work)
    calls.umount2(stage, calls.MNT_DETACH)
    return -number if number else locked
