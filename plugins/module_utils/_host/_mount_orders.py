# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What a program for the inside of a container is told, and what it reports. No calls in here."""

from __future__ import annotations

import posixpath
from ctypes import Structure, c_int
from dataclasses import dataclass

ENTER, UNMOUNT, RESOLVE, CREATE, TAKE, ATTACH, PROPAGATE, ADJUST, DONE = range(9)
"""How far a program came; ``Report.step``."""


class Report(Structure):
    """Shared with the parent: the step that failed, the kernel's error number, and which of several it was.

    ``made`` counts the components of the target that were made, as they are made.
    """

    _fields_ = (("step", c_int), ("error", c_int), ("index", c_int), ("made", c_int))


@dataclass(frozen=True)
class Namespaces:
    """Open descriptors of the container: mount namespace, user namespace (-1: the host's own), root directory."""

    mount: int
    user: int
    root: int


@dataclass(frozen=True)
class Unmount:
    """A mount point to be taken away: directory and name, and the id of the mount that is expected on it.

    ``kind`` is the ``MS_`` number of the propagation that it would lose if it were put back; 0: none.
    """

    directory: bytes
    name: bytes
    mount_id: int
    kind: int = 0

    @property
    def path(self) -> bytes:
        return posixpath.join(self.directory, self.name)


@dataclass(frozen=True)
class Adjust:
    """A mount whose attributes are changed where it is: bits to set and to clear, of it alone or of all below too."""

    mount: Unmount
    set_: int
    clear: int
    recursive: bool


@dataclass(frozen=True)
class Target:
    """Where to mount. ``prefixes`` are the paths from the first component to the whole, ``names`` the components."""

    prefixes: tuple[bytes, ...]
    names: tuple[bytes, ...]
    create: str = ""

    @property
    def path(self) -> bytes:
        return self.prefixes[-1]


def target(path: str, create: str) -> Target:
    """``path`` is absolute and normal; ``create`` is ``""``, ``dir`` or ``file``."""
    names = tuple(to_bytes(path).strip(b"/").split(b"/"))
    prefixes = tuple(b"/" + b"/".join(names[: count + 1]) for count in range(len(names)))
    return Target(prefixes=prefixes, names=names, create=create)


def unmount(path: str, mount_id: int, *, kind: int = 0) -> Unmount:
    """``path`` is absolute, normal and free of links."""
    directory, name = posixpath.split(to_bytes(path))
    return Unmount(directory=directory, name=name, mount_id=mount_id, kind=kind)


def to_bytes(path: str) -> bytes:
    """A path as the kernel has it."""
    return path.encode(errors="surrogateescape")


class Failure(Exception):
    """A step that the kernel refused. Holds no text."""

    def __init__(self, step: int, error: int, index: int = 0) -> None:
        super().__init__()
        self.step = step
        self.error = error
        self.index = index
