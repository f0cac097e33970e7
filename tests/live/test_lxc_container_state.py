# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_container: run states, restarts, removal, on real running containers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._host import cgroups_named, monitors, tool, until
from ansible_collections.community.lxc.tests.live._mounting import injectable


def run(guest: Guest, state: str, check_mode: bool = False, **more: Any) -> dict[str, Any]:
    arguments = {"name": guest.name, "lxc_path": guest.lxc_path, "state": state, **more}
    return run_module("lxc_container", arguments, check_mode=check_mode, diff=True)


def done(result: dict[str, Any]) -> tuple[bool, str]:
    assert not result.get("failed"), result
    return result["changed"], result["container"]["state"]


def test_each_state_from_each_other(bed: Bed) -> None:
    guest = bed.guest()
    walk = ["started", "frozen", "started", "stopped", "frozen", "stopped", "started", "stopped", "present", "started"]
    words = {"started": "RUNNING", "frozen": "FROZEN", "stopped": "STOPPED"}
    state = "STOPPED"
    for goal in [*walk, "present"]:
        told = run(guest, goal, check_mode=True)
        assert guest.state() == state
        result = run(guest, goal)
        state_before, state = state, words.get(goal, state)
        assert done(result) == (state != state_before, state)
        assert guest.state() == state
        assert [told[key] for key in ("changed", "actions", "diff")] == [
            result[key] for key in ("changed", "actions", "diff")
        ]
        assert done(run(guest, goal)) == (False, state)


def test_no_state_leaves_the_caller_in_a_container_cgroup(bed: Bed) -> None:
    guest = bed.guest()
    run(guest, "started")
    run(guest, "stopped")
    assert cgroups_named(guest.name) == set()


def test_the_monitor_keeps_nothing_of_ours_open(bed: Bed) -> None:
    guest = bed.guest()
    run(guest, "started")
    pid = monitors(guest.lxc_path)[guest.name]
    held = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    # liblxc keeps the log of its start open, unlinked; neither our lock nor our caller's pipes.
    assert [path for path in held if "community.lxc" in path and not path.endswith("/log (deleted)")] == []
    assert [path for path in held if path.startswith("pipe:")] == []


def test_a_clean_shutdown_is_waited_for(bed: Bed) -> None:
    guest = bed.guest()
    inittab = guest.rootfs / "etc/inittab"
    inittab.write_text(inittab.read_text() + "::shutdown:/bin/sh -c 'sleep 2; echo clean > /tmp/bye'\n")
    guest.start()
    assert done(run(guest, "stopped", timeout=60)) == (True, "STOPPED")
    assert (guest.rootfs / "tmp/bye").read_text() == "clean\n"


def test_a_deaf_init_is_killed_only_by_force(bed: Bed) -> None:
    guest = bed.guest("lxc.init.cmd = /bin/sleep 1000")
    tool("lxc-start", "-P", guest.lxc_path, "-n", guest.name)
    result = run(guest, "stopped", timeout=1, force=False)
    assert "no shutdown within 1 seconds; force: true would kill it" in result["msg"]
    assert guest.state() == "RUNNING"
    assert done(run(guest, "stopped", timeout=1)) == (True, "STOPPED")


def test_restarted_reboots_and_proves_it(bed: Bed) -> None:
    guest = bed.guest(start=True)
    before, monitor = guest.init_pid(), monitors(guest.lxc_path)[guest.name]
    result = run(guest, "restarted")
    assert done(result) == (True, "RUNNING")
    assert result["actions"] == [f"reboot container '{guest.name}' in {guest.lxc_path}"]
    assert result["container"]["init_pid"] == guest.init_pid() != before
    # A reboot keeps the monitor; stop and start would not.
    assert monitors(guest.lxc_path)[guest.name] == monitor


def test_restarted_stops_and_starts_when_the_configuration_changed(bed: Bed) -> None:
    guest = bed.guest(start=True)
    result = run(guest, "restarted", config={"lxc.uts.name": "renamed"})
    assert done(result) == (True, "RUNNING")
    assert [action.split()[0] for action in result["actions"]] == ["change", "stop", "start"]
    assert result["restart_required"] is False
    assert guest.attach("cat", "/proc/sys/kernel/hostname").stdout == "renamed\n"


def test_restarted_keeps_what_was_changed_live(bed: Bed, tmp_path: Path) -> None:
    guest = bed.guest(start=True)
    where = {"container": guest.name, "lxc_path": guest.lxc_path}
    (guest.rootfs / "mnt/d").mkdir()
    (tmp_path / "file").touch()
    run_module("lxc_mount", {**where, "source": str(tmp_path), "target": "/mnt/d"})
    run_module("lxc_cgroup_isolation", {**where, "limits": {"pids.max": 77}})
    before = run(guest, "started")
    assert (before["changed"], before["restart_required"]) == (False, False)
    told = run(guest, "restarted", check_mode=True)
    result = run(guest, "restarted")
    assert told["actions"] == result["actions"]
    assert [action.split()[0] for action in result["actions"]] == ["stop", "start"]
    assert (result["restart_required"], result["container"]["pending"]) == (False, [])
    assert guest.attach("ls", "/mnt/d").stdout == "file\n"
    # From now on it runs with all of its configuration, and a reboot loses nothing.
    assert [action.split()[0] for action in run(guest, "restarted")["actions"]] == ["reboot"]
    assert guest.attach("ls", "/mnt/d").stdout == "file\n"


def test_restarted_reboots_in_spite_of_what_liblxc_adds_itself(bed: Bed, bridge: Any, tmp_path: Path) -> None:
    net = ("lxc.net.0.type = veth", f"lxc.net.0.link = {bridge.name}", "lxc.mount.entry = none tmp tmpfs size=1m 0 0")
    with injectable(bed, tmp_path / "shared", *net) as guest:
        told = run(guest, "restarted", check_mode=True)
        assert [action.split()[0] for action in told["actions"]] == ["reboot"]


BAD = {"lxc.net.0.type": "veth", "lxc.net.0.link": "nobridge0"}


@pytest.mark.parametrize(
    ("cold", "arguments"),
    [
        (False, {"state": "restarted"}),
        (True, {"state": "restarted"}),
        (False, {"state": "present", "restart": "if_required"}),
    ],
)
def test_a_restart_that_fails_leaves_it_running_as_it_was(bed: Bed, cold: bool, arguments: dict[str, Any]) -> None:
    guest = bed.guest(start=True)
    if cold:
        tool("lxc-freeze", "-P", bed.lxc_path, "-n", guest.name)
    before, state, init = guest.config.read_bytes(), guest.state(), guest.init_pid()
    result = run(guest, config=BAD, timeout=20, **arguments)
    assert "nobridge0" in result["msg"]
    assert result["msg"].endswith("it runs again with the configuration that it had")
    assert f"stop container '{guest.name}' in {guest.lxc_path}" in result["actions"]
    assert not any("change the configuration" in action for action in result["actions"])
    assert (guest.config.read_bytes(), guest.state(), result["changed"]) == (before, state, True)
    assert guest.init_pid() not in (-1, init)


def test_a_restart_that_fails_and_cannot_be_taken_back(bed: Bed) -> None:
    hook, flag = Path(bed.lxc_path, ".hook"), Path(bed.lxc_path, ".flag")
    hook.write_text(f"#!/bin/sh\n[ ! -e {flag} ]\n")
    hook.chmod(0o755)
    guest = bed.guest(f"lxc.hook.pre-start = {hook}", start=True)
    before = guest.config.read_bytes()
    flag.touch()
    result = run(guest, "restarted", config=BAD, timeout=20)
    assert "it is stopped, since it does not start with the configuration that it had either: " in result["msg"]
    assert (guest.config.read_bytes(), guest.state()) == (before, "STOPPED")


def test_a_reboot_that_init_ignores(bed: Bed) -> None:
    guest = bed.guest("lxc.init.cmd = /bin/sleep 1000")
    tool("lxc-start", "-P", guest.lxc_path, "-n", guest.name)
    before = guest.init_pid()
    refused = run(guest, "restarted", timeout=1, force=False)
    assert "ignored lxc.signal.reboot for 1 seconds" in refused["msg"]
    assert guest.init_pid() == before
    assert done(run(guest, "restarted", timeout=1)) == (True, "RUNNING")
    assert guest.init_pid() != before


def test_pending_keys_and_restart_if_required(bed: Bed) -> None:
    guest = bed.guest("lxc.console.buffer.size = 64KB", start=True)
    same = run(guest, "started", config={"lxc.console.buffer.size": 65536})
    assert (same["changed"], same["restart_required"], same["container"]["pending"]) == (False, False, [])

    config = {"lxc.environment": ["A=1"], "lxc.prlimit.nofile": "2048"}
    told = run(guest, "started", check_mode=True, config=config)
    result = run(guest, "started", config=config)
    again = run(guest, "started", config=config)
    pid = guest.init_pid()
    for answer, changed in ((told, True), (result, True), (again, False)):
        assert (answer["changed"], answer["restart_required"]) == (changed, True)
        assert any("lxc.environment" in action and "next start" in action for action in answer["actions"])
    assert result["container"]["pending"] == ["lxc.environment", "lxc.prlimit.nofile"]
    assert guest.init_pid() == pid

    restarted = run(guest, "started", config=config, restart="if_required")
    assert (restarted["changed"], restarted["restart_required"]) == (True, False)
    assert guest.init_pid() != pid
    assert "A=1" in Path(f"/proc/{guest.init_pid()}/environ").read_text().split("\0")
    assert run(guest, "started", config=config, restart="if_required")["changed"] is False

    # Where it is left alone whether it runs, what runs runs again, and what is frozen is frozen again.
    config = {"lxc.environment": ["A=2"]}
    tool("lxc-freeze", "-P", bed.lxc_path, "-n", guest.name)
    assert run(guest, "present", config=config)["restart_required"] is True
    told = run(guest, "present", config=config, restart="if_required", check_mode=True)
    frozen = run(guest, "present", config=config, restart="if_required")
    assert told["actions"] == frozen["actions"]
    assert (frozen["container"]["state"], frozen["restart_required"]) == ("FROZEN", False)
    assert "A=2" in Path(f"/proc/{guest.init_pid()}/environ").read_text().split("\0")
    run(guest, "stopped", timeout=1)
    assert run(guest, "present", config={"lxc.environment": ["A=3"]}, restart="if_required")["container"]["state"] == (
        "STOPPED"
    )


@pytest.mark.parametrize("included", [False, True])
def test_a_mac_address_that_liblxc_completes_waits_for_nothing(bed: Bed, bridge: Any, included: bool) -> None:
    hwaddr = "lxc.net.0.hwaddr = 00:16:3E:xx:xx:xx"
    lines = ["lxc.net.0.type = veth", f"lxc.net.0.link = {bridge.name}", hwaddr]
    if included:
        shared = Path(bed.lxc_path, ".shared.conf")
        shared.write_text("".join(f"{line}\n" for line in lines))
        lines = ["lxc.net.9.type = empty", f"lxc.include = {shared}"]
    guest = bed.guest(*lines, start=True)
    pid = guest.init_pid()
    for _again in range(2):
        result = run(guest, "started", restart="if_required")
        assert (result["changed"], result["container"]["pending"]) == (False, [])
        arguments = {"name": [guest.name], "lxc_path": guest.lxc_path}
        assert run_module("lxc_info", arguments)["containers"][0]["pending"] == []
    assert guest.init_pid() == pid
    assert [action.split()[0] for action in run(guest, "restarted", check_mode=True)["actions"]] == ["reboot"]
    # Another one, which the running container's does not fit; and none, which it has till the restart.
    key = "lxc.net.0.hwaddr"
    for value, pending in (("00:16:3e:xx:xx:xx", []), ("00:16:3f:xx:xx:xx", [key]), ("", [key])):
        told = run(guest, "started", check_mode=True, config={key: value})
        assert told["container"]["pending"] == pending


def test_what_is_read_from_the_file_each_time_requires_no_restart(bed: Bed) -> None:
    # Signals that this init does not listen to.
    guest = bed.guest("lxc.signal.halt = SIGCONT", "lxc.signal.reboot = SIGCONT", start=True)
    config = {
        "lxc.start.auto": 1,
        "lxc.start.order": 7,
        "lxc.group": ["www"],
        "lxc.signal.halt": "SIGUSR1",
        "lxc.signal.reboot": "SIGTERM",
    }
    pid = guest.init_pid()
    result = run(guest, "started", config=config, restart="if_required")
    assert (result["changed"], result["restart_required"], result["container"]["pending"]) == (True, False, [])
    assert guest.init_pid() == pid
    assert run(guest, "restarted", force=False)["actions"] == [f"reboot container '{guest.name}' in {guest.lxc_path}"]
    assert done(run(guest, "stopped", force=False)) == (True, "STOPPED")


def test_time_offsets_are_read_back_from_the_kernel(bed: Bed) -> None:
    guest = bed.guest()
    result = run(guest, "started", time_offset={"boot": "3600s", "monotonic": "-2s"})
    assert result["container"]["time_offset"] == {"monotonic": -2, "boottime": 3600}
    inside = float(guest.attach("cat", "/proc/uptime").stdout.split()[0])
    outside = float(Path("/proc/uptime").read_text().split()[0])
    assert 3590 < inside - outside < 3610
    assert run(guest, "started", time_offset={"boot": "1h", "monotonic": "-2s"})["changed"] is False
    cleared = run(guest, "started", time_offset={"boot": "", "monotonic": ""}, restart="if_required")
    assert cleared["container"]["time_offset"] == {"monotonic": 0, "boottime": 0}


def test_wait_for_an_address(bed: Bed, bridge: Any) -> None:
    net = ("lxc.net.0.type = veth", f"lxc.net.0.link = {bridge.name}", "lxc.net.0.flags = up")
    guest = bed.guest(*net)
    late = run(guest, "started", wait_for="ipv4", wait_timeout=1)
    assert "has no ipv4 after 1 seconds: its state is RUNNING, its addresses are none" in late["msg"]
    run(guest, "stopped", timeout=1)
    found = run(guest, "started", wait_for="ipv4", config={"lxc.net.0.ipv4.address": bridge.address(9)})
    assert found["container"]["ips"] == [bridge.address(9).split("/")[0]]
    assert found["container"]["interfaces"] == ["lo", "eth0"]
    six = run(
        guest,
        "started",
        wait_for="ipv6",
        wait_timeout=20,
        config={"lxc.net.0.ipv6.address": bridge.address6(9)},
        restart="if_required",
    )
    assert bridge.address6(9).split("/")[0] in six["container"]["ips"]


def test_wait_for_an_address_that_comes_late(bed: Bed, bridge: Any) -> None:
    net = ("lxc.net.0.type = veth", f"lxc.net.0.link = {bridge.name}", "lxc.net.0.flags = up")
    guest = bed.guest(*net)
    inittab = guest.rootfs / "etc/inittab"
    inittab.write_text(f"::once:/bin/sh -c 'sleep 1; ip addr add {bridge.address(8)} dev eth0'\n")
    found = run(guest, "started", wait_for="ipv4", wait_timeout=20)
    assert found["container"]["ips"] == [bridge.address(8).split("/")[0]]


def test_a_start_that_cannot_work_explains_itself_and_leaves_nothing(bed: Bed) -> None:
    guest = bed.guest("lxc.net.0.type = veth", "lxc.net.0.link = nobridge0", "lxc.net.0.flags = up")
    result = run(guest, "started", timeout=20)
    assert result["failed"] is True
    assert f"Failed to start container '{guest.name}'" in result["msg"]
    assert any("nobridge0" in line for line in result["lxc_log"]), result["lxc_log"]
    assert guest.name not in monitors(guest.lxc_path)
    assert cgroups_named(guest.name) == set()
    assert guest.state() == "STOPPED"


def test_a_start_that_hangs_is_ended(bed: Bed) -> None:
    # An allowlist without what LXC itself needs: liblxc waits for its dead child for ever.
    profile = Path(bed.lxc_path, "policy")
    profile.write_text("2\nallowlist errno 38\n[all]\nread\nwrite\nclose\nexecve\nmmap\nmprotect\nopenat\nbrk\n")
    guest = bed.guest(f"lxc.seccomp.profile = {profile}")
    result = run(guest, "started", timeout=3)
    assert result["failed"] is True
    assert "not done after 3 seconds, so it was ended" in result["msg"]
    assert guest.name not in monitors(guest.lxc_path)
    assert cgroups_named(guest.name) == set()
    assert guest.state() == "STOPPED"


def test_a_container_that_dies_at_once_is_no_success(bed: Bed) -> None:
    guest = bed.guest("lxc.init.cmd = /bin/true")
    began = time.monotonic()
    result = run(guest, "started", timeout=200)
    assert result["failed"] is True
    assert f"Failed to start container '{guest.name}'" in result["msg"]
    assert "it stopped right after its start" in result["msg"]
    # On a busy machine, too, far below the time that it might have taken.
    assert time.monotonic() - began < 100
    assert guest.state() == "STOPPED"


def test_the_containers_own_log_file_is_kept_and_quoted(bed: Bed) -> None:
    log = Path(bed.lxc_path, "own.log")
    guest = bed.guest(
        f"lxc.log.file = {log}", "lxc.log.level = ERROR", "lxc.net.0.type = veth", "lxc.net.0.link = nobridge0"
    )
    result = run(guest, "started", timeout=20)
    assert any("nobridge0" in line for line in result["lxc_log"]), result["lxc_log"]
    assert "nobridge0" in log.read_text()


def hang(guest: Guest) -> int:
    """Stop the monitor itself, so that liblxc would wait for its answer for ever."""
    pid = monitors(guest.lxc_path)[guest.name]
    os.kill(pid, signal.SIGSTOP)
    return pid


def test_a_monitor_that_hangs(bed: Bed) -> None:
    guest = bed.guest(start=True)
    init = guest.init_pid()
    hang(guest)
    refused = run(guest, "started")
    assert "does not answer" in refused["msg"]
    assert done(run(guest, "stopped")) == (True, "STOPPED")
    until(lambda: not Path(f"/proc/{init}").exists(), what="the end of init")
    assert cgroups_named(guest.name) == set()
    assert done(run(guest, "started")) == (True, "RUNNING")


# ---- absent


def test_absent_of_what_is_not_there(bed: Bed) -> None:
    result = run_module("lxc_container", {"name": "nobody", "lxc_path": bed.lxc_path, "state": "absent"})
    assert (result["changed"], result["container"]["state"]) == (False, "ABSENT")


@pytest.mark.parametrize("prepare", [None, "started", "frozen"])
def test_absent_whatever_it_does(bed: Bed, prepare: str | None) -> None:
    guest = bed.guest()
    if prepare:
        run(guest, prepare)
    told = run(guest, "absent", check_mode=True)
    assert guest.config.exists()
    result = run(guest, "absent", timeout=5)
    assert done(result) == (True, "ABSENT")
    assert told["actions"] == result["actions"]
    assert not guest.config.parent.exists()
    assert guest.name not in monitors(guest.lxc_path)
    assert run(guest, "absent")["changed"] is False


@pytest.mark.parametrize("running", [False, True])
def test_absent_of_a_configuration_that_no_longer_parses(bed: Bed, running: bool) -> None:
    guest = bed.guest(start=running)
    with guest.config.open("a") as stream:
        stream.write("lxc.nonsense = 1\n")
    told = run(guest, "absent", check_mode=True, timeout=5)
    assert "lxc.nonsense = 1" in guest.config.read_text()
    result = run(guest, "absent", timeout=5)
    assert done(result) == (True, "ABSENT")
    assert told["actions"] == result["actions"]
    assert not guest.config.parent.exists()
    assert guest.name not in monitors(guest.lxc_path)


def test_absent_with_snapshots_needs_force_destroy(bed: Bed) -> None:
    guest = bed.guest()
    tool("lxc-snapshot", "-P", guest.lxc_path, "-n", guest.name)
    refused = run(guest, "absent")
    assert "has snapshots (snap0); force_destroy: true removes them too" in refused["msg"]
    assert (guest.rootfs / "bin/busybox").exists()
    assert done(run(guest, "absent", force_destroy=True)) == (True, "ABSENT")
    assert not guest.config.parent.exists()


def test_absent_with_snapshots_while_it_runs(bed: Bed) -> None:
    guest = bed.guest()
    tool("lxc-snapshot", "-P", guest.lxc_path, "-n", guest.name)
    guest.start()
    init = guest.init_pid()
    refused = run(guest, "absent")
    assert "has snapshots (snap0); force_destroy: true removes them too" in refused["msg"]
    assert (refused["actions"], guest.init_pid()) == ([], init)
    told = run(guest, "absent", check_mode=True, force_destroy=True)
    result = run(guest, "absent", force_destroy=True)
    assert done(result) == (True, "ABSENT")
    assert told["actions"] == result["actions"]
    assert [action.split()[0] for action in result["actions"]] == ["stop", "remove"]
    assert not guest.config.parent.exists()
    assert guest.name not in monitors(guest.lxc_path)


def test_absent_of_a_base_of_clones_is_refused(bed: Bed) -> None:
    guest = bed.guest()
    tool("lxc-copy", "-P", guest.lxc_path, "-n", guest.name, "-N", f"{guest.name}c", "-s", "-B", "overlay")
    refused = run(guest, "absent")
    assert f"its snapshot clones stand on it ({guest.name}c)" in refused["msg"]
    assert (guest.rootfs / "bin/busybox").exists()
    clone = Guest(f"{guest.name}c", guest.lxc_path)
    assert done(run(clone, "absent")) == (True, "ABSENT")
    assert done(run(guest, "absent")) == (True, "ABSENT")


@pytest.mark.parametrize("parses", [True, False])
@pytest.mark.parametrize("included", [False, True])
def test_absent_leaves_a_root_file_system_outside_alone(
    bed: Bed, new_lxc_path: Callable[[], Path], included: bool, parses: bool
) -> None:
    outside, shared = new_lxc_path(), Path(bed.lxc_path, ".shared.conf")
    (outside / "precious").write_text("data")
    guest = bed.guest(rootfs=False)
    line = f"lxc.rootfs.path = dir:{outside}"
    shared.write_text(f"{line}\n")
    text = guest.config.read_text().replace(
        f"lxc.rootfs.path = dir:{guest.rootfs}", f"lxc.include = {shared}" if included else line
    )
    guest.config.write_text(text if parses else f"{text}lxc.nonsense = 1\n")
    told = run(guest, "absent", check_mode=True)
    assert run(guest, "stopped", check_mode=True)["container"]["rootfs"] == f"dir:{outside}"
    result = run(guest, "absent")
    assert done(result) == (True, "ABSENT")
    assert told["actions"] == result["actions"]
    assert f"its root file system {outside} lies outside" in result["actions"][-1]
    assert (outside / "precious").read_text() == "data"
    assert not guest.config.parent.exists()


def test_absent_refuses_an_unmanaged_root_file_system_in_its_directory(bed: Bed) -> None:
    guest = bed.guest()
    shared = Path(bed.lxc_path, ".shared.conf")
    shared.write_text("lxc.rootfs.managed = 0\n")
    before = guest.config.read_text()
    for line in ("lxc.rootfs.managed = 0", f"lxc.include = {shared}"):
        guest.config.write_text(f"{before}{line}\n")
        for check_mode in (True, False):
            refused = run(guest, "absent", check_mode=check_mode)
            assert f"its root file system {guest.rootfs} is not managed by LXC" in refused["msg"]
    assert (guest.rootfs / "bin/busybox").exists()
    guest.config.write_text(before)
    assert done(run(guest, "absent")) == (True, "ABSENT")
