# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What is done inside a container's mount namespace: unmount, make a mount point, attach.

``Program.run`` is called in a child process that exists for nothing else. From ``setns`` on it uses only
``MountSyscalls`` and what the program holds: no import, no file by name from what is now the container's file
system, no text. Every path is resolved from a descriptor of the container's root, with no step outside it, and
whatever is made or moved is held by descriptor: a container that swaps links meanwhile confuses only itself.
"""

from __future__ import annotations

import errno
import posixpath
import stat

from ansible_collections.community.lxc.plugins.module_utils._host import _mount_syscalls as sys_
from ansible_collections.community.lxc.plugins.module_utils._host._mount_orders import (
    ADJUST,
    ATTACH,
    CREATE,
    DONE,
    ENTER,
    PROPAGATE,
    RESOLVE,
    TAKE,
    UNMOUNT,
    Adjust,
    Failure,
    Namespaces,
    Report,
    Target,
    Unmount,
    to_bytes,
)
from ansible_collections.community.lxc.plugins.module_utils._host._mount_syscalls import MountSyscalls

_INSIDE = sys_.RESOLVE_IN_ROOT | sys_.RESOLVE_NO_MAGICLINKS
_NO_LINKS = _INSIDE | sys_.RESOLVE_NO_SYMLINKS
_STEP = sys_.RESOLVE_BENEATH | sys_.RESOLVE_NO_SYMLINKS | sys_.RESOLVE_NO_MAGICLINKS
_PATH = sys_.O_PATH
_EMPTY = sys_.AT_EMPTY_PATH


class Program:
    """Unmount what is in the way, then attach ``tree``; when anything fails, all is put back as it was.

    ``tree`` is the descriptor of a detached mount, or -1 for none. ``stage`` is a path inside the container whose
    mount is to be taken instead of ``tree``, with what is left of it removed. ``propagation`` is an ``MS_`` number
    and whether it holds for the whole tree. ``undo`` instead of all that: a target, of which a run that was killed has
    made so many components.
    """

    def __init__(
        self,
        *,
        namespaces: Namespaces,
        unmounts: tuple[Unmount, ...] = (),
        lazy: bool = False,
        tree: int = -1,
        stage: str = "",
        where: Target | None = None,
        adjust: Adjust | None = None,
        propagation: tuple[int, bool] = (0, False),
        undo: tuple[Target, int] | None = None,
    ) -> None:
        self._calls: MountSyscalls = sys_.load()
        self._namespaces = namespaces
        self._unmounts = unmounts
        self._lazy = lazy
        self.tree = tree
        self._stage = to_bytes(stage)
        self._where = where
        self._adjust = adjust
        self._propagation = propagation
        self._undo = undo
        self._report = Report()
        self._taken: list[tuple[int, Unmount]] = []
        self._made: list[tuple[int, bytes, int]] = []

    def run(self, report: Report) -> None:
        """Do it; ``report`` tells how it went. The caller ends the process afterwards."""
        self._report = report
        try:
            self._enter()
            try:
                self._work()
            except Failure:
                self._put_back()
                raise
            finally:
                self._drop_stage()
            report.step, report.error = DONE, 0
        except Failure as failure:
            report.step, report.error, report.index = failure.step, failure.error, failure.index

    def _enter(self) -> None:
        spaces = self._namespaces
        self._check(ENTER, self._calls.setns(spaces.mount, sys_.CLONE_NEWNS))
        if spaces.user >= 0:
            self._check(ENTER, self._calls.setns(spaces.user, sys_.CLONE_NEWUSER))
            self._check(ENTER, self._calls.become_root())

    def _work(self) -> None:
        for index, unmount in enumerate(self._unmounts):
            self._unmount(unmount, index)
        if self._adjust is not None:
            self._set_attributes(self._adjust)
        if self._undo is not None:
            self._remove_made(*self._undo)
        if self._where is None:
            return
        if self._stage:
            self._take_stage()
        place = self._place(self._where)
        self._check(ATTACH, self._calls.move_mount(self.tree, place))
        self._propagate()

    @staticmethod
    def _check(step: int, result: int, index: int = 0) -> int:
        if result < 0:
            raise Failure(step, -result, index)
        return result

    # Unmounting

    def _unmount(self, unmount: Unmount, index: int) -> None:
        calls, root = self._calls, self._namespaces.root
        directory = self._check(UNMOUNT, calls.openat2(root, unmount.directory, _PATH, _NO_LINKS), index)
        found = calls.stat(directory, unmount.name, sys_.AT_SYMLINK_NOFOLLOW)
        if found is None or found.mnt_id != unmount.mount_id:
            raise Failure(UNMOUNT, errno.ESTALE, index)
        unbindable = unmount.kind == sys_.MS_UNBINDABLE
        if unbindable:
            # Or there would be no copy to put back.
            self._set_kind(sys_.MS_PRIVATE, directory, unmount.name)
        copy = calls.open_tree(
            directory, unmount.name, sys_.OPEN_TREE_CLONE | sys_.OPEN_TREE_CLOEXEC | sys_.AT_SYMLINK_NOFOLLOW
        )
        # By directory and name, since a descriptor of the mount itself would keep it busy.
        self._check(UNMOUNT, calls.fchdir(directory), index)
        result = calls.umount2(unmount.name, sys_.UMOUNT_NOFOLLOW)
        if result == -errno.EBUSY and self._lazy:
            result = calls.umount2(unmount.name, sys_.UMOUNT_NOFOLLOW | sys_.MNT_DETACH)
        if result < 0 and unbindable:
            self._set_kind(sys_.MS_UNBINDABLE, directory, unmount.name)
        calls.fchdir(root)
        calls.close(directory)
        self._check(UNMOUNT, result, index)
        self._taken.append((copy, unmount))

    def _set_kind(self, kind: int, directory: int, name: bytes) -> None:
        calls = self._calls
        result = calls.mount_setattr(directory, name, sys_.AT_SYMLINK_NOFOLLOW, propagation=kind)
        if result == -errno.ENOSYS and calls.fchdir(directory) >= 0:
            calls.mount(None, name, None, kind, None)
            calls.fchdir(self._namespaces.root)

    def _set_attributes(self, adjust: Adjust) -> None:
        calls, mount = self._calls, adjust.mount
        directory = self._check(ADJUST, calls.openat2(self._namespaces.root, mount.directory, _PATH, _NO_LINKS))
        flags = sys_.OPEN_TREE_CLOEXEC | sys_.AT_SYMLINK_NOFOLLOW
        place = self._check(ADJUST, calls.open_tree(directory, mount.name, flags))
        found = calls.stat(place, b"", _EMPTY)
        if found is None or found.mnt_id != mount.mount_id:
            raise Failure(ADJUST, errno.ESTALE)
        flags = _EMPTY | (sys_.AT_RECURSIVE if adjust.recursive else 0)
        self._check(ADJUST, calls.mount_setattr(place, b"", flags, set_=adjust.set_, clear=adjust.clear))
        kind, recursive = self._propagation
        if kind:
            flags = _EMPTY | (sys_.AT_RECURSIVE if recursive else 0)
            self._check(ADJUST, calls.mount_setattr(place, b"", flags, propagation=kind))

    # The mount point

    def _place(self, where: Target) -> int:
        """A descriptor of the target, made first if need be."""
        place = self._calls.openat2(self._namespaces.root, where.path, _PATH, _INSIDE)
        if place == -errno.ENOENT and where.create:
            return self._make(where)
        return self._check(RESOLVE, place)

    def _make(self, where: Target) -> int:
        count, directory = self._deepest(where)
        last = len(where.names) - 1
        for index in range(count, len(where.names)):
            if index == last and where.create == "file":
                directory = self._make_file(directory, where.names[index])
            else:
                directory = self._make_directory(directory, where.names[index])
        return directory

    def _deepest(self, where: Target) -> tuple[int, int]:
        """How many components are there, and a descriptor of the last of them."""
        calls, root = self._calls, self._namespaces.root
        for count in range(len(where.names) - 1, 0, -1):
            found = calls.openat2(root, where.prefixes[count - 1], _PATH, _INSIDE)
            if found >= 0:
                return count, found
            if found != -errno.ENOENT:
                raise Failure(RESOLVE, -found)
        return 0, root

    def _make_directory(self, directory: int, name: bytes) -> int:
        self._check(CREATE, self._calls.mkdirat(directory, name, 0o755))
        self._made.append((directory, name, sys_.AT_REMOVEDIR))
        self._report.made += 1
        return self._check(CREATE, self._calls.openat2(directory, name, _PATH, _STEP))

    def _make_file(self, directory: int, name: bytes) -> int:
        flags = sys_.O_CREAT | sys_.O_EXCL | sys_.O_WRONLY
        made = self._check(CREATE, self._calls.openat(directory, name, flags, 0o644))
        self._made.append((directory, name, 0))
        self._report.made += 1
        self._calls.close(made)
        return self._check(CREATE, self._calls.openat2(directory, name, _PATH, _STEP))

    # Attaching

    def _take_stage(self) -> None:
        calls = self._calls
        place = self._check(TAKE, calls.openat2(self._namespaces.root, self._stage, _PATH, _NO_LINKS))
        found = calls.stat(place, b"", _EMPTY)
        if found is None or not found.attributes & sys_.STATX_ATTR_MOUNT_ROOT:
            raise Failure(TAKE, errno.ESTALE)
        flags = sys_.OPEN_TREE_CLONE | sys_.OPEN_TREE_CLOEXEC | sys_.AT_EMPTY_PATH | sys_.AT_RECURSIVE
        self.tree = self._check(TAKE, calls.open_tree(place, b"", flags))
        calls.close(place)

    def _propagate(self) -> None:
        kind, recursive = self._propagation
        if kind:
            flags = sys_.AT_EMPTY_PATH | (sys_.AT_RECURSIVE if recursive else 0)
            result = self._calls.mount_setattr(self.tree, b"", flags, propagation=kind)
            if result == -errno.ENOSYS and self._calls.fchdir(self.tree) >= 0:
                result = self._calls.mount(None, b".", None, kind | (sys_.MS_REC if recursive else 0), None)
                self._calls.fchdir(self._namespaces.root)
            if result < 0:
                self._detach()
            self._check(PROPAGATE, result)

    def _detach(self) -> None:
        """Take the attached tree away again: a directory by where it is, whatever its path has become."""
        calls, root, where = self._calls, self._namespaces.root, self._where
        if calls.fchdir(self.tree) >= 0:
            calls.umount2(b".", sys_.MNT_DETACH)
        elif where is not None:
            directory, name = posixpath.split(where.path)
            parent = calls.openat2(root, directory, _PATH, _INSIDE)
            found, wanted = calls.stat(parent, name, sys_.AT_SYMLINK_NOFOLLOW), calls.stat(self.tree, b"", _EMPTY)
            if found is not None and wanted is not None and found.mnt_id == wanted.mnt_id and calls.fchdir(parent) >= 0:
                calls.umount2(name, sys_.UMOUNT_NOFOLLOW | sys_.MNT_DETACH)
        calls.fchdir(root)

    # Afterwards

    def _put_back(self) -> None:
        """Remove what was made, remount what was unmounted; as far as it goes, since this is already a failure."""
        calls = self._calls
        for directory, name, kind in reversed(self._made):
            calls.unlinkat(directory, name, kind)
        for copy, unmount in reversed(self._taken):
            place = calls.openat2(self._namespaces.root, unmount.path, _PATH, _NO_LINKS)
            if copy >= 0 and place >= 0 and calls.move_mount(copy, place) >= 0 and unmount.kind:
                directory = calls.openat2(self._namespaces.root, unmount.directory, _PATH, _NO_LINKS)
                self._set_kind(unmount.kind, directory, unmount.name)

    def _remove_made(self, where: Target, count: int) -> None:
        """The deepest first; what something is mounted on, or lies in, stays."""
        calls, last = self._calls, len(where.names) - 1
        for index in range(last, last - count, -1):
            directory, name = posixpath.split(where.prefixes[index])
            parent = calls.openat2(self._namespaces.root, directory, _PATH, _INSIDE)
            if parent >= 0:
                calls.unlinkat(parent, name, 0 if index == last and where.create == "file" else sys_.AT_REMOVEDIR)

    def _drop_stage(self) -> None:
        if not self._stage:
            return
        calls, directory = self._calls, posixpath.dirname(self._stage)
        parent = calls.openat2(self._namespaces.root, directory, _PATH, _NO_LINKS)
        if parent < 0 or calls.fchdir(parent) < 0:
            return
        name = posixpath.basename(self._stage)
        calls.umount2(name, sys_.UMOUNT_NOFOLLOW | sys_.MNT_DETACH)
        left = calls.stat(parent, name, sys_.AT_SYMLINK_NOFOLLOW)
        if left is not None:
            calls.unlinkat(parent, name, sys_.AT_REMOVEDIR if stat.S_ISDIR(left.mode) else 0)
        calls.fchdir(self._namespaces.root)
