# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The seccomp agent answers running containers."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.community.lxc.tests.live._agent import (
    AGENT,
    DEVICES,
    MKNOD,
    Agent,
    Supervised,
    build_probe,
    children,
    supervised,
)
from ansible_collections.community.lxc.tests.live._bed import Bed
from ansible_collections.community.lxc.tests.live._host import tool, until
from ansible_collections.community.lxc.tests.live._idmap import subordinate

EPERM, ENOENT, ENOSYS = 1, 2, 38


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_probe(tmp_path_factory.mktemp("probe"))


@pytest.fixture
def agent(lxc_path: Path) -> Iterator[Agent]:
    directory = lxc_path / ".agent"
    directory.mkdir(mode=0o700)
    agent = Agent(directory)
    agent.rules(MKNOD)
    try:
        yield agent
    finally:
        agent.stop()
        print(agent.log)


@pytest.fixture
def box(bed: Bed, agent: Agent, probe: Path) -> Supervised:
    return supervised(bed, agent.start(), probe)


# ---- mknod


def test_null_is_made_in_an_unprivileged_container_and_works(box: Supervised) -> None:
    assert box.probe("mknod", "/tmp/null", "c", "1", "3") == 0
    made = (box.guest.rootfs / "tmp/null").stat()
    assert (os.major(made.st_rdev), os.minor(made.st_rdev)) == (1, 3)
    assert (made.st_uid, made.st_gid) == (subordinate(), subordinate())
    assert box.shell("echo gone > /tmp/null && wc -c < /tmp/null") == (0, "0\n")


def test_mem_is_not_made(box: Supervised) -> None:
    assert box.probe("mknod", "/tmp/mem", "c", "1", "1") == EPERM
    assert box.probe("mknod", "/tmp/disk", "b", "1", "3") == EPERM
    # A number whose low bits alone would be those of /dev/null.
    assert box.probe("mknod", "/tmp/far", "c", "1", "259") == EPERM
    assert not list((box.guest.rootfs / "tmp").iterdir())


@pytest.mark.parametrize("device", DEVICES)
def test_every_listed_device_is_made(box: Supervised, device: str) -> None:
    major, minor = device.split()[1].split(":")
    assert box.probe("mknod", "/root/node", "c", major, minor) == 0
    made = (box.guest.rootfs / "root/node").stat().st_rdev
    assert f"c {os.major(made)}:{os.minor(made)}" == device


def test_nodes_work_where_the_file_system_allows_none(box: Supervised) -> None:
    """The container's own tmpfs: the kernel lets no node there be opened, whoever made it."""
    assert box.probe("mknod", "/dev/other-null", "c", "1", "3") == 0
    assert box.shell("echo gone > /dev/other-null && wc -c < /dev/other-null") == (0, "0\n")
    assert box.shell("stat -c '%u %g %t:%T' /dev/other-null") == (0, "0 0 1:3\n")
    assert box.probe("mknod", "/dev/other-null", "c", "1", "3") == 17
    assert box.shell("umount /dev/other-null && rm /dev/other-null") == (0, "")


def test_umask_and_errors_are_those_of_the_kernel(box: Supervised) -> None:
    assert box.shell("umask 027; cd /tmp; probe mknod relative c 1 3; stat -c %a relative") == (0, "0\n640\n")
    assert box.probe("mknod", "/tmp/relative", "c", "1", "3") == 17
    assert box.probe("mknod", "/nowhere/null", "c", "1", "3") == ENOENT
    assert box.probe("mknod", "/tmp/slash/", "c", "1", "3") == ENOENT
    assert box.probe("mknod", "/tmp/..", "c", "1", "3") == 17
    assert box.probe("mknod", "/bin/sh/null", "c", "1", "3") == 20
    assert box.shell("mknod /tmp/fifo p") == (0, "")


def test_whoever_may_not_in_the_container_may_not_by_the_agent(box: Supervised) -> None:
    assert box.probe("user", "1000", "mknod", "/tmp/null", "c", "1", "3") == EPERM
    # All capabilities, in a user namespace that anybody can make.
    assert box.probe("user", "1000", "userns", "mknod", "/tmp/null", "c", "1", "3") == EPERM
    assert box.probe("userns", "mknod", "/tmp/null", "c", "1", "3") == EPERM
    assert not list((box.guest.rootfs / "tmp").iterdir())


# What Python's text takes for the end of a line, the kernel writes into a process's status as it is.
@pytest.mark.parametrize("end", ["\v", "\f", "\r", "\x1c", "\x1e"])
def test_a_process_gets_nothing_by_its_name(box: Supervised, end: str) -> None:
    hosts = box.guest.rootfs / "mnt/hosts"
    hosts.mkdir(mode=0o755)
    everything = ("mknod", "/tmp/null", "c", "1", "3")
    assert box.probe("named", f"{end}CapEff:8000000", "user", "1000", *everything) == EPERM
    assert box.probe("named", f"{end}Uid:0 0 0 0", "mknod", "/mnt/hosts/null", "c", "1", "3") == 13
    assert not [*(box.guest.rootfs / "tmp").iterdir(), *hosts.iterdir()]
    assert box.probe("named", f"{end}CapEff:0", *everything) == 0


def test_nothing_is_made_where_the_container_could_not_write(box: Supervised, lxc_path: Path) -> None:
    """Root's files of the host, bind-mounted or seen through proc, stay root's."""
    hosts = box.guest.rootfs / "mnt/hosts"
    hosts.mkdir(mode=0o755)
    assert box.probe("mknod", "/mnt/hosts/null", "c", "1", "3") == 13
    assert box.probe("mknod", "/proc/null", "c", "1", "3") in (EPERM, 13, ENOENT)
    assert not list(hosts.iterdir())


def test_links_lead_nowhere_outside(box: Supervised, lxc_path: Path) -> None:
    outside = lxc_path / "outside"
    outside.mkdir()
    outside.chmod(0o777)
    tmp = box.guest.rootfs / "tmp"
    (tmp / "absolute").symlink_to(outside)
    (tmp / "relative").symlink_to(f"{'../' * 20}{outside}")
    (tmp / "magic").symlink_to("/proc/1/root")
    for path in ("/tmp/absolute/null", "/tmp/relative/null", f"/{'../' * 20}{outside}/null"):
        assert box.probe("mknod", path, "c", "1", "3") == ENOENT
    assert box.probe("mknod", "/tmp/magic/tmp/null", "c", "1", "3") == 40
    assert not list(outside.iterdir())
    # The last name is never followed: what hangs there stays as it is.
    (tmp / "dangling").symlink_to(outside / "null")
    assert box.probe("mknod", "/tmp/dangling", "c", "1", "3") == 17
    assert not list(outside.iterdir())


def test_children_read_nothing_by_name_inside(bed: Bed, agent: Agent, probe: Path, lxc_path: Path) -> None:
    """After chroot(2) or setns(2) no file is opened but through openat2 or relative to a held descriptor."""
    trace = lxc_path / "trace"
    agent.start("strace", "-ff", "-qq", "-o", str(trace), "-e", "trace=open,openat,openat2,execve,setns,chroot,connect")
    box = supervised(bed, agent, probe)
    assert box.probe("mknod", "/tmp/null", "c", "1", "3") == 0
    assert box.probe("mknod", "/dev/other", "c", "1", "3") == 0
    entered = 0
    for file in lxc_path.glob("trace.*"):
        inside = False
        for line in file.read_text().splitlines():
            if inside:
                assert line.startswith(("openat2(", "setns(", "+++")), line
            if line.startswith('chroot(".")') or (line.startswith("setns(") and "= 0" in line):
                inside = True
                entered += 1
    assert entered >= 5


def test_a_call_that_nobody_waits_for_any_more_does_nothing(bed: Bed, agent: Agent, probe: Path) -> None:
    """The agent stands still, the caller is killed, the agent goes on: its pid may be anybody's now."""
    box = supervised(bed, agent.start(), probe)
    assert box.probe("mknod", "/tmp/first", "c", "1", "3") == 0
    (worker,) = children(agent.pid)
    os.kill(worker, signal.SIGSTOP)
    answer = box.send("probe mknod /tmp/late c 1 3")
    os.kill(until(lambda: _waiting(box), what="the notification"), signal.SIGKILL)
    until(answer.exists, what="the caller's end")
    os.kill(worker, signal.SIGCONT)
    assert box.probe("mknod", "/tmp/next", "c", "1", "3") == 0
    assert sorted(path.name for path in (box.guest.rootfs / "tmp").iterdir()) == ["first", "next"]
    # The monitor has done nothing wrong.
    assert "refused a message" not in agent.log


def _waiting(box: Supervised) -> int:
    """The pid of the probe that waits in mknod(2), which only the agent can end."""
    pids = [box.init_pid]
    while pids:
        pid = pids.pop()
        try:
            name, call = (Path(f"/proc/{pid}/{file}").read_text() for file in ("comm", "syscall"))
            pids += children(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if name == "probe\n" and call.startswith(("133 ", "259 ")):
            return pid
    return 0


# ---- the process


def test_killed_and_started_again(bed: Bed, agent: Agent, probe: Path) -> None:
    box = supervised(bed, agent.start(), probe)
    assert box.probe("mknod", "/tmp/one", "c", "1", "3") == 0
    agent.kill()
    assert box.probe("mknod", "/tmp/two", "c", "1", "3") == ENOSYS
    agent.start()
    assert box.probe("mknod", "/tmp/three", "c", "1", "3") == 0
    assert box.guest.state() == "RUNNING"


def test_killed_behind_systemds_socket_nothing_is_lost(bed: Bed, agent: Agent, probe: Path) -> None:
    """The service's socket unit keeps listening, and a call waits until the agent is back."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(agent.socket)
        listener.listen()
        _start_activated(agent, listener)
        box = supervised(bed, agent, probe)
        assert box.probe("mknod", "/tmp/one", "c", "1", "3") == 0
        agent.kill()
        answer = box.send("probe mknod /tmp/two c 1 3")
        until(lambda: _waiting(box), what="the notification")
        _start_activated(agent, listener)
        until(answer.exists, what="the answer")
        assert answer.read_text() == "0\nrc=0\n"


def _start_activated(agent: Agent, listener: socket.socket) -> None:
    """As systemd does it: the socket is descriptor 3, and two variables say so."""
    script = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3); "
        "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); os.execv(sys.argv[2], sys.argv[2:])"
    )
    command = ["/usr/bin/python3", "-I", "-c", script, str(listener.fileno()), "/usr/bin/python3", "-I", str(AGENT)]
    command += ["--rules", f"{agent.directory}/rules", "--stage", f"{agent.directory}/stage"]
    with open(agent.directory / "log", "ab") as log:
        agent.processes.append(subprocess.Popen(command, stdout=log, stderr=log, pass_fds=[listener.fileno()]))


def test_ten_thousand_notifications(bed: Bed, agent: Agent, probe: Path) -> None:
    """From four processes at once, each call with an answer of its own: none is lost, none is another's."""
    agent.rules(
        {"syscalls": ["mkdir"], "action": "errno", "errno": "EEXIST"},
        {"syscalls": ["rmdir"], "action": "errno", "errno": "ENOTEMPTY"},
        {"syscalls": ["chmod"], "action": "errno", "errno": "EROFS"},
        {"syscalls": ["symlink"], "action": "allow"},
    )
    box = supervised(bed, agent.start(), probe, calls=("mkdir", "rmdir", "chmod", "symlink"))
    line = "for i in 1 2 3 4; do probe storm 2500 & done; wait"
    assert box.shell(line) == (0, "0\n0\n0\n0\n")


def test_one_container_that_hangs_keeps_no_other_waiting(bed: Bed, agent: Agent, probe: Path) -> None:
    first = supervised(bed, agent.start(), probe)
    assert first.probe("mknod", "/tmp/null", "c", "1", "3") == 0
    (worker,) = children(agent.pid)
    os.kill(worker, signal.SIGSTOP)
    second = supervised(bed, agent, probe)
    assert second.probe("mknod", "/tmp/null", "c", "1", "3") == 0
    os.kill(worker, signal.SIGCONT)


def test_rules_are_read_again_on_sighup_and_bad_ones_are_not(bed: Bed, agent: Agent, probe: Path) -> None:
    box = supervised(bed, agent.start(), probe)
    assert box.probe("mknod", "/tmp/one", "c", "1", "5") == 0
    agent.rules({**MKNOD, "devices": ["c 1:3"]})
    os.kill(agent.pid, signal.SIGHUP)
    until(lambda: box.probe("mknod", "/tmp/two", "c", "1", "5") == EPERM, what="the new rules")
    agent.rules({**MKNOD, "devices": ["c 1:1"]})
    os.kill(agent.pid, signal.SIGHUP)
    until(lambda: "stay as they were" in agent.log, what="the refusal")
    assert box.probe("mknod", "/tmp/mem", "c", "1", "1") == EPERM
    assert box.probe("mknod", "/tmp/null", "c", "1", "3") == 0


def test_rules_may_belong_to_one_cookie(bed: Bed, agent: Agent, probe: Path) -> None:
    agent.rules({**MKNOD, "cookie": "trusted"}, default={"action": "errno", "errno": "EROFS"})
    agent.start()
    trusted = supervised(bed, agent, probe, "lxc.seccomp.notify.cookie = trusted")
    other = supervised(bed, agent, probe, "lxc.seccomp.notify.cookie = trusted2")
    assert trusted.probe("mknod", "/tmp/null", "c", "1", "3") == 0
    assert other.probe("mknod", "/tmp/null", "c", "1", "3") == 30


def test_bad_rules_do_not_start(agent: Agent) -> None:
    agent.rules({**MKNOD, "devices": ["c 1:1"]})
    agent.start(activated=True)
    assert agent.processes[-1].wait(10) == 1
    assert "'c 1:1' is never made" in agent.log


# ---- who speaks to it


def _message(
    *, monitor: int, sizes: tuple[int, int, int] = (80, 24, 64), cookie: bytes = b"", reserved: int = 0
) -> bytes:
    header = struct.pack("=QiiHHH2xQ", reserved, monitor, 1, *sizes, len(cookie))
    notification = struct.pack("=QIIiIQ6Q", 7, os.getpid(), 0, 133, 0xC000003E, 0, *([0] * 6))
    return header + notification + struct.pack("=QqiI", 7, 0, 0, 0) + cookie


MALFORMED: dict[str, tuple[Callable[[int], bytes], int, str]] = {
    "short": (lambda pid: b"x", 0, "no message of LXC's"),
    "one byte short": (lambda pid: _message(monitor=pid)[:-1], 3, "no message of LXC's"),
    "no descriptors": (lambda pid: _message(monitor=pid), 0, "0 descriptors"),
    "one descriptor more": (lambda pid: _message(monitor=pid), 4, "4 descriptors"),
    "another kernel's sizes": (lambda pid: _message(monitor=pid, sizes=(88, 24, 64)), 3, "unknown here"),
    "reserved field": (lambda pid: _message(monitor=pid, reserved=1), 3, "reserved"),
    "cookie": (lambda pid: _message(monitor=pid) + b"more", 3, "a cookie of 0 bytes"),
    "another monitor": (lambda pid: _message(monitor=1), 3, "as the monitor"),
    "descriptors of something else": (lambda pid: _message(monitor=pid), 3, "no process's directory"),
    "long": (lambda pid: b"x" * 70000, 0, "and more"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_messages_are_refused(agent: Agent, case: str) -> None:
    build, descriptors, why = MALFORMED[case]
    agent.start()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client, open(os.devnull) as null:
        client.connect(agent.socket)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        client.settimeout(10)
        socket.send_fds(client, [build(os.getpid())], [null.fileno()] * descriptors)
        assert client.recv(1024) == b""
    until(lambda: why in agent.log, what="a word about it in the log")
    assert agent.listening()


def test_only_root_is_heard(agent: Agent) -> None:
    agent.start()
    assert Path(agent.socket).stat().st_mode & 0o777 == 0o600
    agent.directory.chmod(0o711)
    agent.directory.parent.chmod(0o711)
    Path(agent.socket).chmod(0o666)
    script = (
        "import os, socket, sys; os.setuid(65534); "
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1]); print(s.recv(10))"
    )
    assert tool("/usr/bin/python3", "-I", "-c", script, agent.socket).stdout.strip() == "b''"
    until(lambda: "uid 65534" in agent.log, what="a word about it in the log")


# ---- mount


@pytest.fixture
def disk(lxc_path: Path) -> Iterator[str]:
    """A block device with a file system that holds a device node and a set-user-id program of the host's root."""
    image, tree = lxc_path / "image", lxc_path / "tree"
    tree.mkdir()
    (tree / "file").write_text("on the disk\n")
    os.mknod(tree / "null", 0o20666, os.makedev(1, 3))
    (tree / "suid").write_bytes(b"")
    (tree / "suid").chmod(0o4755)
    tool("mke2fs", "-q", "-t", "ext4", "-d", str(tree), str(image), "4m")
    device = tool("losetup", "--find", "--show", str(image)).stdout.strip()
    try:
        yield device
    finally:
        tool("losetup", "-d", device)


def _mounts(disk: str, **more: object) -> dict[str, object]:
    return {"syscalls": ["mount"], "action": "emulate", "mounts": [{"fstype": "ext4", "source": disk, **more}]}


def test_a_listed_file_system_is_mounted(bed: Bed, agent: Agent, probe: Path, disk: str) -> None:
    agent.rules(_mounts(disk, options=["noload", "errors"]))
    box = supervised(bed, agent.start(), probe)
    assert box.probe("mount", disk, "/mnt", "ext4", "0", "errors=continue") == 0
    assert box.shell("cat /mnt/file") == (0, "on the disk\n")
    # The host's root on the disk is the container's root in it, through an idmapped mount, and can write.
    assert box.shell("stat -c %u /mnt/file") == (0, "0\n")
    assert box.shell("echo new > /mnt/new") == (0, "")
    line = next(x for x in box.shell("cat /proc/self/mountinfo")[1].splitlines() if " /mnt " in x)
    assert {"nosuid", "nodev", "idmapped"} <= set(line.split()[5].split(","))
    # And nothing of it reaches the host.
    assert disk not in Path("/proc/self/mountinfo").read_text()
    assert box.shell("umount /mnt") == (0, "")


def test_the_container_cannot_take_nodev_or_nosuid_away(bed: Bed, agent: Agent, probe: Path, disk: str) -> None:
    agent.rules(_mounts(disk), {"syscalls": ["mount"], "action": "allow"})
    box = supervised(bed, agent.start(), probe)
    assert box.probe("mount", disk, "/mnt", "ext4", "0", "") == 0
    assert box.shell("echo > /mnt/null")[0] != 0
    ms_remount_bind = 32 | 4096
    for flags in (ms_remount_bind, ms_remount_bind | 2, ms_remount_bind | 4):
        assert box.probe("mount", "none", "/mnt", "none", str(flags), "") == EPERM
    assert box.probe("mount", "none", "/mnt", "none", str(ms_remount_bind | 2 | 4), "") == 0
    assert box.shell("echo > /mnt/null")[0] != 0


def test_what_the_rule_does_not_name_is_not_mounted(bed: Bed, agent: Agent, probe: Path, disk: str) -> None:
    agent.rules(_mounts(disk, options=["noload"], target="/mnt"))
    box = supervised(bed, agent.start(), probe)
    for arguments in (
        (disk, "/mnt", "ext4", "0", "errors=panic"),
        (disk, "/mnt", "xfs", "0", ""),
        ("/dev/vda", "/mnt", "ext4", "0", ""),
        (disk, "/tmp", "ext4", "0", ""),
        (disk, "/mnt", "ext4", "4096", ""),
    ):
        assert box.probe("mount", *arguments) == EPERM
    assert box.probe("user", "1000", "mount", disk, "/mnt", "ext4", "0", "") == EPERM
    assert box.probe("user", "1000", "userns", "mount", disk, "/mnt", "ext4", "0", "") == EPERM
    assert " /mnt " not in box.shell("cat /proc/self/mountinfo")[1]


def test_nothing_is_mounted_by_a_process_s_name(bed: Bed, agent: Agent, probe: Path) -> None:
    agent.rules({"syscalls": ["mount"], "action": "emulate", "mounts": [{"fstype": "tmpfs"}]})
    box = supervised(bed, agent.start(), probe)
    mount = ("mount", "none", "/etc", "tmpfs", "0", "")
    assert box.probe("named", "\vCapEff:200000", "user", "1000", *mount) == EPERM
    assert box.shell("cat /etc/passwd")[0] == 0


def test_a_mount_stays_inside(bed: Bed, agent: Agent, probe: Path, disk: str, lxc_path: Path) -> None:
    agent.rules(_mounts(disk, read_only=True))
    box = supervised(bed, agent.start(), probe)
    outside = lxc_path / "outside"
    outside.mkdir()
    (box.guest.rootfs / "tmp/link").symlink_to(f"{'../' * 20}{outside}")
    assert box.probe("mount", disk, "/tmp/link", "ext4", "0", "") == ENOENT
    (box.guest.rootfs / "tmp/inner").symlink_to("/mnt")
    assert box.probe("mount", disk, "/tmp/inner", "ext4", "0", "") == 0
    assert box.shell("echo x > /mnt/x")[0] != 0
    assert not list(outside.iterdir())
    assert disk not in Path("/proc/self/mountinfo").read_text()
