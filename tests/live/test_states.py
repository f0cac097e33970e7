# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which containers run, seen from /proc: of every kind of start, and of whoever pretends to be one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ansible_collections.community.lxc.plugins.module_utils._host import _init, _liblxc, _monitor, _states
from ansible_collections.community.lxc.plugins.module_utils._host._process import Process
from ansible_collections.community.lxc.plugins.module_utils._host._running import command_address, has_monitor
from ansible_collections.community.lxc.plugins.module_utils._host._states import running
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.tests.live._bed import Bed, in_child, monitors, tool, until
from ansible_collections.community.lxc.tests.live._host import Bridge


def test_a_running_and_a_stopped_container(bed: Bed) -> None:
    guest = bed.guest(start=True)
    bed.guest()
    found = running(bed.lxc_path)
    assert list(found) == [guest.name]
    assert found[guest.name].init_pid == guest.init_pid()
    assert found[guest.name].monitor_pid == monitors(bed.lxc_path)[guest.name]
    assert found[guest.name].state == "RUNNING"
    guest.stop()
    assert running(bed.lxc_path) == {}


def test_one_name_in_two_paths(bed: Bed, new_lxc_path: Callable[[], Path]) -> None:
    other = Bed(str(new_lxc_path()))
    guest = bed.guest(name="same", start=True)
    other.guest(name="same")
    assert list(running(bed.lxc_path)) == [guest.name]
    assert running(other.lxc_path) == {}
    assert running(str(Path(bed.lxc_path).parent)) == {}


def test_a_frozen_container(bed: Bed) -> None:
    guest = bed.guest(start=True)
    tool("lxc-freeze", "-P", bed.lxc_path, "-n", guest.name)
    assert running(bed.lxc_path)[guest.name].state == "FROZEN" == guest.state()
    tool("lxc-unfreeze", "-P", bed.lxc_path, "-n", guest.name)
    assert running(bed.lxc_path)[guest.name].state == "RUNNING"


@pytest.mark.parametrize("length", [104, 105, 106, 107, 120])
def test_names_too_long_for_a_socket_are_hashed(bed: Bed, length: int) -> None:
    # The length of LXCPATH/NAME/command: from 106 on liblxc hashes it. A host name has 64 characters at most.
    name = "n" * 60
    directory = f"{bed.lxc_path}/" + "p" * (length - len(f"{bed.lxc_path}//{name}/command"))
    guest = Bed(directory).guest(name=name, start=True)
    ref = ContainerRef(name=name, lxc_path=directory)
    assert len(f"{ref.directory}/command") == length
    assert ("lxc/" in command_address(ref)[:4]) is (length >= 106)
    assert has_monitor(ref)
    assert running(directory)[name].init_pid == guest.init_pid()
    assert list(running(directory, names=[name])) == [name]
    assert running(directory, names=["another"]) == {}


def test_a_container_in_the_foreground(bed: Bed) -> None:
    guest = bed.guest()
    with subprocess.Popen(
        ["lxc-start", "-F", "-P", bed.lxc_path, "-n", guest.name], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as process:
        until(lambda: guest.state() == "RUNNING")
        found = running(bed.lxc_path)[guest.name]
        assert found.monitor_pid == process.pid
        assert found.init_pid == guest.init_pid()
        guest.stop()


def test_a_container_that_shares_the_hosts_pid_namespace(bed: Bed) -> None:
    guest = bed.guest("lxc.namespace.keep = pid user", "lxc.init.cmd = /bin/sleep 1000")
    tool("lxc-start", "-P", bed.lxc_path, "-n", guest.name)
    until(lambda: guest.state() == "RUNNING")
    assert running(bed.lxc_path)[guest.name].init_pid == guest.init_pid()


def test_a_container_that_is_still_starting(bed: Bed) -> None:
    gate = Path(bed.lxc_path, "gate")
    os.mkfifo(gate)
    guest = bed.guest(f"lxc.hook.pre-mount = /bin/sh -c 'cat {gate}'")
    with subprocess.Popen(
        ["lxc-start", "-P", bed.lxc_path, "-n", guest.name], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ):
        until(lambda: guest.name in running(bed.lxc_path) and running(bed.lxc_path)[guest.name].init_pid)
        # The monitor itself does not answer at this stage.
        assert running(bed.lxc_path)[guest.name].state == "STARTING"
        gate.write_text("go\n")
    until(lambda: guest.state() == "RUNNING")
    until(lambda: running(bed.lxc_path)[guest.name].state == "RUNNING")


def test_a_monitor_that_hangs_does_not_hang_the_look(bed: Bed) -> None:
    guest = bed.guest(start=True)
    monitor = monitors(bed.lxc_path)[guest.name]
    os.kill(monitor, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        found = in_child(lambda: running(bed.lxc_path), timeout=10)
        assert found[guest.name].init_pid is not None
        assert found[guest.name].state == "RUNNING"
        assert time.monotonic() - begin < 5
    finally:
        os.kill(monitor, signal.SIGCONT)


@contextmanager
def _pretender(lxc_path: str, name: str, *prefix: str) -> Iterator[None]:
    """A process that binds the container's socket and calls itself its monitor."""
    program = (
        "import socket, subprocess, sys\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        "s.bind('\\0' + sys.argv[1] + '/' + sys.argv[2] + '/command')\n"
        "s.listen()\n"
        "title = '[lxc monitor] ' + ' '.join(sys.argv[1:])\n"
        "rename = 'echo ready; exec -a \"$0\" sleep 1000'\n"
        "subprocess.run(['bash', '-c', rename, title], pass_fds=[s.fileno()])\n"
    )
    with subprocess.Popen(
        [*prefix, "/usr/bin/python3", "-c", program, lxc_path, name], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            if process.stdout is None or process.stdout.readline() != "ready\n":
                raise AssertionError("the pretender did not come up")
            time.sleep(0.1)
            yield
        finally:
            for pid in (*_children(process.pid), process.pid):
                os.kill(pid, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    found = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [deeper for child in found for deeper in _children(child)] + found


@pytest.mark.parametrize(
    "prefix",
    [("setpriv", "--reuid", "65534", "--clear-groups"), ("unshare", "--pid", "--fork", "--kill-child")],
    ids=["another user", "root in a container that has the host's network"],
)
def test_a_pretender_is_no_running_container(bed: Bed, prefix: tuple[str, ...]) -> None:
    guest = bed.guest()
    with _pretender(bed.lxc_path, guest.name, *prefix):
        titles = [line for line in Path("/proc/net/unix").read_text().splitlines() if f"@{bed.lxc_path}/" in line]
        assert titles, "nobody pretends"
        assert running(bed.lxc_path) == {}


# Binds and listens on abstract names (in hexadecimal) as a user of no rights, and waits.
_BINDER = """
import os, socket, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
sockets = []
for name in sys.argv[2:]:
    sockets.append(socket.socket(socket.AF_UNIX))
    sockets[-1].bind(b"\\0" + bytes.fromhex(name))
    sockets[-1].listen(0)
    if sys.argv[1] == "full":
        caller = socket.socket(socket.AF_UNIX)
        caller.connect(b"\\0" + bytes.fromhex(name))
        sockets.append(caller)
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def _bound(*names: bytes, queue: str = "free") -> Iterator[None]:
    with subprocess.Popen(
        ["/usr/bin/python3", "-c", _BINDER, queue, *(name.hex() for name in names)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            if process.stdout is None or process.stdout.readline() != "ready\n":
                raise AssertionError("the names could not be bound")
            yield
        finally:
            process.kill()


def _forged(inode: int, address: str) -> bytes:
    """A name that makes the kernel's list hold a line about another."""
    return f"a\n0: 00000002 00000000 00010000 0001 01 {inode} @{address}".encode()


@pytest.mark.parametrize("name", [b"x\nhello", b"x\ry", b"x\n", b"x\n0: ff", b"\xff\n\xfe", b"x\x85y\xe2\x80\xa8z"])
def test_whatever_a_socket_is_called_the_containers_are_seen(bed: Bed, name: bytes) -> None:
    guest = bed.guest(start=True)
    with _bound(bed.lxc_path.encode() + name, name + bed.lxc_path.encode()):
        assert running(bed.lxc_path)[guest.name].state == "RUNNING"


def test_a_forged_line_hides_no_running_container(bed: Bed) -> None:
    guest = bed.guest(start=True)
    with _bound(*(_forged(inode, f"{bed.lxc_path}/{guest.name}/command") for inode in (12345, 12346))):
        assert list(running(bed.lxc_path)) == [guest.name]
        assert list(running(bed.lxc_path, names=[guest.name])) == [guest.name]


def test_a_forged_line_gives_a_container_in_the_foreground_no_other_monitor(bed: Bed) -> None:
    guest = bed.guest()
    with (
        subprocess.Popen(
            ["lxc-start", "-F", "-P", bed.lxc_path, "-n", guest.name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        ) as process,
        socket.socket(socket.AF_UNIX) as own,
    ):
        until(lambda: guest.state() == "RUNNING")
        own.bind(f"\0{bed.lxc_path}")
        own.listen()
        inodes = (os.fstat(own.fileno()).st_ino, 12345)
        with _bound(*(_forged(inode, f"{bed.lxc_path}/{guest.name}/command") for inode in inodes)):
            found = running(bed.lxc_path)[guest.name]
        assert (found.monitor_pid, found.init_pid) == (process.pid, guest.init_pid())
        guest.stop()


@pytest.mark.parametrize("queue", ["free", "full"])
@pytest.mark.parametrize("takes_the_name", [False, True], ids=["forged only", "forged beside a socket of his own"])
def test_a_forged_line_makes_no_container_run(bed: Bed, takes_the_name: bool, queue: str) -> None:
    guest = bed.guest()
    address = f"{bed.lxc_path}/{guest.name}/command"
    # Held by root's process in the host's pid namespace.
    with socket.socket(socket.AF_UNIX) as own:
        own.bind(f"\0{bed.lxc_path}")
        own.listen()
        names = [_forged(os.fstat(own.fileno()).st_ino, address), *([address.encode()] if takes_the_name else [])]
        with _bound(*names, queue=queue):
            assert running(bed.lxc_path) == {}


def test_addresses_by_interface_without_entering_the_container(bed: Bed, bridge: Bridge) -> None:
    guest = bed.guest(
        "lxc.net.0.type = veth",
        "lxc.net.0.flags = up",
        f"lxc.net.0.link = {bridge.name}",
        f"lxc.net.0.ipv4.address = {bridge.address(7)}",
        f"lxc.net.0.ipv6.address = {bridge.address6(7)}",
        "lxc.net.1.type = empty",
        start=True,
    )
    guest.attach("ip", "addr", "add", "192.0.2.9/32", "dev", "eth0")
    before = os.listdir("/proc/self/task")
    network = _init.observe(guest.init_pid()).network
    assert os.listdir("/proc/self/task") == before
    [eth0] = [interface for interface in network.interfaces if interface.name == "eth0"]
    ipv4, ipv6 = bridge.address(7).split("/")[0], bridge.address6(7).split("/")[0]
    assert eth0.ipv4 == (ipv4, "192.0.2.9")
    assert eth0.ipv6 == (ipv6,)
    asked = tool("lxc-info", "-P", bed.lxc_path, "-n", guest.name, "-iH").stdout.split()
    assert sorted(network.ipv4 + network.ipv6) == sorted(asked)


def test_uptime_is_that_of_init(bed: Bed) -> None:
    begin = time.monotonic()
    guest = bed.guest(start=True)
    time.sleep(1)
    with Process(guest.init_pid()) as init:
        assert init.uptime() + 0.02 >= 1.0
        assert init.uptime() <= time.monotonic() - begin + 0.02


def test_a_process_is_not_mistaken_for_its_successor() -> None:
    process = subprocess.Popen(["sleep", "1000"])
    with Process(process.pid) as held:
        until(lambda: held.title() == "sleep", what="the child's exec")
        process.kill()
        process.wait()
        with pytest.raises(ProcessLookupError):
            held.title()
    with pytest.raises(ProcessLookupError):
        Process(process.pid)


def test_sockets_are_found_by_their_inode() -> None:
    with socket.socket(socket.AF_UNIX) as own, Process(os.getpid()) as process:
        assert os.fstat(own.fileno()).st_ino in process.sockets()


# ---- monitors


def test_the_parent_of_a_containers_init_is_its_monitor_if_it_is_called_so(bed: Bed) -> None:
    guest, other = bed.guest(start=True), bed.guest(start=True)
    ref, own = ContainerRef(guest.name, guest.lxc_path), (monitors(bed.lxc_path)[guest.name],)
    # Of another container, of none, and of a process that is not there: then all are gone through.
    for init in (guest.init_pid(), other.init_pid(), os.getpid(), 2**22, -1):
        assert _monitor.monitor_pids(ref, init_pid=init) == own
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_states, "titled", lambda _path: iter(()))
        assert _monitor.monitor_pids(ref, init_pid=guest.init_pid()) == own
        assert _monitor.monitor_pids(ref, init_pid=other.init_pid()) == ()


def test_monitors_without_the_mark_are_left_alone(bed: Bed) -> None:
    guest = bed.guest(start=True)
    ref = ContainerRef(guest.name, guest.lxc_path)
    with _monitor.marking() as mark:
        assert _monitor.end_monitors(ref, marked=mark) == ()
        assert guest.state() == "RUNNING"
        guest.stop()
        assert in_child(lambda: _liblxc.load().container(guest.name, guest.lxc_path).start(close_fds=True))
    assert guest.state() == "RUNNING"
    # The mark outlives whoever has made it.
    assert _monitor.end_monitors(ref, marked=mark) != ()
    assert guest.state() == "STOPPED"
