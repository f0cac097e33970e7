# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The files of a running container's limiting group: read, and written so that the container keeps running."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import _cgroup_cpuset, _cgroupfs
from ansible_collections.community.lxc.plugins.module_utils._host._cgroup_place import Place
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_limit as limit
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_dialect import Dialect
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_limit import Limits
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_value import MAX, Value
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_MEMORY_V1, _MEMSW_V1 = "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"
_USAGE = {
    _MEMORY_V1: "memory.usage_in_bytes",
    _MEMSW_V1: "memory.memsw.usage_in_bytes",
    "memory.max": "memory.current",
    "memory.swap.max": "memory.swap.current",
}


def place_of(places: Sequence[Place], controller: str) -> Place | None:
    """The container in the hierarchy that has the controller."""
    for place in places:
        core = controller == "cgroup" and place.hierarchy.version == 2
        if core or controller in place.hierarchy.controllers:
            return place
    return None


def read(places: Sequence[Place], names: Iterable[str], dialect: Dialect) -> dict[str, Value]:
    """The limits in force, of those whose files are there."""
    wanted = sorted(set(names))
    files: dict[str, Value] = {}
    for name in (*wanted, "memory.max"):
        files.update(_files(places, name, dialect))
    found = dialect.limits(files)
    return {name: found[name] for name in wanted if name in found}


def _files(places: Sequence[Place], name: str, dialect: Dialect) -> dict[str, Value]:
    place = place_of(places, dialect.controller(name))
    if place is None:
        return {}
    files = {file: _cgroupfs.read(place.file(file)) for file in dialect.files_of(name)}
    return {file: lines for file, lines in files.items() if lines is not None}


def write(ref: ContainerRef, places: Sequence[Place], dialect: Dialect, now: Limits, want: Limits) -> None:
    """Bring the limits from ``now`` to ``want``, which name the same ones. On failure none of them is changed."""
    old, new = _old_files(now, dialect), dialect.files(want)
    done: list[str] = []
    try:
        for file in _in_order(old, new):
            _write_file(ref, _place(places, file, dialect), dialect, file, old.get(file, ()), new[file])
            done.append(file)
    except HostError:
        for file in reversed(done):
            with contextlib.suppress(HostError):
                _write_file(ref, _place(places, file, dialect), dialect, file, new[file], old.get(file, ()))
        raise


def _old_files(now: Limits, dialect: Dialect) -> dict[str, Value]:
    try:
        return dialect.files(now)
    except (InvalidInput, ValueError, IndexError):
        # Somebody has set what cgroup v2 has no words for; all files are written then.
        return {}


def _in_order(old: Mapping[str, Value], new: Mapping[str, Value]) -> list[str]:
    files = [file for file in new if old.get(file) != new[file]]
    if _MEMSW_V1 in files and _MEMORY_V1 in files:
        # The limit on memory alone may at no time be above the one on both.
        first = _MEMSW_V1 if _amount(new[_MEMSW_V1]) > _amount(old.get(_MEMSW_V1, ("0",))) else _MEMORY_V1
        files.sort(key=lambda file: file != first)
    return files


def _amount(lines: Value) -> float:
    return float("inf") if lines in (("-1",), (MAX,)) else float(lines[0])


def _place(places: Sequence[Place], file: str, dialect: Dialect) -> Place:
    place = place_of(places, dialect.controller(file))
    if place is None:
        raise HostError(f"There is no hierarchy with a file {file} for this container")
    return place


def _write_file(ref: ContainerRef, place: Place, dialect: Dialect, file: str, now: Value, want: Value) -> None:
    name = dialect.name_of(file) or file
    what = f"set {name} of {ref} to {', '.join(want) or 'its default'}"
    try:
        if file in ("cpuset.cpus", "cpuset.mems") and place.hierarchy.version == 1:
            _cgroup_cpuset.write(place, file, want)
            return
        if file == "memory.max":
            _make_room(place, want, what)
        _cgroupfs.write(place.file(file), dialect.writes(file, now, want))
    except OSError as error:
        if error.errno == errno.EBUSY and file in _USAGE:
            raise _in_use(place, file, what) from error
        if error.errno == errno.EINVAL and file == _MEMORY_V1:
            raise _above_both(place, what) from error
        raise _cgroupfs.explain(error, what) from error


def _make_room(place: Place, want: Value, what: str) -> None:
    """v2 does not refuse a limit below what is in use: it kills. So have the kernel reclaim first, and refuse here."""
    used = _cgroupfs.number(place.file("memory.current"))
    if want == (MAX,) or used is None or used <= int(want[0]):
        return
    with contextlib.suppress(OSError):
        _cgroupfs.write(place.file("memory.reclaim"), [str(used - int(want[0]))])
    used = _cgroupfs.number(place.file("memory.current"))
    if used is not None and used > int(want[0]):
        raise _in_use(place, "memory.max", what)


def _in_use(place: Place, file: str, what: str) -> HostError:
    used = _cgroupfs.number(place.file(_USAGE[file]))
    return HostError(f"Failed to {what}: {used} bytes are in use, and the kernel could not reclaim enough of them")


def _above_both(place: Place, what: str) -> HostError:
    both = _cgroupfs.number(place.file(_MEMSW_V1))
    return HostError(
        f"Failed to {what}: memory and swap together are limited to {both} bytes ({_MEMSW_V1}), which nothing in the "
        "configuration says; name memory.swap.max too"
    )


def default(places: Sequence[Place], name: str, dialect: Dialect) -> Value:
    """What the limit is where nobody sets it. A v1 cpuset has no default of its own: it is given its parent's."""
    place = place_of(places, dialect.controller(name))
    if name.startswith("cpuset.") and place is not None and place.hierarchy.version == 1:
        parent = place.file(name).rsplit("/", 2)[0]
        return limit.or_kept(name, _cgroupfs.read(f"{parent}/{name}") or (), page=dialect.page)
    return limit.default(name)


def usage(places: Sequence[Place]) -> dict[str, int | float | None]:
    """What the container uses: memory in bytes, processes, and processor time in seconds; None where unknown."""

    def number(controller: str, v1: str, v2: str) -> int | None:
        place = place_of(places, controller)
        return None if place is None else _cgroupfs.number(place.file(v1 if place.hierarchy.version == 1 else v2))

    return {
        "memory": number("memory", "memory.usage_in_bytes", "memory.current"),
        "pids": number("pids", "pids.current", "pids.current"),
        "cpu": _cpu_seconds(places),
    }


def _cpu_seconds(places: Sequence[Place]) -> float | None:
    legacy = place_of(places, "cpuacct")
    if legacy is not None:
        nanoseconds = _cgroupfs.number(legacy.file("cpuacct.usage"))
        return None if nanoseconds is None else nanoseconds / 10**9
    for place in places:
        for line in (_cgroupfs.read(place.file("cpu.stat")) if place.hierarchy.version == 2 else None) or ():
            if line.startswith("usage_usec "):
                return int(line.split()[1]) / 10**6
    return None
