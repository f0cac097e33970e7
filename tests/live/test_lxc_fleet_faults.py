# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_fleet where something dies, breaks or is not what it seems, on real containers."""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import RunPlaybook, run_module, spawn_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._fleet import CONFIG, PLAYBOOK, fleet, make_archive, names, states
from ansible_collections.community.lxc.tests.live._host import tool, until


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return make_archive(tmp_path)


def slow_template(tmp_path: Path, seconds: float) -> str:
    template = tmp_path / "slow"
    template.write_text(f"#!/bin/sh\nsleep {seconds}\n")
    template.chmod(0o755)
    return str(template)


def children(pid: int) -> Iterator[int]:
    """All descendants of a process."""
    for child in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        yield child
        yield from children(child)


def kill_tree(pid: int) -> None:
    """The process and all that it has started, workers and their helpers included; monitors are nobody's children."""
    for victim in [pid, *children(pid)]:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            continue


@pytest.mark.parametrize("share", ["none", "overlay"])
def test_killed_with_all_its_workers_the_next_run_converges(bed: Bed, unique: str, archive: Path, share: str) -> None:
    defaults = {"tarball": str(archive), "config": CONFIG, "timeout": 5, "share_source": share}
    arguments = {
        "lxc_path": bed.lxc_path,
        "containers": [{"name": name} for name in names(unique, 5)],
        "defaults": defaults,
        "parallel": 3,
        "purge": True,
    }
    other = [{"name": f"{unique}-old{number}"} for number in range(3)]
    started = time.monotonic()
    states(run_module("lxc_fleet", arguments))
    whole = time.monotonic() - started
    for _round in range(4):
        # From some containers of which none is to stay, to others of which none is there.
        states(run_module("lxc_fleet", {**arguments, "containers": other}))
        with spawn_module("lxc_fleet", arguments) as process:
            time.sleep(random.uniform(0.2, 1.0) * whole)
            if process.poll() is None:
                kill_tree(process.pid)
            process.communicate()
        result = run_module("lxc_fleet", arguments)
        assert {state for name, state in states(result).items() if name in names(unique, 5)} <= {"RUNNING"}
        again = run_module("lxc_fleet", arguments)
        assert (again["changed"], again["actions"]) == (False, [])
        left = {name for name in os.listdir(bed.lxc_path) if not name.startswith("fleet-base-")}
        assert left == set(names(unique, 5))


def test_a_worker_that_dies_takes_only_its_container_along(bed: Bed, unique: str, tmp_path: Path) -> None:
    arguments = {
        "lxc_path": bed.lxc_path,
        "containers": [{"name": name} for name in names(unique, 3)],
        "defaults": {"template": slow_template(tmp_path, 2), "state": "present", "config": CONFIG},
        "parallel": 1,
    }
    with spawn_module("lxc_fleet", arguments) as process:
        marker = Path(bed.lxc_path, names(unique, 3)[0])
        until(marker.is_dir, what="the first container's beginning")
        (worker,) = map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())
        os.kill(worker, signal.SIGKILL)
        process.communicate(timeout=120)
        assert process.returncode == 1
    _first, *others = names(unique, 3)
    assert all(Path(bed.lxc_path, name, "config").exists() for name in others)
    assert set(states(run_module("lxc_fleet", arguments)).values()) == {"STOPPED"}


def test_no_base_for_what_is_there_or_goes(bed: Bed, unique: str, archive: Path) -> None:
    team = [{"name": name} for name in names(unique, 2)]
    defaults = {"tarball": str(archive), "config": CONFIG, "share_source": "overlay", "timeout": 3}
    fleet(bed, team, defaults=defaults)
    (base,) = [name for name in os.listdir(bed.lxc_path) if name.startswith("fleet-base-")]
    # Another archive: nothing for those that exist.
    os.utime(archive, (1, 1))
    again = fleet(bed, team, defaults=defaults)
    assert (again["changed"], set(again["containers"])) == (False, set(names(unique, 2)))
    fleet(bed, [{"name": base, "state": "present"}, *team], defaults={**defaults, "state": "absent"})
    gone = fleet(bed, team, defaults={**defaults, "state": "absent"})
    assert gone["changed"] is False
    assert [name for name in os.listdir(bed.lxc_path) if name.startswith("fleet-base-")] == [base]


def test_a_copy_of_a_container_of_the_fleet_is_never_purged(bed: Bed, unique: str, archive: Path) -> None:
    mine, copy = names(unique, 2)
    defaults = {"tarball": str(archive), "config": CONFIG, "state": "present"}
    fleet(bed, [{"name": mine}], defaults=defaults)
    tool("lxc-copy", "-P", bed.lxc_path, "-n", mine, "-N", copy)
    assert "community.lxc fleet 'default'" in Path(bed.lxc_path, copy, "config").read_text()
    result = fleet(bed, [], purge=True)
    assert [name for name in (mine, copy) if Path(bed.lxc_path, name).exists()] == [copy], result


def test_origins_and_their_clones_come_and_go_in_order(bed: Bed, unique: str, archive: Path) -> None:
    # Named so that the list's and the alphabet's orders are the wrong ones.
    clone, origin = f"{unique}-b", f"{unique}-a"
    team: list[dict[str, Any]] = [
        {"name": clone, "clone_from": origin, "clone_snapshot": True, "storage": {"type": "overlay"}},
        {"name": origin, "tarball": str(archive)},
    ]
    defaults = {"config": CONFIG, "state": "stopped"}
    for purge in (True, False):
        assert set(states(fleet(bed, team, defaults=defaults)).values()) == {"STOPPED"}
        absent = [] if purge else [{"name": origin, "state": "absent"}, {**team[0], "state": "absent"}]
        gone = fleet(bed, absent, purge=purge)
        assert set(states(gone).values()) == {"ABSENT"}
        assert len(gone["actions"]) == 2


def test_a_base_takes_no_place_in_a_batch(bed: Bed, unique: str, archive: Path) -> None:
    one, two, three = names(unique, 3)
    defaults = {"tarball": str(archive), "config": CONFIG, "share_source": "overlay", "state": "present"}
    team: list[dict[str, Any]] = [{"name": one}, {"name": two, "tarball": "/nonexistent.tar"}, {"name": three}]
    fleet(bed, [{"name": f"{unique}-old"}], defaults=defaults)
    result = fleet(bed, team, defaults=defaults, serial=2, purge=True)
    found = result["containers"]
    assert found[one]["changed"] is True
    assert [found[name].get("skipped", False) for name in (one, two, three)] == [False, True, True]
    # What goes at the very end does not go when it has not come to that.
    assert found[f"{unique}-old"]["skipped"] is True


def test_interfaces_that_are_not_described_go_where_asked_for(bed: Bed, unique: str, archive: Path) -> None:
    lines = [f"lxc.net.{number}.{key}" for number in range(3) for key in ("type = veth", "flags = up")]
    there = bed.guest(*lines)
    new = unique
    nics = [{"name": "lan0", "up": True, "link_must_exist": False}]
    defaults = {"tarball": str(archive), "state": "present", "nics": nics, "purge_nics": True}
    team = [{"name": there.name}, {"name": new}]
    told = fleet(bed, team, defaults=defaults, check_mode=True)
    result = fleet(bed, team, defaults=defaults)
    states(result)
    assert told["actions"] == result["actions"]
    for guest in (there, Guest(new, bed.lxc_path)):
        text = guest.config.read_text()
        assert text.count(".type = veth") == 1, text
        assert "lan0" in text
    assert fleet(bed, team, defaults=defaults)["changed"] is False
    del defaults["purge_nics"]
    assert fleet(bed, team, defaults={**defaults, "nics": []})["changed"] is False


def test_an_interpreter_with_both_libraries_is_found_first(
    bed: Bed, unique: str, tmp_path: Path, ansible_playbook: RunPlaybook
) -> None:
    packages = Path("/usr/lib/python3/dist-packages")
    python = shutil.which("python3", path="/usr/bin") or "/usr/bin/python3"
    tool(python, "-m", "venv", "--without-pip", str(tmp_path / "venv"))
    [site] = (tmp_path / "venv").glob("lib/python3*/site-packages")
    for path in (*packages.glob("lxc"), *packages.glob("_lxc*")):
        (site / path.name).symlink_to(path)
    guest = bed.guest(start=True)
    variables = {
        "path": bed.lxc_path,
        "team": [{"name": guest.name, "nics": [{"name": "eth7"}]}],
        "defaults": {},
        "ansible_python_interpreter": str(tmp_path / "venv/bin/python"),
    }
    play = ansible_playbook(PLAYBOOK, extra_vars=variables)
    assert play.rc == 0, play.output
    assert guest.attach("cat", "/sys/class/net/eth7/ifindex", check=False).returncode == 0 or "eth7" in (
        guest.attach("ip", "link").stdout
    )


@pytest.mark.parametrize("victim", ["the module", "all of it"])
def test_a_module_that_dies_while_it_is_followed_is_a_failure(
    victim: str, bed: Bed, unique: str, tmp_path: Path, ansible_playbook: RunPlaybook
) -> None:
    variables = {
        "path": bed.lxc_path,
        "team": [{"name": unique}],
        "defaults": {"template": slow_template(tmp_path, 60), "state": "present", "config": CONFIG},
    }

    def kill_it() -> None:
        template = until(lambda: running(f"{tmp_path}/slow"), seconds=100, what="the template's run")
        wrappers = [pid for pid in ancestors(template) if b"async_wrapper" in command_of(pid)]
        doomed = children(wrappers[0]) if victim == "the module" else [wrappers[-1]]
        for process in doomed:
            kill_tree(process)

    killer = threading.Thread(target=kill_it)
    killer.start()
    play = ansible_playbook(PLAYBOOK, args=["-v"], extra_vars=variables)
    killer.join()
    assert play.rc == 2
    assert play.result("Fleet")["msg"].startswith("The process of lxc_fleet died without an answer")
    variables["defaults"] = {"template": slow_template(tmp_path, 0), "state": "present", "config": CONFIG}
    assert ansible_playbook(PLAYBOOK, args=["-v"], extra_vars=variables).rc == 0


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def running(program: str) -> int:
    """The process that runs the program, or 0."""
    pids = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    return next((pid for pid in pids if program.encode() in command_of(pid).split(b"\0")[:2]), 0)


def ancestors(pid: int) -> list[int]:
    """The process and those above it."""
    found = []
    while pid > 1:
        found.append(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return found
