# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first command that a newcomer runs: twice, after failures, from a directory with a blank in its name."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.community.lxc.tests.live import _host
from ansible_collections.community.lxc.tests.live._ansible import COLLECTION
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, until


@dataclass(frozen=True)
class Quickstart:
    """The script in a copy of the project, with a cache, an LXC path and a name of the test's own."""

    checkout: Path
    cache: Path
    lxc_path: Path
    name: str

    @property
    def bridge(self) -> Path:
        return Path(f"/sys/class/net/{self.name}0")

    @property
    def guest(self) -> Guest:
        return Guest(self.name, str(self.lxc_path))

    def spawn(self, *options: str) -> subprocess.Popen[str]:
        command = [str(self.checkout / "scripts" / "quickstart"), "--name", self.name, "--lxc-path", str(self.lxc_path)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "PYTHON"))}
        return subprocess.Popen(
            [*command, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env={**environment, "XDG_CACHE_HOME": str(self.cache)},
            start_new_session=True,
        )

    def run(self, *options: str) -> tuple[int, str]:
        """Exit code, and all that it printed."""
        process = self.spawn(*options)
        output, dummy = process.communicate(timeout=240)
        return process.returncode, output


def kill(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.fixture
def quickstart(lxc_path: Path, unique: str) -> Iterator[Quickstart]:
    checkout = lxc_path / "a copy" / "of the project"
    shutil.copytree(
        COLLECTION, checkout, symlinks=True, ignore=shutil.ignore_patterns(".git", ".*cache", ".ansible", "output")
    )
    containers = lxc_path / "containers"
    containers.mkdir()
    quickstart = Quickstart(checkout=checkout, cache=lxc_path / "a cache", lxc_path=containers, name=unique)
    yield quickstart
    _host.remove_link(quickstart.bridge.name)


def test_run_twice_and_cleaned(quickstart: Quickstart) -> None:
    status, output = quickstart.run()

    assert status == 0, output
    assert "changed=3 " in output
    assert "changed=0 " in output
    assert "with /usr/share/lxc at /mnt/host" in output
    assert "templates" in quickstart.guest.attach("ls", "/mnt/host").stdout
    assert "Read-only" in quickstart.guest.attach("touch", "/mnt/host/new", check=False).stderr
    assert f"{quickstart.name} is RUNNING at 10." in output
    assert "with at most 64.00 MB of memory" in output
    assert "and 100 processes" in output
    assert "1 packets received" in output
    assert quickstart.guest.state() == "RUNNING"
    init_pid = quickstart.guest.init_pid()

    status, output = quickstart.run()

    assert status == 0, output
    assert output.count("changed=0 ") == 2
    assert quickstart.guest.init_pid() == init_pid

    status, output = quickstart.run("--clean")

    assert status == 0, output
    assert os.listdir(quickstart.lxc_path) == []
    assert _host.monitors(quickstart.lxc_path) == {}
    assert not quickstart.bridge.exists()
    assert not quickstart.cache.joinpath("community.lxc").exists()
    assert _host.cgroups_named(quickstart.name) == set()

    assert quickstart.run("--clean") == (0, "There is nothing to remove.\n")


def test_run_after_failures_half_way(quickstart: Quickstart) -> None:
    ours = quickstart.cache / "community.lxc" / f"quickstart-{quickstart.name}"

    process = quickstart.spawn()
    until(lambda: list(ours.glob("venv-*/bin/python")), seconds=60, what="a half-built virtual environment")
    kill(process)

    process = quickstart.spawn()
    until(quickstart.bridge.exists, seconds=120, what="the bridge")
    kill(process)
    assert not quickstart.guest.config.exists()

    process = quickstart.spawn()
    until(quickstart.guest.config.parent.exists, seconds=60, what="the beginnings of a container")
    kill(process)

    # What makes the run fail is not always a kill.
    template = quickstart.checkout / "playbooks" / "quickstart.yml"
    sane = template.read_text()
    template.write_text(sane.replace("template: busybox", "template: there-is-none\n        state: restarted"))
    status, output = quickstart.run()
    assert status != 0, output
    template.write_text(sane)

    status, output = quickstart.run()

    assert status == 0, output
    assert quickstart.guest.state() == "RUNNING"
    assert quickstart.run("--clean")[0] == 0
    assert os.listdir(quickstart.lxc_path) == []


def test_what_is_not_its_own_is_left_alone(quickstart: Quickstart) -> None:
    guest = Bed(str(quickstart.lxc_path)).guest(name=quickstart.name)
    before = guest.config.read_bytes()

    status, output = quickstart.run()

    assert status == 1
    assert "not ours" in output
    assert quickstart.run("--clean") == (0, "There is nothing to remove.\n")
    assert guest.config.read_bytes() == before


def test_a_name_too_long_for_an_interface_is_refused(quickstart: Quickstart) -> None:
    status, output = quickstart.run("--name", "a-name-of-thirteen")

    assert status == 1
    assert "12" in output
