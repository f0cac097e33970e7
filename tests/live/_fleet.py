# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of lxc_fleet share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, make_rootfs
from ansible_collections.community.lxc.tests.live._host import tool

CONFIG = {
    "lxc.net.0.type": "empty",
    "lxc.net.0.link": None,
    "lxc.net.0.flags": None,
    "lxc.signal.halt": "SIGUSR1",
    "lxc.signal.reboot": "SIGTERM",
    "lxc.mount.auto": "proc:mixed sys:mixed",
}

PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Fleet
      community.lxc.lxc_fleet:
        lxc_path: "{{ path }}"
        containers: "{{ team }}"
        defaults: "{{ defaults }}"
        parallel: 1
"""


def make_archive(directory: Path) -> Path:
    make_rootfs(directory / "rootfs")
    tool("tar", "-c", "-f", str(directory / "root.tar"), "-C", str(directory / "rootfs"), ".")
    return directory / "root.tar"


def fleet(bed: Bed, containers: list[dict[str, Any]], check_mode: bool = False, **more: Any) -> dict[str, Any]:
    arguments = {"lxc_path": bed.lxc_path, "containers": containers, "parallel": 4, **more}
    return run_module("lxc_fleet", arguments, check_mode=check_mode, diff=True)


def names(unique: str, count: int) -> list[str]:
    return [f"{unique}-{number}" for number in range(count)]


def states(result: dict[str, Any]) -> dict[str, str]:
    """Of a run that worked."""
    assert not result.get("failed"), result["msg"]
    return {name: answer["container"]["state"] for name, answer in result["containers"].items()}
