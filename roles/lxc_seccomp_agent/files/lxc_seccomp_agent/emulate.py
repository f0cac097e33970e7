# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done in the kernel's stead: mknod of a harmless device, mount of a file system that the rules name."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
from collections.abc import Iterator

from . import calls, children
from .rules import Mount, Rule
from .target import CAP_MKNOD, CAP_SYS_ADMIN, Credentials, Refused, Target, base_directory, require_container_root
from .wire import Answer

_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_HARMLESS = 16 | 1024 | 2048 | 0x8000 | (1 << 21) | (1 << 24) | (1 << 25)  # sync, atimes, silent
_MS_MAGIC = 0xC0ED0000
_PAGE = 4096
_counter = itertools.count()


class Emulator:
    """``stage``: a directory on a file system of the agent's own, on which device nodes can be used."""

    def __init__(self, stage: str) -> None:
        self._stage = stage

    def answer(self, rule: Rule, syscall: str, target: Target) -> Answer | None:
        """None: the rule does not cover this call. Raises Refused and Gone."""
        if syscall == "mount":
            return self._mount(rule, target)
        return self._mknod(rule, syscall, target)

    # ---- mknod

    def _mknod(self, rule: Rule, syscall: str, target: Target) -> Answer | None:
        args = target.notification.args
        dirfd, address, mode, device = args[:4] if syscall == "mknodat" else (calls.AT_FDCWD & 0xFFFFFFFF, *args[:3])
        mode, device = mode & 0xFFFF, device & 0xFFFFFFFF
        if not stat.S_ISCHR(mode) and not stat.S_ISBLK(mode):
            # Anyone may make a FIFO, a socket or a file; mode is a register, which nobody can exchange meanwhile.
            return Answer(proceed=True)
        major, minor = device >> 8 & 0xFFF, device & 0xFF | device >> 12 & 0xFFF00
        if stat.S_ISBLK(mode) or f"c {major}:{minor}" not in rule.devices:
            return None
        path = target.string(address)
        who = require_container_root(target, CAP_MKNOD)
        directory, name = _split(path)
        with _place(target, dirfd, directory, who, make_entries=True) as place:
            return self._make(target, place, name, mode, os.makedev(major, minor), who)

    def _make(self, target: Target, place: int, name: bytes, mode: int, device: int, who: Credentials) -> Answer:
        target.check()
        failed = children.make_node(directory=place, name=name, mode=mode, device=device, who=who)
        if failed == errno.ENODEV:
            with self._own_node(mode & ~who.umask, device, who) as source, target.open("ns/mnt", os.O_RDONLY) as mntns:
                failed = children.bind_node(directory=place, name=name, mntns=mntns, source=source, who=who)
        return Answer(errno=failed)

    @contextlib.contextmanager
    def _own_node(self, mode: int, device: int, who: Credentials) -> Iterator[bytes]:
        path = f"{self._stage}/{os.getpid()}-{next(_counter)}"
        os.mknod(path, 0o600 | stat.S_IFCHR, device)
        try:
            os.chown(path, who.uid, who.gid)
            os.chmod(path, stat.S_IMODE(mode))
            yield path.encode()
        finally:
            os.unlink(path)

    # ---- mount

    def _mount(self, rule: Rule, target: Target) -> Answer | None:
        source_at, target_at, fstype_at, flags, data_at = target.notification.args[:5]
        if flags & 0xFFFF0000 == _MS_MAGIC:
            flags &= 0xFFFF
        if flags & ~(_MS_RDONLY | _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | _MS_HARMLESS) or not fstype_at:
            return None  # a bind mount, a move, a remount, a change of propagation
        fstype, path = target.string(fstype_at), target.string(target_at)
        source = target.string(source_at) if source_at else b""
        data = target.string(data_at, limit=_PAGE) if data_at else b""
        who = require_container_root(target, CAP_SYS_ADMIN)
        for mount in rule.mounts:
            settings = _settings(mount, fstype, source, data)
            if settings is not None and _covers(mount, path):
                return self._attach(target, mount, path, flags, settings, who)
        return None

    def _attach(
        self,
        target: Target,
        mount: Mount,
        path: bytes,
        flags: int,
        settings: list[tuple[int, bytes | None, bytes | None]],
        who: Credentials,
    ) -> Answer:
        read_only = mount.read_only or flags & _MS_RDONLY
        attributes = calls.ATTR_NOSUID | calls.ATTR_NODEV
        attributes |= (calls.ATTR_NOEXEC if flags & _MS_NOEXEC else 0) | (calls.ATTR_RDONLY if read_only else 0)
        if read_only:
            settings = [(calls.FSCONFIG_FLAG, b"ro", None), *settings]
        stage = f"{self._stage}/{os.getpid()}-{next(_counter)}"
        os.mkdir(stage, 0o700)
        try:
            with contextlib.ExitStack() as stack:
                place = stack.enter_context(_place(target, calls.AT_FDCWD & 0xFFFFFFFF, path, who, make_entries=False))
                mntns = stack.enter_context(target.open("ns/mnt", os.O_RDONLY))
                userns = stack.enter_context(_foreign_userns(target)) if mount.idmap else -1
                target.check()
                failed = children.make_mount(
                    fstype=mount.fstype.encode(),
                    settings=[*settings, (calls.FSCONFIG_CREATE, None, None)],
                    attributes=attributes,
                    userns=userns,
                    mntns=mntns,
                    place=place,
                    stage=stage.encode(),
                )
            return Answer(errno=failed)
        finally:
            os.rmdir(stage)


def _split(path: bytes) -> tuple[bytes, bytes]:
    """Directory and last name, as mknod(2) sees them."""
    directory, slash, name = path.rpartition(b"/")
    if not name:
        raise Refused(errno.EEXIST if not path.strip(b"/") else errno.ENOENT, "the path ends in a slash")
    if name in (b".", b".."):
        raise Refused(errno.EEXIST, "the path ends in a directory that is there")
    return directory or slash or b".", name


@contextlib.contextmanager
def _foreign_userns(target: Target) -> Iterator[int]:
    """The process's user namespace, or -1 where it is the agent's own."""
    own = os.stat("/proc/self/ns/user")
    if target.namespace("user") == (own.st_dev, own.st_ino):
        yield -1
        return
    with target.open("ns/user", os.O_RDONLY) as fd:
        yield fd


@contextlib.contextmanager
def _place(target: Target, dirfd: int, path: bytes, who: Credentials, *, make_entries: bool) -> Iterator[int]:
    """The path as a descriptor. Raises Refused with what the target would have got."""
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(target.open("root", calls.O_PATH))
        base = stack.enter_context(base_directory(target, dirfd, path))
        userns = stack.enter_context(_foreign_userns(target))
        target.check()
        number, fd = children.locate(root=root, base=base, path=path, userns=userns, who=who, make_entries=make_entries)
    if number or fd < 0:
        raise Refused(number or errno.EIO, "the process itself cannot get there")
    try:
        yield fd
    finally:
        os.close(fd)


def _covers(mount: Mount, path: bytes) -> bool:
    """Whether the request names the rule's target; it is found inside the container's root all the same."""
    return mount.target is None or os.path.normpath(path) == mount.target.encode()


def _settings(
    mount: Mount, fstype: bytes, source: bytes, data: bytes
) -> list[tuple[int, bytes | None, bytes | None]] | None:
    """What to tell fsconfig(2) for a request that this entry allows; None where it does not."""
    if fstype != mount.fstype.encode() or (mount.source is not None and source != mount.source.encode()):
        return None
    settings: list[tuple[int, bytes | None, bytes | None]] = []
    if mount.source is not None:
        settings.append((calls.FSCONFIG_STRING, b"source", mount.source.encode()))
    for option in filter(None, data.split(b",")):
        key, equals, value = option.partition(b"=")
        if key.decode(errors="replace") not in mount.options:
            return None
        settings.append((calls.FSCONFIG_STRING if equals else calls.FSCONFIG_FLAG, key, value if equals else None))
    return settings
