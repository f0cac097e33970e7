# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""community.lxc against its peers, in pairs and in one run. Run by scripts/bench, as root, in its own mount namespace.

Topic by topic. With ``--output`` each topic's rows are written as soon as it is done, so that a run that was
interrupted is gone on with by ``--resume``, and single topics can be measured again.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.community.lxc.tests.bench import _report
from ansible_collections.community.lxc.tests.bench._inside import inside
from ansible_collections.community.lxc.tests.bench._lifecycle import lifecycle
from ansible_collections.community.lxc.tests.bench._live import live
from ansible_collections.community.lxc.tests.bench._measure import Limit, Pair, Scaled
from ansible_collections.community.lxc.tests.bench._module import big_fleet, single_module
from ansible_collections.community.lxc.tests.bench._place import Bench, bench
from ansible_collections.community.lxc.tests.bench._scale import scale

Topic = Callable[[Bench], Iterable[Pair | Limit | Scaled]]

_LIFE_RUNS = 2
"""One pass of the peer's loop over 50 containers takes six minutes."""


def topics(options: argparse.Namespace) -> dict[str, Topic]:
    """What there is to measure, by name."""
    runs: int = options.runs
    found: dict[str, Topic] = {
        "module": lambda where: single_module(where, runs),
        "live": lambda where: live(where, runs),
        "inside": lambda where: inside(where, runs),
        "fleet500": lambda where: big_fleet(where, runs),
        "scale": lambda where: scale(where, options.scale),
    }
    for size in options.sizes:
        found[f"lifecycle{size}"] = functools.partial(lifecycle, size=size, runs=min(runs, _LIFE_RUNS))
    return found


def machine(python: str) -> dict[str, Any]:
    """What it was measured on."""
    versions = "import lxc, platform; print(platform.python_version(), lxc.version)"
    done = subprocess.run([python, "-c", versions], capture_output=True, text=True, check=True)
    target, liblxc = done.stdout.split()
    model = [line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processors": len(os.sched_getaffinity(0)),
        "model": model[0] if model else platform.machine(),
        "memory": f"{memory:.0f} GiB",
        "kernel": platform.release(),
        "liblxc": liblxc,
        "python": target,
        "ansible": _versions(),
        "load": os.getloadavg()[0],
    }


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    paths = importlib.import_module("ansible_collections.community.general").__path__
    manifest = next(Path(path, "MANIFEST.json") for path in paths if Path(path, "MANIFEST.json").exists())
    found: Mapping[str, Any] = _report.read(manifest)["collection_info"]
    return {"ansible-core": version("ansible-core"), "community.general": str(found["version"])}


def main() -> None:
    options = _options()
    chosen = topics(options)
    wanted = options.topics or list(chosen)
    unknown = sorted(set(wanted) - set(chosen))
    if unknown:
        raise SystemExit(f"there is no topic {', '.join(unknown)}; there are {', '.join(chosen)}")
    report = _report.Report.load(options.output, fresh=not options.resume and not options.topics)
    report.machine = machine(options.python)
    # Ended from outside, it still removes its containers.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit("ended"))
    with bench(options.python) as where:
        for name in wanted:
            if options.resume and name in report.topics:
                continue
            where.sweep()
            rows = []
            for measured in chosen[name](where):
                rows.append(measured.row())
                print(_report.line(rows[-1]), flush=True)
            report.topics[name] = rows
            report.save()
    if options.output and options.readme:
        report.quote(options.readme)
    print(_report.about(report.machine))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="community.lxc against its peers")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 50], help="containers of the life-cycle pairs")
    parser.add_argument("--runs", type=int, default=3, help="of each pair; of whole lives 2 at most")
    parser.add_argument("--scale", type=int, default=500, help="how many containers the scale topic goes up to")
    parser.add_argument(
        "--topics", nargs="+", help="measure only these (module live inside fleet500 scale lifecycleSIZE ...)"
    )
    parser.add_argument("--resume", action="store_true", help="leave out the topics that the output holds already")
    parser.add_argument("--python", default="/usr/bin/python3", help="an interpreter that has LXC's binding")
    parser.add_argument("--output", type=Path, help="a directory for benchmark.json, benchmark.md and benchmark.svg")
    parser.add_argument("--readme", type=Path, help="a file between whose markers the tables are put")
    options = parser.parse_args()
    if options.resume and not options.output:
        parser.error("--resume needs --output")
    return options


if __name__ == "__main__":
    main()
