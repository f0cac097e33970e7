# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark makes of its figures."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from ansible_collections.community.lxc.tests.bench._measure import Limit, Pair, Sample, Scaled
from ansible_collections.community.lxc.tests.bench._report import BEGIN, END, Report

MACHINE = {
    "processors": 2,
    "model": "A & B",
    "memory": "4 GiB",
    "kernel": "6.1",
    "liblxc": "5.0.2",
    "python": "3.11",
    "ansible": {"ansible-core": "2.19"},
    "load": 0.1,
}
PAIR = Pair("start <all>", 50, [Sample(1, 0.5), Sample(3, 0.5), Sample(2, 0.5)], [Sample(50, 5)] * 3, goal=30.0)


def scaled(power: float) -> Scaled:
    samples = {size: Sample(0.3 + size / 100, size**power, 10 * 2**20, 8) for size in (100, 200, 400)}
    return Scaled("stop", samples)


def report(directory: Path) -> Report:
    found = Report(directory, MACHINE)
    found.topics = {
        "scale": [scaled(1).row(), scaled(2).row()],
        "module": [Limit("imports", 31, 30, "ms").row(), Limit("fleet", 1.5, 2, "s").row()],
        "lifecycle10": [Pair("start", 10, [Sample(1, 1)], [Sample(2, 2)]).row()],
        "lifecycle50": [PAIR.row()],
    }
    return found


def test_medians_ratios_and_goals(tmp_path: Path) -> None:
    lines = report(tmp_path).text().splitlines()
    (pair,) = [line for line in lines if line.startswith("| start <all>")]
    assert pair.endswith("| 2.00 s | 50.00 s | a loop over community.general.lxc_container | 25 | 10 | 30 (missed) |")
    assert "| imports | 31 ms | 30 ms (missed) |" in lines
    assert "| fleet | 1.5 s | 2 s |" in lines
    # The most containers first: that is what the goals are for.
    assert lines.index(pair) < next(number for number, line in enumerate(lines) if line.startswith("| start | 10"))


@pytest.mark.parametrize(("power", "words"), [(0.5, "0.50 |"), (1, "1.00 |"), (2, "2.00 (cpu faster than linear) |")])
def test_what_grows_faster_than_linearly_is_said(tmp_path: Path, power: float, words: str) -> None:
    found = Report(tmp_path, MACHINE, {"scale": [scaled(power).row()]})
    assert found.text().splitlines()[-1].endswith(words)


def test_a_run_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    report(tmp_path).save()
    again = Report.load(tmp_path, fresh=False)
    assert list(again.topics) == ["scale", "module", "lifecycle10", "lifecycle50"]
    assert again.text() == report(tmp_path).text()
    assert not Report.load(tmp_path, fresh=True).topics
    assert not Report.load(None, fresh=False).topics


def test_the_picture_is_one(tmp_path: Path) -> None:
    report(tmp_path).save()
    root = ElementTree.fromstring((tmp_path / "benchmark.svg").read_text())
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "start <all> (50)" in texts
    assert (tmp_path / "benchmark.md").read_text().startswith("# Benchmark")


def test_the_tables_are_put_between_the_markers(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for _time in range(2):
        report(tmp_path / "docs").quote(readme)
        text = readme.read_text()
        assert text.startswith(f"before\n{BEGIN}\n\nMeasured on 2 processors")
        assert text.endswith(f"(docs/benchmark.svg)\n\n{END}\nafter\n")
        assert "old" not in text
        assert text.count("| start <all> ") == 1
    readme.write_text("no markers\n")
    with pytest.raises(SystemExit, match="has no lines"):
        report(tmp_path).quote(readme)


def test_the_readme_has_the_markers() -> None:
    text = (Path(__file__).parents[3] / "README.md").read_text()
    assert text.count(BEGIN) == 1
    assert text.count(END) == 1
    assert text.index(BEGIN) < text.index(END)
