# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lxc_fleet tells in check mode, beside what it then does, on real containers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import RunPlaybook
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._fleet import CONFIG, PLAYBOOK, fleet, make_archive, names, states
from ansible_collections.community.lxc.tests.live._host import Bridge

Parts = dict[str, Any]
SECCOMP: Parts = {"seccomp": {"policy": {"mode": "denylist", "rules": [{"syscalls": ["mkdir"], "action": "errno 13"}]}}}
MOUNT = {"source": "/usr/share", "target": "/mnt", "options": ["ro"]}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return make_archive(tmp_path)


def told_and_done(
    bed: Bed, team: list[dict[str, Any]], *, same_diff: bool = True, **more: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same task in check mode, which touches nothing, and for real; both say the same."""
    before = {path: path.stat().st_mtime_ns for path in Path(bed.lxc_path).rglob("config")}
    told = fleet(bed, team, check_mode=True, **more)
    assert {path: path.stat().st_mtime_ns for path in Path(bed.lxc_path).rglob("config")} == before
    done = fleet(bed, team, **more)
    states(done)
    states(told)
    for key in ("changed", "actions", "restart_required", *(("diff",) if same_diff else ())):
        assert told[key] == done[key], key
    return told, done


@pytest.mark.parametrize("restart", ["never", "if_required"])
@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(SECCOMP, id="seccomp"),
        pytest.param({"mounts": [MOUNT, {**MOUNT, "target": "/root"}]}, id="live mounts"),
        pytest.param({"mounts": [MOUNT, {**MOUNT, "target": "/root", "state": "present"}]}, id="a mount that waits"),
        pytest.param({"mounts": [{"target": "/var", "state": "absent"}]}, id="a mount that goes"),
        pytest.param({"cgroup": {"limits": {"pids.max": 77}}}, id="a live limit"),
        pytest.param({"cgroup": {"limits": {"pids.max": 77}, "live": False}}, id="a limit that waits"),
        pytest.param({"cgroup": {"dir": "fleet.{name}", "limits": {"pids.max": 77}}}, id="a directory that waits"),
        pytest.param({"cgroup": {"devices": [{"allow": False, "device": "c 1:5", "access": "r"}]}}, id="devices"),
        pytest.param({"nics": [{"name": "lan0", "link": "{bridge}", "up": True}]}, id="a live interface"),
        pytest.param({"nics": [{"name": "lan0", "link": "{bridge}", "live": False}]}, id="an interface that waits"),
        pytest.param({"nics": [{"name": "old0", "state": "absent"}]}, id="an interface that goes"),
        pytest.param(
            {
                **SECCOMP,
                "mounts": [MOUNT],
                "cgroup": {"limits": {"pids.max": 77}},
                "nics": [{"name": "old0", "state": "absent"}, {"name": "lan0", "link": "{bridge}", "up": True}],
                "config": {"lxc.start.auto": 1, "lxc.environment": ["A=1"]},
            },
            id="everything",
        ),
    ],
)
def test_what_waits_for_a_restart_is_foretold(bed: Bed, bridge: Bridge, parts: Parts, restart: str) -> None:
    guest = bed.guest(
        "lxc.net.0.type = veth",
        "lxc.net.0.name = old0",
        f"lxc.net.0.link = {bridge.name}",
        "lxc.mount.entry = /usr/lib var none bind,ro 0 0",
        start=True,
    )
    filled = _filled(parts, bridge=bridge.name, name=guest.name)
    team = [{"name": guest.name, "restart": restart, "timeout": 30, **filled}]
    _told, done = told_and_done(bed, team)
    assert done["restart_required"] is False or restart == "never"
    again = fleet(bed, team)
    assert (again["changed"], again["restart_required"]) == (False, done["restart_required"])


def _filled(value: Any, **words: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, **words) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, **words) for one in value]
    return value.format(**words) if isinstance(value, str) else value


def test_a_clone_of_what_the_same_fleet_creates_is_foretold(bed: Bed, unique: str, archive: Path) -> None:
    third, second, first = names(unique, 3)
    team: list[dict[str, Any]] = [
        {"name": third, "clone_from": second},
        {"name": second, "clone_from": first, "mounts": [MOUNT]},
        {"name": first, "tarball": str(archive), "config": CONFIG, **SECCOMP},
    ]
    _told, done = told_and_done(bed, team, defaults={"state": "stopped"}, parallel=2)
    assert set(states(done)) == {first, second, third}


@pytest.mark.parametrize(("state", "fails"), [("stopped", False), ("started", True)])
def test_whether_the_origin_of_a_clone_will_run_then_is_foretold(
    bed: Bed, unique: str, state: str, fails: bool
) -> None:
    origin = bed.guest(start=state == "stopped")
    team: list[dict[str, Any]] = [
        {"name": origin.name, "state": state, "timeout": 30},
        {"name": unique, "state": "stopped", "clone_from": origin.name},
    ]
    told = fleet(bed, team, check_mode=True)
    assert not Path(bed.lxc_path, unique).exists()
    done = fleet(bed, team)
    assert (told.get("failed", False), done.get("failed", False)) == (fails, fails), told
    assert (told["actions"], told.get("msg")) == (done["actions"], done.get("msg"))


def test_no_scratch_path_is_shown_of_a_new_container(bed: Bed, unique: str, archive: Path) -> None:
    team = [{"name": unique, "tarball": str(archive), "config": CONFIG, "mounts": [MOUNT], **SECCOMP}]
    told, done = told_and_done(bed, team)
    first, second = (run["containers"][unique]["seccomp"][0]["persisted"] for run in (told, done))
    assert first == second
    assert "/tmp/community.lxc" not in str(told)


def test_ephemeral_mounts_of_a_new_container_come_after_its_start(bed: Bed, unique: str, archive: Path) -> None:
    team = [
        {
            "name": unique,
            "tarball": str(archive),
            "config": CONFIG,
            "mounts": [{**MOUNT, "state": "ephemeral"}, {**MOUNT, "target": "/root"}],
        }
    ]
    told_and_done(bed, team)
    guest = Guest(unique, bed.lxc_path)
    assert guest.attach("ls", "/mnt").stdout == guest.attach("ls", "/root").stdout != ""
    again = fleet(bed, team)
    assert (again["changed"], again["actions"]) == (False, [])


def test_ephemeral_mounts_outlast_the_restart_of_their_task(bed: Bed) -> None:
    guest = bed.guest(start=True)
    mounts = [{**MOUNT, "state": "ephemeral"}]
    states(fleet(bed, [{"name": guest.name, "mounts": mounts}]))
    pid = guest.init_pid()
    team = [
        {
            "name": guest.name,
            "mounts": mounts,
            "restart": "if_required",
            "timeout": 30,
            "config": {"lxc.environment": ["A=1"]},
        }
    ]
    told_and_done(bed, team)
    assert guest.init_pid() != pid
    assert guest.attach("ls", "/mnt").stdout
    assert fleet(bed, team)["changed"] is False


def test_what_is_unmounted_stays_so_after_the_restart_of_its_task(bed: Bed) -> None:
    guest = bed.guest("lxc.mount.entry = /usr/share mnt none bind,ro 0 0", start=True)
    team = [
        {
            "name": guest.name,
            "mounts": [{"target": "/mnt", "state": "unmounted"}],
            "restart": "if_required",
            "timeout": 30,
            "config": {"lxc.environment": ["A=1"]},
        }
    ]
    # The options that the kernel will give the mount of the next start cannot be told before.
    told_and_done(bed, team, same_diff=False)
    assert guest.attach("ls", "/mnt").stdout == ""
    assert fleet(bed, team)["changed"] is False


def test_what_a_new_member_is_cloned_from_is_purged_after_it(bed: Bed, unique: str, tmp_path: Path) -> None:
    origin, slow, clone = names(unique, 3)
    template = tmp_path / "slow"
    template.write_text("#!/bin/sh\nsleep 3\n")
    template.chmod(0o755)
    defaults = {"config": CONFIG, "state": "stopped"}
    states(fleet(bed, [{"name": origin, "template": shutil.which("true")}], defaults=defaults))
    team: list[dict[str, Any]] = [
        {"name": slow, "template": str(template)},
        {"name": clone, "clone_from": origin, "requires": [slow]},
    ]
    _told, done = told_and_done(bed, team, defaults=defaults, purge=True)
    assert states(done) == {slow: "STOPPED", clone: "STOPPED", origin: "ABSENT"}


def test_check_mode_writes_no_progress(bed: Bed, tmp_path: Path, ansible_playbook: RunPlaybook) -> None:
    guest = bed.guest()
    team = [{"name": guest.name, "state": "absent"}]
    progress = tmp_path / "progress"
    told = fleet(bed, team, check_mode=True, progress_file=str(progress))
    assert (told["changed"], progress.exists()) == (True, False)
    progress.write_text("mine\n")
    fleet(bed, team, check_mode=True, progress_file=str(progress))
    assert progress.read_text() == "mine\n"
    for bad in (tmp_path / "nowhere/progress", tmp_path):
        told, done = (fleet(bed, team, check_mode=check, progress_file=str(bad)) for check in (True, False))
        assert "progress_file: " in told["msg"]
        assert told["msg"] == done["msg"]
    assert os.path.exists(guest.config)
    play = ansible_playbook(
        PLAYBOOK, args=["-v"], extra_vars={"path": bed.lxc_path, "team": team, "defaults": {}}, check_mode=True
    )
    assert (play.rc, play.changed) == (0, 1), play.output


def test_a_failed_member_tells_what_was_changed_and_what_liblxc_said(bed: Bed, unique: str, archive: Path) -> None:
    broken = {**CONFIG, "lxc.net.0.type": "veth", "lxc.net.0.link": "nobridge0"}
    team: list[dict[str, Any]] = [
        {"name": unique, "tarball": str(archive), "config": broken, "timeout": 20, "mounts": [MOUNT]},
        {"name": f"{unique}-good", "tarball": str(archive), "config": CONFIG},
    ]
    result = fleet(bed, team)
    found = result["containers"][unique]
    assert (found["failed"], found["changed"], "exception" in result) == (True, True, False)
    assert any("nobridge0" in line for line in found["lxc_log"])
    assert found["diff"]["before"]["container"]["state"] == "ABSENT"
    assert found["diff"]["after"]["container"]["state"] == "STOPPED"
    assert found["diff"]["after"]["mounts 1"]["persisted"]
    assert [diff["before_header"] for diff in result["diff"]] == [unique, f"{unique}-good"]
