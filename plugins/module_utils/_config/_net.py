# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The ``lxc.net.N.`` sections of a configuration. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, Line, new_line

_KEY = re.compile(r"lxc\.net\.(0|[1-9][0-9]*)\.(.+)")


@dataclass(frozen=True)
class Section:
    """The lines of one index, in order; keys without ``lxc.net.N.``"""

    index: int
    entries: tuple[tuple[str, str], ...]

    def values(self, key: str) -> tuple[str, ...]:
        return tuple(value for name, value in self.entries if name == key)

    def last(self, key: str) -> str:
        """The value in force; empty if there is none."""
        return (self.values(key) or ("",))[-1]


def prefix(index: int) -> str:
    return f"lxc.net.{index}."


def sections(document: Document) -> tuple[Section, ...]:
    """All sections by ascending index, which is the order in which liblxc makes the interfaces."""
    found: dict[int, list[tuple[str, str]]] = {}
    for key, value in document.entries("lxc.net."):
        match = _KEY.fullmatch(key)
        if match:
            found.setdefault(int(match[1]), []).append((match[2], value))
    return tuple(Section(index, tuple(entries)) for index, entries in sorted(found.items()))


def names(document: Document) -> dict[int, str]:
    """Index -> the interface's name inside, of every section that makes an interface.

    A nameless one gets the kernel's next free ``ethN`` in its turn, a nameless physical one keeps its host name.
    """
    result: dict[int, str] = {}
    for section in sections(document):
        kind = section.last("type")
        if kind in ("", "empty", "none"):
            continue
        name = section.last("name") or (section.last("link") if kind == "phys" else "")
        if not name:
            name = next(n for n in (f"eth{i}" for i in range(4096)) if n not in result.values())
        result[section.index] = name
    return result


def put(document: Document, index: int, key: str, values: Sequence[str]) -> Document:
    """The key's lines replaced where the first stood; a new key follows its section's last line."""
    full = prefix(index) + key
    if document.values(full) or not values:
        return document.replace(full, values)
    here = [number for number, line in enumerate(document.lines) if line.key.startswith(prefix(index))]
    if not here:
        return document.append([(full, value) for value in values])
    end = here[-1] + 1
    before = document.lines[:end]
    if not before[-1].raw.endswith("\n"):
        before = (*before[:-1], Line(raw=before[-1].raw + "\n", key=before[-1].key, value=before[-1].value))
    return Document((*before, *(new_line(full, value) for value in values), *document.lines[end:]))


def remove(document: Document, index: int) -> Document:
    """Without the section: liblxc's own clearing of ``lxc.net.1`` would take ``lxc.net.10`` along."""
    return document.replace_prefix(prefix(index), ())


def move(document: Document, old: int, new: int) -> Document:
    """The section under another index, every line in its place."""
    lines = tuple(
        new_line(prefix(new) + line.key[len(prefix(old)) :], line.value) if line.key.startswith(prefix(old)) else line
        for line in document.lines
    )
    return Document(lines)


def free_index(document: Document, others: Collection[int] = ()) -> int:
    """The lowest index without a section, and not among ``others``."""
    taken = {section.index for section in sections(document)} | set(others)
    return next(index for index in range(len(taken) + 1) if index not in taken)
