# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A fleet of containers as data: defaults merged in, an order that respects what requires what."""

from __future__ import annotations

import graphlib
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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

_SOURCES = {
    "template": ("template", "template_args"),
    "tarball": ("tarball",),
    "clone_from": ("clone_from", "clone_snapshot"),
    "rootfs": ("rootfs",),
}
"""The options of each kind of source, of which a container has one."""

_OWN = ("requires", "share_source", "purge_nics", *PARTS)


@dataclass(frozen=True)
class Member:
    """One container of the fleet. ``options`` are those of ``lxc_container``; ``parts`` pairs of part and options.

    ``requires`` is what the description says, ``after`` the names of those that have to be converged before.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    requires: tuple[str, ...] = ()
    share_source: str = "none"
    purge_nics: bool = False
    after: tuple[str, ...] = ()


def members(descriptions: Sequence[Mapping[str, Any]], defaults: Mapping[str, Any]) -> tuple[Member, ...]:
    """The fleet in an order in which each container stands behind those that come before it. Raises InvalidInput."""
    found: dict[str, Member] = {}
    for number, description in enumerate(descriptions):
        merged = merge(_suited(defaults, description), description)
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
    purge_nics = merged.get("purge_nics") or False
    if not isinstance(purge_nics, bool):
        raise InvalidInput(f"{name}: purge_nics: {purge_nics!r} is neither true nor false")
    return Member(name, options, tuple(parts), tuple(str(other) for other in requires), share, purge_nics)


def _suited(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The defaults without the sources of other kinds than the one that is given."""
    named = [kind for kind in _SOURCES if given.get(kind) is not None]
    if not named:
        return defaults
    others = {option for kind, options in _SOURCES.items() if kind not in named for option in options}
    return {key: value for key, value in defaults.items() if key not in others}


def merge(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given wins; dictionaries are merged key by key, all else is replaced whole."""
    merged = dict(defaults)
    for key, value in given.items():
        default = merged.get(key)
        both = isinstance(default, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(default, value) if both and isinstance(default, Mapping) else value
    return merged


def _sorted(found: Mapping[str, Member]) -> tuple[Member, ...]:
    """In the order of the list, but for what has to come before."""
    after = _order(found)
    numbers = {name: number for number, name in enumerate(found)}
    try:
        graphlib.TopologicalSorter(after).prepare()
    except graphlib.CycleError as error:
        circle = error.args[1][:0:-1]
        start = circle.index(min(circle, key=numbers.__getitem__))
        words = " -> ".join([*circle[start:], *circle[: start + 1]])
        raise InvalidInput(f"requires: these containers require each other in a circle: {words}") from error
    schedule = Schedule(requires=[[numbers[other] for other in after[name]] for name in found])
    names = list(found)
    done: list[Member] = []
    while (place := schedule.next()) is not None:
        done.append(replace(found[names[place]], after=tuple(sorted(after[names[place]], key=numbers.__getitem__))))
        schedule.end(place, worked=True)
    return tuple(done)


def _order(found: Mapping[str, Member]) -> dict[str, set[str]]:
    """For each name those that have to come before it: required ones, and the origin of a clone.

    What goes down goes in the opposite order: first who requires, then the required.
    """
    after: dict[str, set[str]] = {name: set() for name in found}
    for name, member in found.items():
        origin = str(member.options.get("clone_from"))
        for other in {*member.requires, *([origin] if origin in found else [])}:
            if other not in found:
                raise InvalidInput(f"{name}: requires: there is no {other!r} in this fleet")
            # A clone that is to be stopped may have to be made before.
            down = ("absent",) if other == origin else ("absent", "stopped")
            both = all(one.options.get("state") in down for one in (member, found[other]))
            first, second = (name, other) if both else (other, name)
            after[second].add(first)
    return after


@dataclass
class Schedule:
    """Which container is next. Containers are named by their place in the fleet; ``requires`` must have no circle.

    ``batches`` has the batch of each, ascending from 0, empty: all are of one; a batch begins when the one before has
    ended well, and nothing may require what is in a later one. After ``abort_on_failures`` failures, 0: never,
    nothing new begins. The whole schedule takes time in proportion to the containers and what they require.
    """

    requires: Sequence[Sequence[int]]
    batches: Sequence[int] = ()
    abort_on_failures: int = 0
    running: set[int] = field(default_factory=set)
    ended: dict[int, bool] = field(default_factory=dict)
    skipped: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        size = len(self.requires)
        self._needs = [set(others) for others in self.requires]
        self._needed_by: list[list[int]] = [[] for _place in range(size)]
        for place, others in enumerate(self._needs):
            for other in others:
                self._needed_by[other].append(place)
        self._batch = list(self.batches) or [0] * size
        self._members: list[list[int]] = [[] for _batch in range(max(self._batch, default=0) + 1)]
        for place, batch in enumerate(self._batch):
            self._members[batch].append(place)
        self._left = [len(members) for members in self._members]
        self._failures = 0
        self._ready: list[int] = []
        self._current = -1
        self._open_batches()

    def next(self) -> int | None:
        """One that can begin now, or None: wait for one that runs, or (``finished``) there is none left."""
        while self._ready:
            place = heapq.heappop(self._ready)
            if place not in self.skipped:
                self.running.add(place)
                return place
        return None

    def end(self, index: int, *, worked: bool) -> None:
        """The one that ran has ended; what can no longer begin is skipped at once."""
        self.running.discard(index)
        self.ended[index] = worked
        self._left[self._batch[index]] -= 1
        if worked:
            for other in self._needed_by[index]:
                self._needs[other].discard(index)
                self._offer(other)
            self._open_batches()
        else:
            self._fail(index)

    @property
    def finished(self) -> bool:
        return len(self.ended) + len(self.skipped) == len(self.requires)

    def _open_batches(self) -> None:
        while self._current + 1 < len(self._members) and (self._current < 0 or not self._left[self._current]):
            self._current += 1
            for place in self._members[self._current]:
                self._offer(place)

    def _offer(self, place: int) -> None:
        if not self._needs[place] and self._batch[place] <= self._current and place not in self.skipped:
            heapq.heappush(self._ready, place)

    def _fail(self, index: int) -> None:
        self._failures += 1
        if self.abort_on_failures and self._failures >= self.abort_on_failures:
            reason = f"not begun, since {self._failures} containers failed before (abort_on_failures)"
            self._skip(range(len(self.requires)), reason)
            return
        waiting = list(self._needed_by[index])
        while waiting:
            place = waiting.pop()
            if place not in self.skipped:
                self._skip([place], "not begun, since one that it requires failed")
                waiting += self._needed_by[place]
        for members in self._members[self._batch[index] + 1 :]:
            self._skip(members, "not begun, since a batch before it failed (serial)")
        del self._members[self._batch[index] + 1 :]

    def _skip(self, places: Iterable[int], reason: str) -> None:
        for place in places:
            if place not in self.ended and place not in self.running:
                self.skipped.setdefault(place, reason)
