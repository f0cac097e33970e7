# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cgroups that somebody else's start left in the way of the next one, and those that a stop leaves behind."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.module_utils._host._cgroup_leftovers import tidy_start, tidy_stop
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.tests.live._ansible import PYTHON, run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._cgrouping import (
    HYBRID,
    ROOT,
    cgroup,
    groups,
    isolation,
    monitor_pid,
    named_cgroups,
)
from ansible_collections.community.lxc.tests.live._host import cgroup_roots, cgroups, tool, until

# In place of a monitor: with this much memory to give back, it is called nothing any more long before it is gone.
_SLOW_TO_DIE = """
#include <sys/mman.h>
#include <unistd.h>
int main(void)
{
    if (mmap(0, 256 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED)
        return 1;
    return write(1, "up", 2) != 2 || pause();
}
"""

_STARTER = """
import sys, lxc
container = lxc.Container(sys.argv[1], config_path=sys.argv[2])
print(container.start(), flush=True)
sys.stdin.read()
"""


def container(guest: Guest, **options: Any) -> dict[str, Any]:
    return run_module("lxc_container", {"name": guest.name, "lxc_path": guest.lxc_path, **options})


@contextmanager
def long_lived_starter(guest: Guest) -> Iterator[int]:
    """Somebody else's program that has started the container itself, and lives on; its process id."""
    process = subprocess.Popen(
        [PYTHON, "-c", _STARTER, guest.name, guest.lxc_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=sys.stderr,
        text=True,
    )
    try:
        if process.stdout is None or process.stdout.readline() != "True\n":
            raise AssertionError("the container did not start")
        yield process.pid
    finally:
        process.communicate()


def end(guest: Guest) -> None:
    guest.stop()
    until(lambda: not guest_monitors(guest), what="the end of the monitor")


def guest_monitors(guest: Guest) -> list[str]:
    title = f"[lxc monitor] {guest.lxc_path} {guest.name}"
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and title in cmdline(pid)]


def cmdline(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def test_a_monitor_directory_left_by_a_starter_is_removed_when_it_is_empty(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    cgroup(guest, **isolation(unique))
    with long_lived_starter(guest):
        end(guest)
    left = [path for path in named_cgroups(unique) for dummy in Path(path).glob("mon")]
    assert left
    # liblxc itself fails on it.
    assert tool("lxc-start", "-P", guest.lxc_path, "-n", guest.name, check=False).returncode != 0

    result = container(guest)

    assert (result["rc"], result["container"]["state"]) == (0, "RUNNING")
    assert set(groups(monitor_pid(guest)).values()) == {f"/{unique}/mon"}


def test_a_monitor_directory_with_a_starter_in_it_is_named(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    cgroup(guest, **isolation(unique))
    with long_lived_starter(guest) as pid:
        end(guest)
        result = container(guest)
        assert result["rc"] == 1
        assert f"{unique}/mon" in result["msg"]
        assert f"process {pid} (python3" in result["msg"]
    assert container(guest)["container"]["state"] == "RUNNING"


def test_our_own_starts_leave_the_caller_where_it_is_and_nothing_behind(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    cgroup(guest, **isolation(unique))
    before = Path("/proc/self/cgroup").read_text()
    for _time in range(2):
        container(guest)
        assert named_cgroups(unique)
        container(guest, state="stopped")
        assert named_cgroups(unique) == []
    assert Path("/proc/self/cgroup").read_text() == before


@pytest.mark.parametrize("state", ["stopped", "absent"])
def test_every_way_down_leaves_nothing(bed: Bed, unique: str, state: str) -> None:
    guest = bed.guest()
    cgroup(guest, **isolation(unique))
    container(guest)
    # The configuration has changed meanwhile: what counts is where the container really is.
    cgroup(guest, monitor_dir=f"{unique}o/m", container_dir=f"{unique}o/c")
    assert container(guest, state=state)["rc"] == 0
    assert named_cgroups(unique) == []


@pytest.mark.parametrize("placement", ["isolated", "one directory"])
def test_what_a_container_that_ended_by_itself_has_left_goes_with_it(bed: Bed, unique: str, placement: str) -> None:
    guest = bed.guest()
    cgroup(guest, **(isolation(unique) if placement == "isolated" else {"dir": f"{unique}/below"}))
    container(guest)
    end(guest)
    assert named_cgroups(unique)
    assert container(guest, state="absent")["rc"] == 0
    assert named_cgroups(unique) == []


def test_a_monitor_that_is_slow_to_die_is_waited_for(bed: Bed, unique: str, tmp_path: Path) -> None:
    guest = bed.guest()
    ref = ContainerRef(name=guest.name, lxc_path=guest.lxc_path)
    program = tmp_path / "slow"
    tool("sh", "-c", f"printf %s {shlex.quote(_SLOW_TO_DIE)} | gcc -O1 -Wall -Werror -xc - -o {program}")
    cgroup(guest, **isolation(unique))
    title = f"[lxc monitor] {guest.lxc_path} {guest.name}"
    with subprocess.Popen([title], executable=program, stdout=subprocess.PIPE) as process:
        if process.stdout is None or process.stdout.read(2) != b"up":
            raise AssertionError("there is no monitor")
        with tidy_start(ref):
            for root in cgroup_roots():
                # A fresh group of cpuset takes no process before it has a processor.
                if root.name != "cpuset":
                    (root / unique / "mon").mkdir(parents=True)
                    (root / unique / "mon" / "cgroup.procs").write_text(str(process.pid))
        with tidy_stop(ref):
            process.kill()
            until(lambda: not guest_monitors(guest), what="the end of the title")
        assert named_cgroups(unique) == []


def test_whoever_lives_in_a_common_parent_does_not_hold_a_stop_up(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    cgroup(guest, **isolation(unique))
    container(guest)
    with subprocess.Popen(["sleep", "600"]) as other:
        parent = ROOT / ("pids" if HYBRID else "") / unique
        (parent / "cgroup.procs").write_text(str(other.pid))
        assert container(guest, state="stopped")["rc"] == 0
        assert named_cgroups(unique) == [str(parent)]
        other.kill()


def test_a_group_in_which_another_container_is_about_to_start_is_left_alone(bed: Bed, unique: str) -> None:
    one = bed.guest()
    cgroup(one, monitor_dir=f"{unique}/one/m", container_dir=f"{unique}/one/c")
    container(one)
    # As liblxc does it: first the directory, and then a process in it.
    other = ROOT / ("pids" if HYBRID else "") / unique / "other"
    other.mkdir()
    container(one, state="stopped")
    assert named_cgroups(unique) == [str(other.parent)]
    assert other.is_dir()


def test_a_monitor_that_hangs_is_ended_with_all_that_its_init_has_made_of_its_group(bed: Bed) -> None:
    guest = bed.guest(start=True)
    for root in cgroup_roots():
        group = root / f"lxc.payload.{guest.name}"
        for below in (group / "init.scope", group / "system.slice"):
            below.mkdir()
            for file in ("cpuset.cpus", "cpuset.mems") if root.name == "cpuset" else ():
                (below / file).write_text((group / file).read_text())
        (group / "init.scope" / "cgroup.procs").write_text(str(guest.init_pid()))
    os.kill(monitor_pid(guest), signal.SIGSTOP)

    assert container(guest, state="stopped")["rc"] == 0

    assert cgroups(guest.name) == []


def test_a_start_that_fails_leaves_nothing(bed: Bed, unique: str) -> None:
    guest = bed.guest("lxc.mount.entry = /no/such/source mnt none bind 0 0")
    cgroup(guest, **isolation(unique))
    assert container(guest)["rc"] == 1
    assert named_cgroups(unique) == []


def test_a_parent_is_kept_as_long_as_another_container_is_in_it(bed: Bed, unique: str) -> None:
    one, other = bed.guest(), bed.guest()
    for guest in (one, other):
        cgroup(guest, monitor_dir=f"{unique}/{guest.name}/m", container_dir=f"{unique}/{guest.name}/c")
        container(guest)
    container(one, state="stopped")
    told = cgroup(other)["cgroup"]
    assert told["limit_path"] == f"/{unique}/{other.name}/c"
    assert not (ROOT / ("pids" if HYBRID else "") / unique / one.name).exists()
    container(other, state="stopped")
    assert named_cgroups(unique) == []
