# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process that made the system call: its memory, its credentials, where it stands.

Everything is read through the descriptors that came with the notification, and believed only after the kernel
has said that the notification is still valid: only then were they this process's and not a successor's.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from . import calls
from .wire import Malformed, Notification

_ID_VALID = 0x40082102  # SECCOMP_IOCTL_NOTIF_ID_VALID
_NS_GET_USERNS = 0xB701
_PAGE = 4096
_PATH_MAX = 4096
CAP_SYS_ADMIN, CAP_MKNOD = 21, 27


class Refused(Exception):
    """The answer is this errno."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.errno = number


class Gone(Exception):
    """Nobody waits for this answer any more."""


@dataclass(frozen=True)
class Credentials:
    """As the host sees them. ``capabilities``: the effective ones, in the process's own user namespace."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    capabilities: int
    umask: int


@dataclass(frozen=True)
class Target:
    """``proc``, ``memory`` and ``notify`` are the three descriptors."""

    notification: Notification
    proc: int
    memory: int
    notify: int

    def valid(self) -> bool:
        try:
            fcntl.ioctl(self.notify, _ID_VALID, struct.pack("=Q", self.notification.id))
        except OSError:
            return False
        return True

    def check(self) -> None:
        """What was read so far was this process's, or Gone."""
        if not self.valid():
            raise Gone

    def check_identity(self) -> None:
        """The first descriptor is the notification's process in /proc, or Malformed."""
        if self._field(self._status(), b"Pid") != b"%d" % self.notification.pid:
            raise Malformed("the first descriptor is not the process's directory in /proc")

    def string(self, address: int, *, limit: int = _PATH_MAX) -> bytes:
        """A NUL-terminated string, as the kernel would read it. Refused: EFAULT or ENAMETOOLONG."""
        data = b""
        while len(data) < limit:
            try:
                # Never across a page's end: the next one may not be there, nor be needed.
                chunk = os.pread(self.memory, _PAGE - (address + len(data)) % _PAGE, address + len(data))
            except (OSError, OverflowError):
                chunk = b""
            if not chunk:
                raise Refused(errno.EFAULT, "the argument points nowhere")
            head, nul, _rest = chunk.partition(b"\0")
            data += head
            if nul:
                return data
        raise Refused(errno.ENAMETOOLONG, "the string does not end")

    def credentials(self) -> Credentials:
        status = self._status()
        return Credentials(
            uid=int(self._field(status, b"Uid").split()[3]),
            gid=int(self._field(status, b"Gid").split()[3]),
            groups=tuple(int(group) for group in self._field(status, b"Groups").split()),
            capabilities=int(self._field(status, b"CapEff"), 16),
            umask=int(self._field(status, b"Umask"), 8),
        )

    @contextlib.contextmanager
    def open(self, name: str, flags: int) -> Iterator[int]:
        """A descriptor of what stands in the process's directory in /proc: ``root``, ``cwd``, ``ns/user``, ..."""
        try:
            fd = os.open(name, flags | os.O_CLOEXEC, dir_fd=self.proc)
        except OSError as error:
            raise Refused(errno.EPERM, f"{name} of the process cannot be opened: {error}") from error
        try:
            yield fd
        finally:
            os.close(fd)

    def namespace(self, kind: str) -> tuple[int, int]:
        info = os.stat(f"ns/{kind}", dir_fd=self.proc)
        return info.st_dev, info.st_ino

    def _status(self) -> dict[bytes, bytes]:
        """The fields of ``status`` by name."""
        try:
            with open(os.open("status", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self.proc), "rb") as stream:
                data = stream.read()
        except OSError as error:
            # ENOENT: seen for a moment while a process ends, and of any other directory.
            if error.errno == errno.ESRCH or (error.errno == errno.ENOENT and not self.valid()):
                raise Gone from error
            raise Malformed(f"the first descriptor is no process's directory: {error}") from error
        # Of all ends of a line the kernel escapes only this one in a process's name. Any other would be the process's
        # own, and what follows it a field of its choice.
        fields = {}
        for line in data.split(b"\n"):
            name, _colon, value = line.partition(b":")
            fields[name] = value.strip()
        return fields

    def _field(self, status: dict[bytes, bytes], name: bytes) -> bytes:
        try:
            return status[name]
        except KeyError:
            # One that ends loses its umask first.
            self.check()
            raise Malformed(f"the first descriptor's status has no {name.decode()}") from None


def namespace_of(pid: int, kind: str) -> tuple[int, int]:
    info = os.stat(f"/proc/{pid}/ns/{kind}")
    return info.st_dev, info.st_ino


def require_container_root(target: Target, capability: int) -> Credentials:
    """Credentials of a process that holds the capability in the container's own user namespace, or Refused.

    Inside a nested user namespace everybody can have all capabilities, which there mean nothing.
    """
    credentials = target.credentials()
    try:
        same = target.namespace("user") == namespace_of(target.notification.init_pid, "user")
        inside = _has_mounts_of_its_own(target)
    except OSError as error:
        raise Refused(errno.EPERM, f"the process's namespaces cannot be seen: {error}") from error
    target.check()
    if not same:
        raise Refused(errno.EPERM, "the process is in another user namespace than the container")
    if not inside:
        raise Refused(errno.EPERM, "the process is in a mount namespace that is not the container's")
    if not credentials.capabilities >> capability & 1:
        raise Refused(errno.EPERM, "the process lacks the capability")
    return credentials


def _has_mounts_of_its_own(target: Target) -> bool:
    """Whether the process's mount namespace is the container's, or one that the container's root has made."""
    if target.namespace("mnt") == namespace_of(target.notification.init_pid, "mnt"):
        return True
    own = os.stat("/proc/self/ns/user")
    if target.namespace("user") == (own.st_dev, own.st_ino):
        return False
    with target.open("ns/mnt", os.O_RDONLY) as fd:
        owner = fcntl.ioctl(fd, _NS_GET_USERNS)
    info = os.fstat(owner)
    os.close(owner)
    return (info.st_dev, info.st_ino) == target.namespace("user")


@contextlib.contextmanager
def base_directory(target: Target, dirfd: int, path: bytes) -> Iterator[int]:
    """Where a relative path begins: a descriptor, or -1 for an absolute path."""
    if not path:
        raise Refused(errno.ENOENT, "the path is empty")
    if path.startswith(b"/"):
        yield -1
        return
    signed = dirfd - (1 << 32) if dirfd >> 31 else dirfd
    if signed != calls.AT_FDCWD and signed < 0:
        raise Refused(errno.EBADF, "the directory's descriptor is negative")
    name = "cwd" if signed == calls.AT_FDCWD else f"fd/{signed}"
    with target.open(name, calls.O_PATH) as fd:
        yield fd
