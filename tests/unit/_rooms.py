# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rooms of the collection and the arrows between them, read from the sources alone.

    modules -> _fleet, _runner -> _plan -> _host -> _config, _model       (managed hosts)
    connection, inventory, ... -> plugin_utils -> _config, _model (controller)

``_errors`` may be imported by everyone, ``_argspec`` by modules. Arrows go down only, and never in a circle.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "ansible_collections.community.lxc.plugins"

_VALUES = frozenset({"_errors", "_model", "_config"})
_CONTROLLER = frozenset({"plugin_utils", *_VALUES})
ARROWS = {
    "_errors": frozenset[str](),
    "_argspec": frozenset[str](),
    "_model": _VALUES,
    "_config": _VALUES,
    "_host": frozenset({"_host", *_VALUES}),
    "_plan": frozenset({"_plan", "_host", *_VALUES}),
    "_runner": frozenset({"_plan", "_host", *_VALUES}),
    "_fleet_parts": frozenset({"_argspec", "_plan", *_VALUES}),
    "_fleet": frozenset({"_fleet_parts", "_runner", "_plan", "_host", *_VALUES}),
    "_fleet_task": frozenset({"_fleet", "_fleet_parts", "_runner", "_argspec", "_host", *_VALUES}),
    "modules": frozenset({"_fleet_task", "_runner", "_plan", "_argspec", "_model", "_errors"}),
    # One of them says what the builtin ssh plugin of the ansible-core at hand says.
    "doc_fragments": frozenset({"plugin_utils"}),
    "plugin_utils": _CONTROLLER,
    "action": _CONTROLLER,
    "connection": _CONTROLLER,
    "filter": _CONTROLLER,
    "inventory": _CONTROLLER,
    "lookup": _CONTROLLER,
}
"""What each room may import, itself included where its files may import each other."""

_PURE = frozenset(
    """
    __future__ abc base64 binascii bisect collections contextlib copy dataclasses decimal difflib enum errno fractions
    functools graphlib hashlib heapq ipaddress itertools json keyword math numbers operator posixpath re reprlib shlex
    signal string struct textwrap traceback types typing unicodedata
    """.split()
)
"""Modules of the standard library that neither read nor change anything outside the process."""

_DEEDS = frozenset({"open", "input", "print", "exec", "eval", "compile", "__import__", "breakpoint"})
_ANSIBLE_WORDS = frozenset({"exit_json", "fail_json", "check_mode", "AnsibleModule"})
_WITHOUT_DEEDS = frozenset(
    {
        "_fleet",
        "_fleet_parts",
        "_fleet_task",
        "_errors",
        "_argspec",
        "_model",
        "_config",
        "_plan",
        "_runner",
        "modules",
        "doc_fragments",
    }
)
_WITHOUT_ANSIBLE = frozenset({"_errors", "_argspec", "_model", "_config", "_host", "_plan"})


@dataclass(frozen=True)
class Source:
    """A file of plugins/, its dotted name below it, and the room it lies in."""

    path: Path
    module: str
    tree: ast.Module

    @property
    def room(self) -> str:
        parts = self.module.split(".")
        return parts[1] if parts[0] == "module_utils" and len(parts) > 1 else parts[0]


@dataclass(frozen=True)
class Import:
    """One imported name, written in full: ``os.path``, ``ansible_collections....module_utils._errors.LxcError``."""

    name: str
    line: int


def read(plugins: Path) -> list[Source]:
    """Every Python file below the directory."""
    return [
        Source(
            path=path,
            module=".".join(path.relative_to(plugins).with_suffix("").parts),
            tree=ast.parse(path.read_text(), str(path)),
        )
        for path in sorted(plugins.rglob("*.py"))
    ]


def violations(plugins: Path) -> list[str]:
    """One sentence for each thing that does not belong where it stands."""
    sources = read(plugins)
    found = [
        f"{source.path.relative_to(plugins)}:{line}: {what}" for source in sources for line, what in _judge(source)
    ]
    return found + [f"these import each other in a circle: {' -> '.join(circle)}" for circle in circles(sources)]


def _judge(source: Source) -> Iterator[tuple[int, str]]:
    room = source.room
    if room not in ARROWS:
        yield 1, f"{room} is not a room of the collection"
        return
    for imported in imports(source.tree):
        yield from ((imported.line, what) for what in _judge_import(source, imported))
    for node in ast.walk(source.tree):
        what = _judge_node(room, node)
        if what:
            yield getattr(node, "lineno", 1), what


def _judge_import(source: Source, imported: Import) -> Iterator[str]:
    room, name = source.room, imported.name
    if name.startswith("."):
        yield "imports are absolute"
    elif name.startswith(f"{PACKAGE}."):
        target = room_of(name)
        if target not in ARROWS[room]:
            yield f"{room} may not import {target}"
    elif name.split(".")[0] == "ansible":
        if room in _WITHOUT_ANSIBLE:
            yield f"{room} knows nothing of Ansible"
    elif room in _WITHOUT_DEEDS and not _is_pure(name):
        yield f"{room} does no input or output of its own, so it may not import {name}"


def _is_pure(name: str) -> bool:
    return name.split(".")[0] in _PURE or name.startswith(("os.path.", "pathlib.Pure"))


def _judge_node(room: str, node: ast.AST) -> str | None:
    called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
    if called in _DEEDS and room in _WITHOUT_DEEDS:
        return f"{room} does no input or output of its own, so it may not call {called}()"
    word = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None
    if word in _ANSIBLE_WORDS and room in _WITHOUT_ANSIBLE:
        return f"{room} knows nothing of Ansible, so it may not speak of {word}"
    if word in _ANSIBLE_WORDS - {"AnsibleModule"} and room == "modules":
        return f"a module leaves {word} to the runner"
    return None


def imports(tree: ast.Module) -> Iterator[Import]:
    """Every import, at whatever depth, also those for type checkers alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                yield Import(f"{base}.{alias.name}", node.lineno)


def room_of(name: str) -> str:
    """The room that an absolute name of the collection lies in."""
    parts = name.removeprefix(f"{PACKAGE}.").split(".")
    return parts[1] if parts[0] == "module_utils" and len(parts) > 1 else parts[0]


def circles(sources: list[Source]) -> list[list[str]]:
    """Files that import each other, directly or not, when they are loaded."""
    known = {source.module for source in sources}
    arrows = {source.module: _loads(source, known) for source in sources}
    found: list[list[str]] = []
    done: set[str] = set()

    def walk(module: str, trail: list[str]) -> None:
        if module in trail:
            found.append([*trail[trail.index(module) :], module])
        elif module not in done:
            for target in sorted(arrows[module]):
                walk(target, [*trail, module])
            done.add(module)

    for module in sorted(arrows):
        walk(module, [])
    return found


def _loads(source: Source, known: set[str]) -> set[str]:
    top_level = {node.lineno for node in source.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))}
    targets = set()
    for imported in imports(source.tree):
        if imported.line in top_level and imported.name.startswith(f"{PACKAGE}."):
            name = imported.name.removeprefix(f"{PACKAGE}.")
            targets |= {candidate for candidate in (name, name.rpartition(".")[0]) if candidate in known}
    return targets
