# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin, by real ansible-inventory and ansible, on real hosts and containers."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.plugin_utils import _survey
from ansible_collections.community.lxc.tests.live._ansible import COLLECTIONS
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, tool, unique_name, until
from ansible_collections.community.lxc.tests.live._connections import Sshd, full_busybox
from ansible_collections.community.lxc.tests.live._host import Bridge
from ansible_collections.community.lxc.tests.live._hostile import into_groups_with_names, with_names

RUNNING = 200
"""Of 500 containers."""
pytestmark = pytest.mark.timeout(900)


class Inventory:
    """An inventory file, and what Ansible makes of it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.file = directory / "containers.lxc.yml"
        self.done: subprocess.CompletedProcess[str] | None = None

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        settings = {
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_HOME": str(self.directory / "home"),
            "ANSIBLE_NOCOLOR": "1",
            # The older words of a host and its groups, not the safe ones, would be made silently otherwise.
            "ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS": "silently",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
        }
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
            cwd=self.directory,
            env={**inherited, **settings, **environment},
            # Nor is anybody asked at a terminal.
            start_new_session=True,
        )

    def list(self, options: dict[str, Any], **environment: str) -> dict[str, Any]:
        self.file.write_text(json.dumps({"plugin": "community.lxc.lxc", **options}))
        self.done = self.run("ansible-inventory", "-i", str(self.file), "--list", **environment)
        assert self.done.returncode == 0, self.done.stderr
        found: dict[str, Any] = _plain(json.loads(self.done.stdout))
        return found

    def failure(self, options: dict[str, Any]) -> str:
        self.file.write_text(json.dumps({"plugin": "community.lxc.lxc", **options}))
        done = self.run("ansible-inventory", "-i", str(self.file), "--list")
        assert done.returncode != 0, done.stdout
        return done.stderr


def _plain(value: Any) -> Any:
    """Without the marks of what is no template."""
    if isinstance(value, dict):
        if set(value) == {"__ansible_unsafe"}:
            return value["__ansible_unsafe"]
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return Inventory(tmp_path)


def over_ssh(sshd: Sshd, **more: Any) -> dict[str, Any]:
    return {
        "hosts": [
            {"host": "127.0.0.1", "name": "far", "user": "root", "port": sshd.port, "private_key_file": str(sshd.key)}
        ],
        "ssh_args": f"-F /dev/null -o UserKnownHostsFile={sshd.directory}/known_hosts",
        **more,
    }


def hostvars(listed: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = listed["_meta"]["hostvars"][name]
    return found


@pytest.mark.parametrize("far", [False, True])
def test_variables_groups_and_a_way_in(bed: Bed, bridge: Bridge, inventory: Inventory, sshd: Sshd, far: bool) -> None:
    address = bridge.ipv4.ip + 10
    guest = bed.guest(
        "lxc.net.0.type = veth",
        f"lxc.net.0.link = {bridge.name}",
        "lxc.net.0.name = eth0",
        "lxc.net.0.flags = up",
        f"lxc.net.0.ipv4.address = {address}/24",
        "lxc.net.0.ipv6.address = fd99:7::10/64",
        "lxc.group = web",
        "lxc.group = blue green",
        "lxc.start.auto = 1",
        name="web1",
    ).start()
    bed.guest(name="stopped")
    frozen = bed.guest(name="frozen").start()
    tool("lxc-freeze", "-P", bed.lxc_path, "-n", frozen.name)
    options = {"lxc_path": [bed.lxc_path], "config_keys": ["lxc.start.auto", "lxc.net."]}
    listed = inventory.list(over_ssh(sshd, **options) if far else options)
    found = hostvars(listed, "web1")
    assert found["lxc_state"] == "RUNNING"
    assert found["lxc_init_pid"] == guest.init_pid()
    assert found["lxc_ipv4"] == [str(address)]
    assert found["lxc_ipv6"] == ["fd99:7::10"]
    assert found["lxc_interfaces"] == [{"name": "eth0", "ipv4": [str(address)], "ipv6": ["fd99:7::10"]}]
    assert found["lxc_groups"] == ["web", "blue green"]
    assert found["lxc_config"]["lxc.start.auto"] == ["1"]
    assert found["lxc_config"]["lxc.net.0.name"] == ["eth0"]
    assert "lxc.uts.name" not in found["lxc_config"]
    assert found["lxc_version"] == tool("lxc-info", "--version").stdout.strip()
    assert listed["lxc_running"]["hosts"] == ["web1"]
    assert listed["lxc_stopped"]["hosts"] == ["stopped"]
    assert listed["lxc_frozen"]["hosts"] == ["frozen"]
    assert listed["lxc_group_web"]["hosts"] == listed["lxc_group_blue_green"]["hosts"] == ["web1"]
    host = "far" if far else "localhost"
    assert set(listed[f"lxc_host_{host}"]["hosts"]) == {"web1", "stopped", "frozen"}
    assert found["lxc_host"] == host
    assert found["ansible_connection"] == ("community.lxc.lxc_ssh" if far else "community.lxc.lxc")
    # What it sets is enough to get in.
    done = inventory.run("ansible", "-i", str(inventory.file), "web1", "-m", "ansible.builtin.raw", "-a", "hostname")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "web1" in done.stdout.splitlines()


def test_filters(bed: Bed, inventory: Inventory) -> None:
    bed.guest("lxc.group = a", name="web1").start()
    bed.guest("lxc.group = b", name="web2")
    bed.guest("lxc.group = a", name="db1")

    def names(**filters: Any) -> set[str]:
        return set(inventory.list({"lxc_path": [bed.lxc_path], **filters})["_meta"]["hostvars"])

    assert names() == {"web1", "web2", "db1"}
    assert names(states=["RUNNING"]) == {"web1"}
    assert names(states=["stopped"]) == {"web2", "db1"}
    assert names(names=["web*"]) == {"web1", "web2"}
    assert names(names=["w?b1", "db1"]) == {"web1", "db1"}
    assert names(lxc_groups=["a"]) == {"web1", "db1"}
    assert names(lxc_groups=["a"], states=["STOPPED"], names=["d*"]) == {"db1"}


def test_constructed(bed: Bed, inventory: Inventory) -> None:
    bed.guest("lxc.start.auto = 1", name="one")
    bed.guest(name="two")
    options = {
        "lxc_path": [bed.lxc_path],
        "config_keys": ["lxc.start.auto"],
        "compose": {"shout": "lxc_name | upper"},
        "groups": {"automatic": "'1' in lxc_config['lxc.start.auto'] | default([])"},
        "keyed_groups": [{"key": "lxc_state | lower", "prefix": "state"}],
    }
    listed = inventory.list(options)
    assert hostvars(listed, "one")["shout"] == "ONE"
    assert listed["automatic"]["hosts"] == ["one"]
    assert set(listed["state_stopped"]["hosts"]) == {"one", "two"}
    broken = {**options, "compose": {"bad": "nonesuch.attribute"}}
    assert "bad" not in hostvars(inventory.list(broken), "one")
    assert "bad" in inventory.failure({**broken, "strict": True})


@pytest.mark.parametrize(
    ("said", "setting", "checked"),
    [
        ({}, "False", False),
        ({}, "True", True),
        ({"host_key_checking": True}, "False", True),
        ({"host_key_checking": False}, "True", False),
        ({"ssh_args": "-o StrictHostKeyChecking=yes"}, "False", True),
        ({"ssh_args": "-o StrictHostKeyChecking=yes", "host_key_checking": True}, "False", True),
        ({"ssh_args": "-o stricthostkeychecking=no"}, "True", False),
        ({"ssh_args": "-oStrictHostKeyChecking=yes", "host_key_checking": False}, "False", True),
    ],
)
def test_jobs_check_host_keys_as_the_inventory_does(
    bed: Bed, inventory: Inventory, sshd: Sshd, tmp_path: Path, said: dict[str, Any], setting: str, checked: bool
) -> None:
    """``setting`` is what the environment says, of jobs as of inventories; in AWX it is always False."""
    guest = full_busybox(bed.guest()).start()
    environment = {"ANSIBLE_HOST_KEY_CHECKING": setting, "ANSIBLE_SSH_ARGS": "-C"}
    known, kept = tmp_path / "known_hosts", tmp_path / "kept.yml"
    args = f"-F /dev/null -o UserKnownHostsFile={known} {said.get('ssh_args', '')}"
    options = {**over_ssh(sshd, lxc_path=[bed.lxc_path]), **said, "ssh_args": args}
    known.write_text((sshd.directory / "known_hosts").read_text())
    assert guest.name in inventory.list(options, **environment)["_meta"]["hostvars"]
    listing = ["ansible-inventory", "-i", str(inventory.file), "--list", "--yaml"]
    inventory.run(*listing, "--output", str(kept), **environment)

    known.write_text("")
    listed = inventory.list(options, **environment)["_meta"]["hostvars"]
    assert (guest.name in listed) is not checked
    known.write_text("")
    enter = ["ansible", "-i", str(kept), guest.name, "-m", "ansible.builtin.raw", "-a", "hostname"]
    done = inventory.run(*enter, **environment)
    assert (done.returncode == 0) is not checked, done.stdout + done.stderr
    assert ("Host key verification failed" in done.stdout + done.stderr) is checked


def test_several_paths_and_hosts_with_the_same_names(
    bed: Bed, new_lxc_path: Callable[[], Path], inventory: Inventory, sshd: Sshd
) -> None:
    other = Bed(str(new_lxc_path()))
    bed.guest(name="same")
    other.guest(name="same")
    ssh = over_ssh(sshd, lxc_path=[bed.lxc_path, other.lxc_path])
    listed = inventory.list({**ssh, "hosts": ["localhost", *ssh["hosts"]]})
    paths = {name: found["ansible_lxc_path"] for name, found in listed["_meta"]["hostvars"].items()}
    assert paths == {
        "same": bed.lxc_path,
        "same.localhost": other.lxc_path,
        "same.far": bed.lxc_path,
        "same.far.2": other.lxc_path,
    }


def test_unreachable_hosts(bed: Bed, inventory: Inventory, sshd: Sshd) -> None:
    bed.guest(name="here")
    hosts = ["localhost", {"host": "127.0.0.1", "name": "dead", "port": 1}]
    options = {**over_ssh(sshd), "lxc_path": [bed.lxc_path], "hosts": hosts}
    assert set(inventory.list(options)["_meta"]["hostvars"]) == {"here"}
    assert inventory.done is not None
    assert "The LXC host dead does not answer" in " ".join(inventory.done.stderr.split())
    assert "Connection refused" in inventory.done.stderr
    failure = " ".join(inventory.failure({**options, "unreachable": "fail"}).split())
    assert "The LXC host dead does not answer" in failure


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"hosts": [{"name": "x"}]}, "must be a name or a dictionary with 'host'"),
        ({"hosts": [{"host": "x", "prot": 22}]}, "has no prot"),
        ({"hosts": ["-oProxyCommand=id"]}, "cannot be an ssh destination"),
        ({"hosts": ["root@-oProxyCommand=id"]}, "cannot be an ssh destination"),
        ({"hosts": ["a", "a"]}, "two hosts are called 'a'"),
        ({"hosts": [{"host": "a", "port": 70000}]}, "must be a number from 1 to 65535"),
        ({"lxc_path": ["relative"]}, "must be a list of absolute paths"),
    ],
)
def test_bad_options(inventory: Inventory, options: dict[str, Any], text: str) -> None:
    assert text in " ".join(inventory.failure(options).split())


def test_the_cache(bed: Bed, inventory: Inventory, tmp_path: Path) -> None:
    bed.guest(name="first")
    options = {
        "lxc_path": [bed.lxc_path],
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(tmp_path / "cache"),
        "become_password": "not to be kept",
    }
    assert set(inventory.list(options)["_meta"]["hostvars"]) == {"first"}
    bed.guest(name="second")
    assert set(inventory.list(options)["_meta"]["hostvars"]) == {"first"}
    kept = "".join(path.read_text() for path in (tmp_path / "cache").iterdir())
    assert "first" in kept
    assert "not to be kept" not in kept
    done = inventory.run("ansible-inventory", "-i", str(inventory.file), "--list", "--flush-cache")
    assert "second" in done.stdout


def test_one_round_trip_a_host_and_hosts_in_parallel(
    bed: Bed, inventory: Inventory, sshd: Sshd, tmp_path: Path
) -> None:
    bed.guest(name="g")
    # A real ssh, counted and slowed down.
    wrapper = tmp_path / "bin/ssh"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho x >> {tmp_path}/count\nsleep 2\nexec /usr/bin/ssh "$@"\n')
    wrapper.chmod(0o755)
    ssh = over_ssh(sshd, lxc_path=[bed.lxc_path])
    ssh["hosts"] = [{**ssh["hosts"][0], "name": f"h{number}"} for number in range(8)]
    begin = time.monotonic()
    listed = inventory.list(ssh, PATH=f"{wrapper.parent}:{os.environ['PATH']}")
    seconds = time.monotonic() - begin
    assert len(listed["_meta"]["hostvars"]) == 8
    assert (tmp_path / "count").read_text().split() == ["x"] * 8
    # One after the other they would sleep 16 seconds.
    assert seconds < 14


def test_what_a_container_says_is_no_template(bed: Bed, inventory: Inventory, sshd: Sshd, tmp_path: Path) -> None:
    """Names that reach the inventory from inside, where the container's root chose them."""
    guest = full_busybox(bed.guest(name="evil")).start()
    name = "{{1+1}}"
    tool("ip", "link", "add", "clxevil0", "type", "veth", "peer", "name", "clxevil1")
    try:
        tool("ip", "link", "set", "clxevil1", "netns", str(guest.init_pid()))
        assert guest.attach("ip", "link", "set", "clxevil1", "name", name, check=False).returncode == 0
        found = hostvars(inventory.list({"lxc_path": [bed.lxc_path]}), "evil")
        assert found["lxc_interfaces"] == [{"name": name, "ipv4": [], "ipv6": []}]
        done = inventory.run(
            "ansible", "-i", str(inventory.file), "evil", "-m", "ansible.builtin.debug",
            "-a", "msg={{ lxc_interfaces[0].name }}",
        )  # fmt: skip
        assert f'"msg": "{name}"' in done.stdout, done.stdout + done.stderr
    finally:
        subprocess.run(["ip", "link", "del", "clxevil0"], capture_output=True, check=False)


def test_names_by_the_containers_root_spoil_nothing(bed: Bed, bridge: Bridge, inventory: Inventory) -> None:
    guest, other = with_names(bed, bridge), bed.guest(start=True)
    into_groups_with_names(guest)

    listed = inventory.list({"lxc_path": [bed.lxc_path]})

    told = listed["_meta"]["hostvars"]
    assert told[guest.name]["lxc_state"] == told[other.name]["lxc_state"] == "RUNNING"
    assert "2001:db8::5" in str(told[guest.name])


def test_a_process_in_a_container_is_no_monitor(bed: Bed, inventory: Inventory) -> None:
    """A container that calls one of its processes a monitor does not make another one look running."""
    guest = full_busybox(bed.guest(name="evil")).start()
    bed.guest(name="victim")
    title = f"[lxc monitor] {bed.lxc_path} victim"
    source = guest.rootfs / "liar.c"
    source.write_text("#include <unistd.h>\nint main(void) { for (;;) pause(); }\n")
    tool("gcc", "-static", "-o", str(guest.rootfs / "liar"), str(source))
    with subprocess.Popen(
        ["lxc-attach", "-P", bed.lxc_path, "-n", guest.name, "--", "/bin/sh", "-c", f"exec -a '{title}' /liar"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as liar:
        time.sleep(0.5)
        try:
            assert any(title in _title(pid) for pid in os.listdir("/proc") if pid.isdigit())
            listed = inventory.list({"lxc_path": [bed.lxc_path]})
            assert hostvars(listed, "victim")["lxc_state"] == "STOPPED"
        finally:
            liar.kill()


_LISTENS = """
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind("\\0" + sys.argv[1])
listener.listen()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    "who",
    [("setpriv", "--reuid", "65534", "--clear-groups"), ("unshare", "--pid", "--fork", "--kill-child")],
    ids=["another user", "root in a container that has the host's network"],
)
def test_who_takes_a_monitors_socket_is_no_monitor(bed: Bed, inventory: Inventory, who: tuple[str, ...]) -> None:
    bed.guest(name="victim")
    command = [*who, "/usr/bin/python3", "-c", _LISTENS, f"{bed.lxc_path}/victim/command"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as pretender:
        try:
            assert pretender.stdout is not None
            assert pretender.stdout.readline() == "ready\n"
            listed = inventory.list({"lxc_path": [bed.lxc_path]})
        finally:
            pretender.kill()
    assert hostvars(listed, "victim")["lxc_state"] == "STOPPED"


def test_a_set_uid_program_that_a_user_calls_a_monitor_is_none(bed: Bed, inventory: Inventory) -> None:
    bed.guest(name="victim")
    title = f"[lxc monitor] {bed.lxc_path} victim"
    # Waits for the password.
    with subprocess.Popen([title], executable="/usr/bin/su", stdin=subprocess.PIPE, user=65534) as liar:
        try:
            until(lambda: title in _title(str(liar.pid)))
            assert os.stat(f"/proc/{liar.pid}").st_uid == 0
            listed = inventory.list({"lxc_path": [bed.lxc_path]})
            assert liar.poll() is None
        finally:
            liar.kill()
    assert hostvars(listed, "victim")["lxc_state"] == "STOPPED"


# By the length of LXCPATH/NAME/command: from 106 on liblxc hashes it.
@pytest.mark.parametrize("length", [80, 105, 106])
def test_a_container_in_the_foreground(bed: Bed, inventory: Inventory, length: int) -> None:
    """As LXC's own lxc@.service starts it."""
    name = unique_name()
    directory = f"{bed.lxc_path}/".ljust(length - len(f"/{name}/command"), "p")
    guest = Bed(directory).guest(name=name)
    with subprocess.Popen(
        ["lxc-start", "-F", "-P", directory, "-n", guest.name], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ):
        try:
            until(lambda: guest.state() == "RUNNING")
            listed = inventory.list({"lxc_path": [directory]})
            init = guest.init_pid()
        finally:
            guest.stop()
    found = hostvars(listed, guest.name)
    assert (found["lxc_state"], found["lxc_init_pid"]) == ("RUNNING", init)
    assert listed["lxc_running"]["hosts"] == [guest.name]


def _title(pid: str) -> str:
    try:
        return Path("/proc", pid, "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


@pytest.mark.timed
def test_500_containers_five_times_faster_than_lxc_ls(bed: Bed, inventory: Inventory) -> None:
    started: list[Guest] = []
    for number in range(500):
        include = "lxc.include = /usr/share/lxc/config/common.conf"
        guest = bed.guest(include, name=f"c{number:03}", rootfs=number < RUNNING)
        if number < RUNNING:
            started.append(guest.start())
    host = _survey.LxcHost(name="here", lxc_path=(bed.lxc_path,))
    ours, theirs = [], []
    for _time in range(9):
        begin = time.perf_counter()
        tool("lxc-ls", "-f", "-P", bed.lxc_path)
        theirs.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        answer = _survey.ask(host, _survey.Question(keys=("lxc.start.auto",)))
        ours.append(time.perf_counter() - begin)
    print("inventory", [round(one, 3) for one in ours], "lxc-ls -f", [round(one, 3) for one in theirs])
    states = [container["state"] for container in answer["containers"]]
    assert (len(states), states.count("RUNNING")) == (500, len(started))
    assert statistics.median(ours) * 5 < statistics.median(theirs)
