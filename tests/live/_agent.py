# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The seccomp agent as a process, and unprivileged containers whose system calls it answers."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._host import tool, until
from ansible_collections.community.lxc.tests.live._idmap import give, idmap_lines

AGENT = Path(__file__).parents[2] / "roles/lxc_seccomp_agent/files/lxc-seccomp-agent"
DEVICES = ["c 1:3", "c 1:5", "c 1:7", "c 1:8", "c 1:9", "c 5:0", "c 5:1", "c 5:2"]
MKNOD = {"syscalls": ["mknod", "mknodat"], "action": "emulate", "devices": DEVICES}


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def build_probe(directory: Path) -> Path:
    probe = directory / "probe"
    tool(
        "gcc", "-O1", "-Wall", "-Werror", "-static", "-o", str(probe), str(Path(__file__).with_name("_seccomp_probe.c"))
    )
    return probe


@dataclass
class Agent:
    """The process, its rules and its socket. ``log``: what it has printed so far."""

    directory: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def socket(self) -> str:
        return f"{self.directory}/s"

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text()

    @property
    def pid(self) -> int:
        return self.processes[-1].pid

    def rules(self, *rules: dict[str, Any], **more: Any) -> None:
        (self.directory / "rules").write_text(json.dumps({"rules": rules, **more}))

    def start(self, *prefix: str, activated: bool = False) -> Agent:
        command = [*prefix, "/usr/bin/python3", "-I", str(AGENT)]
        command += ["--rules", f"{self.directory}/rules", "--listen", self.socket, "--stage", f"{self.directory}/stage"]
        with open(self.directory / "log", "ab") as log:
            self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"))
        if not activated:
            until(self.listening, what="the agent's socket")
        return self

    def listening(self) -> bool:
        assert self.processes[-1].poll() is None, self.log
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            return client.connect_ex(self.socket) == 0

    def kill(self) -> None:
        """Kill it; over once its workers have followed."""
        workers = children(self.pid)
        self.processes[-1].send_signal(signal.SIGKILL)
        self.processes[-1].wait(10)
        until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers), what="the workers' end")

    def stop(self) -> None:
        for process in self.processes:
            # What strace has begun would live on without it.
            below = children(process.pid) if process.poll() is None else []
            process.kill()
            process.wait(10)
            for pid in below:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)


_SERVER = """#!/bin/sh
# Runs what comes in, for lxc-attach is no witness here: see Supervised.
while read number command; do
  sh -c "$command" > /run/out 2>&1 < /dev/null
  echo "rc=$?" >> /run/out
  mv /run/out /run/out.$number
done <> /run/in
"""


@dataclass(frozen=True)
class Supervised:
    """A container with a policy that asks the agent.

    Commands are run by a child of its init. What ``lxc-attach`` brings in has a filter of its own, whose listener
    it hands to the monitor too late at times (in LXC 5.0.2 about once in 25 times): ENOSYS, and its own exit code 1.
    """

    guest: Guest
    init_pid: int
    """Known beforehand: while a call waits for the agent, the monitor answers nobody."""
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def send(self, command: str) -> Path:
        """Begin to run a line of shell; the file will hold its output, and its exit code as ``rc=N``."""
        number = next(self.numbers)
        with open(self.guest.rootfs / "run/in", "w") as stream:
            stream.write(f"{number} {command}\n")
        return self.guest.rootfs / f"run/out.{number}"

    def shell(self, command: str) -> tuple[int, str]:
        """Run a line of shell: exit code and output."""
        answer = self.send(command)
        until(answer.exists, seconds=60, what=f"an answer to {command}")
        output, dummy, code = answer.read_text().rpartition("rc=")
        return int(code), output

    def probe(self, *arguments: str) -> int:
        return int(self.shell(" ".join(["probe", *map(shlex.quote, arguments)]))[1])


def supervised(
    bed: Bed,
    agent: Agent,
    probe: Path,
    *lines: str,
    calls: tuple[str, ...] = ("mknod", "mknodat", "mount"),
    idmap: bool = True,
) -> Supervised:
    policy = Path(bed.lxc_path, "policy")
    policy.write_text("2\ndenylist\n[all]\n" + "".join(f"{call} notify\n" for call in calls))
    keys = (f"lxc.seccomp.profile = {policy}", f"lxc.seccomp.notify.proxy = unix:{agent.socket}")
    guest = bed.guest(*(idmap_lines() if idmap else ()), *keys, *lines)
    shutil.copy(probe, guest.rootfs / "bin/probe")
    (guest.rootfs / "bin/mv").symlink_to("busybox")
    (guest.rootfs / "bin/serve").write_text(_SERVER)
    (guest.rootfs / "bin/serve").chmod(0o755)
    os.mkfifo(guest.rootfs / "run/in")
    with open(guest.rootfs / "etc/inittab", "a") as inittab:
        inittab.write("::respawn:/bin/serve\n")
    if idmap:
        give(guest.rootfs)
    os.chmod(guest.rootfs / "tmp", 0o1777)
    guest.start()
    return Supervised(guest, guest.init_pid())
