# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The limits that ``limits`` may name: each with its syntax, its controller and the kernel's default. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_value as value
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_value import Parser, Value

Limits = Mapping[str, Value]
"""From the cgroup v2 name to the normalised value."""

PIDS_MAX = 4194304
"""PID_MAX_LIMIT of a 64 bit kernel."""


@dataclass(frozen=True)
class Limit:
    """One limit. ``default`` is what the kernel has where nobody set it; ``lines``: one for each device or resource."""

    parse: Parser
    default: str = value.MAX
    lines: bool = False


_BYTES = Limit(value.size)
_ZERO_BYTES = Limit(value.size, default="0")
_FLAG = Limit(value.words("0", "1"), default="0")

_LIMITS: Mapping[str, Limit] = {
    "memory.max": _BYTES,
    "memory.high": _BYTES,
    "memory.low": _ZERO_BYTES,
    "memory.min": _ZERO_BYTES,
    "memory.swap.max": _BYTES,
    "memory.swap.high": _BYTES,
    "memory.zswap.max": _BYTES,
    "memory.oom.group": _FLAG,
    "pids.max": Limit(value.count(0, PIDS_MAX)),
    "cpu.max": Limit(value.bandwidth, default="max 100000"),
    "cpu.max.burst": Limit(value.count(0, 2**44 // 1000, unlimited=False), default="0"),
    "cpu.weight": Limit(value.count(1, 10000, unlimited=False), default="100"),
    "cpu.weight.nice": Limit(value.count(-20, 19, unlimited=False), default="0"),
    "cpu.idle": _FLAG,
    "cpu.uclamp.min": Limit(value.percentage, default="0.00"),
    "cpu.uclamp.max": Limit(value.percentage),
    "cpuset.cpus": Limit(value.numbers, default=""),
    "cpuset.mems": Limit(value.numbers, default=""),
    "cpuset.cpus.partition": Limit(value.words("member", "root", "isolated"), default="member"),
    "io.max": Limit(value.io_limits, default="", lines=True),
    "io.weight": Limit(value.weights(10000), default="default 100", lines=True),
    "io.bfq.weight": Limit(value.weights(1000), default="default 100", lines=True),
    "rdma.max": Limit(value.keyed, default="", lines=True),
    "misc.max": Limit(value.keyed, default="", lines=True),
    "cgroup.max.depth": Limit(value.count(0, 2**31 - 1)),
    "cgroup.max.descendants": Limit(value.count(0, 2**31 - 1)),
}

_HUGETLB = re.compile(r"hugetlb\.(\d+(?:KB|MB|GB))\.(?:rsvd\.)?max")


def find(name: str) -> Limit | None:
    """The limit of that cgroup v2 name; None: there is no such thing."""
    size = huge_page_size(name)
    return _LIMITS.get(name) if size is None else Limit(_huge_pages(size))


def _huge_pages(size: str) -> Parser:
    number = int(size[:-2]) * {"KB": 1024, "MB": 1024**2, "GB": 1024**3}[size[-2:]]
    return lambda text, page: value.size(text, number)


def controller(name: str) -> str:
    """The cgroup v2 controller: the part before the first dot. ``cgroup``: the core, which is always there."""
    return name.partition(".")[0]


def huge_page_size(name: str) -> str | None:
    """``2MB`` of ``hugetlb.2MB.max``."""
    match = _HUGETLB.fullmatch(name)
    return match[1] if match else None


def named(limits: Mapping[str, Any], *, page: int) -> dict[str, Value | None]:
    """What a task says, checked and normalised; None: to be cleared. InvalidInput for unknown names and bad values."""
    return {str(name): _named(str(name), given, page) for name, given in limits.items()}


def _named(name: str, given: Any, page: int) -> Value | None:
    limit = find(name)
    if limit is None:
        raise InvalidInput(
            f"limits: {name!r} is not a limit of cgroup v2; accepted are {', '.join(sorted(_LIMITS))} "
            "and hugetlb.SIZE.max, hugetlb.SIZE.rsvd.max"
        )
    try:
        lines = value.lines_of(given)
        if any(character in line for line in lines for character in "\n\r\0"):
            raise ValueError("a text without newline and NUL; several lines are given as a list")
        if len(lines) > 1 and not limit.lines:
            raise ValueError("one value")
        return normalise(name, lines, page=page) if lines else None
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"limits: {name}: {given!r} is not accepted; accepted is {error}") from error


def normalise(name: str, lines: tuple[str, ...], *, page: int) -> Value:
    """As the kernel would store it. ValueError says what would be accepted. ``name`` is known to ``find``."""
    limit = find(name)
    if limit is None:
        raise ValueError("a limit of cgroup v2")
    if not limit.lines:
        text = limit.parse(" ".join(lines), page) if lines else limit.default
        return (text,) if text else ()
    # A later line for the same device or resource wins.
    found = {line.split()[0]: line for line in (limit.parse(line, page) for line in lines)}
    kept = [line for line in found.values() if len(line.split()) > 1]
    if limit.default and "default" not in found:
        # The kernel always shows it.
        kept.append(limit.default)
    return tuple(sorted(kept, key=_device_order))


def _device_order(line: str) -> tuple[int, int, str]:
    match = re.match(r"(\d+):(\d+) ", line)
    return (int(match[1]), int(match[2]), "") if match else (-1, -1, line)


def default(name: str) -> Value:
    """What the kernel has where nobody set the limit."""
    limit = find(name)
    return (limit.default,) if limit is not None and limit.default else ()


def or_kept(name: str, lines: tuple[str, ...], *, page: int) -> Value:
    """Normalised where it is understood, as it stands where it is not: for what stands in a file already."""
    try:
        return normalise(name, lines, page=page)
    except ValueError:
        return lines


def writes(name: str, now: Value, want: Value) -> tuple[str, ...]:
    """The texts to write to the file, one for each write(2), that lead from one value to the other."""
    if name == "io.max":
        return _io_writes(now, want)
    if name in ("io.weight", "io.bfq.weight"):
        gone = {line.split()[0] for line in now} - {line.split()[0] for line in want} - {"default"}
        return (*(f"{device} default" for device in sorted(gone)), *want)
    if name in ("rdma.max", "misc.max"):
        return _keyed_writes(now, want)
    return want if want else ("\n",)


def _io_writes(now: Value, want: Value) -> tuple[str, ...]:
    limits = {line.split()[0]: value.io_keys(line) for line in (*now, *want)}
    limits.update({line.split()[0]: {} for line in now})
    limits.update({line.split()[0]: value.io_keys(line) for line in want})
    keys = ("rbps", "wbps", "riops", "wiops")
    return tuple(
        f"{device} " + " ".join(f"{key}={found.get(key, value.MAX)}" for key in keys)
        for device, found in limits.items()
    )


def _keyed_writes(now: Value, want: Value) -> tuple[str, ...]:
    """What is limited now and is not to be gets its ``max`` back."""
    limits = {line.split()[0]: dict.fromkeys(value.keyed_limits(line), value.MAX) for line in (*want, *now)}
    for line in want:
        limits[line.split()[0]].update(value.keyed_limits(line))
    return tuple(
        f"{name} {' '.join(f'{key}={number}' if key else number for key, number in found.items())}"
        for name, found in limits.items()
    )
