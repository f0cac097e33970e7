# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role lxc_guest: one restart at the end and only if allowed, purging only if asked for, check mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import Play, RunPlaybook
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._fleet import CONFIG, make_archive, names
from ansible_collections.community.lxc.tests.live._host import Bridge

PLAYBOOK = """
- hosts: all
  gather_facts: false
  roles: [community.lxc.lxc_guest]
"""
TASK = "Bring the containers to their descriptions"


@pytest.fixture
def variables(bed: Bed, tmp_path: Path, bridge: Bridge) -> dict[str, Any]:
    config = {key: value for key, value in CONFIG.items() if not key.startswith("lxc.net.")}
    more = [{"name": name, "type": "veth", "link": bridge.name} for name in ("eth0", "lan0")]
    return {
        "lxc_guest_lxc_path": bed.lxc_path,
        "two_nics": more,
        "lxc_guest_defaults": {
            "source": {"tarball": str(make_archive(tmp_path))},
            "config": config,
            "timeout": 5,
            # What the default configuration calls nothing is eth0, and is adopted.
            "nics": [{"name": "eth0", "type": "veth", "link": bridge.name}],
        },
    }


def environment(guest: Guest) -> list[str]:
    return Path(f"/proc/{guest.init_pid()}/environ").read_text().split("\0")


def test_the_whole_life_of_guests(
    bed: Bed, unique: str, variables: dict[str, Any], ansible_playbook: RunPlaybook
) -> None:
    web, idle = (Guest(name, bed.lxc_path) for name in names(unique, 2))
    stranger = bed.guest()

    def play(role: str, *, check_mode: bool = False, **more: Any) -> Play:
        parts = {"mounts": [{"source": "/usr/share", "target": "/mnt", "options": ["ro"]}]}
        described: list[dict[str, Any]] = [
            {"name": web.name, "config": {"lxc.environment": [f"ROLE={role}"]}, **parts, "requires": [idle.name]},
            {"name": idle.name, "state": "stopped", "nics": variables["two_nics"]},
        ]
        given = {**variables, "lxc_guest_containers": described, **more}
        done = ansible_playbook(PLAYBOOK, extra_vars=given, check_mode=check_mode)
        assert done.rc == 0, done.output
        return done

    told = play("one", check_mode=True).result(TASK)
    assert not web.config.exists()
    made = play("one").result(TASK)
    assert told["actions"] == made["actions"]
    assert (web.state(), idle.state()) == ("RUNNING", "STOPPED")
    assert "ROLE=one" in environment(web)
    assert play("one").changed == 0
    first = web.init_pid()

    waits = play("two")
    assert web.init_pid() == first
    assert waits.result("Tell what waits for a restart")["msg"].startswith(f"{web.name} has to be stopped and started")
    again = play("two", lxc_guest_restart=True).result(TASK)
    assert "ROLE=two" in environment(web)
    assert sum("start container" in action for action in again["actions"]) == 1
    assert play("two", lxc_guest_restart=True).changed == 0

    alone: dict[str, Any] = {"lxc_guest_containers": [{"name": idle.name, "state": "stopped"}]}
    assert play("two", **alone).changed == 0
    assert "lan0" in idle.config.read_text()
    told = play("two", lxc_guest_purge=True, check_mode=True, **alone).result(TASK)
    gone = play("two", lxc_guest_purge=True, **alone).result(TASK)
    assert told["actions"] == gone["actions"]
    assert (web.config.exists(), stranger.config.exists()) == (False, True)
    assert "lan0" not in idle.config.read_text()
    assert play("two", lxc_guest_purge=True, **alone).changed == 0


def test_a_failure_names_its_container(
    bed: Bed, unique: str, variables: dict[str, Any], ansible_playbook: RunPlaybook
) -> None:
    good, bad = names(unique, 2)
    described = [{"name": bad, "source": {"tarball": "/nonexistent.tar"}}, {"name": good, "state": "stopped"}]
    play = ansible_playbook(PLAYBOOK, extra_vars={**variables, "lxc_guest_containers": described})
    assert play.rc == 2
    assert play.result(TASK)["msg"].startswith(f"1 of 2 containers failed or were not begun: {bad}: tarball: ")
    assert Guest(good, bed.lxc_path).state() == "STOPPED"
    unknown = [{"name": good, "flavour": "vanilla"}]
    refused = ansible_playbook(PLAYBOOK, extra_vars={**variables, "lxc_guest_containers": unknown})
    assert refused.rc == 2
    assert "flavour" in refused.output
