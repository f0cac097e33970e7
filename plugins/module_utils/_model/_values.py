# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""When two spellings of a configuration value mean the same. Pure; sources: liblxc's confile.c and confile_utils.c."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput

_SIZE = re.compile(r"(\d+)\s*(B|kB|KB|MB|GB|)")
_SIZE_UNITS = {"": 1, "B": 1, "kB": 1024, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
_TIME = re.compile(r"(-?\d+)\s*(h|m|s|ms|us|ns)")
_TIME_UNITS = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_WORD_LISTS = ("lxc.cap.drop", "lxc.cap.keep", "lxc.mount.auto", "lxc.namespace.clone", "lxc.namespace.keep")
_UNORDERED = ("lxc.mount.auto",)


def _size(value: str) -> object:
    match = _SIZE.fullmatch(value.strip())
    return int(match[1]) * _SIZE_UNITS[match[2]] if match else value


def _time(value: str) -> object:
    match = _TIME.fullmatch(value.strip())
    return int(match[1]) * _TIME_UNITS[match[2]] if match else value


def _signal(value: str) -> object:
    if value.isdigit():
        return int(value)
    number = getattr(signal, value if value.startswith("SIG") else f"SIG{value}", None)
    return int(number) if number is not None else value


_SCALARS: dict[str, Callable[[str], object]] = {
    "lxc.console.buffer.size": _size,
    "lxc.console.size": _size,
    "lxc.time.offset.boot": _time,
    "lxc.time.offset.monotonic": _time,
    "lxc.signal.halt": _signal,
    "lxc.signal.reboot": _signal,
    "lxc.signal.stop": _signal,
    "lxc.log.level": lambda value: value.upper(),
}


def same_values(key: str, one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether the two lists of values of a key mean the same to liblxc."""
    return _meaning(key, one) == _meaning(key, other)


def _meaning(key: str, values: Sequence[str]) -> tuple[object, ...]:
    if key in _WORD_LISTS and "" not in values:
        # One line with two words is two lines with one.
        words = [word for value in values for word in value.split()]
        return tuple(sorted(words) if key in _UNORDERED else words)
    scalar = _SCALARS.get(key)
    return tuple(scalar(value) if scalar else value for value in values)


def config_values(key: str, value: Any) -> tuple[str, ...]:
    """A value of the option ``config`` as the values of its lines. ``None`` and ``[]``: no line at all.

    The empty string is a line without a value, with which LXC clears what an include has set.
    """
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        return tuple(_scalar(key, item) for item in value)
    return (_scalar(key, value),)


def _scalar(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise InvalidInput(
        f"config: {key} has a value of type {type(value).__name__}; a scalar or a list of scalars is accepted"
    )
