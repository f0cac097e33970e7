# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""liblxc's own way into a running container: ``mount()`` and ``umount()`` (extension mount_injection).

It needs a container that was started with ``lxc.mount.auto = shmounts:HOSTDIR[:CTDIR]`` on a shared mount. liblxc's
call replaces whatever file or empty directory is at its target, and does not obey ``ro``. So the source is mounted
with all its options first, in a mount namespace that ends with the child process; the call's target is a fresh name
in the container's /dev; and from there the mount is taken to where it belongs.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Sequence

from ansible_collections.community.lxc.plugins.module_utils._config._document import Entry
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _child, _liblxc
from ansible_collections.community.lxc.plugins.module_utils._host import _mount_syscalls as sys_
from ansible_collections.community.lxc.plugins.module_utils._model import _mountinfo
from ansible_collections.community.lxc.plugins.module_utils._model._mount import Mount
from ansible_collections.community.lxc.plugins.module_utils._model._mountinfo import MountTable
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_SECONDS = 20.0
_STAGE = re.compile(r"/dev/\.community\.lxc-[0-9a-f]{16}")
_DEFAULT_INSIDE = "/dev/.lxc-mounts"
# Covered for a moment, in a mount namespace of the child's own: something that every host has and liblxc does not read.
_STAND = {"dir": "/proc/fs", "file": "/proc/version"}

_FLAGS = {
    "ro": sys_.MS_RDONLY,
    "nosuid": sys_.MS_NOSUID,
    "nodev": sys_.MS_NODEV,
    "noexec": sys_.MS_NOEXEC,
    "nodiratime": sys_.MS_NODIRATIME,
    "noatime": sys_.MS_NOATIME,
    "relatime": sys_.MS_RELATIME,
    "strictatime": sys_.MS_STRICTATIME,
    "dirsync": sys_.MS_DIRSYNC,
    "lazytime": sys_.MS_LAZYTIME,
    "mand": sys_.MS_MANDLOCK,
    "sync": sys_.MS_SYNCHRONOUS,
}


def offered(entries: Iterable[Entry], inside: MountTable, outside: MountTable) -> bool:
    """Whether the running container was started with ``shmounts`` on a shared mount, and still has it in its file.

    liblxc itself looks in the configuration file; the truth is in the mount tables.
    """
    for host, container in shmounts(entries):
        there = _mountinfo.stack_at(inside, container)
        here = _mountinfo.holding(outside, os.path.realpath(host))
        if there and here and here.peer("shared") is not None and there[-1].peer("master") == here.peer("shared"):
            return True
    return False


def shmounts(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """The pairs HOSTDIR, CTDIR of a configuration."""
    pairs = []
    for word in (word for key, value in entries if key == "lxc.mount.auto" for word in value.split()):
        name, dummy, paths = word.partition(":")
        host, dummy, container = paths.partition(":")
        if name == "shmounts" and host:
            pairs.append((host, container or _DEFAULT_INSIDE))
    return pairs


def stage() -> str:
    """A name in the container that nobody else has."""
    return f"/dev/.community.lxc-{secrets.token_hex(8)}"


def left_stages(inside: MountTable) -> tuple[str, ...]:
    """Those at which a run that was killed has left its mount; all there are, for who holds the container's lock."""
    return tuple(sorted({point.target for point in inside if _STAGE.fullmatch(point.target)}))


def inject(ref: ContainerRef, mount: Mount, *, kind: str, stage: str, more: Sequence[str] = ()) -> None:
    """Have liblxc mount it at ``stage``. ``kind`` is the source's: ``dir`` or ``file``. Raises HostError."""

    def work() -> None:
        stand = _STAND[kind]
        _prepare(mount, os.fsencode(stand), more)
        with _liblxc.load().container(ref.name, ref.lxc_path) as handle:
            result = handle.mount(source=stand, target=stage, flags=sys_.MS_BIND | sys_.MS_REC)
        if result != 0:
            raise HostError(f"Failed to mount {mount.source} into {ref}: liblxc's mount() returned {result}")

    _child.run(work, what=f"mount {mount.source} in {ref}", timeout=_SECONDS, log=ref)


def _prepare(mount: Mount, stand: bytes, more: Sequence[str]) -> None:
    """The mount as it is to be, at ``stand``, in a mount namespace of this process's own."""
    calls = sys_.load()
    _check(calls.unshare(sys_.CLONE_NEWNS), "unshare")
    # Only /proc is made private: what liblxc mounts in HOSTDIR has to reach the container.
    _check(calls.mount(None, b"/proc", None, sys_.MS_PRIVATE, None), "make /proc private")
    options = mount.options
    flags = sum(_FLAGS[word] for word in (*options.flags, *options.superblock, options.access_time) if word)
    if not mount.is_bind:
        data = ",".join((*options.data, *more))
        result = calls.mount(os.fsencode(mount.source), stand, os.fsencode(mount.fstype), flags, os.fsencode(data))
        _check(result, f"mount {mount.source} as {mount.fstype}")
        return
    recursive = sys_.MS_REC if options.recursive else 0
    _check(calls.mount(os.fsencode(mount.source), stand, None, sys_.MS_BIND | recursive, None), f"bind {mount.source}")
    if flags:
        for point in _points(stand):
            kept = sum(_FLAGS[word] for word in point.options if word in _FLAGS)
            wanted = flags | sys_.MS_REMOUNT | sys_.MS_BIND | (kept if not options.access_time else kept & ~_ATIMES)
            _check(calls.mount(None, os.fsencode(point.target), None, wanted, None), f"set options on {point.target}")


_ATIMES = sys_.MS_NOATIME | sys_.MS_RELATIME | sys_.MS_STRICTATIME


def _points(stand: bytes) -> MountTable:
    """The mounts at and below ``stand``, as this process sees them."""
    with open("/proc/self/mountinfo", "rb") as stream:
        table = _mountinfo.parse(os.fsdecode(stream.read()))
    top = _mountinfo.stack_at(table, os.fsdecode(stand))[-1]
    return (top, *_mountinfo.children(table, top))


def _check(result: int, what: str) -> None:
    if result < 0:
        raise HostError(f"Failed to {what}: {os.strerror(-result)}")


def unmount(ref: ContainerRef, target: str, *, lazy: bool) -> bool:
    """Have liblxc unmount the topmost mount at a link-free path. False if it would not, whatever the reason."""

    def work() -> bool:
        with _liblxc.load().container(ref.name, ref.lxc_path) as handle:
            return handle.umount(target=target, flags=sys_.MNT_DETACH if lazy else 0) == 0

    return bool(_child.run(work, what=f"unmount {target} in {ref}", timeout=_SECONDS, log=ref).value)
