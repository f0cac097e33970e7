# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a container's root names spoils nothing for the others."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.community.lxc.tests.live._ansible import RunPlaybook, run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._host import Bridge
from ansible_collections.community.lxc.tests.live._net import Module, change_inside

# No UTF-8; what Python takes for blanks and ends of lines, and the kernel does not; and what a terminal obeys.
_NAMES = (b"a\xffb", b"c\x1fd\x1ce", b"f\xc2\x85g", b"h\xe2\x80\xa8i", b"j\x1b[31mk")


def by_name(bed: Bed) -> dict[str, Any]:
    result = run_module("lxc_info", {"lxc_path": bed.lxc_path})
    assert result["rc"] == 0, result["msg"]
    return {each["name"]: each for each in result["containers"]}


def with_names(bed: Bed, bridge: Bridge) -> Guest:
    """A container with interfaces, addresses, routes and mounts by such names."""
    guest = bed.guest("lxc.net.0.type = veth", f"lxc.net.0.link = {bridge.name}", "lxc.net.0.flags = up", start=True)
    for number, raw in enumerate(_NAMES):
        name = os.fsdecode(raw)
        change_inside(guest, "link", "add", "name", name, "type", "bridge")
        change_inside(guest, "link", "set", name, "up")
        change_inside(guest, "address", "add", f"192.0.2.{number + 1}/32", "dev", name)
        change_inside(guest, "-6", "address", "add", f"2001:db8::{number + 1}/128", "dev", name)
        change_inside(guest, "route", "add", f"198.51.100.{number}/32", "dev", name)
        path = "".join(f"\\{byte:03o}" for byte in b"/mnt/" + raw)
        guest.attach("/bin/sh", "-c", f'p="$(printf \'{path}\')" && mkdir "$p" && mount -t tmpfs "$p" "$p"')
    return guest


def test_names_by_the_containers_root_spoil_nothing(bed: Bed, bridge: Bridge, ansible_playbook: RunPlaybook) -> None:
    guest, other = with_names(bed, bridge), bed.guest(start=True)
    names = {raw.decode(errors="backslashreplace") for raw in _NAMES}

    told = by_name(bed)

    assert (told[guest.name]["error"], told[other.name]["error"]) == (None, None)
    assert names < set(told[guest.name]["interfaces"])
    assert set(told[guest.name]["ips"]) >= {"192.0.2.1", "192.0.2.5", "2001:db8::1", "2001:db8::5"}
    assert names < {nic["name"] for nic in told[guest.name]["nics"]}
    assert {f"/mnt/{name}" for name in names} < {mount["target"] for mount in told[guest.name]["mounts"]}
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
