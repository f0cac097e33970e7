# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory against lxc-ls, and the connection against lxc-attach by hand and the peer's plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from ansible_collections.community.lxc.plugins.plugin_utils import _survey
from ansible_collections.community.lxc.tests.bench._measure import Pair, Sample, in_turns, timed

CONTAINERS, RUNNING, TIMES, MEGABYTES = 500, 200, 50, 1000
GOALS = {"inventory": 5.0, "put": 1 / 1.3}
"""Asking a host five times faster than lxc-ls -f, and a file in at most 1.3 times the seconds that it takes by hand."""


class Where(Protocol):
    """What of a ``_place.Bench`` is used here."""

    root: Path
    python: str
    env: Mapping[str, str]

    @property
    def peer(self) -> str: ...


def inside(where: Where, runs: int) -> Iterator[Pair]:
    """All of it, with containers in the peer's path, which is liblxc's default for the time being."""
    define(where, "inside", "lxc.mount.entry = none mnt tmpfs size=2g,create=dir 0 0")
    start(where, "inside")
    yield from connection(where, runs)
    yield from inventory(where, runs)


def define(where: Where, name: str, *lines: str) -> None:
    """A container without a network; all of them have one root file system, a busybox."""
    rootfs = where.root / "rootfs"
    if not rootfs.exists():
        for below in ("bin", "dev", "etc", "mnt", "proc", "root", "sbin", "sys", "tmp"):
            (rootfs / below).mkdir(parents=True)
        (rootfs / "bin/busybox").write_bytes(Path("/bin/busybox").read_bytes())
        (rootfs / "bin/busybox").chmod(0o755)
        for applet in ("sh", "cat", "chmod", "dd", "mv", "rm", "stat"):
            (rootfs / "bin" / applet).symlink_to("busybox")
        (rootfs / "sbin/init").symlink_to("../bin/busybox")
        (rootfs / "etc/inittab").write_text("::sysinit:/bin/true\n")
        (rootfs / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    directory = Path(where.peer, name)
    directory.mkdir()
    own = [f"lxc.uts.name = {name}", f"lxc.rootfs.path = dir:{rootfs}", "lxc.net.0.type = empty", "lxc.tty.max = 1"]
    own.append("lxc.mount.auto = proc:mixed sys:mixed")
    (directory / "config").write_text("".join(f"{line}\n" for line in [*own, *lines]))


def start(where: Where, name: str) -> None:
    subprocess.run(["lxc-start", "-P", where.peer, "-n", name], check=True, capture_output=True)


def connection(where: Where, runs: int) -> Iterator[Pair]:
    """The same container, the same commands, the same bytes."""

    def enter(way: str, times: int, action: str) -> Sample:
        options = {"inventory_hostname": "inside", "ansible_lxc_path": where.peer}
        # The peer's plugin wants the binding, which only the host's own interpreter has.
        paths = [sysconfig.get_path("purelib"), where.env.get("PYTHONPATH", "")]
        env = {**where.env, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
        argv = [where.python, str(Path(__file__).with_name("_enter.py")), way, str(times), action, json.dumps(options)]
        done = subprocess.run(argv, env=env, stdout=subprocess.PIPE, text=True, check=True)
        return Sample(**json.loads(done.stdout.splitlines()[-1]))

    def commands(way: str) -> Callable[[], Sample]:
        return lambda: enter(way, TIMES, "exec")

    ours = "community.lxc.lxc"
    for way, peer in (("community.general.lxc", "connection community.general.lxc"), ("by-hand", "lxc-attach by hand")):
        pair = Pair(f"{TIMES} commands in a container", 1, peer=peer)
        yield in_turns(pair, runs, commands(ours), commands(way))
    # In memory, since a disk that other programs use too would be what is measured.
    big = Path("/dev/shm", where.root.name)
    try:
        with big.open("wb") as file:
            for _time in range(MEGABYTES):
                file.write(os.urandom(1_000_000))
        pair = Pair(f"{MEGABYTES} MB into a container", 1, goal=GOALS["put"], peer="cat and lxc-attach by hand")
        yield in_turns(pair, runs, lambda: enter(ours, 1, str(big)), lambda: enter("by-hand", 1, str(big)))
    finally:
        big.unlink(missing_ok=True)


def inventory(where: Where, runs: int) -> Iterator[Pair]:
    """The one round trip in which a host is asked, and the whole ansible-inventory around it."""
    for number in range(CONTAINERS - len(os.listdir(where.peer))):
        define(where, f"i{number}")
        if number < RUNNING:
            start(where, f"i{number}")
    host, question = _survey.LxcHost(name="here", lxc_path=(where.peer,)), _survey.Question(keys=("lxc.start.auto",))
    source = where.root / "containers.lxc.yml"
    source.write_text(json.dumps({"plugin": "community.lxc.lxc", "lxc_path": [where.peer]}))
    whole = ["ansible-inventory", "-i", str(source), "--list"]

    def ask() -> Sample:
        return timed(_survey.command(host, question), env=where.env, stdin=_survey.told(host, question))

    def peers() -> Sample:
        return timed(["lxc-ls", "-f", "-P", where.peer], env=where.env)

    pair = Pair("inventory, asking a host", CONTAINERS, goal=GOALS["inventory"], peer="lxc-ls -f")
    yield in_turns(pair, runs, ask, peers)
    pair = Pair("inventory, a whole ansible-inventory", CONTAINERS, peer="lxc-ls -f")
    yield in_turns(pair, runs, lambda: timed(whole, env=where.env), peers)
