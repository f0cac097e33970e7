# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What is mounted in a running container, and what a source is on the host. Reads only."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _child
from ansible_collections.community.lxc.plugins.module_utils._host import _mount_syscalls as sys_
from ansible_collections.community.lxc.plugins.module_utils._host._files import read_regular
from ansible_collections.community.lxc.plugins.module_utils._model import _mountinfo
from ansible_collections.community.lxc.plugins.module_utils._model._mount_live import Source
from ansible_collections.community.lxc.plugins.module_utils._model._mountinfo import MountTable

UNKNOWN = "unknown"
_SECONDS = 10.0
_INSIDE = sys_.RESOLVE_IN_ROOT | sys_.RESOLVE_NO_MAGICLINKS


@dataclass(frozen=True)
class Place:
    """Where a target leads in the running container. ``kind`` is ``dir``, ``file`` (anything else) or ``""``: nothing;
    UNKNOWN where the kernel cannot tell.

    ``stack`` are the mounts at exactly that place, the lowest first; ``table`` is the container's whole mount table.
    ``path`` is the target without links, where it passes through one, else ``""``.
    """

    kind: str = ""
    stack: MountTable = ()
    table: MountTable = ()
    path: str = ""


def table_of(pid: int | str = "self") -> MountTable:
    """The mount table of a process. HostError when the process has ended."""
    try:
        with open(f"/proc/{pid}/mountinfo", "rb") as stream:
            return _mountinfo.parse(os.fsdecode(stream.read()))
    except OSError as error:
        raise HostError(f"Failed to read the mount table of process {pid}: {error}") from error


def below(directory: str) -> list[str]:
    """Where something is mounted at or below the directory, in this mount namespace."""
    real = os.path.realpath(directory)
    return [point.target for point in table_of() if f"{point.target}/".startswith(f"{real}/")]


def place(init_pid: int, target: str, *, what: str) -> Place:
    """What there is at the target, each link resolved as the container would. ``what`` says whose, for messages."""
    if sys_.load().openat2(-1, b"", 0, 0) == -errno.ENOSYS:
        table = table_of(init_pid)
        return Place(kind=UNKNOWN, stack=_mountinfo.stack_at(table, target), table=table)
    answer = _child.run(lambda: _look(init_pid, target), what=f"look at {target} in {what}", timeout=_SECONDS).value
    table = table_of(init_pid)
    top = _mountinfo.by_id(table, answer["mount"])
    return Place(
        kind=answer["kind"],
        stack=_mountinfo.stack_below(table, top) if top else (),
        table=table,
        path=answer["path"],
    )


def _look(init_pid: int, target: str) -> dict[str, Any]:
    """In a child, since a file system of the container's own (FUSE) could hold it up for ever."""
    calls = sys_.load()
    root = os.open(f"/proc/{init_pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    name = os.fsencode(target)
    linked = calls.openat2(root, name, sys_.O_PATH, _INSIDE | sys_.RESOLVE_NO_SYMLINKS) == -errno.ELOOP
    found = calls.openat2(root, name, sys_.O_PATH, _INSIDE)
    if found in (-errno.ENOENT, -errno.ENOTDIR):
        # "?" stands for a link that leads nowhere.
        return {"kind": "", "mount": -1, "path": "?" if linked else ""}
    if found < 0:
        raise HostError(f"The target {target} cannot be reached in the container: {os.strerror(-found)}")
    facts = calls.stat(found, b"", sys_.AT_EMPTY_PATH)
    if facts is None:
        raise HostError(f"The kernel tells nothing about {target} in the container")
    on_root = bool(facts.attributes & sys_.STATX_ATTR_MOUNT_ROOT)
    return {
        "kind": "dir" if stat.S_ISDIR(facts.mode) else "file",
        "mount": int(facts.mnt_id) if on_root else -1,
        "path": os.readlink(f"/proc/self/fd/{found}") if linked else "",
    }


def source(path: str) -> Source | None:
    """What a path of the host is; None if it does not exist."""
    calls = sys_.load()
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise HostError(f"source: {path} cannot be opened: {error.strerror}") from error
    try:
        facts = calls.stat(fd, b"", sys_.AT_EMPTY_PATH)
        real = os.readlink(f"/proc/self/fd/{fd}")
    finally:
        os.close(fd)
    table = table_of()
    point = _mountinfo.by_id(table, int(facts.mnt_id)) if facts else None
    if facts is None or point is None:
        raise HostError(f"source: {path} lies in a mount that this process cannot see")
    return Source(
        kind="dir" if stat.S_ISDIR(facts.mode) else "file",
        identity=_mountinfo.identity_of(point, real),
        inherited=frozenset(point.options),
        below={
            os.path.relpath(child.target, real): child.identity
            for child in _mountinfo.children(table, point)
            if child.target.startswith(real.rstrip("/") + "/")
        },
    )


def device_number(path: str) -> str | None:
    """``major:minor`` of a block device; None for anything else."""
    try:
        facts = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISBLK(facts.st_mode):
        return None
    return f"{os.major(facts.st_rdev)}:{os.minor(facts.st_rdev)}"


def has_own_user_namespace(pid: int) -> bool:
    """Whether a process lives in another user namespace than this one. OSError when it has ended."""
    return not os.path.samestat(os.stat(f"/proc/{pid}/ns/user"), os.stat("/proc/self/ns/user"))


def root_ids(pid: int) -> tuple[int, int]:
    """The host's user and group id of the root in that process's user namespace. OSError when it has ended."""
    return _outside(f"/proc/{pid}/uid_map"), _outside(f"/proc/{pid}/gid_map")


def _outside(path: str) -> int:
    with open(path, encoding="ascii") as stream:
        for line in stream:
            inside, outside, _count = line.split()
            if inside == "0":
                return int(outside)
    return 0


def memory() -> int:
    """The host's memory in bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def page_size() -> int:
    """In bytes."""
    return os.sysconf("SC_PAGE_SIZE")


def fstab_lines(path: str) -> list[str]:
    """The lines of an ``lxc.mount.fstab``; none if it cannot be read."""
    try:
        return read_regular(path).decode("utf-8", errors="surrogateescape").split("\n")
    except OSError:
        return []


def without_device() -> frozenset[str]:
    """The file systems this kernel has now that need no device."""
    with open("/proc/filesystems", encoding="ascii") as stream:
        fields = [line.rstrip("\n").split("\t") for line in stream]
    return frozenset(name for nodev, name in fields if nodev == "nodev")
