# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the live tests stand on: containers of their own in an LXC path of their own, and modules as processes.

A container here is made by writing its files, in a few milliseconds, and started, stopped and entered with LXC's own
tools, so that a test looks at the collection's work with other eyes than the collection's.
"""

from __future__ import annotations

import itertools
import os
import pickle
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ansible_collections.community.lxc.tests.live._ansible import COLLECTIONS, PYTHON, run_module
from ansible_collections.community.lxc.tests.live._host import (
    cgroups,
    monitors,
    new_lxc_path,
    remove_lxc_path,
    tool,
    unique_name,
    until,
)

__all__ = [
    "COLLECTIONS",
    "PYTHON",
    "Bed",
    "Guest",
    "cgroups",
    "in_child",
    "make_rootfs",
    "monitors",
    "new_bed",
    "run_module",
    "tool",
    "unique_name",
    "until",
]

T = TypeVar("T")

_APPLETS = """
sh init cat echo grep head id ip kill ls mkdir mknod mount nc ping poweroff ps reboot rm sleep stat tail touch true
umount wc dd sed env
"""
_DIRECTORIES = ("bin", "dev", "etc", "mnt", "proc", "root", "run", "sbin", "sys", "tmp", "var")
_counter = itertools.count()


def in_child(function: Callable[[], T], *, timeout: float = 60) -> T:
    """Call the function in a forked child and return what it returns; what it raises is raised here.

    For everything that could move the test runner into a container's cgroup, or hang.
    """
    with tempfile.TemporaryFile() as answer:
        pid = os.fork()
        if pid == 0:
            try:
                try:
                    outcome: tuple[bool, Any] = (True, function())
                except Exception as error:
                    outcome = (False, error)
                os.write(answer.fileno(), pickle.dumps(outcome))
            finally:
                os._exit(0)
        try:
            end = time.monotonic() + timeout
            while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if time.monotonic() > end:
                    os.kill(pid, signal.SIGKILL)
                    raise AssertionError(f"the child did not end within {timeout:g} s")
                time.sleep(0.002)
        finally:
            os.waitpid(pid, 0)
        answer.seek(0)
        data = answer.read()
    if not data:
        raise AssertionError("the child died without an answer")
    worked, value = pickle.loads(data)
    if not worked:
        raise value
    result: T = value
    return result


@dataclass(frozen=True)
class Guest:
    """A container of a test."""

    name: str
    lxc_path: str

    @property
    def config(self) -> Path:
        return Path(self.lxc_path, self.name, "config")

    @property
    def rootfs(self) -> Path:
        return Path(self.lxc_path, self.name, "rootfs")

    def start(self) -> Guest:
        log = f"{self.lxc_path}/{self.name}/start.log"
        tool("lxc-start", "-P", self.lxc_path, "-n", self.name, "-o", log, "-l", "INFO", timeout=60)
        # With the file at hand, /sbin/init has become busybox's init and answers to its signals.
        until(lambda: Path(f"/proc/{self.init_pid()}/comm").read_text() == "init\n", what=f"init of {self.name}")
        return self

    def stop(self) -> None:
        """Kill it, and see its monitor's end: lxc-stop does not wait until the cgroups and the socket are gone."""
        monitor = monitors(self.lxc_path).get(self.name)
        pidfd = None if monitor is None else os.pidfd_open(monitor)
        tool("lxc-stop", "-P", self.lxc_path, "-n", self.name, "-k")
        if pidfd is not None:
            ended = select.select([pidfd], [], [], 60)[0]
            os.close(pidfd)
            if not ended:
                raise AssertionError(f"the monitor of {self.name} did not end")

    def info(self, *options: str) -> str:
        return tool("lxc-info", "-P", self.lxc_path, "-n", self.name, "-H", *options).stdout.strip()

    def state(self) -> str:
        return self.info("-s")

    def init_pid(self) -> int:
        return int(self.info("-p") or -1)

    def attach(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return tool("lxc-attach", "-P", self.lxc_path, "-n", self.name, "--clear-env", "--", *command, check=check)


@dataclass
class Bed:
    """An LXC path, with the containers in it."""

    lxc_path: str
    guests: list[Guest] = field(default_factory=list)

    def guest(self, *lines: str, name: str | None = None, rootfs: bool = True, start: bool = False) -> Guest:
        """Define a busybox container whose configuration ends with ``lines``; with no network unless they say so."""
        guest = Guest(name or f"{unique_name()}-{next(_counter)}", self.lxc_path)
        guest.config.parent.mkdir(mode=0o770, parents=True)
        base = [
            f"lxc.uts.name = {guest.name}",
            f"lxc.rootfs.path = dir:{guest.rootfs}",
            "lxc.signal.halt = SIGUSR1",
            "lxc.signal.reboot = SIGTERM",
            "lxc.tty.max = 1",
            "lxc.pty.max = 64",
            "lxc.mount.auto = proc:mixed sys:mixed",
        ]
        if not any(line.startswith("lxc.net.") for line in lines):
            base.append("lxc.net.0.type = empty")
        guest.config.write_text("".join(f"{line}\n" for line in [*base, *lines]))
        if rootfs:
            make_rootfs(guest.rootfs)
        self.guests.append(guest)
        return guest.start() if start else guest

    def clean(self) -> None:
        """Stop and remove whatever is there, also what modules made, and what hangs."""
        remove_lxc_path(Path(self.lxc_path))


def make_rootfs(rootfs: Path) -> None:
    """A busybox system: init, a shell, and the usual tools."""
    for directory in _DIRECTORIES:
        (rootfs / directory).mkdir(parents=True, exist_ok=True)
    shutil.copy2("/bin/busybox", rootfs / "bin/busybox")
    for applet in _APPLETS.split():
        (rootfs / "bin" / applet).symlink_to("busybox")
    (rootfs / "sbin/init").symlink_to("../bin/busybox")
    (rootfs / "etc/inittab").write_text("::sysinit:/bin/true\n::ctrlaltdel:/bin/reboot\n")
    (rootfs / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (rootfs / "etc/group").write_text("root:x:0:\n")


def new_bed() -> Bed:
    return Bed(str(new_lxc_path()))
