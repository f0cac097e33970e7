# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Values of cgroup limits in cgroup v2 syntax, normalised as the kernel stores them. Pure.

A value is a tuple of lines: one line for most limits, one for each device for ``io.max``. The empty tuple stands
for the kernel's own default where that has no text (an empty ``cpuset.cpus``, an ``io.max`` without devices).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

Value = tuple[str, ...]
"""Lines, canonical: equal values limit alike."""

Parser = Callable[[str, int], str]
"""From a text and the page size in bytes to the canonical text; ValueError says what would be accepted."""

MAX = "max"
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4, "P": 1024**5, "E": 1024**6}
_SIZE = re.compile(r"(\d+)(?:\.(\d+))?\s*(?:([KMGTPE])(?:iB)?|B)?", re.IGNORECASE)
_LONGEST = 2**63 - 1
_DEVICE = re.compile(r"(\d{1,4}):(\d{1,7})")
_IO_KEYS = ("rbps", "wbps", "riops", "wiops")


def size(text: str, page: int) -> str:
    """Bytes, rounded down to whole pages as the kernel does."""
    number = size_in_bytes(text)
    if number is None:
        return MAX
    return MAX if number >= _LONGEST // page * page else str(number // page * page)


def size_in_bytes(text: str) -> int | None:
    """None for ``max``."""
    if text in (MAX, "-1"):
        return None
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError("a size in bytes, with K, M, G, T, P or E (powers of 1024) if wanted, or max")
    number = Decimal(f"{match[1]}.{match[2] or 0}") * _UNITS[(match[3] or "").upper()]
    if number != int(number):
        raise ValueError("a whole number of bytes, or max")
    return int(number)


def count(low: int, high: int, *, unlimited: bool = True) -> Parser:
    """A whole number from ``low`` to ``high``."""

    def parse(text: str, page: int) -> str:
        if unlimited and text in (MAX, "-1"):
            return MAX
        if not re.fullmatch(r"-?\d{1,19}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}{', or max' if unlimited else ''}")
        return str(int(text))

    return parse


def words(*accepted: str) -> Parser:
    """One of these."""

    def parse(text: str, page: int) -> str:
        if text not in accepted:
            raise ValueError(" or ".join(accepted))
        return text

    return parse


def percentage(text: str, page: int) -> str:
    """``cpu.uclamp.*``: 0 to 100 with two decimals, as the kernel prints them."""
    if text == MAX:
        return MAX
    match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?)\s*%?", text)
    if not match or Decimal(match[1]) > 100:
        raise ValueError("a percentage from 0 to 100 with at most two decimals, or max")
    return MAX if Decimal(match[1]) == 100 else f"{Decimal(match[1]):.2f}"


def bandwidth(text: str, page: int) -> str:
    """``cpu.max``: quota and period in microseconds."""
    accepted = "QUOTA PERIOD in microseconds (QUOTA at least 1000 or max, PERIOD from 1000 to 1000000)"
    fields = text.split()
    if len(fields) not in (1, 2):
        raise ValueError(accepted)
    quota, period = fields[0], fields[1] if len(fields) == 2 else "100000"
    if not re.fullmatch(r"\d{1,13}", period) or not 1000 <= int(period) <= 1000000:
        raise ValueError(accepted)
    if quota in (MAX, "-1"):
        return f"{MAX} {int(period)}"
    # Above this the kernel's own arithmetic would overflow, and it refuses (source: kernel/sched/core.c).
    if not re.fullmatch(r"\d{1,13}", quota) or not 1000 <= int(quota) <= 2**44 // 1000:
        raise ValueError(accepted)
    return f"{int(quota)} {int(period)}"


def numbers(text: str, page: int) -> str:
    """A list of CPUs or memory nodes: ``0-3,5``; sorted, joined, without repetition."""
    return join_numbers(split_numbers(text))


def split_numbers(text: str) -> frozenset[int]:
    """The numbers of ``0-3,5``."""
    found: set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", part)
        if not match or int(match[2] or match[1]) < int(match[1]):
            raise ValueError("a list of numbers such as 0-3,5")
        found.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return frozenset(found)


def join_numbers(found: Iterable[int]) -> str:
    """``0-3,5``; empty for none."""
    runs: list[list[int]] = []
    for number in sorted(found):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)


def io_limits(text: str, page: int) -> str:
    """A line of ``io.max``; the keys that are ``max`` are left out, and with them perhaps all."""
    accepted = "MAJOR:MINOR and then rbps=, wbps=, riops= or wiops= with a number or max"
    fields = text.split()
    if len(fields) < 2 or not _DEVICE.fullmatch(fields[0]):
        raise ValueError(accepted)
    limits: dict[str, str] = {}
    for field in fields[1:]:
        key, equals, value = field.partition("=")
        if key not in _IO_KEYS or not equals:
            raise ValueError(accepted)
        number = size_in_bytes(value)
        if number == 0:
            raise ValueError(f"{accepted}; 0 is not accepted by the kernel")
        limits[key] = MAX if number is None or number >= 2**64 - 1 else str(number)
    kept = [f"{key}={limits[key]}" for key in _IO_KEYS if limits.get(key, MAX) != MAX]
    return " ".join([device(fields[0]), *kept])


def io_keys(line: str) -> dict[str, str]:
    """``{"rbps": "1048576"}`` of a line of ``io.max``."""
    return dict(field.split("=", 1) for field in line.split()[1:])


def device(text: str) -> str:
    """``MAJOR:MINOR`` without leading zeros."""
    match = _DEVICE.fullmatch(text)
    if not match:
        raise ValueError("MAJOR:MINOR of a block device")
    return f"{int(match[1])}:{int(match[2])}"


def weights(high: int) -> Parser:
    """A line of ``io.weight``: a number for all devices, or ``MAJOR:MINOR`` and a number."""

    def parse(text: str, page: int) -> str:
        fields = text.split()
        number = count(1, high, unlimited=False)
        if len(fields) == 1:
            return f"default {number(fields[0], page)}"
        if len(fields) != 2:
            raise ValueError(f"a weight from 1 to {high}, or MAJOR:MINOR and a weight")
        return f"{'default' if fields[0] == 'default' else device(fields[0])} {number(fields[1], page)}"

    return parse


def keyed(text: str, page: int) -> str:
    """``KEY NUMBER|max`` or ``KEY a=NUMBER b=max``, of ``rdma.max`` and ``misc.max``, without what is ``max``.

    The kernel shows every device or resource that there is, limited or not.
    """
    fields = text.split()
    if len(fields) < 2 or not all(re.fullmatch(r"([a-z_]+=)?(\d+|max)", field) for field in fields[1:]):
        raise ValueError("a name and then its limits")
    found = sorted((key, number) for key, number in keyed_limits(text).items() if number != MAX)
    return " ".join([fields[0], *(f"{key}={int(number)}" if key else str(int(number)) for key, number in found)])


def keyed_limits(text: str) -> dict[str, str]:
    """The limits of such a line; one without a name has the empty one."""
    found = (field.rpartition("=") for field in text.split()[1:])
    return {key: number for key, _equals, number in found}


def lines_of(value: Any) -> tuple[str, ...]:
    """What a user gave, as lines; TypeError for what no limit can be."""
    if value is None or value == "":
        return ()
    if isinstance(value, (bool, Mapping)):
        raise TypeError("a text, a number or a list of texts")
    if isinstance(value, (list, tuple)):
        return tuple(line for item in value for line in lines_of(item))
    return (str(value).strip(),)
