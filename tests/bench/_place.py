# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the benchmark works.

The peer can only work in liblxc's default path, so that a configuration of liblxc's own is mounted over the host's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.community.lxc.tests.bench._measure import Sample, timed
from ansible_collections.community.lxc.tests.live import _ansible
from ansible_collections.community.lxc.tests.live._host import cgroup_roots, remove_cgroups

SIGNALS = {"lxc.signal.halt": "SIGUSR1", "lxc.mount.auto": "proc:mixed sys:ro"}
"""What busybox's init understands, and the mounts that the busybox template makes."""


@dataclass
class Bench:
    """``peer`` is liblxc's default path for the time being, ``ours`` another one. ``python`` has the binding."""

    root: Path
    python: str
    env: Mapping[str, str]

    @property
    def ours(self) -> str:
        return str(self.root / "o")

    @property
    def peer(self) -> str:
        return str(self.root / "p")

    def play(self, tasks: Sequence[Mapping[str, Any]]) -> Sample:
        """A whole ansible-playbook."""
        path = self.root / "playbook.json"
        variables = {"ansible_python_interpreter": self.python, "ansible_connection": "local"}
        play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": list(tasks)}
        path.write_text(json.dumps([play]))
        return timed(["ansible-playbook", str(path)], env=self.env)

    def module(self, name: str, arguments: Mapping[str, Any], *, watch: bool = False) -> Sample:
        """A module as the process that Ansible would run, without Ansible around it."""
        command, stdin = _ansible.module_command(name, arguments, python=self.python)
        return timed(command, env=_ansible.module_environment(), stdin=stdin, watch=watch)

    def fleet(self, size: int, **defaults: Any) -> Sample:
        return self.play([{"community.lxc.lxc_fleet": self.described(size, **defaults)}])

    def described(self, size: int, **defaults: Any) -> dict[str, Any]:
        """The arguments of lxc_fleet for so many containers."""
        return {
            "lxc_path": self.ours,
            "containers": [{"name": name} for name in names(size)],
            "defaults": {"timeout": 0, **defaults},
        }

    def loop(self, size: int, **arguments: Any) -> Sample:
        task = {"community.general.lxc_container": {"name": "{{ item }}", **arguments}, "loop": names(size)}
        return self.play([task])

    def made(self) -> dict[str, Any]:
        """What containers are made from: the files of the peer's template, as an archive that is unpacked once."""
        mounts = [f"/{name} {name} none ro,bind 0 0" for name in ("lib", "usr/lib", "lib64", "usr/lib64")]
        return {
            "tarball": str(self.root / "busybox.tar"),
            "share_source": "overlay",
            "config": {**SIGNALS, "lxc.mount.entry": [m for m in mounts if Path("/" + m.split()[1]).is_dir()]},
        }

    def sweep(self) -> None:
        """End and remove all containers; what was being made while we were ended may need a second try."""
        for path in (self.ours, self.peer):
            for rest in range(9, -1, -1):
                for entry in os.listdir(path):
                    subprocess.run(["lxc-stop", "-k", "-P", path, "-n", entry], capture_output=True, check=False)
                # Not by lxc-destroy: a base may only go after its clones.
                done = subprocess.run(["rm", "-rf", "--one-file-system", path], check=rest == 0, capture_output=True)
                if done.returncode == 0:
                    break
                time.sleep(1)
            os.mkdir(path)


def names(size: int) -> list[str]:
    return [f"b{number}" for number in range(size)]


@contextmanager
def bench(python: str) -> Iterator[Bench]:
    """Two lxc paths, and liblxc's own configuration pointing to the peer's. Everything goes afterwards."""
    root = Path(tempfile.mkdtemp(prefix="clxb", dir="/var/tmp"))
    where = Bench(root, python, {**os.environ, "ANSIBLE_HOME": str(root / "ansible")})
    before = _groups()
    try:
        (root / "o").mkdir()
        (root / "p").mkdir()
        (root / "default.conf").write_text("lxc.net.0.type = empty\n")
        (root / "lxc.conf").write_text(f"lxc.lxcpath = {root}/p\nlxc.default_config = {root}/default.conf\n")
        Path("/etc/lxc/lxc.conf").touch()
        subprocess.run(["mount", "--bind", str(root / "lxc.conf"), "/etc/lxc/lxc.conf"], check=True)
        _archive(where)
        yield where
    finally:
        where.sweep()
        subprocess.run(["umount", "/etc/lxc/lxc.conf"], check=False)
        shutil.rmtree(root, ignore_errors=True)
        remove_cgroups(_groups() - before)


def _groups() -> set[Path]:
    """What containers of the benchmark have: where monitors are killed, as the peer does, groups stay."""
    found = (path for root in cgroup_roots() for path in root.glob("lxc.*"))
    return {path for path in found if re.fullmatch(r"lxc\.(monitor|payload)\.(seed|b\d+)(-\d+)?", path.name)}


def _archive(where: Bench) -> None:
    subprocess.run(["lxc-create", "-P", where.ours, "-n", "seed", "-t", "busybox"], check=True, capture_output=True)
    subprocess.run(
        ["tar", "-c", "-f", str(where.root / "busybox.tar"), "-C", f"{where.ours}/seed/rootfs", "."], check=True
    )
    subprocess.run(["lxc-destroy", "-P", where.ours, "-n", "seed"], check=True, capture_output=True)
