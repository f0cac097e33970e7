# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Molecule as a process."""

from __future__ import annotations

import os
import re
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
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def scenarios() -> list[str]:
    """Names of all scenarios but the one that owns the hosts."""
    names = sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml") if path.parent.name != "default")
    return sorted(names, key=lambda name: name not in _FIRST)


class Hosts:
    """The hosts of the bed."""

    def create(self) -> str:
        # Molecule remembers that it made them; they may be gone since.
        self.molecule("reset", "--scenario-name", "default")
        return self.molecule("create", "--scenario-name", "default")

    def destroy(self) -> str:
        return self.molecule("destroy", "--scenario-name", "default")

    def molecule(self, *arguments: str, timeout: float = 1800) -> str:
        """Run Molecule and return what it printed; on failure that is the message."""
        command = [str(Path(sys.executable).with_name("molecule")), *arguments]
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
        output = _COLOURS.sub("", done.stdout)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{output}")
        return output


def environment() -> dict[str, str]:
    """Variables for Molecule: this checkout's collection, and nothing of the user's own Ansible."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    mine["ANSIBLE_COLLECTIONS_PATH"] = str(CHECKOUT.parents[2])
    mine["PATH"] = f"{Path(sys.executable).parent}:{mine['PATH']}"
    return mine
