# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Mount options as ``lxc.mount.entry`` takes them, split into what the kernel and liblxc make of each.

The vocabulary is liblxc's own (``mount_opt`` and ``propagation_opt`` in its conf.c): every other word of an
entry is data for the file system.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput

PROPAGATIONS = ("private", "rprivate", "rshared", "rslave", "runbindable", "shared", "slave", "unbindable")
MOUNT_FLAGS = ("nodev", "nodiratime", "noexec", "nosuid", "ro")
"""Flags of one mount, which a bind mount can have apart from its file system."""

SUPERBLOCK_FLAGS = ("dirsync", "lazytime", "mand", "sync")
ACCESS_TIMES = ("noatime", "relatime", "strictatime")
BINDS = ("bind", "rbind")

_CLEARS = {
    "rw": "ro",
    "suid": "nosuid",
    "dev": "nodev",
    "exec": "noexec",
    "diratime": "nodiratime",
    "async": "sync",
    "nomand": "mand",
}
_CLEARS_ACCESS_TIME = {"atime": "noatime", "norelatime": "relatime", "nostrictatime": "strictatime"}
_LXC_WORDS = ("dynamic", "relative", "remount")
"""Words of liblxc that this collection recognises in entries and never writes."""


@dataclass(frozen=True)
class MountOptions:
    """What a list of options comes to; two lists that mean the same are equal.

    ``bind`` is ``""``, ``bind`` or ``rbind``; ``create`` is ``""``, ``dir`` or ``file``; ``idmap`` is ``""``,
    ``container`` or the path of a user namespace; ``data`` is for the file system, sorted, the last of a kind only.
    """

    bind: str = ""
    flags: frozenset[str] = frozenset()
    access_time: str = ""
    superblock: frozenset[str] = frozenset()
    propagation: str = ""
    data: tuple[str, ...] = ()
    create: str = ""
    optional: bool = False
    idmap: str = ""
    lxc_words: frozenset[str] = frozenset()

    @property
    def recursive(self) -> bool:
        return self.bind == "rbind"

    def words(self) -> tuple[str, ...]:
        """The options for a mount entry, in a fixed order."""
        return (
            *((self.bind,) if self.bind else ()),
            *sorted(self.flags),
            *((self.access_time,) if self.access_time else ()),
            *sorted(self.superblock),
            *((self.propagation,) if self.propagation else ()),
            *self.data,
            *((f"create={self.create}",) if self.create else ()),
            *(("optional",) if self.optional else ()),
            *((f"idmap={self.idmap}",) if self.idmap else ()),
            *sorted(self.lxc_words),
        )


def parse_options(words: Iterable[str]) -> MountOptions:
    """Any words; each may itself be a list with commas. Of words that exclude each other the last one holds."""
    found = MountOptions()
    data: dict[str, str] = {}
    for word in (part for item in words for part in item.split(",")):
        known = _read(found, word)
        if known is None:
            key = word.partition("=")[0]
            data.pop(key, None)
            data[key] = word
        else:
            found = known
    return replace(found, data=tuple(sorted(data.values())))


def _read(found: MountOptions, word: str) -> MountOptions | None:
    """The options with this word added, or None when it is data for the file system."""
    return _read_flag(found, word) or _read_word(found, word)


def _read_flag(found: MountOptions, word: str) -> MountOptions | None:
    if word in MOUNT_FLAGS:
        return replace(found, flags=found.flags | {word})
    if word in SUPERBLOCK_FLAGS:
        return replace(found, superblock=found.superblock | {word})
    if word in _CLEARS:
        gone = {_CLEARS[word]}
        return replace(found, flags=found.flags - gone, superblock=found.superblock - gone)
    if word in ACCESS_TIMES:
        return replace(found, access_time=word)
    if word in _CLEARS_ACCESS_TIME:
        same = found.access_time == _CLEARS_ACCESS_TIME[word]
        return replace(found, access_time="") if same else found
    return None


def _read_word(found: MountOptions, word: str) -> MountOptions | None:
    key, equals, value = word.partition("=")
    if word in ("", "defaults"):
        return found
    if word in BINDS:
        # bind and rbind together are MS_BIND|MS_REC, in either order.
        return replace(found, bind="rbind" if found.bind == "rbind" else word)
    if word in PROPAGATIONS:
        return replace(found, propagation=word)
    if word == "optional":
        return replace(found, optional=True)
    if word in _LXC_WORDS:
        return replace(found, lxc_words=found.lxc_words | {word})
    if key == "create" and equals:
        return replace(found, create=value)
    if key == "idmap" and equals:
        return replace(found, idmap=value)
    return None


def check_options(words: Sequence[str], *, bind: bool) -> MountOptions:
    """The options that a task gives. Raises InvalidInput for what a mount of that kind cannot have."""
    parsed = parse_options(words)
    for name, given in (("create", parsed.create), ("idmap", parsed.idmap)):
        if given:
            raise InvalidInput(f"options: {name}={given} has an option of its own, {name}")
    if parsed.optional:
        raise InvalidInput("options: 'optional' has an option of its own: optional: true")
    if parsed.lxc_words:
        raise InvalidInput(f"options: {sorted(parsed.lxc_words)[0]!r} is not supported here")
    if bind:
        return _check_bind(parsed)
    if parsed.bind:
        raise InvalidInput(f"options: {parsed.bind!r} goes with fstype 'bind' only")
    return parsed


def _check_bind(parsed: MountOptions) -> MountOptions:
    if parsed.data:
        accepted = ", ".join((*BINDS, *MOUNT_FLAGS, *ACCESS_TIMES, *PROPAGATIONS))
        raise InvalidInput(
            f"options: a bind mount has flags only, and {parsed.data[0]!r} is none; accepted are {accepted}"
        )
    if parsed.superblock:
        raise InvalidInput(
            f"options: {sorted(parsed.superblock)[0]!r} belongs to a whole file system, a bind mount cannot have it"
        )
    return parsed if parsed.bind else replace(parsed, bind="bind")
