# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of a benchmark as a table, and as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
_BAR, _LEFT, _WIDTH = 22, 210, 720


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = [
        "| work | containers | community.lxc | peer | ratio | ratio of processor time | goal |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        goal = "" if row["goal"] is None else f"{row['goal']:g}"
        cpu = "" if row["cpu_ratio"] is None else f"{row['cpu_ratio']:.1f}"
        lines.append(
            f"| {row['work']} | {row['size']} | {row['ours']['wall']:.2f} s | {row['peer']['wall']:.2f} s "
            f"| {row['ratio']:.1f} | {cpu} | {goal} |"
        )
    return "\n".join(lines) + "\n"


def plot(rows: Sequence[Row]) -> str:
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
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 13}" text-anchor="end">{row["work"]} ({row["size"]})</text>')
        parts.append(f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR - 6}" fill="#4878a8"/>')
        parts.append(f'<text x="{_LEFT + width + 4:.1f}" y="{y + 13}">{row["ratio"]:.1f}</text>')
        if row["goal"]:
            x = _LEFT + float(row["goal"]) * scale
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 2}" y2="{y + _BAR - 4}" stroke="#c04040"/>')
    return "\n".join([*parts, "</svg>"]) + "\n"
