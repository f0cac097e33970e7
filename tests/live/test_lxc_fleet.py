# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_fleet on real containers."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import RunPlaybook, run_module, spawn_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._fleet import CONFIG, PLAYBOOK, fleet, make_archive, names, states
from ansible_collections.community.lxc.tests.live._host import Bridge, monitors, tool


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return make_archive(tmp_path)


def test_from_nothing_to_running_and_then_nothing_to_do(bed: Bed, unique: str, archive: Path) -> None:
    team = [{"name": name, "config": {"lxc.environment": [f"WHO={name}"]}} for name in names(unique, 6)]
    defaults = {"tarball": str(archive), "config": CONFIG}
    told = fleet(bed, team, check_mode=True, defaults=defaults)
    assert os.listdir(bed.lxc_path) == []
    result = fleet(bed, team, defaults=defaults)
    assert set(states(result).values()) == {"RUNNING"}
    assert sorted(told["actions"]) == sorted(result["actions"])
    assert told["diff"] == result["diff"]
    assert set(monitors(bed.lxc_path)) == set(names(unique, 6))
    for name in names(unique, 6):
        pid = Guest(name, bed.lxc_path).init_pid()
        assert f"WHO={name}" in Path(f"/proc/{pid}/environ").read_text()
    again = fleet(bed, team, defaults=defaults)
    assert (again["changed"], again["actions"]) == (False, [])


def test_one_failure_does_not_stop_the_others(bed: Bed, unique: str, archive: Path) -> None:
    good, bad, also = names(unique, 3)
    broken = {"lxc.net.0.type": "veth", "lxc.net.0.link": "nobridge0"}
    team: list[dict[str, Any]] = [{"name": good}, {"name": bad, "config": broken, "timeout": 20}, {"name": also}]
    result = fleet(bed, team, defaults={"tarball": str(archive), "config": CONFIG})
    assert result["failed"] is True
    assert result["msg"].startswith(f"1 of 3 containers failed or were not begun: {bad}: Failed to start")
    assert any("nobridge0" in line for line in result["containers"][bad]["lxc_log"])
    assert result["containers"][good]["container"]["state"] == "RUNNING"
    assert result["containers"][also]["container"]["state"] == "RUNNING"


def test_what_is_required_comes_first_and_its_failure_is_passed_on(bed: Bed, unique: str, archive: Path) -> None:
    db, web, other = names(unique, 3)
    order = Path(bed.lxc_path, "order")
    hook = Path(bed.lxc_path, "hook")
    hook.write_text(f"#!/bin/sh\necho $LXC_NAME >> {order}\n")
    hook.chmod(0o755)
    defaults = {"tarball": str(archive), "config": {**CONFIG, "lxc.hook.pre-start": str(hook)}}
    fleet(bed, [{"name": web, "requires": [db]}, {"name": db}], defaults=defaults)
    assert order.read_text().split() == [db, web]
    broken = {"lxc.init.cmd": "/bin/false"}
    team: list[dict[str, Any]] = [
        {"name": other, "requires": [f"{db}x"]},
        {"name": f"{db}x", "config": broken, "timeout": 3},
    ]
    result = fleet(bed, team, defaults=defaults)
    assert result["containers"][other]["msg"] == "not begun, since one that it requires failed"
    assert not Path(bed.lxc_path, other).exists()
    circle = fleet(bed, [{"name": db, "requires": [web]}, {"name": web, "requires": [db]}], defaults=defaults)
    assert "in a circle" in circle["msg"]


def test_a_rolling_change_stops_at_the_first_bad_batch(bed: Bed, unique: str) -> None:
    guests = [bed.guest(start=True) for _number in range(4)]
    pids = [guest.init_pid() for guest in guests]
    team: list[dict[str, Any]] = [{"name": guest.name} for guest in guests]
    team[1]["config"] = {"lxc.init.cmd": "/bin/false"}
    defaults = {"restart": "if_required", "timeout": 3, "wait_for": "init", "config": {"lxc.environment": "NEW=1"}}
    result = fleet(bed, team, defaults=defaults, serial=2)
    assert result["failed"] is True
    found = [result["containers"][guest.name] for guest in guests]
    assert [answer["failed"] for answer in found] == [False, True, False, False]
    assert [answer.get("skipped", False) for answer in found] == [False, False, True, True]
    assert [guest.init_pid() == pid for guest, pid in zip(guests, pids, strict=True)][2:] == [True, True]
    assert guests[0].init_pid() != pids[0]


def test_nothing_new_begins_after_so_many_failures(bed: Bed, unique: str) -> None:
    team = [{"name": name, "tarball": "/nonexistent.tar"} for name in names(unique, 6)]
    result = fleet(bed, team, parallel=1, abort_on_failures=2)
    found = list(result["containers"].values())
    assert [answer["failed"] for answer in found] == [True, True, False, False, False, False]
    assert all("abort_on_failures" in answer["msg"] for answer in found[2:])


def test_purge_takes_only_what_this_fleet_has_made(bed: Bed, unique: str, archive: Path) -> None:
    mine = names(unique, 3)
    foreign = bed.guest()
    defaults = {"tarball": str(archive), "config": CONFIG, "timeout": 3}
    fleet(bed, [{"name": name} for name in mine], defaults=defaults)
    fleet(bed, [{"name": f"{unique}-o"}], defaults=defaults, fleet="other")
    # Named once and not made by the fleet: it stays when it is no longer named.
    fleet(bed, [{"name": mine[0]}, {"name": foreign.name, "state": "present"}], defaults=defaults)
    told = fleet(bed, [{"name": mine[0]}], defaults=defaults, purge=True, check_mode=True)
    assert Path(bed.lxc_path, mine[1]).exists()
    result = fleet(bed, [{"name": mine[0]}], defaults=defaults, purge=True)
    assert sorted(told["actions"]) == sorted(result["actions"])
    left = {name for name in os.listdir(bed.lxc_path) if Path(bed.lxc_path, name, "config").exists()}
    assert left == {mine[0], foreign.name, f"{unique}-o"}
    assert fleet(bed, [{"name": mine[0]}], defaults=defaults, purge=True)["changed"] is False


def test_parts_come_before_the_first_start(
    bed: Bed, unique: str, archive: Path, tmp_path: Path, bridge: Bridge
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/hello").write_text("hi")
    parts = {
        "mounts": [{"source": str(tmp_path / "data"), "target": "/mnt", "options": ["ro"]}],
        "cgroup": {"limits": {"pids.max": 77}},
        "seccomp": {
            "policy": {"mode": "denylist", "rules": [{"syscalls": ["mknod", "mknodat"], "action": "errno 13"}]}
        },
    }
    # What the default configuration calls nothing is eth0, and is adopted.
    nic = {"name": "eth0", "link": bridge.name, "up": True}
    team: list[dict[str, Any]] = [
        {"name": name, "nics": [{**nic, "ipv4_addresses": [bridge.address(20 + number)]}], **parts}
        for number, name in enumerate(names(unique, 2))
    ]
    config = {key: value for key, value in CONFIG.items() if not key.startswith("lxc.net.")}
    defaults = {"tarball": str(archive), "config": config, "wait_for": "ipv4", "wait_timeout": 10}
    told = fleet(bed, team, defaults=defaults, check_mode=True)
    assert os.listdir(bed.lxc_path) == []
    result = fleet(bed, team, defaults=defaults)
    assert set(states(result).values()) == {"RUNNING"}
    assert result["restart_required"] is False
    assert told["actions"] == result["actions"]
    for name in names(unique, 2):
        guest = Guest(name, bed.lxc_path)
        assert guest.attach("cat", "/mnt/hello").stdout == "hi"
        (path,) = [line.split(":")[2] for line in cgroup_lines(guest.init_pid()) if ":pids:" in line]
        assert Path(f"/sys/fs/cgroup/pids{path}/pids.max").read_text() == "77\n"
        assert guest.attach("mknod", "/tmp/x", "c", "1", "3", check=False).returncode != 0
        assert "eth0" in result["containers"][name]["container"]["interfaces"]
    tool("ping", "-c", "1", "-W", "5", bridge.address(21).split("/")[0])
    assert fleet(bed, team, defaults=defaults)["changed"] is False
    # Live, in containers that run.
    team[0]["cgroup"] = {"limits": {"pids.max": 78}}
    changed = fleet(bed, team, defaults=defaults)
    assert [answer["changed"] for answer in changed["containers"].values()] == [True, False]
    assert changed["restart_required"] is False


@pytest.mark.parametrize("state", ["started", "stopped"])
def test_check_mode_foretells_several_interfaces(bed: Bed, bridge: Bridge, state: str) -> None:
    guest = bed.guest("lxc.net.1.type = veth", "lxc.net.1.name = old0", f"lxc.net.1.link = {bridge.name}")
    if state == "started":
        guest.start()
    nics = [
        {"name": name, "link": bridge.name, "up": True, "ipv4_addresses": [bridge.address(20 + number)]}
        for number, name in enumerate(("lan0", "lan1", "lan2"))
    ]
    team = [{"name": guest.name, "state": state, "purge_nics": True, "nics": nics, "timeout": 3}]
    before = guest.config.read_text()
    told = fleet(bed, team, check_mode=True)
    assert guest.config.read_text() == before
    result = fleet(bed, team)
    assert states(result) == {guest.name: "RUNNING" if state == "started" else "STOPPED"}
    assert told["actions"] == result["actions"]
    assert told["diff"] == result["diff"]
    assert told["restart_required"] == result["restart_required"]
    indexes = [[nic["index"] for nic in run["containers"][guest.name]["nics"]] for run in (told, result)]
    assert indexes[0] == indexes[1]
    assert len(set(indexes[1])) == 4
    assert fleet(bed, team)["changed"] is False


def cgroup_lines(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cgroup").read_text().splitlines()


@pytest.mark.parametrize("share", ["overlay", "btrfs", "reflink"])
def test_one_source_for_all(new_lxc_path: Any, unique: str, archive: Path, tmp_path: Path, share: str) -> None:
    path = new_lxc_path()
    if share != "overlay":
        image = tmp_path / "btrfs"
        with image.open("wb") as stream:
            stream.truncate(512 * 2**20)
        tool("mkfs.btrfs", "-q", str(image))
        tool("mount", "-o", "loop", str(image), str(path))
    bed = Bed(str(path))
    team = [{"name": name} for name in names(unique, 4)]
    defaults = {"tarball": str(archive), "config": CONFIG, "share_source": share, "timeout": 3}
    told = fleet(bed, team, defaults=defaults, check_mode=True)
    result = fleet(bed, team, defaults=defaults)
    assert sorted(told["actions"]) == sorted(result["actions"])
    bases = [name for name in states(result) if name.startswith("fleet-base-")]
    assert len(bases) == 1
    for name in names(unique, 4):
        guest = Guest(name, bed.lxc_path)
        assert guest.attach("cat", "/etc/passwd").stdout.startswith("root:")
        guest.attach("touch", f"/tmp/{name}")
        assert not Path(bed.lxc_path, bases[0], "rootfs/tmp", name).exists()
    assert fleet(bed, team, defaults=defaults)["changed"] is False
    gone = fleet(bed, [{"name": name, "state": "absent"} for name in names(unique, 4)], defaults={"timeout": 3})
    assert set(states(gone).values()) == {"ABSENT"}
    assert set(states(fleet(bed, [{"name": bases[0], "state": "absent"}])).values()) == {"ABSENT"}


def test_killed_at_any_instant_the_next_run_converges(bed: Bed, unique: str, archive: Path) -> None:
    team = [{"name": name} for name in names(unique, 6)]
    arguments = {
        "lxc_path": bed.lxc_path,
        "containers": team,
        "defaults": {"tarball": str(archive), "config": CONFIG, "timeout": 5},
        "parallel": 3,
    }
    started = time.monotonic()
    states(run_module("lxc_fleet", arguments))
    whole = time.monotonic() - started
    for _round in range(4):
        gone = [{**member, "state": "absent", "timeout": 3} for member in team]
        states(run_module("lxc_fleet", {"lxc_path": bed.lxc_path, "containers": gone}))
        with spawn_module("lxc_fleet", arguments) as process:
            time.sleep(random.uniform(0.2, 1.0) * whole)
            process.kill()
            process.communicate()
        assert set(states(run_module("lxc_fleet", arguments)).values()) == {"RUNNING"}
        assert run_module("lxc_fleet", arguments)["changed"] is False


@pytest.mark.parametrize(
    ("containers", "sentence"),
    [
        ([{"name": "a", "nonsense": 1}], "a: there is no option nonsense; there are "),
        ([{"name": "a", "state": "flying"}], "a: value of state must be one of"),
        ([{"name": "a/b"}], "is not a container name"),
        ([{"name": "a", "lxc_path": "/x"}], "lxc_path belongs to the whole fleet"),
        ([{"name": "a", "config": {"lxc.uts.name": "x\ny"}}], "a: lxc.uts.name: the value"),
    ],
)
def test_bad_descriptions_are_refused_before_anything_begins(
    bed: Bed, unique: str, archive: Path, containers: list[dict[str, Any]], sentence: str
) -> None:
    result = fleet(bed, [{"name": unique, "tarball": str(archive)}, *containers])
    assert result["failed"] is True
    assert sentence in result["msg"]
    assert os.listdir(bed.lxc_path) == []


def test_a_line_for_each_that_is_done(bed: Bed, unique: str, tmp_path: Path) -> None:
    guests = [bed.guest() for _number in range(3)]
    progress = tmp_path / "progress"
    fleet(bed, [{"name": guest.name} for guest in guests], progress_file=str(progress))
    lines = progress.read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == ["1 of 3", "2 of 3", "3 of 3"]
    assert {line.split()[-1] for line in lines} == {"changed"}


def test_progress_is_told_while_it_works(bed: Bed, unique: str, tmp_path: Path, ansible_playbook: RunPlaybook) -> None:
    template = tmp_path / "slow"
    template.write_text("#!/bin/sh\nsleep 7\n")
    template.chmod(0o755)
    variables = {
        "path": bed.lxc_path,
        "team": [{"name": name} for name in names(unique, 2)],
        "defaults": {"template": str(template), "state": "present", "config": CONFIG},
    }
    play = ansible_playbook(PLAYBOOK, args=["-v"], extra_vars=variables)
    assert play.rc == 0, play.output
    assert f"lxc_fleet [localhost]: 1 of 2: {unique}-0 changed" in play.output
    assert f"lxc_fleet [localhost]: 2 of 2: {unique}-1 changed" in play.output
    # Nine seconds and more of which nothing is done: one line in each five of them.
    assert play.output.count("lxc_fleet [localhost]: at work for") >= 2
    assert set(play.result("Fleet")["containers"]) == set(names(unique, 2))
    again = ansible_playbook(PLAYBOOK, args=["-v"], extra_vars=variables)
    assert (again.rc, again.changed) == (0, 0)
    variables["defaults"] = {"state": "absent"}
    told = ansible_playbook(PLAYBOOK, args=["-v"], extra_vars=variables, check_mode=True, diff=True)
    assert (told.rc, told.changed) == (0, 1), told.output
    assert "lxc_fleet [" not in told.output
    assert [diff["before_header"] for diff in told.result("Fleet")["diff"]] == names(unique, 2)
    variables["defaults"] = {"state": "present"}
    quiet = ansible_playbook(PLAYBOOK, extra_vars=variables)
    assert (quiet.rc, quiet.changed) == (0, 0)
    assert "lxc_fleet [" not in quiet.output


def test_a_failure_is_told_the_same_while_it_is_followed(bed: Bed, unique: str, ansible_playbook: RunPlaybook) -> None:
    variables = {"path": bed.lxc_path, "team": [{"name": unique}], "defaults": {}}
    for args in ([], ["-v"]):
        play = ansible_playbook(PLAYBOOK, args=args, extra_vars=variables)
        assert play.rc == 2
        result = play.result("Fleet")
        assert result["msg"].startswith(f"1 of 1 containers failed or were not begun: {unique}: There is no container")
        assert result["containers"][unique]["failed"] is True
