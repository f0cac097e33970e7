# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container's root names spoils nothing for the others."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.lxc.tests.live._ansible import RunPlaybook, run_module
from ansible_collections.community.lxc.tests.live._bed import Bed
from ansible_collections.community.lxc.tests.live._host import Bridge
from ansible_collections.community.lxc.tests.live._hostile import MORE_NAMES, NAMES, into_groups_with_names, with_names
from ansible_collections.community.lxc.tests.live._net import Module


def by_name(bed: Bed) -> dict[str, Any]:
    result = run_module("lxc_info", {"lxc_path": bed.lxc_path})
    assert result["rc"] == 0, result["msg"]
    return {each["name"]: each for each in result["containers"]}


def test_names_by_the_containers_root_spoil_nothing(bed: Bed, bridge: Bridge, ansible_playbook: RunPlaybook) -> None:
    guest, other = with_names(bed, bridge), bed.guest(start=True)
    names = {raw.decode(errors="backslashreplace") for raw in NAMES}

    told = by_name(bed)

    assert (told[guest.name]["error"], told[other.name]["error"]) == (None, None)
    assert names < set(told[guest.name]["interfaces"])
    assert set(told[guest.name]["ips"]) >= {"192.0.2.1", "192.0.2.5", "2001:db8::1", "2001:db8::5"}
    assert names < {nic["name"] for nic in told[guest.name]["nics"]}
    mounted = names | {raw.decode() for raw in MORE_NAMES}
    assert {f"/mnt/{name}" for name in mounted} < {mount["target"] for mount in told[guest.name]["mounts"]}
    veth = Module(guest)
    assert veth("eth0", mtu=1400)["changed"]
    assert not veth("eth0", mtu=1400)["changed"]
    mount = {"container": guest.name, "lxc_path": bed.lxc_path, "source": "/etc", "target": "/mnt"}
    assert run_module("lxc_mount", {**mount, "state": "ephemeral"})["rc"] == 0

    play = ansible_playbook(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
        f"    - community.lxc.lxc_info:\n        lxc_path: {bed.lxc_path}\n      register: told\n"
        "    - ansible.builtin.debug:\n        var: told\n",
        args=["-vv"],
    )
    assert play.rc == 0, play.output
    assert "\x1b[31mk" not in play.output


def test_control_groups_by_the_containers_root_spoil_nothing(bed: Bed) -> None:
    guest, other = bed.guest(start=True), bed.guest(start=True)
    into_groups_with_names(guest)

    told = by_name(bed)

    assert (told[guest.name]["error"], told[other.name]["error"]) == (None, None)
    assert told[guest.name]["state"] == told[other.name]["state"] == "RUNNING"
    arguments = {"name": guest.name, "lxc_path": bed.lxc_path}
    for state in ("frozen", "started", "stopped"):
        result = run_module("lxc_container", {**arguments, "state": state})
        assert (result["rc"], result.get("changed")) == (0, True), result["msg"]
