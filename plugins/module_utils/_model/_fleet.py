# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A fleet of containers as data: defaults merged in, an order that respects what requires what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput

PARTS = ("nics", "mounts", "cgroup", "seccomp")
"""The parts of a description that other modules manage, in the order in which they are brought about."""

_KEYS = {
    "nics": ("lxc.net.",),
    "mounts": ("lxc.mount.entry",),
    "cgroup": ("lxc.cgroup.", "lxc.cgroup2."),
    "seccomp": ("lxc.seccomp.",),
}
"""What each part writes: named in ``config`` as well, the two would undo each other for ever."""

_OWN = ("requires", "share_source", *PARTS)


@dataclass(frozen=True)
class Member:
    """One container of the fleet. ``options`` are those of ``lxc_container``; ``parts`` pairs of part and options."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    requires: tuple[str, ...] = ()
    share_source: str = "none"


def members(descriptions: Sequence[Mapping[str, Any]], defaults: Mapping[str, Any]) -> tuple[Member, ...]:
    """The fleet in an order in which each container stands behind those that it requires. Raises InvalidInput."""
    found: dict[str, Member] = {}
    for number, description in enumerate(descriptions):
        merged = merge(defaults, description)
        name = merged.get("name")
        if not isinstance(name, str) or not name:
            raise InvalidInput(f"containers[{number}]: it has no name")
        if name in found:
            raise InvalidInput(f"containers: {name!r} stands in the list twice")
        found[name] = _member(name, merged)
    return _sorted(found)


def _member(name: str, merged: Mapping[str, Any]) -> Member:
    parts: list[tuple[str, Mapping[str, Any]]] = []
    for part in PARTS:
        value = merged.get(part)
        for item in value if isinstance(value, list) else [value] if value else []:
            if not isinstance(item, Mapping):
                raise InvalidInput(f"{name}: {part}: {item!r} is no dictionary of options")
            parts.append((part, item))
    requires = merged.get("requires") or []
    if not isinstance(requires, list):
        raise InvalidInput(f"{name}: requires: {requires!r} is no list of names")
    share = merged.get("share_source") or "none"
    if share not in ("none", "overlay", "btrfs", "reflink"):
        raise InvalidInput(f"{name}: share_source: {share!r} is none of none, overlay, btrfs and reflink")
    options = {key: value for key, value in merged.items() if key not in _OWN}
    for part, _given in parts:
        twice = [key for key in options.get("config") or {} if str(key).startswith(_KEYS[part])]
        if twice:
            raise InvalidInput(f"{name}: {twice[0]} in config and {part} say the same thing twice; name one of them")
    return Member(name, options, tuple(parts), tuple(str(other) for other in requires), share)


def merge(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given wins; dictionaries are merged key by key, all else is replaced whole."""
    merged = dict(defaults)
    for key, value in given.items():
        default = merged.get(key)
        both = isinstance(default, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(default, value) if both and isinstance(default, Mapping) else value
    return merged


def _sorted(found: Mapping[str, Member]) -> tuple[Member, ...]:
    done: dict[str, Member] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " -> ".join([*path[path.index(name) :], name])
            raise InvalidInput(f"requires: these containers require each other in a circle: {circle}")
        if name in done:
            return
        for other in found[name].requires:
            if other not in found:
                raise InvalidInput(f"{name}: requires: there is no {other!r} in this fleet")
            visit(other, (*path, name))
        done[name] = found[name]

    for name in found:
        visit(name, ())
    return tuple(done.values())


@dataclass
class Schedule:
    """Which container is next. Containers are named by their place in the sorted fleet.

    ``serial`` containers make a batch, 0: all of them; a batch begins when the one before has ended well. After
    ``abort_on_failures`` failures, 0: never, nothing new begins.
    """

    requires: Sequence[Sequence[int]]
    serial: int = 0
    abort_on_failures: int = 0
    running: set[int] = field(default_factory=set)
    ended: dict[int, bool] = field(default_factory=dict)
    skipped: dict[int, str] = field(default_factory=dict)

    def next(self) -> int | None:
        """One that can begin now, or None: wait for one that runs, or (``finished``) there is none left."""
        for index in range(len(self.requires)):
            if index in self.running or index in self.ended or index in self.skipped:
                continue
            reason = self._reason_against(index)
            if reason:
                self.skipped[index] = reason
            elif self._can_begin(index):
                self.running.add(index)
                return index
        return None

    def end(self, index: int, *, worked: bool) -> None:
        self.running.discard(index)
        self.ended[index] = worked

    @property
    def finished(self) -> bool:
        return len(self.ended) + len(self.skipped) == len(self.requires)

    def _reason_against(self, index: int) -> str:
        failures = [other for other, worked in self.ended.items() if not worked]
        if self.abort_on_failures and len(failures) >= self.abort_on_failures:
            return f"not begun, since {len(failures)} containers failed before (abort_on_failures)"
        first = self._batch(index) * self.serial if self.serial else 0
        if self.serial and any(other < first for other in [*failures, *self.skipped]):
            return "not begun, since a batch before it failed (serial)"
        for other in self.requires[index]:
            if self.ended.get(other) is False or other in self.skipped:
                return "not begun, since one that it requires failed"
        return ""

    def _can_begin(self, index: int) -> bool:
        if self.serial and any(other not in self.ended for other in range(self._batch(index) * self.serial)):
            return False
        return all(self.ended.get(other) for other in self.requires[index])

    def _batch(self, index: int) -> int:
        return index // self.serial if self.serial else 0
