# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of every module's documentation are playbooks that run: here they do, by real Ansible.

Only names are put in the place of others: the bridge, the host's network card, directories of the host.
"""

from __future__ import annotations

import ast
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from ansible_collections.community.lxc.tests.live._ansible import COLLECTION, RunPlaybook
from ansible_collections.community.lxc.tests.live._bed import Bed, make_rootfs
from ansible_collections.community.lxc.tests.live._host import Bridge, tool

MODULES = sorted(path.stem for path in (COLLECTION / "plugins/modules").glob("lxc_*.py"))
IDMAP = ("lxc.idmap = u 0 300000 65536", "lxc.idmap = g 0 300000 65536")


@dataclass
class Stage:
    """What an example finds on the host; ``names`` are put into its text in the place of the real ones."""

    bed: Bed
    bridge: Bridge
    card: str
    directory: Path
    names: dict[str, str]
    listeners: list[socket.socket] = field(default_factory=list)

    def web(self, *lines: str, name: str = "web", start: bool = True) -> None:
        self.bed.guest(*lines, name=name, start=start)

    def archive(self, replaces: str) -> None:
        root, archive = self.directory / "root", self.directory / "root.tar"
        make_rootfs(root)
        tool("tar", "-c", "-f", str(archive), "-C", str(root), ".")
        self.names[replaces] = str(archive)


@pytest.fixture
def stage(bed: Bed, bridge: Bridge, unique: str, tmp_path: Path) -> Iterator[Stage]:
    card = f"{unique}c"
    tool("ip", "link", "add", card, "type", "veth", "peer", "name", f"{unique}d")
    (tmp_path / "www").mkdir()
    names = {"lxcbr0": bridge.name, "enp3s0": card, "enp4s0": card, "/srv/www": str(tmp_path / "www")}
    names |= {"10.0.3.10/24": bridge.address(10), "/srv/lxc": bed.lxc_path}
    try:
        found = Stage(bed, bridge, card, tmp_path, names)
        yield found
        for listener in found.listeners:
            listener.close()
    finally:
        tool("ip", "link", "delete", f"{unique}d", check=False)


def container(stage: Stage) -> None:
    stage.archive("/srv/images/debian-12.tar.xz")
    stage.names["/var/log/lxc"] = str(stage.directory)
    stage.names["/srv/rootfs/app"] = f"{stage.bed.lxc_path}/.app"
    make_rootfs(Path(stage.bed.lxc_path, ".app"))
    Path(stage.bed.lxc_path).chmod(0o755)


def fleet(stage: Stage) -> None:
    stage.archive("/srv/images/debian-12.tar.xz")


def mounts(stage: Stage) -> None:
    stage.web()
    (Path(stage.bed.lxc_path, "web/rootfs/etc/hosts")).write_text("")
    stage.web(*IDMAP, name="unprivileged", start=False)
    tool("chown", "-R", "300000:300000", f"{stage.bed.lxc_path}/unprivileged")
    tool("lxc-start", "-P", stage.bed.lxc_path, "-n", "unprivileged")


def everything(stage: Stage) -> None:
    stage.web()
    stage.web(name="db", start=False)


def interfaces(stage: Stage) -> None:
    net = (f"lxc.net.0.link = {stage.bridge.name}", "lxc.net.0.flags = up")
    stage.web("lxc.net.0.type = veth", *net, "lxc.net.1.type = veth", "lxc.net.1.name = eth1")
    stage.web(name="edge")
    stage.web(name="firewall")


def seccomp(stage: Stage) -> None:
    stage.web()
    path = stage.directory / "agent.sock"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(path))
    listener.listen()
    stage.listeners.append(listener)
    stage.names["/run/lxc-seccomp-agent/agent.sock"] = str(path)


def console(stage: Stage) -> None:
    stage.web()
    stage.names["/var/log/lxc/web.console"] = str(stage.directory / "web.console")


def device(stage: Stage) -> None:
    stage.web("lxc.mount.entry = none dev tmpfs create=dir,mode=0755 0 0")
    if not Path("/dev/fuse").exists():
        stage.names["/dev/fuse"] = "/dev/null"


STAGES: dict[str, Callable[[Stage], None]] = {
    "lxc_cgroup_isolation": Stage.web,
    "lxc_console_log": console,
    "lxc_container": container,
    "lxc_device": device,
    "lxc_fleet": fleet,
    "lxc_info": everything,
    "lxc_mount": mounts,
    "lxc_net_ipvlan": interfaces,
    "lxc_net_macvlan": interfaces,
    "lxc_net_phys": interfaces,
    "lxc_net_veth": interfaces,
    "lxc_net_vlan": interfaces,
    "lxc_seccomp": seccomp,
    "lxc_snapshot": Stage.web,
}
"""Who sets the stage for a module's examples."""

LATE = {"lxc_net_ipvlan": "CONFIG_IPVLAN", "lxc_net_vlan": "CONFIG_VLAN_8021Q"}
"""Modules whose examples the kernel of most machines cannot run: what the refusal says where it cannot."""


def examples(module: str) -> str:
    tree = ast.parse((COLLECTION / f"plugins/modules/{module}.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "EXAMPLES":
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{module} has no examples")


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_run(module: str, stage: Stage, ansible_playbook: RunPlaybook) -> None:
    assert module in STAGES, f"{module} has examples that nothing runs: say in STAGES what they need"
    STAGES[module](stage)
    text = examples(module)
    for name in sorted(stage.names, key=len, reverse=True):
        text = text.replace(name, stage.names[name])
    tasks = yaml.safe_load(text)
    play = {
        "hosts": "all",
        "gather_facts": False,
        "module_defaults": {"group/community.lxc.lxc": {"lxc_path": stage.bed.lxc_path}},
        "tasks": tasks,
    }
    ran = ansible_playbook(json.dumps([play]))
    if module in LATE and ran.rc != 0:
        assert LATE[module] in ran.output
        return
    assert ran.rc == 0, ran.output
    # What depends on the host is shown by the tests of what it depends on.
    own = [task for task in tasks if f"community.lxc.{module}" in task and "when" not in task]
    assert own, f"no example of {module} uses it"
    results = [ran.result(task["name"]) for task in own]
    assert all(result.get("changed") is not None for result in results)
    if not module.endswith("_info"):
        assert any(result["changed"] for result in results)
