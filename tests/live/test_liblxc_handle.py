# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every method of a container's handle, on real containers. What can block, or start one, runs in a child."""

from __future__ import annotations

import errno
import os
import select
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc, _liblxc_handle
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_handle import Handle
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_stored import CLONE_SNAPSHOT, BdevSpecs
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, cgroups, in_child, tool, until

T = TypeVar("T")


def on(guest: Guest, work: Callable[[Handle], T]) -> T:
    """Call ``work`` with a handle of the container, in a child."""

    def child() -> T:
        with _liblxc.load().container(guest.name, guest.lxc_path) as handle:
            return work(handle)

    return in_child(child)


def test_a_container_that_is_not_there(bed: Bed) -> None:
    def work(handle: Handle) -> Any:
        return (
            handle.is_defined(),
            handle.is_running(),
            handle.state(),
            handle.init_pid(),
            handle.init_pidfd(),
            handle.devpts_fd(),
            handle.console_log(),
            handle.get_running_config_item("lxc.uts.name"),
            handle.get_cgroup_item("memory.limit_in_bytes"),
        )

    refused = -errno.ECONNREFUSED if _liblxc.load().version_info >= (5, 0, 0) else -1
    expected = (False, False, "STOPPED", -1, refused, refused, (refused, b""), None, None)
    assert on(Guest("nobody", bed.lxc_path), work) == expected
    assert on(Guest("nobody", bed.lxc_path), lambda handle: handle.config_path()) == bed.lxc_path
    with pytest.raises(HostError, match="cannot list the snapshots of container 'nobody'"):
        on(Guest("nobody", bed.lxc_path), lambda handle: handle.snapshot_list())


def test_a_handle_that_was_given_back_is_not_used_again(bed: Bed) -> None:
    handle = _liblxc.load().container("nobody", bed.lxc_path)
    with handle:
        assert handle.is_defined() is False
    handle.put()
    with pytest.raises(HostError, match="already given back"):
        handle.is_defined()


def test_a_method_that_this_version_lacks_is_named(bed: Bed) -> None:
    library = _liblxc.load()
    with library.container("nobody", bed.lxc_path) as handle:
        if library.version_info >= (6, 0, 0):
            assert handle.set_timeout(5)
        else:
            with pytest.raises(HostError) as error:
                handle.set_timeout(5)
            assert error.value.msg == f"liblxc {library.version} has no set_timeout(): it came with 6.0.0"
        if library.version_info < (7, 0, 0):
            with pytest.raises(HostError, match="knows no rbduser"):
                handle.create(bdevtype="rbd", specs=BdevSpecs(rbduser="admin"))


def test_the_configuration_in_memory(bed: Bed) -> None:
    guest = bed.guest("lxc.environment = A=1", "lxc.net.0.type = veth")
    copy = Path(bed.lxc_path, "copy")
    with _liblxc.load().container(guest.name, bed.lxc_path) as handle:
        assert handle.is_defined()
        assert handle.config_file_name() == str(guest.config)
        assert handle.get_config_item("lxc.uts.name") == guest.name
        assert handle.get_config_item("lxc.nonsense") is None
        assert handle.get_config_item("lxc.mount.entry") == ""
        assert handle.get_config_item("lxc.net.0.type") == "veth"

        assert handle.set_config_item("lxc.environment", "B=2")
        assert (handle.get_config_item("lxc.environment") or "").split() == ["A=1", "B=2"]
        assert handle.clear_config_item("lxc.environment")
        assert handle.get_config_item("lxc.environment") == ""
        assert not handle.set_config_item("lxc.tty.max", "many")
        with pytest.raises(InvalidInput, match="NUL"):
            handle.set_config_item("lxc.uts.name", "a\0b")

        assert "lxc.uts.name" in handle.get_keys()
        assert {"type", "link", "mtu"} <= set(handle.get_keys("lxc.net.0"))
        assert handle.get_keys("lxc.nonsense") == []

        assert handle.set_config_item("lxc.tty.max", "3")
        assert handle.save_config(str(copy))
        assert "lxc.tty.max = 3" in copy.read_text()
        handle.clear_config()
        assert handle.get_config_item("lxc.uts.name") != guest.name
        assert handle.load_config(str(copy))
        assert handle.get_config_item("lxc.tty.max") == "3"
        assert not handle.load_config(f"{bed.lxc_path}/nothing-there")


def test_save_config_writes_the_own_file(bed: Bed) -> None:
    guest = bed.guest()

    def work(handle: Handle) -> bool:
        return handle.set_config_item("lxc.environment", "C=3") and handle.save_config()

    assert on(guest, work)
    assert "lxc.environment = C=3" in guest.config.read_text()


def test_start_moves_the_child_and_not_the_caller(bed: Bed) -> None:
    guest = bed.guest()
    before = Path("/proc/self/cgroup").read_text()

    def work(handle: Handle) -> tuple[bool, str, bool, bool, str]:
        started = handle.start()
        after = Path("/proc/self/cgroup").read_text()
        return started, handle.state(), handle.is_running(), handle.may_control(), after

    started, state, running, may_control, child_after = on(guest, work)
    assert (started, state, running, may_control) == (True, "RUNNING", True, True)
    assert f"lxc.monitor.{guest.name}" in child_after, "the reason for starting in a child is gone"
    assert Path("/proc/self/cgroup").read_text() == before
    assert guest.state() == "RUNNING"


def test_start_with_a_command_of_its_own(bed: Bed) -> None:
    guest = bed.guest()
    assert on(guest, lambda handle: handle.start(argv=["/bin/sleep", "1000"], close_fds=True))
    until(lambda: Path(f"/proc/{guest.init_pid()}/cmdline").read_bytes() == b"/bin/sleep\x001000\0")


def test_pid_and_pidfd_of_init(bed: Bed) -> None:
    guest = bed.guest(start=True)

    def work(handle: Handle) -> tuple[int, str]:
        fd = handle.init_pidfd()
        text = Path(f"/proc/self/fdinfo/{fd}").read_text()
        signal.pidfd_send_signal(fd, signal.SIGKILL)
        poller = select.poll()
        poller.register(fd, select.POLLIN)
        if not poller.poll(10_000):
            raise AssertionError("init did not die")
        return handle.init_pid(), text

    init = guest.init_pid()
    _pid, text = on(guest, work)
    assert f"Pid:\t{init}\n" in text
    until(lambda: guest.state() == "STOPPED")


def test_init_pid_is_the_hosts(bed: Bed) -> None:
    guest = bed.guest(start=True)
    assert on(guest, lambda handle: handle.init_pid()) == guest.init_pid() > 1


def test_stop_and_shutdown(bed: Bed) -> None:
    guest = bed.guest(start=True)
    assert on(guest, lambda handle: handle.shutdown(10))
    assert guest.state() == "STOPPED"
    guest.start()
    assert on(guest, lambda handle: handle.stop())
    assert guest.state() == "STOPPED"
    assert on(guest, lambda handle: handle.stop())
    assert cgroups(guest.name) == []


def test_shutdown_gives_up_after_its_time(bed: Bed) -> None:
    guest = bed.guest("lxc.init.cmd = /bin/sleep 1000")
    assert on(guest, lambda handle: handle.start())
    assert on(guest, lambda handle: handle.shutdown(1)) is False
    assert guest.state() == "RUNNING"
    assert on(guest, lambda handle: handle.wait("STOPPED", 1)) is False
    assert on(guest, lambda handle: handle.wait("RUNNING", 5)) is True


def test_reboot2_makes_another_init(bed: Bed) -> None:
    guest = bed.guest(start=True)
    before = guest.init_pid()
    assert on(guest, lambda handle: handle.reboot2(20))
    assert guest.init_pid() not in (before, -1)


def test_reboot2_of_an_init_that_does_not_listen(bed: Bed) -> None:
    guest = bed.guest("lxc.init.cmd = /bin/sleep 1000")
    assert on(guest, lambda handle: handle.start())
    before = guest.init_pid()
    assert on(guest, lambda handle: handle.reboot2(1)) is False
    assert guest.init_pid() == before


def test_freeze_and_unfreeze(bed: Bed) -> None:
    guest = bed.guest(start=True)
    assert on(guest, lambda handle: handle.freeze())
    assert guest.state() == "FROZEN"
    assert on(guest, lambda handle: handle.unfreeze())
    assert guest.state() == "RUNNING"


def test_running_values_are_those_of_the_start(bed: Bed) -> None:
    guest = bed.guest("lxc.environment = A=1", start=True)
    guest.config.write_text(guest.config.read_text() + "lxc.environment = B=2\n")

    def work(handle: Handle) -> tuple[str | None, str | None, str | None]:
        return (
            handle.get_config_item("lxc.environment"),
            handle.get_running_config_item("lxc.environment"),
            handle.get_running_config_item("lxc.nonsense"),
        )

    persisted, running, nonsense = on(guest, work)
    assert (persisted or "").split() == ["A=1", "B=2"]
    assert (running or "").split() == ["A=1"]
    assert nonsense is None


def test_the_console_ring_buffer(bed: Bed) -> None:
    guest = bed.guest("lxc.console.buffer.size = auto", start=True)
    guest.attach("sh", "-c", "echo one-two-three > /dev/console")

    def work(handle: Handle) -> list[tuple[int, bytes]]:
        until(lambda: (guest.attach("true"), True)[1])
        return [handle.console_log(read_max=4), handle.console_log(), handle.console_log()]

    first, rest, empty = on(guest, work)
    assert first[0] == rest[0] == 0
    assert len(first[1]) == 4
    assert b"one-two-three\r\n" in first[1] + rest[1]
    assert empty == (-errno.ENODATA, b"")
    guest.attach("sh", "-c", "echo four > /dev/console")
    assert on(guest, lambda handle: handle.console_log(read=False, clear=True)) == (0, b"")
    assert on(guest, lambda handle: handle.console_log()) == (-errno.ENODATA, b"")


def test_a_console_without_a_buffer(bed: Bed) -> None:
    assert on(bed.guest(start=True), lambda handle: handle.console_log()) == (-errno.EFAULT, b"")


def test_mount_and_umount(bed: Bed) -> None:
    shared = Path(bed.lxc_path, "shared")
    source = Path(bed.lxc_path, "source")
    shared.mkdir()
    source.mkdir()
    (source / "proof").write_text("here\n")
    tool("mount", "-t", "tmpfs", "lxc-test", str(shared))
    tool("mount", "--make-rshared", str(shared))
    guest = bed.guest(f"lxc.mount.auto = shmounts:{shared}", start=True)

    assert on(guest, lambda handle: handle.mount(source=str(source), target="/mnt/a", flags=4096)) == 0
    assert guest.attach("cat", "/mnt/a/proof").stdout == "here\n"
    assert on(guest, lambda handle: handle.umount(target="/mnt/a")) == 0
    assert guest.attach("ls", "/mnt/a").stdout == ""
    assert on(guest, lambda handle: handle.umount(target="/mnt/a")) != 0

    assert on(guest, lambda handle: handle.mount(source=None, target="/mnt/t", fstype="tmpfs", data="size=1m")) == 0
    assert "tmpfs /mnt/t tmpfs" in guest.attach("cat", "/proc/mounts").stdout.replace("none /mnt", "tmpfs /mnt")
    assert on(guest, lambda handle: handle.umount(target="/mnt/t", flags=_liblxc_handle.MNT_DETACH)) == 0
    assert on(guest, lambda handle: handle.mount(source=f"{source}/nothing", target="/mnt/b", flags=4096)) < 0


def test_mount_into_a_container_that_is_not_prepared(bed: Bed) -> None:
    guest = bed.guest(start=True)
    assert on(guest, lambda handle: handle.mount(source="/etc", target="/mnt/a", flags=4096)) == -errno.EINVAL


def test_the_devpts_descriptor(bed: Bed) -> None:
    guest = bed.guest(start=True)

    def work(handle: Handle) -> list[str]:
        fd = handle.devpts_fd()
        os.close(os.open("ptmx", os.O_RDWR | os.O_NOCTTY, dir_fd=fd))
        directory = os.open(".", os.O_RDONLY, dir_fd=fd)
        return os.listdir(directory)

    assert "ptmx" in on(guest, work)


def test_seccomp_notify_descriptors(bed: Bed) -> None:
    profile = Path(bed.lxc_path, "profile")
    profile.write_text("2\ndenylist\n[all]\nmkdirat notify\n")
    guest = bed.guest(f"lxc.seccomp.profile = {profile}", start=True)

    def work(handle: Handle) -> tuple[str, int]:
        return os.readlink(f"/proc/self/fd/{handle.seccomp_notify_fd_active()}"), handle.seccomp_notify_fd()

    link, own = on(guest, work)
    assert "seccomp notify" in link
    assert own == -errno.EBADF
    plain = bed.guest(start=True)
    assert on(plain, lambda handle: handle.seccomp_notify_fd_active()) == -errno.EBADF


def test_cgroup_items(bed: Bed) -> None:
    guest = bed.guest(start=True)
    name, value = "pids.max", "55"

    def work(handle: Handle) -> tuple[bool, str | None, str | None]:
        return handle.set_cgroup_item(name, value), handle.get_cgroup_item(name), handle.get_cgroup_item("no.such")

    assert on(guest, work) == (True, f"{value}\n", None)
    [path] = [p for p in cgroups(guest.name) if p.name == f"lxc.payload.{guest.name}" and (p / name).exists()]
    assert (path / name).read_text() == f"{value}\n"


def test_device_nodes(bed: Bed) -> None:
    guest = bed.guest(start=True)
    assert on(guest, lambda handle: handle.add_device_node("/dev/kmsg"))
    assert guest.attach("stat", "-c", "%t:%T", "/dev/kmsg").stdout == "1:b\n"
    assert on(guest, lambda handle: handle.remove_device_node("/dev/kmsg"))
    assert guest.attach("stat", "/dev/kmsg", check=False).returncode != 0
    assert on(guest, lambda handle: handle.add_device_node("/dev/kmsg", "/dev/another-name")) is False


def test_interfaces_move_in_and_out(bed: Bed) -> None:
    guest = bed.guest(start=True)
    one, two = (f"x{os.getpid()}{letter}" for letter in "ab")
    tool("ip", "link", "add", one, "type", "veth", "peer", "name", two)
    try:
        assert on(guest, lambda handle: handle.attach_interface(one, "moved0"))
        assert not Path(f"/sys/class/net/{one}").exists()
        assert "moved0" in guest.attach("ip", "link").stdout
        assert on(guest, lambda handle: handle.detach_interface("moved0", one))
        assert Path(f"/sys/class/net/{one}").exists()
    finally:
        tool("ip", "link", "del", two)


def test_create_by_a_template_and_destroy(bed: Bed) -> None:
    guest = Guest("made", bed.lxc_path)
    template = Path(bed.lxc_path, "template")
    template.write_text('#!/bin/sh\nfor a; do echo "$a"; done > "$(dirname "$0")/arguments"\n')
    template.chmod(0o755)

    def create(handle: Handle) -> bool:
        specs = BdevSpecs(dir=f"{bed.lxc_path}/elsewhere")
        return handle.create(template=str(template), bdevtype="dir", specs=specs, flags=1, argv=["--one", "two words"])

    assert on(guest, create)
    arguments = Path(bed.lxc_path, "arguments").read_text().splitlines()
    assert arguments[-2:] == ["--one", "two words"]
    assert f"--rootfs={bed.lxc_path}/elsewhere" in arguments
    assert guest.config.exists()
    assert on(guest, lambda handle: handle.destroy())
    assert not guest.config.parent.exists()
    assert on(guest, lambda handle: handle.create(template="/no/such/template")) is False


def test_clone_copy_and_snapshot(bed: Bed) -> None:
    guest = bed.guest()
    (guest.rootfs / "proof").write_text("of the original\n")
    snapshot = CLONE_SNAPSHOT
    other = f"{bed.lxc_path}/other"
    os.mkdir(other)
    assert on(guest, lambda handle: handle.clone(newname="copy", lxcpath=other))
    assert Path(other, "copy", "rootfs", "proof").read_text() == "of the original\n"
    assert on(guest, lambda handle: handle.clone(newname="thin", flags=snapshot, bdevtype="overlay"))
    assert "overlay" in Path(bed.lxc_path, "thin", "config").read_text()
    assert on(guest, lambda handle: handle.clone(newname="copy", lxcpath=other)) is False


def test_rename(bed: Bed) -> None:
    guest = bed.guest()
    assert on(guest, lambda handle: handle.rename("renamed"))
    assert not guest.config.exists()
    assert Path(bed.lxc_path, "renamed", "config").exists()


def test_snapshots(bed: Bed) -> None:
    guest = bed.guest()
    comment = Path(bed.lxc_path, "comment")
    comment.write_text("before the upgrade\n")
    (guest.rootfs / "version").write_text("1\n")
    assert on(guest, lambda handle: handle.snapshot_list()) == []
    assert on(guest, lambda handle: handle.snapshot(str(comment))) == 0
    assert on(guest, lambda handle: handle.snapshot()) == 1

    snapshots = {found.name: found for found in on(guest, lambda handle: handle.snapshot_list())}
    assert set(snapshots) == {"snap0", "snap1"}
    first = snapshots["snap0"]
    assert first.lxcpath == f"{guest.config.parent}/snaps"
    assert first.comment_pathname is not None
    assert Path(first.comment_pathname).read_text() == "before the upgrade\n"
    assert first.timestamp is not None
    assert len(first.timestamp.split(":")) == 5

    (guest.rootfs / "version").write_text("2\n")
    assert on(guest, lambda handle: handle.snapshot_restore("snap0", "old"))
    assert Path(bed.lxc_path, "old", "rootfs", "version").read_text() == "1\n"
    assert on(guest, lambda handle: handle.snapshot_restore("snap0"))
    assert (guest.rootfs / "version").read_text() == "1\n"

    assert on(guest, lambda handle: handle.snapshot_destroy("snap0"))
    assert on(guest, lambda handle: handle.snapshot_destroy("snap0")) is False
    assert on(guest, lambda handle: handle.destroy()) is False, "a container with snapshots must not be destroyed so"
    assert on(guest, lambda handle: handle.snapshot_destroy_all())
    assert on(guest, lambda handle: handle.snapshot_list()) == []
    assert on(guest, lambda handle: handle.snapshot()) >= 0
    assert on(guest, lambda handle: handle.destroy_with_snapshots())
    assert not guest.config.parent.exists()
