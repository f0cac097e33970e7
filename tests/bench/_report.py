# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of a benchmark as JSON, as tables, and as a picture; and the tables in the README."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

Row = Mapping[str, Any]
_BAR, _LEFT, _WIDTH = 22, 330, 860
_LINEAR = 1.15
"""The largest exponent of growth that passes for linear: a noisy machine."""

BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"
"""Between these lines of the README stands what a run has found."""


@dataclass
class Report:
    """The rows of each topic. Saved as a whole after each."""

    directory: Path | None
    machine: dict[str, Any] = field(default_factory=dict)
    topics: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def load(cls, directory: Path | None, *, fresh: bool) -> Report:
        path = directory / "benchmark.json" if directory else None
        if fresh or path is None or not path.exists():
            return cls(directory)
        found = read(path)
        return cls(directory, found["machine"], found["topics"])

    def rows(self, kind: str) -> list[Row]:
        return [row for _topic, rows in sorted(self.topics.items(), key=_order) for row in rows if row["kind"] == kind]

    def save(self) -> None:
        if not self.directory:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        data = {"machine": self.machine, "topics": self.topics}
        _write(self.directory / "benchmark.json", json.dumps(data, indent=1) + "\n")
        _write(self.directory / "benchmark.md", f"# Benchmark\n\n{self.text()}")
        _write(self.directory / "benchmark.svg", plot([row for row in self.rows("pair") if row["size"] > 1]))

    def text(self) -> str:
        """All tables, as Markdown."""
        parts = [about(self.machine)]
        for title, kind, head in (
            ("", "pair", _PAIR_HEAD),
            ("A module's own process, without Ansible around it:", "limit", _LIMIT_HEAD),
            ("More and more containers, in a module's own process:", "scale", _SCALE_HEAD),
        ):
            rows = self.rows(kind)
            if rows:
                parts += [title] if title else []
                parts.append("\n".join([*head, *map(line, rows)]))
        return "\n\n".join(parts) + "\n"

    def quote(self, path: Path) -> None:
        """Put the tables between the file's two markers."""
        before, begin, rest = path.read_text().partition(f"{BEGIN}\n")
        _old, end, after = rest.partition(END)
        if not begin or not end:
            raise SystemExit(f"{path} has no lines {BEGIN} and {END}")
        picture = os.path.relpath(self.directory or path.parent, path.parent)
        shown = f"![times faster than the peer]({picture}/benchmark.svg)"
        _write(path, f"{before}{begin}\n{self.text()}\n{shown}\n\n{end}{after}")


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def _order(item: tuple[str, Any]) -> tuple[int, str]:
    """Life cycles first, the larger number of containers first; then the others by name."""
    name = item[0]
    size = name.removeprefix("lifecycle")
    return (-int(size), "") if size.isdigit() else (0, name)


def _write(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    os.replace(new, path)


_PAIR_HEAD = [
    "| work | containers | community.lxc | peer | | times faster | by processor time | goal |",
    "| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: |",
]
_LIMIT_HEAD = ["| what | measured | at most |", "| --- | ---: | ---: |"]
_SCALE_HEAD = [
    "| work | containers | time | processor time | memory | open files | grows as n to the power of |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
]


def line(row: Row) -> str:
    """A row of one of the tables."""
    return {"pair": _pair, "limit": _limit, "scale": _scale}[row["kind"]](row)


def _pair(row: Row) -> str:
    goal = "" if row["goal"] is None else f"{row['goal']:.3g}{'' if row['ratio'] >= row['goal'] else ' (missed)'}"
    cpu = "" if row["cpu_ratio"] is None else f"{row['cpu_ratio']:.3g}"
    ours, peer = seconds(row["ours"]["wall"]), seconds(row["peer"]["wall"])
    return (
        f"| {row['work']} | {row['size']} | {ours} | {peer} | {row['peer_is']} | {row['ratio']:.3g} | {cpu} | {goal} |"
    )


def _limit(row: Row) -> str:
    missed = "" if row["value"] <= row["limit"] else " (missed)"
    return f"| {row['what']} | {row['value']:.3g} {row['unit']} | {row['limit']:g} {row['unit']}{missed} |"


def _scale(row: Row) -> str:
    samples = [(int(size), sample) for size, sample in row["samples"].items()]

    def each(words: Iterator[str]) -> str:
        return " / ".join(words)

    cells = [
        row["work"],
        each(str(size) for size, _sample in samples),
        each(seconds(sample["wall"]) for _size, sample in samples),
        each(seconds(sample["cpu"]) for _size, sample in samples),
        each(f"{sample['memory'] / 2**20:.0f} MiB" for _size, sample in samples),
        each(str(sample["files"]) for _size, sample in samples),
        _growth(row["growth"]),
    ]
    return f"| {' | '.join(cells)} |"


def _growth(exponents: Mapping[str, float]) -> str:
    """By processor time, which a busy machine blurs least; and whatever else grows faster than linearly."""
    worst = [name for name, exponent in exponents.items() if name != "wall" and exponent > _LINEAR]
    faster = f" ({', '.join(worst)} faster than linear)" if worst else ""
    return f"{exponents['cpu']:.2f}{faster}"


def seconds(value: float) -> str:
    if value >= 0.1:
        return f"{value:.2f} s"
    return f"{value * 1000:.3g} ms"


def about(machine: Mapping[str, Any]) -> str:
    """The machine in one sentence."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["ansible"].items())
    return (
        f"Measured on {machine['processors']} processors ({machine['model']}), {machine['memory']} of memory, "
        f"Linux {machine['kernel']}, LXC {machine['liblxc']}, Python {machine['python']}, {versions}; "
        f"load at the beginning {machine['load']:.1f}. Medians; both sides of a pair in turns in one run."
    )


def plot(rows: list[Row]) -> str:
    """An SVG with a bar for each ratio, and a line at its goal."""
    height = _BAR * (len(rows) + 1) + 20
    top = max([1.0, *(float(row["ratio"]) for row in rows), *(float(row["goal"] or 0) for row in rows)])
    scale = (_WIDTH - _LEFT - 60) / top
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" font-family="sans-serif"',
        ' font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="15">times faster than the peer, by the clock (line: goal)</text>',
    ]
    for number, row in enumerate(rows):
        y = 24 + number * _BAR
        width = float(row["ratio"]) * scale
        title = escape(f"{row['work']} ({row['size']})")
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 13}" text-anchor="end">{title}</text>')
        parts.append(f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR - 6}" fill="#4878a8"/>')
        parts.append(f'<text x="{_LEFT + width + 4:.1f}" y="{y + 13}">{row["ratio"]:.1f}</text>')
        if row["goal"]:
            x = _LEFT + float(row["goal"]) * scale
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 2}" y2="{y + _BAR - 4}" stroke="#c04040"/>')
    return "\n".join([*parts, "</svg>"]) + "\n"
