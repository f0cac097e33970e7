# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A container of liblxc, method by method, here those about a running one. Made by ``LibLxc.container``.

None of the methods tells why it failed: only liblxc's log does. Where a negative errno is returned, LXC 4.0 says -1.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import POINTER, byref, c_uint64, string_at

from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_base import (
    argv_of,
    encode,
    encode_or_null,
)
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_stored import StoredHandle
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_struct import LxcConsoleLog, LxcMount

MNT_DETACH = 2


class Handle(StoredHandle):
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
