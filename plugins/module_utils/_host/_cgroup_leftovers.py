# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Control groups that would outlive their container, or that an earlier start has left in the way of the next.

liblxc makes the configured directories with all their parents, and of these removes only its own two at the end. A
process that called ``start()`` itself sits in the monitor's group for as long as it lives, so that this one stays too;
the next start then fails with "Numerical result out of range".
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterable, Iterator, Mapping

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, LxcError
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _cgroupfs,
    _config_file,
    _config_includes,
    _monitor,
)
from ansible_collections.community.lxc.plugins.module_utils._host._cgroupfs import Cgroups, Hierarchy
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_placement import Placement, placement_of
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_MARK = "trusted.community.lxc"
"""An extended attribute on a directory that was made for a container which we started: _WHOLE or _PARENT."""

_WHOLE = b"whole"
"""The container's alone, with all that is below."""

_PARENT = b"parent"
"""Others may be below as well, also such as are just being started and have no process yet."""

_BUSY_SECONDS = 5.0
_POLL_SECONDS = 0.01

_PIVOT = "lxc.pivot"


@contextlib.contextmanager
def tidy_start(ref: ContainerRef) -> Iterator[None]:
    """Around a start: what is in its way is removed before, and what it has made is known afterwards.

    HostError names the processes that keep a directory which liblxc has to make itself.
    """
    placement, cgroups = _placement(ref), _cgroupfs.look()
    directories = list(_directories(placement, cgroups))
    for hierarchy, base, directory in directories:
        if directory in (placement.monitor_dir, placement.container_dir):
            _clear(ref, hierarchy, f"{base}/{directory}")
    absent = _absent(placement, directories)
    pivots = _absent_pivots(placement, cgroups)
    try:
        yield
    except LxcError:
        _remove({**pivots, **absent})
        raise
    for path, mark in absent.items():
        with contextlib.suppress(OSError):
            os.setxattr(path, _MARK, mark)


@contextlib.contextmanager
def tidy_stop(ref: ContainerRef, *, init_pid: int = -1) -> Iterator[None]:
    """Around a stop: directories that were made for the container go with it, as far as nobody else is in them."""
    cgroups, placement = _cgroupfs.look(), _placement(ref)
    gone = _absent_pivots(placement, cgroups)
    monitors = _monitor.monitor_pids(ref, init_pid=init_pid)
    gone.update((path, mark) for path in _paths_of_processes(monitors, cgroups) for mark in _marks(path))
    with _monitor.watched(monitors) as await_end:
        try:
            yield
            await_end()
        except BaseException:
            _remove(gone, patience=0.0)
            raise
        _remove(gone)


def tidy_absent(ref: ContainerRef) -> None:
    """Before a stopped container is removed: what is still there of it, since it ended by itself or by other tools."""
    cgroups, placement = _cgroupfs.look(), _placement(ref)
    gone: dict[str, bytes] = {}
    for found in (*_directories(placement, cgroups), *_pivot_directories(placement, cgroups)):
        ours = False
        for path in _chain(*found):
            marks = list(_marks(path))
            # What has been made below a directory of ours came after it.
            ours = ours or bool(marks) or path.endswith(f"/{_PIVOT}")
            if ours:
                gone[path] = _WHOLE if _WHOLE in marks else gone.get(path, _PARENT)
    _remove(gone)


def _placement(ref: ContainerRef) -> Placement:
    document = _config_file.read(ref)
    if document is None:
        return Placement()
    return placement_of(dict(_config_includes.expand(document, _config_includes.read(document))))


def _directories(placement: Placement, cgroups: Cgroups) -> Iterator[tuple[Hierarchy, str, str]]:
    """Every configured directory in every hierarchy, with the group that it is relative to."""
    ours = _cgroupfs.groups_of_process(os.getpid(), cgroups) if placement.relative else {}
    for hierarchy in cgroups.hierarchies:
        for directory in placement.directories():
            yield hierarchy, ours.get(hierarchy.path, "/").rstrip("/"), directory


def _chain(hierarchy: Hierarchy, base: str, directory: str) -> list[str]:
    """The paths of the directory and of its parents down from ``base``, the outermost first."""
    parts = directory.split("/")
    return [hierarchy.directory(f"{base}/{'/'.join(parts[:count])}") for count in range(1, len(parts) + 1)]


def _absent(placement: Placement, directories: Iterable[tuple[Hierarchy, str, str]]) -> dict[str, bytes]:
    """The directories that liblxc will have to make, each with the mark that it is to get."""
    found: dict[str, bytes] = {}
    for hierarchy, base, directory in directories:
        *parents, last = _chain(hierarchy, base, directory)
        whole = directory in (placement.monitor_dir, placement.container_dir)
        for path, mark in (*((parent, _PARENT) for parent in parents), (last, _WHOLE if whole else _PARENT)):
            if not os.path.isdir(path):
                found[path] = mark if mark == _WHOLE else found.get(path, mark)
    return found


def _absent_pivots(placement: Placement, cgroups: Cgroups) -> dict[str, bytes]:
    return {path: _PARENT for path in _pivots(placement, cgroups) if not os.path.isdir(path)}


def _clear(ref: ContainerRef, hierarchy: Hierarchy, group: str) -> None:
    path = hierarchy.directory(group)
    if not os.path.isdir(path):
        return
    inside = _processes(path)
    if inside and _is_in_use(path, wait_for_all=False, deadline=time.monotonic() + _BUSY_SECONDS):
        raise HostError(
            f"Failed to start {ref}: liblxc has to make the cgroup {path} itself, and it is there already, with "
            f"{', '.join(_name(pid) for pid in inside[:5])} in it; a process that started a container by liblxc's API "
            "stays in its monitor's cgroup until it ends"
        )
    _remove({path: _WHOLE})


def _processes(path: str) -> list[int]:
    return [pid for group in (*_cgroupfs.descendants(path), path) for pid in _cgroupfs.processes(group)]


def _name(pid: int) -> str:
    lines = _cgroupfs.read(f"/proc/{pid}/comm")
    return f"process {pid} ({lines[0]})" if lines else f"process {pid}"


def _remove(groups: Mapping[str, bytes], *, patience: float = _BUSY_SECONDS) -> None:
    """Remove groups without any process in or below them, the deepest first."""
    deadline = time.monotonic() + patience
    for path in sorted(groups, key=lambda found: found.count("/"), reverse=True):
        if not os.path.isdir(path) or _is_in_use(path, wait_for_all=groups[path] == _WHOLE, deadline=deadline):
            continue
        below = _cgroupfs.descendants(path) if groups[path] == _WHOLE else []
        for group in (*below, path):
            _rmdir(group)


def _is_in_use(path: str, *, wait_for_all: bool, deadline: float) -> bool:
    """Whether processes stay in or below the group. A dying one, without memory already, leaves its group last."""
    while True:
        inside = _processes(path)
        if not inside:
            return False
        if time.monotonic() > deadline or not (wait_for_all or all(_is_dying(pid) for pid in inside)):
            return True
        time.sleep(_POLL_SECONDS)


def _is_dying(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            return not stream.read(1)
    except OSError:
        return True


def _rmdir(path: str) -> None:
    """Remove one group. The kernel may call it busy for a moment after the last process has gone from it."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            os.rmdir(path)
        except OSError as error:
            used = error.errno != errno.EBUSY or _cgroupfs.children(path) or _cgroupfs.processes(path)
            if used or time.monotonic() > deadline:
                return
            time.sleep(_POLL_SECONDS)
        else:
            return


def _paths_of_processes(monitors: Iterable[int], cgroups: Cgroups) -> Iterator[str]:
    """The groups of a container's monitors and init, and all groups above these."""
    pids = [pid for monitor in monitors for pid in (monitor, *_monitor.children(monitor))]
    for pid in pids:
        groups = _cgroupfs.groups_of_process(pid, cgroups)
        for hierarchy in cgroups.hierarchies:
            group = groups.get(hierarchy.path, "/")
            while group.strip("/"):
                yield hierarchy.directory(group)
                group = group.rpartition("/")[0]


def _marks(path: str) -> Iterator[bytes]:
    with contextlib.suppress(OSError):
        yield os.getxattr(path, _MARK)


def _pivots(placement: Placement, cgroups: Cgroups) -> Iterator[str]:
    """Where liblxc puts the monitor to be able to remove its group, and all above."""
    for found in _pivot_directories(placement, cgroups):
        yield from _chain(*found)


def _pivot_directories(placement: Placement, cgroups: Cgroups) -> Iterator[tuple[Hierarchy, str, str]]:
    """Made only when the container ends. The common /lxc.pivot is every container's."""
    for hierarchy, base, directory in _directories(placement, cgroups):
        if directory in (placement.dir, placement.monitor_pivot_dir):
            yield hierarchy, base, f"{directory}/{_PIVOT}"
