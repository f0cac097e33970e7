# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""community.lxc against its peers, in pairs and in one run. Run by scripts/bench, as root, in its own mount namespace.

The peer can only work in liblxc's default path, so that a configuration of liblxc's own is mounted over the host's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.community.lxc.tests.bench import _report
from ansible_collections.community.lxc.tests.bench._inside import inside
from ansible_collections.community.lxc.tests.bench._measure import Pair, Sample, in_turns, playbook, timed

GOALS = {"nothing to do": 11.0, "start": 30.0, "stop": 10.0, "create and start": 40.0, "destroy": 30.0}
"""From the project's performance goals, for 50 containers."""


@dataclass
class Bench:
    """Where it works. ``peer`` is liblxc's default path for the time being, ``ours`` another one."""

    root: Path
    python: str
    env: Mapping[str, str]

    @property
    def ours(self) -> str:
        return str(self.root / "o")

    @property
    def peer(self) -> str:
        return str(self.root / "p")

    def play(self, name: str, tasks: Sequence[Mapping[str, Any]]) -> Sample:
        return timed(["ansible-playbook", playbook(self.root, name, tasks, self.python)], env=self.env)

    def fleet(self, size: int, **defaults: Any) -> Sample:
        defaults = {"timeout": 0, **defaults}
        arguments = {"lxc_path": self.ours, "containers": [{"name": n} for n in names(size)], "defaults": defaults}
        return self.play("ours", [{"community.lxc.lxc_fleet": arguments}])

    def loop(self, size: int, **arguments: Any) -> Sample:
        task = {"community.general.lxc_container": {"name": "{{ item }}", **arguments}, "loop": names(size)}
        return self.play("peer", [task])


def names(size: int) -> list[str]:
    return [f"b{number}" for number in range(size)]


@contextmanager
def bench(python: str) -> Iterator[Bench]:
    """Two lxc paths, and liblxc's own configuration pointing to the peer's. Everything goes afterwards."""
    root = Path(tempfile.mkdtemp(prefix="clxb", dir="/var/tmp"))
    try:
        (root / "o").mkdir()
        (root / "p").mkdir()
        (root / "default.conf").write_text("lxc.net.0.type = empty\n")
        (root / "lxc.conf").write_text(f"lxc.lxcpath = {root}/p\nlxc.default_config = {root}/default.conf\n")
        Path("/etc/lxc/lxc.conf").touch()
        subprocess.run(["mount", "--bind", str(root / "lxc.conf"), "/etc/lxc/lxc.conf"], check=True)
        yield Bench(root, python, {**os.environ, "ANSIBLE_HOME": str(root / "ansible")})
    finally:
        for path in (root / "o", root / "p"):
            for entry in os.listdir(path) if path.is_dir() else []:
                subprocess.run(["lxc-stop", "-k", "-P", str(path), "-n", entry], capture_output=True, check=False)
        subprocess.run(["umount", "/etc/lxc/lxc.conf"], check=False)
        shutil.rmtree(root, ignore_errors=True)


def archive(bench: Bench) -> str:
    """The peer's template, unpacked once, as an archive for us: the same files for both."""
    subprocess.run(["lxc-create", "-P", bench.ours, "-n", "seed", "-t", "busybox"], check=True, capture_output=True)
    path = bench.root / "busybox.tar"
    subprocess.run(["tar", "-c", "-f", str(path), "-C", f"{bench.ours}/seed/rootfs", "."], check=True)
    subprocess.run(["lxc-destroy", "-P", bench.ours, "-n", "seed"], check=True, capture_output=True)
    return str(path)


def containers(bench: Bench, size: int, runs: int) -> Iterator[Pair]:
    """From nothing to running, and back, and all that comes between."""
    signals = {"lxc.signal.halt": "SIGUSR1", "lxc.mount.auto": "proc:mixed sys:ro"}
    mounts = [f"/{name} {name} none ro,bind 0 0" for name in ("lib", "usr/lib", "lib64", "usr/lib64")]
    made = {
        "tarball": archive(bench),
        "share_source": "overlay",
        "config": {**signals, "lxc.mount.entry": [m for m in mounts if Path("/" + m.split()[1]).is_dir()]},
    }
    gone = {"state": "absent"}
    create = Pair("create and start", size, goal=GOALS["create and start"])
    destroy = Pair("destroy", size, goal=GOALS["destroy"])
    bench.fleet(size, **made)
    bench.loop(size, template="busybox", state="started")
    for _run in range(runs):
        destroy.ours.append(bench.fleet(size, **gone))
        destroy.peers.append(bench.loop(size, **gone))
        create.ours.append(bench.fleet(size, **made))
        create.peers.append(bench.loop(size, template="busybox", state="started"))
    yield create
    pair = Pair("nothing to do", size, goal=GOALS["nothing to do"])
    yield in_turns(pair, runs, lambda: bench.fleet(size, **made), lambda: bench.loop(size, state="started"))
    stop, start = Pair("stop", size, goal=GOALS["stop"]), Pair("start", size, goal=GOALS["start"])
    change = Pair("change a key and restart", size)
    for run in range(runs):
        stop.ours.append(bench.fleet(size, state="stopped"))
        stop.peers.append(bench.loop(size, state="stopped"))
        start.ours.append(bench.fleet(size, state="started"))
        start.peers.append(bench.loop(size, state="started"))
        key = {"lxc.prlimit.nofile": str(1000 + run)}
        change.ours.append(bench.fleet(size, config=key, restart="if_required"))
        config = [f"{name}={value}" for name, value in key.items()]
        change.peers.append(bench.loop(size, state="restarted", container_config=config))
    yield from (stop, start, change, destroy)


def single_module(bench: Bench, runs: int) -> Iterator[Pair]:
    """One task with nothing to do, against a ping; and the module's own process against AnsibleModule's import."""
    bench.fleet(1, template="busybox", config={"lxc.signal.halt": "SIGUSR1"})
    ours = {"community.lxc.lxc_container": {"name": "b0", "lxc_path": bench.ours}}
    pair = Pair("one module, nothing to do, against ansible.builtin.ping", 1)
    yield in_turns(
        pair, runs, lambda: bench.play("one", [ours]), lambda: bench.play("ping", [{"ansible.builtin.ping": {}}])
    )


def listing(bench: Bench, size: int, runs: int) -> Iterator[Pair]:
    """What is there, by lxc_info in one task's module process, against lxc-ls."""
    for number in range(size):
        directory = Path(bench.ours, f"x{number}")
        directory.mkdir()
        (directory / "config").write_text(f"lxc.uts.name = x{number}\nlxc.rootfs.path = dir:/nonexistent\n")
    ours = {"community.lxc.lxc_info": {"lxc_path": bench.ours}}
    pair = Pair("lxc_info (a whole playbook) against lxc-ls -f", size)
    peers = ["lxc-ls", "-f", "-P", bench.ours]
    yield in_turns(pair, runs, lambda: bench.play("info", [ours]), lambda: timed(peers, env=bench.env))


def main() -> None:
    parser = argparse.ArgumentParser(description="community.lxc against its peers")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--python", default="/usr/bin/python3", help="an interpreter that has LXC's binding")
    parser.add_argument("--output", type=Path, help="a directory for benchmark.json, benchmark.md and benchmark.svg")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with bench(options.python) as where:
        for size in options.sizes:
            for pair in containers(where, size, options.runs):
                rows.append(pair.row())
                print(_report.table([rows[-1]]).splitlines()[-1], flush=True)
        for pair in (
            *single_module(where, options.runs),
            *listing(where, 500, options.runs),
            *inside(where, options.runs),
        ):
            rows.append(pair.row())
            print(_report.table([rows[-1]]).splitlines()[-1], flush=True)
    machine = {"processors": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()}
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "benchmark.json").write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
        (options.output / "benchmark.md").write_text(_report.table(rows))
        (options.output / "benchmark.svg").write_text(_report.plot([row for row in rows if row["goal"]]))
    print(json.dumps(machine))


if __name__ == "__main__":
    main()
