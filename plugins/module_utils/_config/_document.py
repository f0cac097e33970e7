# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The text of an LXC configuration file: parse, edit, render, byte for byte.

The grammar is liblxc's: one ``key = value`` a line, blanks and tabs around both dropped, one pair of quotes around
the value dropped, lines that begin with ``#`` and lines without ``=`` ignored.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput

_BLANKS = " \t"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_KEY = re.compile(r"lxc\.[A-Za-z0-9_.*/@:+-]+")

Entry = tuple[str, str]
"""A key and its value."""


@dataclass(frozen=True)
class Line:
    """One line as it stands in the file, line end included; ``key`` is empty for comments and foreign lines."""

    raw: str
    key: str = ""
    value: str = ""


@dataclass(frozen=True)
class Document:
    """A configuration file. Every editing method returns a new document and keeps all other lines as they are."""

    lines: tuple[Line, ...] = ()

    def render(self) -> str:
        return "".join(line.raw for line in self.lines)

    def keys(self) -> tuple[str, ...]:
        """Each key once, in the order of first appearance."""
        return tuple(dict.fromkeys(line.key for line in self.lines if line.key))

    def values(self, key: str) -> tuple[str, ...]:
        return tuple(line.value for line in self.lines if line.key == key)

    def entries(self, prefix: str = "") -> tuple[Entry, ...]:
        """Keys and values in order, of the keys that begin with ``prefix`` (``lxc.net.1.`` with its last dot)."""
        return tuple((line.key, line.value) for line in self.lines if line.key and line.key.startswith(prefix))

    def as_dict(self) -> dict[str, list[str]]:
        """Each key with the values of its lines, in order."""
        return {key: list(self.values(key)) for key in self.keys()}

    def replace(self, key: str, values: Sequence[str]) -> Document:
        """All lines of the key together, where its first line stood, or at the end. No values: the key is removed."""
        return self._put([line.key == key for line in self.lines], [(key, value) for value in values])

    def replace_prefix(self, prefix: str, entries: Sequence[Entry], *, start: int = 0) -> Document:
        """All lines whose key begins with ``prefix`` (``lxc.net.1.``) together, where the first of them stood.

        Lines above the one with the number ``start`` stay.
        """
        if not prefix.endswith("."):
            raise ValueError(f"prefix {prefix!r} must end in a dot, or lxc.net.1 would match lxc.net.10")
        matches = [line.key.startswith(prefix) for line in self.lines]
        return self._put([False] * start + matches[start:], entries)

    def append(self, entries: Iterable[Entry]) -> Document:
        """New lines after the last one."""
        return self._put([False] * len(self.lines), list(entries))

    def with_comment(self, text: str) -> Document:
        """With a first line ``# text``, unless that comment stands somewhere already."""
        return self if self.has_comment(text) else Document((Line(raw=f"# {text}\n"), *self.lines))

    def has_comment(self, text: str) -> bool:
        return any(not line.key and line.raw.strip() == f"# {text}" for line in self.lines)

    def remove_entry(self, key: str, value: str) -> Document:
        """Without the lines of exactly this key and value."""
        return Document(tuple(line for line in self.lines if (line.key, line.value) != (key, value)))

    def _put(self, matches: Sequence[bool], entries: Sequence[Entry]) -> Document:
        if [(line.key, line.value) for line, hit in zip(self.lines, matches) if hit] == list(entries):
            return self
        new = tuple(new_line(key, value) for key, value in entries)
        first = list(matches).index(True) if True in matches else len(self.lines)
        before = self.lines[:first]
        after = tuple(line for line, hit in zip(self.lines[first:], matches[first:]) if not hit)
        if new and before and not before[-1].raw.endswith("\n"):
            last = before[-1]
            before = (*before[:-1], Line(raw=last.raw + "\n", key=last.key, value=last.value))
        return Document((*before, *new, *after))


# Many containers include the same few files.
@functools.lru_cache(maxsize=32)
def parse(text: str) -> Document:
    """Any text can be parsed; what liblxc would ignore is kept as a foreign line."""
    return Document(tuple(_parse_line(raw) for raw in _split(text)))


def _split(text: str) -> list[str]:
    # Not str.splitlines: for liblxc a form feed inside a value is no line end, but a carriage return is.
    return _LINE.findall(text)


def _parse_line(raw: str) -> Line:
    text = raw.rstrip("\r\n").lstrip(_BLANKS)
    key, equals, value = text.partition("=")
    if text.startswith("#") or not equals:
        return Line(raw=raw)
    return Line(raw=raw, key=key.rstrip(_BLANKS), value=_unquote(value.strip(_BLANKS)))


def _unquote(value: str) -> str:
    if len(value) > 1 and value[0] in "'\"" and value[-1] == value[0]:
        return value[1:-1]
    return value


def refuse_breaks(value: str, *, what: str) -> None:
    """InvalidInput for a text that would be more than one line of the file, or less than it seems. ``what``: whose."""
    for character, name in (("\n", "a newline"), ("\r", "a carriage return"), ("\0", "a NUL character")):
        if character in value:
            raise InvalidInput(f"{what}: the value {value!r} holds {name}, which a configuration line cannot hold")


def new_line(key: str, value: str) -> Line:
    """A line that liblxc reads back as exactly this key and value.

    Raises InvalidInput for what cannot stand in a line: a newline would smuggle in further keys, such as a
    hook that runs as root on the host.
    """
    if not _KEY.fullmatch(key):
        raise InvalidInput(f"{key!r} is not an LXC configuration key; keys look like lxc.uts.name")
    refuse_breaks(value, what=key)
    quoted = value if _unquote(value.strip(_BLANKS)) == value else f'"{value}"'
    return Line(raw=f"{key} = {quoted}".rstrip(" ") + "\n", key=key, value=value)
