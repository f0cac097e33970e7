# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Molecule as a process."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
"""The collection under test."""

SCENARIOS = CHECKOUT / "extensions" / "molecule"

BED = Path.home() / ".cache" / "community.lxc" / "bed"
"""The images and, while there are hosts, what they run on."""

# The role that makes hosts comes first: it is the only one that takes LXC away and installs it again.
_FIRST = ("lxc_host",)
_MEMORY = BED / "molecule"

# In the environment of all that Molecule starts.
_MARK = ("COMMUNITY_LXC_BED", str(BED))
_HOST_COMMANDS = (b"[lxc monitor]", b"qemu-system-")
_BRIDGE = "lxcbed0"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def scenarios() -> list[str]:
    """Names of all scenarios but the one that owns the hosts."""
    names = sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml") if path.parent.name != "default")
    return sorted(names, key=lambda name: name not in _FIRST)


class Hosts:
    """The hosts of the bed."""

    def create(self) -> str:
        # What Molecule remembers: that it made them, for one thing. They may be gone since.
        shutil.rmtree(_MEMORY, ignore_errors=True)
        return self.molecule("create", "--scenario-name", "default")

    def destroy(self) -> str:
        return self.molecule("destroy", "--scenario-name", "default")

    def molecule(self, *arguments: str, timeout: float = 3600) -> str:
        """Run Molecule and return what it printed; on failure that is the message."""
        command = [str(Path(sys.executable).with_name("molecule")), *arguments]
        try:
            done = subprocess.run(
                command,
                cwd=CHECKOUT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=timeout,
                check=False,
            )
        except BaseException:
            # Of an interrupted run nothing goes on.
            end_leftovers()
            raise
        output = _COLOURS.sub("", done.stdout)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{output}")
        return output


def end_leftovers() -> list[int]:
    """Kill what earlier runs have left at work, also those that were killed themselves: Molecule, Ansible, ssh, builds.

    Call it with the bed's lock held. The hosts themselves are not meant, whose processes have the mark as well.
    """
    ended = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            marked = "=".join(_MARK).encode() in (entry / "environ").read_bytes().split(b"\0")
            host = (entry / "cmdline").read_bytes().startswith(_HOST_COMMANDS)
        except OSError:
            continue
        if marked and not host:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(entry.name), signal.SIGKILL)
                ended.append(int(entry.name))
    return ended


def host_processes() -> dict[int, str]:
    """Pid and command line of what hosts run as."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes()
            if line.startswith(_HOST_COMMANDS) and os.fsencode(BED) in line:
                found[int(entry.name)] = os.fsdecode(line)
    return found


def remains() -> list[str]:
    """What is there of hosts: processes, mounts, network interfaces, files."""
    found = [str(path) for path in (BED / "vm", *(BED / "lxc").glob("*")) if path.exists()]
    found += host_processes().values()
    found += [line for line in Path("/proc/self/mounts").read_text().split("\n") if f" {BED}/" in line]
    found += [link.name for link in Path("/sys/class/net").iterdir() if link.name == _BRIDGE]
    return found


def environment() -> dict[str, str]:
    """Variables for Molecule: this checkout's collection, and nothing of the user's own Ansible."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    mine.update([_MARK])
    mine["MOLECULE_EPHEMERAL_DIRECTORY"] = str(_MEMORY)
    mine["ANSIBLE_COLLECTIONS_PATH"] = str(CHECKOUT.parents[2])
    mine["PATH"] = f"{Path(sys.executable).parent}:{mine['PATH']}"
    return mine
