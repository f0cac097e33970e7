# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bridges of Open vSwitch, switched in user space, by daemons of the test's own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.community.lxc.tests.live._bed import Bed
from ansible_collections.community.lxc.tests.live._host import Bridge, remove_link, tool, unique_name, until
from ansible_collections.community.lxc.tests.live._net import Module, host_end, link_inside, ping_in, ping_out, plain

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


@dataclass(frozen=True)
class Switch:
    """An Open vSwitch with one bridge."""

    directory: Path
    bridge: str

    @property
    def environment(self) -> tuple[tuple[str, str], ...]:
        return (("OVS_RUNDIR", str(self.directory)),)

    def vsctl(self, *arguments: str) -> str:
        return tool(
            "ovs-vsctl", "--timeout=10", *arguments, env={**os.environ, **dict(self.environment)}
        ).stdout.strip()


@pytest.fixture
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switch]:
    found = Switch(tmp_path_factory.mktemp("ovs"), f"{unique_name()}o")
    directory, env = found.directory, {**os.environ, **dict(found.environment)}
    log = "--log-file=/dev/null"
    try:
        tool("ovsdb-tool", "create", f"{directory}/conf.db", SCHEMA)
        socket, pid = f"--remote=punix:{directory}/db.sock", f"--pidfile={directory}/db.pid"
        tool("ovsdb-server", socket, pid, "--detach", log, f"{directory}/conf.db", env=env)
        found.vsctl("--no-wait", "init")
        tool("ovs-vswitchd", f"--pidfile={directory}/vs.pid", "--detach", log, env=env)
        found.vsctl("add-br", found.bridge, "--", "set", "bridge", found.bridge, "datapath_type=netdev")
        yield found
        found.vsctl("del-br", found.bridge)
    finally:
        for name in ("vs.pid", "db.pid"):
            path = directory / name
            if path.exists():
                number = int(path.read_text())
                os.kill(number, signal.SIGTERM)
                until(lambda number=number: not Path(f"/proc/{number}").exists(), what="the end of the daemon")  # type: ignore[misc]
        remove_link(found.bridge)


def test_a_port_joins_moves_and_leaves(bed: Bed, bridge: Bridge, switch: Switch) -> None:
    guest = bed.guest(start=True)
    veth = Module(guest, environment=switch.environment)
    tool("ip", "address", "add", "198.18.55.1/24", "dev", switch.bridge)
    tool("ip", "link", "set", switch.bridge, "up")

    done = veth.changes("lan0", link=switch.bridge, ipv4_addresses=["198.18.55.2/24"])

    end = host_end(guest, "lan0")
    assert done["nic"]["live"]["bridge"] == switch.bridge
    assert switch.vsctl("list-ports", switch.bridge).split() == [end]
    ping_in(guest, "198.18.55.1")
    ping_out("198.18.55.2")

    veth.changes("lan0", vlan_id="20", vlan_tagged_ids=[30, 31])
    assert switch.vsctl("get", "port", end, "tag", "trunks", "vlan_mode").split("\n") == [
        "20",
        "[30, 31]",
        "native-untagged",
    ]
    veth.changes("lan0", vlan_id="", vlan_tagged_ids=[])
    switch.vsctl("del-port", end)
    assert switch.bridge in " ".join(veth.changes("lan0")["actions"]), "the drift was not told"
    ping_in(guest, "198.18.55.1")

    veth.changes("lan0", link=bridge.name, ipv4_addresses=[bridge.address(7)])
    assert switch.vsctl("list-ports", switch.bridge) == ""
    ping_out(plain(bridge.address(7)))
    veth.changes("lan0", link=switch.bridge)
    veth.changes("lan0", state="absent")
    assert switch.vsctl("list-ports", switch.bridge) == ""
    assert link_inside(guest, "lan0") is None
