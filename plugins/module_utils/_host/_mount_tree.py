# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Detached mounts, made on the host's side: a copy of a directory or file, or a new file system.

A detached mount hangs nowhere yet. Read-only, idmap and the like are set before anyone can reach it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import _mount_syscalls as sys_
from ansible_collections.community.lxc.plugins.module_utils._model._mount import Mount
from ansible_collections.community.lxc.plugins.module_utils._model._mount_options import MountOptions

_ATTRIBUTES = {
    "ro": sys_.ATTR_RDONLY,
    "nosuid": sys_.ATTR_NOSUID,
    "nodev": sys_.ATTR_NODEV,
    "noexec": sys_.ATTR_NOEXEC,
    "nodiratime": sys_.ATTR_NODIRATIME,
}
_ACCESS_TIMES = {"noatime": sys_.ATTR_NOATIME, "relatime": 0, "strictatime": sys_.ATTR_STRICTATIME}


def kernel_lacks() -> str:
    """Why the kernel cannot mount into a running container, in words; empty if it can."""
    calls = sys_.load()
    for name, result in (
        ("openat2", calls.openat2(-1, b"", 0, 0)),
        ("open_tree", calls.open_tree(-1, b"", 0)),
        ("mount_setattr", calls.mount_setattr(-1, b"", 0)),
    ):
        if result == -errno.ENOSYS:
            return f"kernel {os.uname().release} has no {name}(2); 5.12 or later is needed"
    return ""


def bind_tree(source: str, options: MountOptions, *, user_namespace: int = -1) -> int:
    """A detached copy of that part of the host's file tree, with ``rbind`` of all mounts below too.

    It receives what is mounted there on the host later, as with a mount that LXC makes at start, and gives
    nothing back. ``user_namespace`` is a descriptor of the one to map ids to. Raises HostError.
    """
    calls = sys_.load()
    flags = sys_.OPEN_TREE_CLONE | sys_.OPEN_TREE_CLOEXEC | (sys_.AT_RECURSIVE if options.recursive else 0)
    tree = calls.open_tree(sys_.AT_FDCWD, os.fsencode(source), flags)
    if tree < 0:
        raise HostError(f"The kernel does not let {source} be mounted elsewhere: {os.strerror(-tree)}")
    set_, clear = attributes(options)
    result = calls.mount_setattr(
        tree,
        b"",
        sys_.AT_EMPTY_PATH | (sys_.AT_RECURSIVE if options.recursive else 0),
        set_=set_ | (sys_.ATTR_IDMAP if user_namespace >= 0 else 0),
        clear=clear,
        propagation=sys_.MS_SLAVE,
        userns=max(user_namespace, 0),
    )
    if result < 0:
        os.close(tree)
        raise HostError(_setattr_refused(source, options, -result, user_namespace >= 0))
    return tree


def _setattr_refused(source: str, options: MountOptions, error: int, idmap: bool) -> str:
    if idmap and error in (errno.EINVAL, errno.EPERM):
        return f"The file system of {source} does not support idmapped mounts, or is mounted with an idmap already"
    return f"The kernel refuses the options {','.join(options.words())} for {source}: {os.strerror(error)}"


def attributes(options: MountOptions) -> tuple[int, int]:
    """The ``MOUNT_ATTR_`` bits to set and to clear."""
    set_ = sum(_ATTRIBUTES[flag] for flag in options.flags)
    if not options.access_time:
        return set_, 0
    return set_ | _ACCESS_TIMES[options.access_time], sys_.ATTR_ATIME_MASK


def all_attributes(flags: frozenset[str], access_time: str) -> tuple[int, int]:
    """The ``MOUNT_ATTR_`` bits to set and to clear for a mount to have exactly these."""
    set_ = sum(_ATTRIBUTES[flag] for flag in flags)
    clear = sum(_ATTRIBUTES.values()) & ~set_
    if not access_time:
        return set_, clear
    return set_ | _ACCESS_TIMES[access_time], clear | sys_.ATTR_ATIME_MASK


def file_system_tree(mount: Mount, *, more: Sequence[str] = ()) -> int:
    """A new file system (or that of a device), detached. ``more`` are options beside those of the mount.

    Raises HostError with the file system's own words.
    """
    calls = sys_.load()
    context = _configured(mount, more)
    try:
        _or_refuse(context, mount, calls.fsconfig(context, sys_.FSCONFIG_CMD_CREATE))
        set_, _clear = attributes(mount.options)
        tree = calls.fsmount(context, set_)
        _or_refuse(context, mount, tree)
        return tree
    finally:
        os.close(context)


def check_file_system(mount: Mount) -> None:
    """Have the kernel look at type and options, and make nothing. Raises InvalidInput.

    Some file systems look at their options only when they are mounted.
    """
    try:
        os.close(_configured(mount, ()))
    except HostError as error:
        raise InvalidInput(error.msg) from error


def _configured(mount: Mount, more: Sequence[str]) -> int:
    calls = sys_.load()
    context = calls.fsopen(os.fsencode(mount.fstype))
    if context == -errno.ENODEV:
        raise HostError(f"fstype: this kernel has no file system {mount.fstype!r}; see /proc/filesystems")
    if context < 0:
        raise HostError(f"The file system {mount.fstype!r} cannot be used: {os.strerror(-context)}")
    try:
        _set(context, mount, f"source={mount.source}")
        flags = [flag for flag in sorted(mount.options.flags) if flag == "ro"]
        for word in (*flags, *sorted(mount.options.superblock), *mount.options.data, *more):
            _set(context, mount, word)
    except BaseException:
        os.close(context)
        raise
    return context


def _set(context: int, mount: Mount, word: str) -> None:
    calls = sys_.load()
    key, equals, value = (os.fsencode(part) for part in word.partition("="))
    if equals:
        result = calls.fsconfig(context, sys_.FSCONFIG_SET_STRING, key, value)
    else:
        result = calls.fsconfig(context, sys_.FSCONFIG_SET_FLAG, key)
    _or_refuse(context, mount, result, f"options: {word!r} is refused by {mount.fstype}")


def _or_refuse(context: int, mount: Mount, result: int, what: str = "") -> None:
    if result >= 0:
        return
    words = _said(context) or os.strerror(-result)
    raise HostError(f"{what or f'The kernel cannot mount {mount.source} as {mount.fstype}'}: {words}")


def _said(context: int) -> str:
    """What the file system has to say, such as ``tmpfs: Unknown parameter 'colour'``."""
    said: list[str] = []
    while len(said) < 8:
        try:
            # Each message begins with its level, as in "e tmpfs: Bad value for 'size'".
            said.append(os.read(context, 4096).decode(errors="replace")[2:].strip())
        except OSError:
            break
    return "; ".join(said)
