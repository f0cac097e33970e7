# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Extensions of the configuration, set by lxc_container, and what becomes of them in the container."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._host import tool, until
from ansible_collections.community.lxc.tests.live._idmap import idmap_lines, subordinate

Task = Callable[..., dict[str, Any]]


def task_for(guest: Guest) -> Task:
    def run(**options: Any) -> dict[str, Any]:
        return run_module("lxc_container", {"name": guest.name, "lxc_path": guest.lxc_path, **options})

    return run


def host(bed: Bed) -> dict[str, Any]:
    found: dict[str, Any] = run_module("lxc_info", {"name": [], "lxc_path": bed.lxc_path})["host"]
    return found


def test_an_idmapped_root_file_system(bed: Bed) -> None:
    """Files of the host's root are the container's root's, and what that makes is the host's root's again."""
    guest = bed.guest(*idmap_lines())
    for directory in (guest.rootfs.parent, guest.rootfs.parent.parent):
        directory.chmod(0o755)
    done = task_for(guest)(config={"lxc.rootfs.options": "idmap=container"})
    assert (done["changed"], done["container"]["state"]) == (True, "RUNNING")
    line = next(x for x in Path(f"/proc/{guest.init_pid()}/mountinfo").read_text().splitlines() if x.split()[4] == "/")
    assert "idmapped" in line
    assert Path(f"/proc/{guest.init_pid()}/uid_map").read_text().split()[1] == str(subordinate())
    assert guest.attach("stat", "-c", "%u", "/bin/busybox").stdout.strip() == "0"
    guest.attach("touch", "/tmp/made")
    assert (guest.rootfs / "tmp/made").stat().st_uid == 0
    assert task_for(guest)(config={"lxc.rootfs.options": "idmap=container"})["changed"] is False


def test_the_environment_of_init(bed: Bed) -> None:
    guest = bed.guest()
    task_for(guest)(config={"lxc.environment": ["A=1", "B=two words"]})
    environment = Path(f"/proc/{guest.init_pid()}/environ").read_bytes().split(b"\0")
    assert {b"A=1", b"B=two words"} <= set(environment)
    changed = task_for(guest)(config={"lxc.environment": ["A=2"]})
    assert (changed["changed"], changed["restart_required"]) == (True, True)


@pytest.mark.parametrize("key", ["lxc.environment.runtime", "lxc.environment.hooks"])
def test_the_environments_of_runtime_and_hooks_need_their_extension(bed: Bed, key: str) -> None:
    guest = bed.guest()
    before = guest.config.read_text()
    result = task_for(guest)(state="present", config={key: ["A=1"]})
    if host(bed)["api_extensions"]["environment_runtime_hooks"]:
        assert result["changed"] is True
        return
    assert f"does not know the key {key}, which needs the API extension environment_runtime_hooks" in result["msg"]
    assert guest.config.read_text() == before


def test_core_scheduling_needs_a_kernel_that_has_it(bed: Bed) -> None:
    guest = bed.guest()
    before = guest.config.read_text()
    result = task_for(guest)(config={"lxc.sched.core": 1})
    if host(bed)["kernel"]["core_scheduling"]:
        assert result["container"]["state"] == "RUNNING"
        return
    assert "the kernel has no core scheduling" in result["msg"]
    assert (guest.config.read_text(), guest.state()) == (before, "STOPPED")
    assert task_for(guest)(config={"lxc.sched.core": 0})["container"]["state"] == "RUNNING"


def test_autostart(bed: Bed) -> None:
    """What lxc-autostart makes of the keys: only those of the group, in their order."""
    second, first, other = (bed.guest() for _number in range(3))
    for guest, order, group in ((first, 20, "this"), (second, 10, "this"), (other, 30, "that")):
        config = {"lxc.start.auto": 1, "lxc.start.order": order, "lxc.start.delay": 0, "lxc.group": [group]}
        assert task_for(guest)(state="present", config=config)["changed"] is True
        assert task_for(guest)(state="present", config=config)["changed"] is False
    listed = tool("lxc-autostart", "-P", bed.lxc_path, "-L", "-g", "this").stdout.split()
    assert listed[::2] == [second.name, first.name]
    tool("lxc-autostart", "-P", bed.lxc_path, "-g", "this")
    assert (first.state(), second.state(), other.state()) == ("RUNNING", "RUNNING", "STOPPED")


def test_console_and_log(bed: Bed, lxc_path: Path) -> None:
    guest = bed.guest()
    (guest.rootfs / "etc/inittab").write_text("::sysinit:/bin/sh -c 'echo on the console' > /dev/console\n")
    console, log = lxc_path / "web.console", lxc_path / "web.log"
    config = {
        "lxc.console.buffer.size": "64KB",
        "lxc.console.logfile": str(console),
        "lxc.console.size": "1MB",
        "lxc.console.rotate": 1,
        "lxc.log.file": str(log),
        "lxc.log.level": "INFO",
    }
    assert task_for(guest)(config=config)["changed"] is True
    until(lambda: "on the console" in console.read_text(), what="the console's log")
    assert " INFO " in log.read_text()
    # liblxc's own spelling of the sizes is no difference, and nothing waits.
    again = task_for(guest)(config=config)
    assert (again["changed"], again["restart_required"]) == (False, False)
