# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every other live test relies on these fixtures to take everything away again, so they are tested themselves."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.community.lxc.tests.live import _host
from ansible_collections.community.lxc.tests.live._ansible import RunPlaybook
from ansible_collections.community.lxc.tests.live._bed import Bed
from ansible_collections.community.lxc.tests.live._host import Bridge, tool


def assert_gone(path: Path, *, cgroups: set[Path]) -> None:
    assert not path.exists()
    assert _host.processes_of(path) == set()
    assert list(_host.mounts_below(path)) == []
    assert [directory for directory in cgroups if directory.exists()] == []


@pytest.mark.parametrize("trouble", ["none", "frozen", "broken configuration", "dead monitor", "stopped monitor"])
def test_a_container_goes_without_a_trace(trouble: str) -> None:
    path = _host.new_lxc_path()
    try:
        guest = Bed(str(path)).guest(start=True)
        monitor = _host.monitors(path)[guest.name]
        cgroups = _host.cgroups_of(guest.init_pid()) | _host.cgroups_of(monitor)
        assert cgroups
        if trouble == "frozen":
            tool("lxc-freeze", "-n", guest.name, "-P", guest.lxc_path)
        elif trouble == "broken configuration":
            guest.config.write_text("lxc.there.is.no.such.key = 1\n")
        elif trouble == "dead monitor":
            os.kill(monitor, signal.SIGKILL)
        elif trouble == "stopped monitor":
            os.kill(monitor, signal.SIGSTOP)
    finally:
        _host.remove_lxc_path(path)

    assert_gone(path, cgroups=cgroups)


def test_mounts_and_loop_devices_go_too() -> None:
    path = _host.new_lxc_path()
    (path / "a mount").mkdir()
    tool("mount", "-t", "tmpfs", "none", str(path / "a mount"))
    image = path / "image"
    with image.open("wb") as stream:
        stream.truncate(16 * 1024 * 1024)
    device = tool("losetup", "--find", "--show", str(image)).stdout.strip()

    _host.remove_lxc_path(path)

    assert_gone(path, cgroups=set())
    assert str(path) not in tool("losetup", "--list", "--noheadings", "--output", "BACK-FILE").stdout, device


def test_cgroups_of_ones_own_go(unique: str) -> None:
    root = next(root for root in _host.cgroup_roots() if os.access(root, os.W_OK))
    (root / f"{unique}-limits" / "inner").mkdir(parents=True)

    _host.remove_cgroups(_host.cgroups_named(unique))

    assert _host.cgroups_named(unique) == set()


def test_what_a_killed_run_left_is_swept_and_nothing_else() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    orphan = _host.ROOM / f"clx-x{gone.pid:x}-0000"
    orphan.mkdir()
    ours = _host.new_lxc_path()
    try:
        _host.sweep()
        assert not orphan.exists()
        assert ours.exists()
    finally:
        _host.remove_lxc_path(ours)


def test_a_container_is_reached_through_the_bridge(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest(
        "lxc.net.0.type = veth",
        f"lxc.net.0.link = {bridge.name}",
        "lxc.net.0.flags = up",
        f"lxc.net.0.ipv4.address = {bridge.address(9)}",
        start=True,
    )

    assert guest.state() == "RUNNING"
    assert "1 packets received" in guest.attach("ping", "-c", "1", "-W", "5", str(bridge.ipv4.ip)).stdout


def test_two_paths_hold_containers_of_one_name(bed: Bed, new_lxc_path: Callable[[], Path], unique: str) -> None:
    first = bed.guest(name=unique, start=True)
    second = Bed(str(new_lxc_path())).guest(name=unique)

    assert (first.state(), second.state()) == ("RUNNING", "STOPPED")


def test_a_playbook_tells_what_each_task_did(ansible_playbook: RunPlaybook) -> None:
    play = ansible_playbook("""
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Which interpreter has the binding
      ansible.builtin.command: "{{ ansible_python_interpreter }} -c 'import lxc; print(lxc.version)'"
    - name: Goes wrong
      ansible.builtin.fail:
        msg: as it should
""")

    assert play.rc == 2
    assert play.changed == 1
    assert play.result("Which interpreter has the binding")["stdout"]
    assert play.result("Goes wrong")["msg"] == "as it should"
