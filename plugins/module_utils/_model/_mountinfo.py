# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""``/proc/PID/mountinfo`` (proc(5)): which mounts there are, how they stack, and what hangs below them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_OCTAL = re.compile(r"\\([0-7]{3})")


def unescape(text: str) -> str:
    """A field as the kernel meant it: it writes blanks, tabs, newlines, backslashes and '#' as octal bytes."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)


@dataclass(frozen=True)
class MountPoint:
    """One line. ``root`` is the directory of the file system that is the mount's root, ``target`` where it hangs.

    ``device`` is ``major:minor``; ``tags`` are the optional fields (``shared:1``, ``master:2``, ``unbindable``);
    ``options`` are those of the mount, ``super_options`` those of the whole file system.
    """

    id: int
    parent: int
    device: str
    root: str
    target: str
    options: tuple[str, ...]
    tags: tuple[str, ...]
    fstype: str
    source: str
    super_options: tuple[str, ...]

    def peer(self, kind: str) -> int | None:
        """The number of the peer group of that kind (``shared``, ``master``)."""
        for tag in self.tags:
            name, dummy, number = tag.partition(":")
            if name == kind and number:
                return int(number)
        return None

    @property
    def read_only(self) -> bool:
        return "ro" in self.options or "ro" in self.super_options

    @property
    def identity(self) -> tuple[str, str]:
        """What is mounted: the device and the directory on it."""
        return (self.device, self.root)


MountTable = tuple[MountPoint, ...]


def parse(text: str) -> MountTable:
    """Every line that has the form of one."""
    return tuple(point for point in (_parse_line(line) for line in text.split("\n")) if point)


def _parse_line(line: str) -> MountPoint | None:
    left, separator, right = line.partition(" - ")
    first, last = left.split(" "), right.split(" ")
    if not separator or len(first) < 6 or len(last) < 2:
        return None
    return MountPoint(
        id=int(first[0]),
        parent=int(first[1]),
        device=first[2],
        root=unescape(first[3]),
        target=unescape(first[4]),
        options=tuple(first[5].split(",")),
        tags=tuple(first[6:]),
        fstype=unescape(last[0]),
        source=unescape(last[1]),
        super_options=tuple(unescape(last[2]).split(",")) if len(last) > 2 else (),
    )


def by_id(table: Iterable[MountPoint], number: int) -> MountPoint | None:
    return next((point for point in table if point.id == number), None)


def stack_below(table: Iterable[MountPoint], top: MountPoint) -> MountTable:
    """The mounts that lie on each other at one place, the lowest first, ``top`` last."""
    return _down_from(top, [point for point in table if point.target == top.target])


def stack_at(table: Iterable[MountPoint], target: str) -> MountTable:
    """The mounts whose mount point is that path and that can be reached there, the lowest first."""
    return _stack([point for point in table if point.target == target])


def stacks(table: Iterable[MountPoint]) -> dict[str, MountTable]:
    """``stack_at`` for every mount point."""
    here: dict[str, list[MountPoint]] = {}
    for point in table:
        here.setdefault(point.target, []).append(point)
    return {target: _stack(points) for target, points in here.items()}


# A container's root decides how long a table is, and how high a stack: nothing here may take the square of it.


def _stack(here: Sequence[MountPoint]) -> MountTable:
    parents = {point.parent for point in here}
    tops = [point for point in here if point.id not in parents]
    return _down_from(tops[-1], here) if tops else ()


def _down_from(top: MountPoint, here: Iterable[MountPoint]) -> MountTable:
    rest = {point.id: point for point in here if point.id != top.id}
    stack = [top]
    while (below := rest.pop(stack[-1].parent, None)) is not None:
        stack.append(below)
    return tuple(reversed(stack))


def children(table: Iterable[MountPoint], top: MountPoint) -> MountTable:
    """All mounts below that one, parents before their children. Those stacked exactly on it are not among them."""
    return descents(table, [top])[0]


def descents(table: Iterable[MountPoint], tops: Iterable[MountPoint]) -> list[MountTable]:
    """``children`` of each of them, but those of one that was there before."""
    # The table need not be in the order of the tree: a mount that was moved keeps its old place in it.
    below: dict[int, list[MountPoint]] = {}
    for point in table:
        if point.id != point.parent:
            below.setdefault(point.parent, []).append(point)
    found = []
    for top in tops:
        level, all_ = [top], []
        while level:
            level = [child for point in level for child in below.pop(point.id, ())]
            all_ += level
        found.append(tuple(point for point in all_ if point.target != top.target))
    return found


def holding(table: Sequence[MountPoint], path: str) -> MountPoint | None:
    """The mount that an absolute, link-free path lies in."""
    while True:
        stack = stack_at(table, path)
        if stack:
            return stack[-1]
        if path == "/":
            return None
        path = posixpath.dirname(path)


def identity_of(point: MountPoint, path: str) -> tuple[str, str]:
    """Device and directory of a path that lies in that mount: what a bind mount of the path shows."""
    below = posixpath.relpath(path, point.target)
    return (point.device, posixpath.normpath(posixpath.join(point.root, below)))
