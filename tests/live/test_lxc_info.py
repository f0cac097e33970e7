# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_info as the real process, on real containers: running, stopped, broken, hanging, unknown."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._plan._info import API_EXTENSIONS
from ansible_collections.community.lxc.tests.live._ansible import RunPlaybook
from ansible_collections.community.lxc.tests.live._bed import PYTHON, Bed, Guest, monitors, run_module, tool, until
from ansible_collections.community.lxc.tests.live._host import Bridge

_DOCUMENTED = """
lxc_log lxc_config_item_is_supported console_log reboot2 mount_injection seccomp_allow_nesting seccomp_notify
network_veth_routes network_ipvlan network_l2proxy network_gateway_device_route network_phys_macvlan_mtu
network_veth_router cgroup2_devices cgroup2 init_pidfd pidfd cgroup_advanced_isolation time_namespace
seccomp_allow_deny_syntax devpts_fd seccomp_notify_fd_active seccomp_proxy_send_notify_fd
"""


def look(bed: Bed, **arguments: Any) -> dict[str, Any]:
    result = run_module("lxc_info", {"lxc_path": bed.lxc_path, **arguments})
    assert result["rc"] == 0, result
    assert result["changed"] is False
    return result


def one(bed: Bed, guest: Guest, **arguments: Any) -> dict[str, Any]:
    [found] = look(bed, name=[guest.name], **arguments)["containers"]
    container: dict[str, Any] = found
    return container


def _names_in_the_library() -> set[str]:
    """The names of the list of extensions, read from the library's own file: they stand beside one another in it."""
    library = next(path for path in Path("/usr/lib").glob("*/liblxc.so.1"))
    strings = re.findall(rb"[a-z0-9_]{3,}\0", library.read_bytes())
    names = [found[:-1].decode() for found in strings]
    begin = next(n for n, name in enumerate(names) if name == "lxc_log")
    return {name for name in names[begin : begin + 40] if name in API_EXTENSIONS}


def test_every_extension_is_told_as_the_library_has_it(bed: Bed) -> None:
    told = look(bed, name=[])["host"]["api_extensions"]
    assert set(_DOCUMENTED.split()) <= set(told)
    assert set(told) == set(API_EXTENSIONS)
    assert all(isinstance(value, bool) for value in told.values())
    # The method is there since 4.0.0, and no version lists the extension.
    assert told["init_pidfd"] is True
    listed = _names_in_the_library()
    assert "time_namespace" in listed
    assert {name for name, value in told.items() if value} >= listed
    assert told["environment_runtime_hooks"] is ("environment_runtime_hooks" in listed)


def test_the_host(bed: Bed) -> None:
    keys = ["lxc.net.0.veth.mode", "lxc.net.3.nonsense", "lxc.sched.core", "lxc.utsname", "lxc.prlimit.nofile", "x"]
    host = look(bed, name=[], keys=keys)["host"]
    assert host["lxc_version"] == tool("lxc-start", "--version").stdout.strip()
    assert host["lxc_path"] == bed.lxc_path
    assert host["keys"] == dict(zip(keys, [True, False, True, False, True, False], strict=True))
    assert host["cgroup"]["layout"] in ("unified", "hybrid", "legacy")
    assert "memory" in host["cgroup"]["controllers"]
    assert set(host["kernel"]) >= {"ipvlan", "vlan", "bridge_vlan", "idmapped_mounts", "core_scheduling"}
    assert "errno" in host["kernel"]["seccomp_actions"]


def test_the_default_path_is_liblxcs() -> None:
    result = run_module("lxc_info", {"name": []})
    assert result["host"]["lxc_path"] == tool("lxc-config", "lxc.lxcpath").stdout.strip()


def test_a_stopped_container(bed: Bed) -> None:
    guest = bed.guest("lxc.environment = A=1", "lxc.environment = B=2")
    found = one(bed, guest)
    assert found["state"] == "STOPPED"
    assert found["config"]["lxc.environment"] == ["A=1", "B=2"]
    assert found["rootfs"] == f"dir:{guest.rootfs}"
    assert (found["init_pid"], found["uptime"], found["ips"], found["pending"]) == (None, None, [], [])
    assert (found["defined"], found["error"], found["drift"]) == (True, None, {})


def test_a_running_container(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest(
        "lxc.net.0.type = veth",
        "lxc.net.0.flags = up",
        f"lxc.net.0.link = {bridge.name}",
        f"lxc.net.0.ipv4.address = {bridge.address(9)}",
        start=True,
    )
    time.sleep(0.2)
    found = one(bed, guest)
    address = bridge.address(9).split("/")[0]
    assert found["state"] == "RUNNING"
    assert found["init_pid"] == guest.init_pid()
    assert 0.2 <= found["uptime"] < 60
    assert found["ips"] == [address]
    assert found["addresses"] == {"eth0": [address]}
    assert found["interfaces"] == ["lo", "eth0"]
    assert (found["pending"], found["error"]) == ([], None)
    assert guest.name in found["cgroup_path"]


def test_drift_between_the_file_and_the_running_container(bed: Bed) -> None:
    guest = bed.guest("lxc.environment = A=1", start=True)
    guest.config.write_text(guest.config.read_text().replace("A=1", "A=2") + "lxc.prlimit.nofile = 4096\n")
    found = one(bed, guest)
    assert found["pending"] == ["lxc.environment", "lxc.prlimit.nofile"]
    assert found["drift"]["lxc.environment"] == {"persisted": ["A=2"], "live": ["A=1"]}
    assert found["drift"]["lxc.prlimit.nofile"] == {"persisted": ["4096"], "live": []}


def test_a_frozen_container(bed: Bed) -> None:
    guest = bed.guest(start=True)
    tool("lxc-freeze", "-P", bed.lxc_path, "-n", guest.name)
    assert one(bed, guest)["state"] == "FROZEN"


def test_a_container_that_is_running_and_no_longer_defined(bed: Bed) -> None:
    guest = bed.guest(start=True)
    guest.config.unlink()
    found = one(bed, guest)
    assert (found["defined"], found["config"], found["rootfs"]) == (False, {}, None)
    assert found["init_pid"] is not None
    assert found["state"] == "RUNNING"


def test_all_containers_by_name_and_nothing_else(bed: Bed) -> None:
    for name in ("b", "a", "c"):
        bed.guest(name=name, rootfs=False)
    Path(bed.lxc_path, "no-container").mkdir()
    Path(bed.lxc_path, "a-file").write_text("")
    assert [found["name"] for found in look(bed)["containers"]] == ["a", "b", "c"]
    assert [found["name"] for found in look(bed, name=["c", "a"])["containers"]] == ["a", "c"]
    assert look(bed, name=[])["containers"] == []


def test_a_name_that_there_is_no_container_of(bed: Bed) -> None:
    bed.guest(name="web", rootfs=False)
    result = run_module("lxc_info", {"lxc_path": bed.lxc_path, "name": ["web", "wbe"]})
    assert result["failed"]
    assert result["msg"] == f"name: there is no container 'wbe' in {bed.lxc_path}; there is 'web'"
    result = run_module("lxc_info", {"lxc_path": bed.lxc_path, "name": ["../etc"]})
    assert result["msg"].startswith("name: '../etc' is not a container name")


def test_a_configuration_that_does_not_parse_spoils_nothing_else(bed: Bed) -> None:
    broken = bed.guest("lxc.nonsense = 1", name="broken", rootfs=False)
    other = bed.guest("lxc.tty.max = many", name="other", rootfs=False)
    bed.guest("lxc.environment = A=1", name="sound", start=True)
    result = {found["name"]: found for found in look(bed)["containers"]}
    version = tool("lxc-start", "--version").stdout.strip()
    assert result["broken"]["error"] == f"liblxc {version} does not know the key lxc.nonsense"
    assert result["other"]["error"].startswith(f"liblxc {version} refuses 'lxc.tty.max = many'")
    assert result["broken"]["config"]["lxc.nonsense"] == ["1"]
    assert result["sound"]["error"] is None
    assert result["sound"]["state"] == "RUNNING"
    assert broken.config.read_text().endswith("lxc.nonsense = 1\n")
    assert other.config.exists()


def test_a_running_container_whose_configuration_no_longer_parses(bed: Bed) -> None:
    guest = bed.guest(start=True)
    init = guest.init_pid()
    guest.config.write_text(guest.config.read_text() + "lxc.nonsense = 1\n")
    found = one(bed, guest)
    assert (found["state"], found["init_pid"]) == ("RUNNING", init)
    assert "lxc.nonsense" in found["error"]


def test_an_include_that_hangs_spoils_nothing_else(bed: Bed) -> None:
    fifo = Path(bed.lxc_path, "fifo")
    os.mkfifo(fifo)
    bed.guest(f"lxc.include = {fifo}", name="hanging", rootfs=False)
    bed.guest(f"lxc.mount.fstab = {fifo}", f"lxc.seccomp.profile = {fifo}", name="sound", rootfs=False)
    begin = time.monotonic()
    result = {found["name"]: found for found in look(bed)["containers"]}
    assert time.monotonic() - begin < 15
    assert "not done after" in result["hanging"]["error"]
    assert result["sound"]["error"] in (
        None,
        f"seccomp: Failed to read the seccomp profile {fifo}: [Errno 22] not a regular file: '{fifo}'",
    )


def test_a_monitor_that_hangs_holds_nobody_up(bed: Bed) -> None:
    hanging = bed.guest(name="hanging", start=True)
    sound = bed.guest("lxc.environment = A=1", name="sound", start=True)
    sound.config.write_text(sound.config.read_text().replace("A=1", "A=2"))
    init = hanging.init_pid()
    monitor = monitors(bed.lxc_path)["hanging"]
    os.kill(monitor, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        result = {found["name"]: found for found in look(bed)["containers"]}
        assert time.monotonic() - begin < 15
    finally:
        os.kill(monitor, signal.SIGCONT)
    assert result["hanging"]["state"] == "UNRESPONSIVE"
    assert result["hanging"]["init_pid"] == init, "what the kernel shows is there all the same"
    assert result["sound"]["pending"] == ["lxc.environment"]


def test_a_start_that_hangs_is_told(bed: Bed) -> None:
    # liblxc waits for ever for a child that died in its setup.
    guest = bed.guest("lxc.mount.auto = shmounts:")
    process = subprocess.Popen(
        ["lxc-start", "-P", bed.lxc_path, "-n", guest.name], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: guest.name in monitors(bed.lxc_path), what="the monitor")
        time.sleep(1)
        if process.poll() is not None:
            return  # this liblxc notices
        assert one(bed, guest)["state"] in ("UNRESPONSIVE", "STARTING")
    finally:
        process.kill()
        process.wait()


def test_looking_leaves_no_trace(bed: Bed) -> None:
    guest = bed.guest(start=True)
    partial = bed.guest(name="partial")
    log = Path(bed.lxc_path, "logs", "never.log")
    bed.guest(f"lxc.log.file = {log}", name="logging", rootfs=False)
    included = Path(bed.lxc_path, "included.conf")
    included.write_text(f"lxc.log.file = {log}")
    bed.guest(f"lxc.include = {included}", name="including", rootfs=False)
    # What lxc-create leaves that was killed: a mere handle would have liblxc destroy the container.
    Path(partial.config.parent, "partial").write_text("")
    look(bed)
    before = (_tree(bed.lxc_path), Path("/proc/self/cgroup").read_text(), guest.init_pid())
    look(bed)
    assert (_tree(bed.lxc_path), Path("/proc/self/cgroup").read_text(), guest.init_pid()) == before
    assert partial.config.exists()
    assert not log.parent.exists()


def test_no_lock_directory_is_left_for_every_run(bed: Bed, tmp_path: Path) -> None:
    bed.guest(start=True)
    listing = tmp_path / "listing"
    # An empty /run in a mount namespace of its own, into which nobody else writes.
    script = f'mount -t tmpfs none /run && "$@"; find /run/lxc/lock -mindepth 2 -maxdepth 2 > {listing}'
    prefix = ["unshare", "-m", "sh", "-c", script, "sh"]
    result = run_module("lxc_info", {"lxc_path": bed.lxc_path, "keys": ["lxc.net.0.type"]}, prefix=prefix)
    assert len(result["containers"]) == 1
    assert set(listing.read_text().split()) == {"/run/lxc/lock/proc/community.lxc", "/run/lxc/lock/var/tmp"}


def _tree(directory: str) -> dict[str, tuple[int, int, int]]:
    found = {}
    for below, directories, files in os.walk(directory):
        for name in (*directories, *files):
            status = os.lstat(os.path.join(below, name))
            found[os.path.join(below, name)] = (status.st_ino, status.st_mtime_ns, status.st_mode)
    return found


def _processes(trace: Path) -> int:
    return len(re.findall(r"\bv?fork\(|\bclone3?\(", trace.read_text()))


def test_500_containers_cost_no_process_each(bed: Bed, tmp_path: Path) -> None:
    template = bed.guest("lxc.include = /usr/share/lxc/config/common.conf", rootfs=False).config.read_text()
    for number in range(500):
        directory = Path(bed.lxc_path, f"many{number}")
        directory.mkdir()
        (directory / "config").write_text(template)
    bed.guest(start=True)

    trace = tmp_path / "trace"
    prefix = ["strace", "-f", "-qq", "-e", "trace=fork,vfork,clone,clone3,setns", "-o", str(trace)]
    traced = run_module("lxc_info", {"lxc_path": bed.lxc_path}, prefix=prefix)
    assert len(traced["containers"]) == 502
    # For every hundred one that loads their configurations, one that asks the monitors, and a helper of pyroute2.
    assert _processes(trace) <= 6 + 1 + 2, trace.read_text()
    # Netlink goes into the network namespace of the one that runs, and back.
    entered = [line for line in trace.read_text().splitlines() if "setns(" in line]
    assert all("CLONE_NEWNET" in line for line in entered)
    assert len(entered) <= 4


def test_the_examples_run(bed: Bed, ansible_playbook: RunPlaybook) -> None:
    bed.guest(name="web", start=True)
    bed.guest(name="db", rootfs=False)
    play = ansible_playbook(
        f"""
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/community.lxc.lxc:
      lxc_path: {bed.lxc_path}
  tasks:
    - name: everything
      community.lxc.lxc_info:
      register: lxc
    - name: addresses
      ansible.builtin.debug:
        msg: "{{{{ item.name }}}}: {{{{ item.ips | join(', ') }}}}"
      loop: "{{{{ lxc.containers | selectattr('state', 'equalto', 'RUNNING') }}}}"
      loop_control:
        label: "{{{{ item.name }}}}"
    - name: keys
      community.lxc.lxc_info:
        name: []
        keys:
          - lxc.net.0.veth.mode
      register: lxc
    - name: assert
      ansible.builtin.assert:
        that:
          - lxc.host.api_extensions.network_veth_router
          - lxc.host['keys']['lxc.net.0.veth.mode']
"""
    )
    assert play.rc == 0, play.output
    assert [found["name"] for found in play.result("everything")["containers"]] == ["db", "web"]
    assert play.changed == 0
    assert Path(PYTHON).exists()


def test_a_source_that_cannot_be_opened_spoils_nothing(bed: Bed, tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    guest, other = bed.guest(start=True), bed.guest(start=True)
    with guest.config.open("a") as stream:
        stream.write(f"lxc.mount.entry = {loop} mnt none bind 0 0\n")
    with other.config.open("a") as stream:
        stream.write(f"lxc.mount.entry = {loop} mnt none bind,optional 0 0\n")

    told = {each["name"]: each for each in look(bed)["containers"]}
    assert [told[each.name]["error"] for each in (guest, other)] == [None, None]
    assert [told[each.name]["pending"] for each in (guest, other)] == [["lxc.mount.entry"], []]
    [drift] = [mount["drift"] for mount in told[guest.name]["mounts"] if mount["target"] == "/mnt"]
    assert "Too many levels of symbolic links" in drift
    for each, waits in ((guest, True), (other, False)):
        result = run_module("lxc_container", {"name": each.name, "lxc_path": bed.lxc_path})
        assert (result["rc"], result.get("restart_required")) == (0, waits), result["msg"]
