# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A container's monitor process, found and ended without liblxc's help, and the cgroups that it leaves behind."""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from ansible_collections.community.lxc.plugins.module_utils._host import _cgroupfs, _states
from ansible_collections.community.lxc.plugins.module_utils._host._process import Process
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_CGROUP_ROOT = "/sys/fs/cgroup"
_DEATH_SECONDS = 30.0
_HELD_AT_ONCE = 256


def monitor_pids(ref: ContainerRef, *, init_pid: int = -1) -> tuple[int, ...]:
    """The processes titled ``[lxc monitor] LXCPATH NAME`` that are root's, in the host's own pid namespace.

    Anybody can call a process like that; a container's are in another pid namespace, and other people's do not count.
    Where the pid of the container's init is known and has such a parent, it is this one; else all processes of the
    host are gone through, which are more the more containers run.
    """
    parent = _parent(init_pid) if init_pid > 0 else -1
    if parent > 0 and _states.titled_container(parent, ref.lxc_path) == ref.name:
        return (parent,)
    return tuple(pid for pid, name in _states.titled(ref.lxc_path) if name == ref.name)


def _parent(pid: int) -> int:
    try:
        with Process(pid) as process:
            return process.parent()
    except ProcessLookupError:
        return -1


Mark = tuple[bytes, bytes]
"""Device and inode of a page of memory, as ``/proc/PID/maps`` tells them."""


@contextlib.contextmanager
def marking() -> Iterator[Mark]:
    """All processes that are forked meanwhile, and theirs, carry the mark as long as they execute no other program.

    A monitor that we have started is told by it from one that somebody else has started at the same moment.
    """
    fd = os.memfd_create("community.lxc", os.MFD_CLOEXEC)
    try:
        os.ftruncate(fd, mmap.PAGESIZE)
        found = os.fstat(fd)
        with mmap.mmap(fd, mmap.PAGESIZE):
            yield b"%02x:%02x" % (os.major(found.st_dev), os.minor(found.st_dev)), b"%d" % found.st_ino
    finally:
        os.close(fd)


def _carries(pid: int, mark: Mark) -> bool:
    try:
        with open(f"/proc/{pid}/maps", "rb") as stream:
            return any(tuple(line.split(maxsplit=5)[3:5]) == mark for line in stream)
    except OSError:
        return False


def end_monitors(ref: ContainerRef, *, marked: Mark | None = None) -> tuple[int, ...]:
    """Kill the container's monitors with all their descendants, and remove the cgroups that they were in.

    Returns the monitors' pids. For the case in which a monitor no longer answers, or a start went wrong half-way;
    ``marked`` spares those without the mark of that start.
    """
    monitors = tuple(pid for pid in monitor_pids(ref) if marked is None or _carries(pid, marked))
    groups: set[str] = set()
    for monitor in monitors:
        family = (monitor, *_descendants(monitor))
        groups.update(own for pid in family for path in _cgroup_directories(pid) for own in _own_group(path, ref))
        _kill(family)
    remove_empty_groups(groups)
    return monitors


def group_directories(ref: ContainerRef) -> frozenset[str]:
    """liblxc's default cgroups of this name (``lxc.payload.NAME``, ``lxc.monitor.NAME-1``, ...) in every hierarchy.

    Containers of the same name in another lxc path have such directories as well.
    """
    # Of hundreds of containers' groups two are this one's: the first look is a cheap one.
    starts = (f"lxc.payload.{ref.name}", f"lxc.monitor.{ref.name}")
    return frozenset(
        f"{hierarchy}/{entry}"
        for hierarchy in _hierarchies()
        for entry in os.listdir(hierarchy)
        if entry.startswith(starts) and _is_named_after(entry, ref)
    )


def _is_named_after(group: str, ref: ContainerRef) -> bool:
    stem, dash, number = group.rpartition("-")
    names = {group, stem} if dash and number.isdigit() else {group}
    return not names.isdisjoint((f"lxc.payload.{ref.name}", f"lxc.monitor.{ref.name}"))


def _own_group(path: str, ref: ContainerRef) -> list[str]:
    """The part of a group's path down to the container's own; none where it was put among the groups of others."""
    parts = path.split("/")
    for count, part in enumerate(parts, start=1):
        if _is_named_after(part, ref):
            return ["/".join(parts[:count])]
    return []


def remove_empty_groups(directories: Iterable[str]) -> None:
    """Remove cgroup directories with all groups below. The kernel refuses where there are processes: those stay."""
    for directory in directories:
        for path in (*_cgroupfs.descendants(directory), directory):
            with contextlib.suppress(OSError):
                os.rmdir(path)


def _hierarchies() -> list[str]:
    if os.path.exists(f"{_CGROUP_ROOT}/cgroup.procs"):
        return [_CGROUP_ROOT]
    return [entry.path for entry in os.scandir(_CGROUP_ROOT) if entry.is_dir(follow_symlinks=False)]


def _cgroup_directories(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
            lines = stream.read().split("\n")[:-1]
    except OSError:
        return []
    paths = [path for _number, _controllers, path in (line.split(":", 2) for line in lines) if path != "/"]
    return [hierarchy + path for hierarchy in _hierarchies() for path in paths if os.path.isdir(hierarchy + path)]


def children(pid: int) -> list[int]:
    """The process's children; empty when it is gone."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as stream:
            return [int(word) for word in stream.read().split()]
    except OSError:
        return []


def _descendants(pid: int) -> list[int]:
    """The nearest first. A container's processes may be a chain longer than Python's stack."""
    found = children(pid)
    for one in found:
        found += children(one)
    return found


@contextlib.contextmanager
def watched(monitors: Iterable[int]) -> Iterator[Callable[[], None]]:
    """Of these monitors: a function that waits until the last of them has ended."""
    with _pidfds(monitors) as pidfds:
        yield lambda: _await_death(pidfds)


def _kill(pids: Sequence[int]) -> None:
    """The end of the first ones is waited for: a process may not hold as many descriptors as a container processes."""
    with _pidfds(pids[:_HELD_AT_ONCE]) as pidfds:
        for pid in pids[_HELD_AT_ONCE:]:
            with _pidfds([pid]) as rest:
                _signal(rest)
        _signal(pidfds)
        _await_death(pidfds)


def _signal(pidfds: Iterable[int]) -> None:
    for pidfd in pidfds:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)


@contextlib.contextmanager
def _pidfds(pids: Iterable[int]) -> Iterator[list[int]]:
    pidfds: list[int] = []
    try:
        for pid in pids:
            with contextlib.suppress(OSError):
                pidfds.append(os.pidfd_open(pid))
        yield pidfds
    finally:
        for pidfd in pidfds:
            os.close(pidfd)


def _await_death(pidfds: Iterable[int]) -> None:
    """Until they have ended, or there is no more hope: one that hangs in the kernel holds nobody up for ever."""
    deadline = time.monotonic() + _DEATH_SECONDS
    for pidfd in pidfds:
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        poller.poll(max(0, int((deadline - time.monotonic()) * 1000)))
