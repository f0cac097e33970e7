# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation's table of API extensions: each has an entry, and each entry a test that is there and runs."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.community.lxc.plugins.module_utils._plan._info import API_EXTENSIONS

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs/docsite/rst/api_extensions.rst"
_CELL = re.compile(r"^   (?:\* |  )- ", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    extension: str
    use: str
    tests: tuple[str, ...]
    scenarios: tuple[str, ...]


def parse(text: str) -> list[Entry]:
    """The rows of the list-table below its header."""
    rows = text.split("\n   * - ")[2:]
    entries = []
    for row in rows:
        name, use, proof = _CELL.split(row)
        entries.append(
            Entry(
                extension=name.strip().strip("`"),
                use=" ".join(use.split()),
                tests=tuple(re.findall(r"``(test_\w+\.py::test_\w+)``", proof)),
                scenarios=tuple(re.findall(r"Molecule scenario ``(\w+)``", proof)),
            )
        )
    return entries


ENTRIES = parse(TABLE.read_text())


def test_every_extension_has_one_entry() -> None:
    names = [entry.extension for entry in ENTRIES]
    assert sorted(names) == sorted(API_EXTENSIONS)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.extension)
def test_every_entry_says_its_use_and_names_a_test_that_is_there(entry: Entry) -> None:
    assert entry.use, "no use"
    assert entry.tests, "no test"
    for name in entry.tests:
        file, _colons, function = name.partition("::")
        node = functions(ROOT / "tests/live" / file).get(function)
        assert node is not None, f"{name} is not there"
        marks = [ast.unparse(mark) for mark in node.decorator_list]
        assert not [mark for mark in marks if "skip" in mark or "xfail" in mark], f"{name} does not run: {marks}"
        assert "pytest.skip" not in ast.unparse(node), f"{name} does not always run"


def test_scenarios_are_there() -> None:
    for extension, scenario in ((entry.extension, name) for entry in ENTRIES for name in entry.scenarios):
        files = "".join(p.read_text() for p in (ROOT / "extensions/molecule" / scenario).glob("*.*"))
        word = extension.rpartition("_")[2]
        assert word in files, f"the scenario {scenario} has nothing about {word}"


def functions(path: Path) -> dict[str, ast.FunctionDef]:
    assert path.exists(), f"{path} is not there"
    return {node.name: node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(
    ("change", "entry"),
    [
        ("``console_log``", "console_lag"),
        ("``test_lxc_console_log.py::test_reading_the_ring_buffer_consumes_it``", "no test"),
    ],
)
def test_the_table_is_really_looked_at(change: str, entry: str) -> None:
    """Without an entry, or an entry without its test, the tests above fail."""
    changed = parse(TABLE.read_text().replace(change, entry))
    complete = sorted(e.extension for e in changed) == sorted(API_EXTENSIONS)
    assert not complete or [e for e in changed if not e.tests]
