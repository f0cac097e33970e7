# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes to a running container, against what one would type: mount, ip and echo."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.community.lxc.tests.bench._measure import Pair, Sample, in_turns
from ansible_collections.community.lxc.tests.bench._place import Bench
from ansible_collections.community.lxc.tests.live import _ansible

_ROUNDS = 20
_PROGRAM = "import runpy, sys; sys.path.insert(0, sys.argv[1]); runpy.run_module(sys.argv[2], run_name='__main__')"
_PAIR = "clxbv7"


@dataclass(frozen=True)
class Change:
    """A part to and fro: the options of its module, and the commands of the same effect."""

    work: str
    part: str
    module: str
    options: Sequence[dict[str, Any]]
    commands: Sequence[str]
    peer: str


def live(where: Bench, runs: int) -> Iterator[Pair]:
    where.module("lxc_fleet", where.described(1, **where.made()))
    pid = _init(where)
    for change in _changes(pid):
        pair = Pair(f"{change.work}, live, the change alone", 1, peer=change.peer)
        yield in_turns(pair, runs, _ours(where, change), _peers(change.commands))
    for change in _changes(pid):
        yield _task(where, change, runs)


def _init(where: Bench) -> int:
    done = subprocess.run(
        ["lxc-info", "-P", where.ours, "-n", "b0", "-p", "-H"], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def _changes(pid: int) -> Iterator[Change]:
    inside = f"nsenter -t {pid} -m /bin/busybox"
    mount = {"target": "/mnt", "fstype": "tmpfs"}
    yield Change(
        "mount a tmpfs",
        "mounts",
        "lxc_mount",
        [{**mount, "state": "ephemeral"}, {**mount, "state": "absent"}],
        [f"{inside} mount -t tmpfs none /mnt", f"{inside} umount /mnt"],
        "nsenter and mount",
    )
    yield Change(
        "plug a veth",
        "nics",
        "lxc_net_veth",
        [{"name": "eth7", "pair": _PAIR}, {"name": "eth7", "state": "absent"}],
        [f"ip link add {_PAIR} type veth peer name eth7 netns {pid}", f"ip link delete {_PAIR}"],
        "ip",
    )
    limit, *_others = [path for path in _limits(pid) if path.exists()]
    yield Change(
        "limit processes",
        "cgroup",
        "lxc_cgroup_isolation",
        [{"limits": {"pids.max": number}} for number in (100, 101)],
        [f"echo {number} >{limit}" for number in (100, 101)],
        "echo",
    )


def _limits(pid: int) -> Iterator[Path]:
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _number, controllers, path = line.split(":", 2)
        root = Path("/sys/fs/cgroup", "pids" if controllers == "pids" else "")
        if controllers in ("", "pids"):
            yield root / path.lstrip("/") / "pids.max"


def _ours(where: Bench, change: Change) -> Callable[[], Sample]:
    order = {
        "part": change.part,
        "container": "b0",
        "lxc_path": where.ours,
        "changes": change.options,
        "rounds": _ROUNDS,
    }
    module = "ansible_collections.community.lxc.tests.bench._live_program"
    command = [where.python, "-c", _PROGRAM, _ansible.library(), module]

    def run() -> Sample:
        done = subprocess.run(
            command,
            input=json.dumps(order),
            capture_output=True,
            text=True,
            env=_ansible.module_environment(),
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{change.work}: {done.stderr}")
        return Sample(**json.loads(done.stdout))

    return run


def _peers(commands: Sequence[str]) -> Callable[[], Sample]:
    def run() -> Sample:
        before, begun = os.times(), time.perf_counter()
        for _round in range(_ROUNDS):
            for command in commands:
                subprocess.run(["/bin/sh", "-c", command], check=True)
        wall, after = time.perf_counter() - begun, os.times()
        spent = (after.children_user - before.children_user) + (after.children_system - before.children_system)
        count = _ROUNDS * len(commands)
        return Sample(wall / count, spent / count)

    return run


def _task(where: Bench, change: Change, runs: int) -> Pair:
    """The same as tasks of a playbook, to and fro, against tasks that run the command."""
    name = {"container": "b0", "lxc_path": where.ours}
    ours = [{f"community.lxc.{change.module}": {**name, **options}} for options in change.options]
    peers = [{"ansible.builtin.shell": command} for command in change.commands]
    pair = Pair(f"{change.work}, live, a playbook of two tasks", 1, peer="ansible.builtin.shell")
    return in_turns(pair, runs, lambda: where.play(ours), lambda: where.play(peers))
