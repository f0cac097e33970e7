# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What a configuration includes, read from disk: ``lxc.include`` names a file, or a directory of ``*.conf``."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ansible_collections.community.lxc.plugins.module_utils._config._document import (
    Document,
    Entry,
    Line,
    new_line,
    parse,
)
from ansible_collections.community.lxc.plugins.module_utils._host._binding import binding
from ansible_collections.community.lxc.plugins.module_utils._host._files import read_regular

KEY = "lxc.include"
_DEEPEST = 8

Includes = Mapping[str, tuple[Entry, ...]]
"""Value of an ``lxc.include`` line -> all entries that it stands for, in order."""


def read(document: Document) -> dict[str, tuple[Entry, ...]]:
    """The entries behind every ``lxc.include`` line. What cannot be read is left to liblxc to complain of."""
    return {path: _entries(path, 0) for path in document.values(KEY) if path}


def _entries(path: str, depth: int) -> tuple[Entry, ...]:
    if depth > _DEEPEST:
        return ()
    found: list[Entry] = []
    for name in _files(path):
        try:
            included = _file(name)
        except OSError:
            continue
        for key, value in included.entries():
            found += _entries(value, depth + 1) if key == KEY else [(key, value)]
    return tuple(found)


def _file(name: str) -> Document:
    found = os.stat(name)
    return _parsed(name, (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))


# Many containers include the same few files; a file that was changed since has another identity.
@functools.lru_cache(maxsize=256)
def _parsed(name: str, _identity: tuple[int, ...]) -> Document:
    return parse(read_regular(name).decode("utf-8", errors="surrogateescape"))


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    return [f"{path}/{name}" for name in sorted(os.listdir(path)) if name.endswith(".conf")]


def inlined(document: Document) -> Document:
    """The lines of what it includes in the place of the line that does; one that cannot be read is included still."""
    return Document(tuple(_inlined(document, 0)))


def _inlined(document: Document, depth: int) -> Iterator[Line]:
    for line in document.lines:
        if line.key != KEY or not line.value or depth > _DEEPEST:
            # The last line of a file may have no end.
            yield line if line.raw.endswith(("\n", "\r")) else replace(line, raw=f"{line.raw}\n")
            continue
        for name in _files(line.value):
            try:
                included = _file(name)
            except OSError:
                yield new_line(KEY, name)
            else:
                yield from _inlined(included, depth + 1)


def expand(document: Document, includes: Includes) -> tuple[Entry, ...]:
    """All entries in order, those of included files in the place of the line that includes them."""
    found: list[Entry] = []
    for key, value in document.entries():
        found += includes.get(value, ()) if key == KEY else [(key, value)]
    return tuple(found)


def last_value(document: Document, key: str) -> str:
    """The key's value as liblxc will have it, for a key of which the last line counts; empty where there is none."""
    return next((value for name, value in reversed(expand(document, read(document))) if name == key), "")


def address_templates(document: Document) -> dict[str, list[str]]:
    """The keys whose last value is a MAC address with an ``x`` in it, which liblxc fills in at random at each load."""
    values = {key: value for key, value in expand(document, read(document)) if key.endswith(".hwaddr")}
    return {key: [value] for key, value in values.items() if "x" in value.lower()}


def digest(document: Document) -> str:
    """A hash of the whole text, lines that say nothing and all, with what it includes and the liblxc that reads it."""
    text = json.dumps([str(binding().version), document.render(), read(document)])
    return hashlib.sha256(text.encode()).hexdigest()
