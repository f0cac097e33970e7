# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The same limits in the files of cgroup v1, both ways. Pure.

A translation works on all limits of a container at once, since two files of v1 may hold one limit of v2
(``cpu.max``), and one file two (``memory.memsw.limit_in_bytes`` counts memory and swap together).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_value as value
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_limit import Limits, normalise, writes
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_value import MAX, Value

Files = Mapping[str, Value]
"""From the v1 file to its lines."""

UNLIMITED = "-1"
_CONTROLLERS = {"io": "blkio"}


@dataclass(frozen=True)
class Translation:
    """One limit, one file. ``there`` takes v2 lines to v1 lines, ``back`` the reverse."""

    file: str
    there: Callable[[Value], Value]
    back: Callable[[Value], Value]


def controller(name: str) -> str:
    """The v1 controller of a v2 name or a v1 file."""
    prefix = name.partition(".")[0]
    return _CONTROLLERS.get(prefix, prefix)


def _same(lines: Value) -> Value:
    return lines


def _no_max(lines: Value) -> Value:
    return tuple(UNLIMITED if line == MAX else line for line in lines)


def _with_max(lines: Value) -> Value:
    return tuple(MAX if line == UNLIMITED else line for line in lines)


def shares(weight: int) -> int:
    """``cpu.shares`` of a ``cpu.weight``, by the kernel's own conversion (sched_weight_from_cgroup)."""
    return _divide_to_nearest(weight * 1024, 100)


def weight_of_shares(found: int) -> int:
    """The reverse (sched_weight_to_cgroup), kept within the range of ``cpu.weight``."""
    return min(max(_divide_to_nearest(found * 100, 1024), 1), 10000)


def _divide_to_nearest(number: int, divisor: int) -> int:
    return (number + divisor // 2) // divisor


def bfq(weight: int) -> int:
    """``blkio.bfq.weight`` (1 to 1000) of an ``io.weight`` (1 to 10000): alike up to the default of both, 100."""
    return weight if weight <= 100 else 100 + _divide_to_nearest((weight - 100) * 900, 9900)


def weight_of_bfq(found: int) -> int:
    """An ``io.weight`` that ``bfq`` takes to this."""
    return found if found <= 100 else 100 + (found - 100) * 11


def _default_weight(convert: Callable[[int], int]) -> Callable[[Value], Value]:
    def there(lines: Value) -> Value:
        if len(lines) != 1 or not lines[0].startswith("default "):
            raise ValueError("cgroup v1 has one weight for all devices here")
        return (str(convert(int(lines[0].split()[1]))),)

    return there


def _weight_back(convert: Callable[[int], int]) -> Callable[[Value], Value]:
    def back(lines: Value) -> Value:
        match = re.match(r"(?:default )?(\d+)$", lines[0]) if lines else None
        return (f"default {convert(int(match[1]))}",) if match else lines

    return back


def _number(convert: Callable[[int], int]) -> Callable[[Value], Value]:
    return lambda lines: tuple(str(convert(int(line))) for line in lines)


def _identity(number: int) -> int:
    return number


_SIMPLE: Mapping[str, tuple[Translation, ...]] = {
    # Several: the first whose file is there.
    "memory.max": (Translation("memory.limit_in_bytes", _no_max, _with_max),),
    "memory.high": (Translation("memory.soft_limit_in_bytes", _no_max, _with_max),),
    "pids.max": (Translation("pids.max", _same, _same),),
    "cpu.weight": (Translation("cpu.shares", _number(shares), _number(weight_of_shares)),),
    "cpu.max.burst": (Translation("cpu.cfs_burst_us", _same, _same),),
    "cpu.idle": (Translation("cpu.idle", _same, _same),),
    "cpu.uclamp.min": (Translation("cpu.uclamp.min", _same, _same),),
    "cpu.uclamp.max": (Translation("cpu.uclamp.max", _same, _same),),
    "cpuset.cpus": (Translation("cpuset.cpus", _same, _same),),
    "cpuset.mems": (Translation("cpuset.mems", _same, _same),),
    "io.weight": (Translation("blkio.bfq.weight", _default_weight(bfq), _weight_back(weight_of_bfq)),),
    "rdma.max": (Translation("rdma.max", _same, _same),),
    "misc.max": (Translation("misc.max", _same, _same),),
}

_THROTTLE = {
    "rbps": "blkio.throttle.read_bps_device",
    "wbps": "blkio.throttle.write_bps_device",
    "riops": "blkio.throttle.read_iops_device",
    "wiops": "blkio.throttle.write_iops_device",
}
_QUOTA, _PERIOD, _MEMSW = "cpu.cfs_quota_us", "cpu.cfs_period_us", "memory.memsw.limit_in_bytes"
_HUGETLB_V1 = re.compile(r"(hugetlb\.\d+(?:KB|MB|GB)\.(?:rsvd\.)?)limit_in_bytes")
_HUGETLB_V2 = re.compile(r"(hugetlb\.\d+(?:KB|MB|GB)\.(?:rsvd\.)?)max")


@functools.lru_cache(maxsize=1024)
def files_of(name: str) -> tuple[str, ...]:
    """The v1 files that hold the limit of that v2 name; empty: v1 has nothing like it."""
    if name == "memory.swap.max":
        return (_MEMSW,)
    if name == "cpu.max":
        return (_QUOTA, _PERIOD)
    if name == "io.max":
        return tuple(_THROTTLE.values())
    match = _HUGETLB_V2.fullmatch(name)
    if match:
        return (f"{match[1]}limit_in_bytes",)
    return tuple(translation.file for translation in _SIMPLE.get(name, ()))


@functools.lru_cache(maxsize=1024)
def name_of(file: str) -> str | None:
    """The v2 name of the limit that the v1 file holds, or a part of it."""
    match = _HUGETLB_V1.fullmatch(file)
    if match:
        return f"{match[1]}max"
    names = ("memory.swap.max", "cpu.max", "io.max", *_SIMPLE)
    return next((name for name in names if file in files_of(name)), None)


def to_v1(limits: Limits) -> dict[str, Value]:
    """The v1 files of all these limits. InvalidInput names a limit, or a value, that v1 has no equal of."""
    files: dict[str, Value] = {}
    for name, lines in limits.items():
        if not files_of(name):
            raise InvalidInput(f"limits: {name} has no equal in cgroup v1, which this host has; leave it out here")
        files.update(_files(name, lines, limits))
    return files


def _files(name: str, lines: Value, limits: Limits) -> dict[str, Value]:
    if name == "memory.swap.max":
        return {_MEMSW: (_memory_and_swap(lines[0], limits.get("memory.max", (MAX,))[0]),)}
    if name == "cpu.max":
        quota, period = lines[0].split()
        return {_PERIOD: (period,), _QUOTA: _no_max((quota,))}
    if name == "io.max":
        return {file: _throttle(lines, key) for key, file in _THROTTLE.items()}
    match = _HUGETLB_V2.fullmatch(name)
    if match:
        return {f"{match[1]}limit_in_bytes": _no_max(lines)}
    translation = _SIMPLE[name][0]
    try:
        return {translation.file: translation.there(lines)}
    except ValueError as error:
        raise InvalidInput(f"limits: {name}: {', '.join(lines)!r} has no equal in cgroup v1: {error}") from error


def _memory_and_swap(swap: str, memory: str) -> str:
    if swap == MAX:
        return UNLIMITED
    if memory == MAX:
        raise InvalidInput(
            f"limits: memory.swap.max: cgroup v1 limits memory and swap together, so {swap} bytes need a memory.max too"
        )
    if not memory.isdigit():
        raise InvalidInput(
            f"limits: memory.max: {memory!r}, which the configuration says, is not understood; name it too"
        )
    return str(int(memory) + int(swap))


def _throttle(lines: Value, key: str) -> Value:
    found = [(line.split()[0], value.io_keys(line).get(key)) for line in lines]
    return tuple(f"{device} {number}" for device, number in found if number)


def from_v1(files: Files, *, page: int) -> dict[str, Value]:
    """The limits that these v1 files hold. What is not understood is kept as it stands."""
    names = dict.fromkeys(name for name in (name_of(file) for file in files) if name)
    limits: dict[str, Value] = {}
    for name in names:
        try:
            limits[name] = normalise(name, _back(name, files, page), page=page)
        except (ValueError, IndexError):
            limits[name] = tuple(line for file in files_of(name) for line in files.get(file, ()))
    return limits


def _back(name: str, files: Files, page: int) -> Value:
    if name == "memory.swap.max":
        return (_swap(files, page),)
    if name == "cpu.max":
        quota = _with_max(files.get(_QUOTA, (UNLIMITED,)))
        return (f"{quota[-1]} {files.get(_PERIOD, ('100000',))[-1]}",)
    if name == "io.max":
        return _unthrottle(files)
    found = files[files_of(name)[0]]
    if name.startswith("hugetlb."):
        return _with_max(found)
    return _SIMPLE[name][0].back(found)


def _swap(files: Files, page: int) -> str:
    both = value.size(files[_MEMSW][-1], page)
    memory = value.size(files.get("memory.limit_in_bytes", (UNLIMITED,))[-1], page)
    if both == MAX:
        return MAX
    if memory == MAX or int(memory) > int(both):
        raise ValueError("a limit on memory below the one on memory and swap")
    return str(int(both) - int(memory))


def _unthrottle(files: Files) -> Value:
    devices: dict[str, list[str]] = {}
    for key, file in _THROTTLE.items():
        for line in files.get(file, ()):
            device, number = line.split()
            if number != "0":
                devices.setdefault(device, []).append(f"{key}={number}")
    return tuple(f"{device} {' '.join(keys)}" for device, keys in devices.items())


def file_writes(file: str, now: Value, want: Value) -> tuple[str, ...]:
    """The texts to write to the v1 file, one for each write(2)."""
    if file in _THROTTLE.values():
        gone = {line.split()[0] for line in now} - {line.split()[0] for line in want}
        return (*(f"{device} 0" for device in sorted(gone)), *want)
    if file in ("rdma.max", "misc.max"):
        return writes(file, now, want)
    return want if want else ("\n",)
