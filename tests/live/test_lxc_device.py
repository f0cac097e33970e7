# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_device on real containers."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._host import tool
from ansible_collections.community.lxc.tests.live._idmap import give, idmap_lines, subordinate

Task = Callable[..., dict[str, Any]]
DENIED = (
    "lxc.cgroup.devices.deny = a",
    "lxc.cgroup.devices.allow = c 1:3 rwm",
    "lxc.cgroup.devices.allow = c 136:* rw",
    "lxc.cgroup.devices.allow = c 5:* rw",
)


def task_for(guest: Guest) -> Task:
    def run(*, check_mode: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
        arguments = {"container": guest.name, "lxc_path": guest.lxc_path, **options}
        return run_module("lxc_device", arguments, check_mode=check_mode, diff=diff)

    return run


@pytest.fixture
def guest(bed: Bed) -> Guest:
    """Privileged, with a device cgroup that denies nearly all."""
    return bed.guest(*DENIED)


@pytest.fixture
def disk(lxc_path: Path) -> Iterator[str]:
    image = lxc_path / "image"
    image.write_bytes(b"on the disk\n" + bytes(4096 - 12))
    device = tool("losetup", "--find", "--show", str(image)).stdout.strip()
    try:
        yield device
    finally:
        tool("losetup", "-d", device)


def seen(guest: Guest, path: str) -> list[str]:
    """Type, numbers, owner, group and mode inside."""
    return guest.attach("stat", "-c", "%F %t:%T %u %g %a", path).stdout.rsplit(maxsplit=4)


def test_hot_added_persisted_and_removed(guest: Guest) -> None:
    task = task_for(guest)
    guest.start()
    before = guest.config.read_text()
    options = {"path": "/dev/full", "target": "/dev/filled", "group": 6, "mode": "0660"}
    assert "Operation not permitted" in guest.attach("sh", "-c", "mknod /tmp/x c 1 7", check=False).stderr
    planned = task(**options, check_mode=True, diff=True)
    assert guest.config.read_text() == before
    assert not (guest.config.parent / "devices").exists()
    done = task(**options, diff=True)
    assert (done["changed"], done["actions"], done["diff"]) == (True, planned["actions"], planned["diff"])
    assert (done["restart_required"], done["device"]["live"]) == (False, True)
    assert seen(guest, "/dev/filled") == ["character special file", "1:7", "0", "6", "660"]
    # Mount and permission both: it can be used.
    assert "No space left" in guest.attach("sh", "-c", "echo x > /dev/filled", check=False).stderr
    again = task(**options)
    assert (again["changed"], again["device"]["live"]) == (False, True)
    text = guest.config.read_text()
    assert f"{guest.config.parent}/devices/%2Fdev%2Ffilled dev/filled" in text
    assert "lxc.cgroup.devices.allow = c 1:7 rwm" in text

    guest.stop()
    guest.start()
    assert seen(guest, "/dev/filled") == ["character special file", "1:7", "0", "6", "660"]
    assert "No space left" in guest.attach("sh", "-c", "echo x > /dev/filled", check=False).stderr

    gone = task(target="/dev/filled", state="absent")
    assert (gone["changed"], gone["restart_required"]) == (True, False)
    assert guest.attach("sh", "-c", "test -c /dev/filled", check=False).returncode != 0
    assert "Operation not permitted" in guest.attach("sh", "-c", "mknod /tmp/x c 1 7", check=False).stderr
    assert "%2Fdev%2Ffilled" not in guest.config.read_text()
    assert "c 1:7" not in guest.config.read_text()
    assert not (guest.config.parent / "devices").exists()
    assert task(target="/dev/filled", state="absent")["changed"] is False


def usable(guest: Guest, device: str) -> bool:
    """By the device cgroup: a node can be made of it."""
    made = guest.attach("sh", "-c", f"rm -f /tmp/x; mknod /tmp/x {device}", check=False)
    return made.returncode == 0


def test_a_permission_that_was_there_before_stays(guest: Guest) -> None:
    task = task_for(guest)
    guest.start()
    before = guest.config.read_text()
    for target in ("/dev/c", "/dev/d"):
        assert task(path="/dev/null", target=target)["changed"] is True
    for target in ("/dev/c", "/dev/d"):
        gone = task(target=target, state="absent")
        assert (gone["changed"], gone["restart_required"]) == (True, False)
        assert usable(guest, "c 1 3")
        assert task(target=target, state="absent")["changed"] is False
    assert guest.config.read_text() == before
    assert not (guest.config.parent / "devices").exists()


def test_what_was_added_to_a_permission_is_taken_away_again(bed: Bed) -> None:
    guest = bed.guest(*DENIED, "lxc.cgroup.devices.allow = c 1:7 r", "lxc.cgroup.devices.allow = b 7:* r", start=True)
    task = task_for(guest)
    assert task(path="/dev/full", target="/dev/filled")["changed"] is True
    assert usable(guest, "c 1 7")
    planned = task(target="/dev/filled", state="absent", check_mode=True)
    gone = task(target="/dev/filled", state="absent")
    assert (gone["changed"], gone["actions"]) == (True, planned["actions"])
    assert not usable(guest, "c 1 7")
    assert guest.attach("sh", "-c", "test -c /dev/full && head -c 1 /dev/full").returncode == 0
    assert "lxc.cgroup.devices.allow = c 1:7 r\n" in guest.config.read_text()
    assert not (guest.config.parent / "devices").exists()


def test_a_permission_stays_as_long_as_another_target_needs_it(guest: Guest) -> None:
    task = task_for(guest)
    guest.start()
    for target in ("/dev/a", "/dev/b"):
        assert task(path="/dev/full", target=target)["changed"] is True
    assert task(target="/dev/b", state="absent")["changed"] is True
    assert "No space left" in guest.attach("sh", "-c", "echo x > /dev/a", check=False).stderr
    assert task(path="/dev/full", target="/dev/a")["changed"] is False
    assert task(target="/dev/a", state="absent")["changed"] is True
    assert not usable(guest, "c 1 7")
    assert "c 1:7" not in guest.config.read_text()


def test_a_wider_permission_of_somebody_else_is_no_obstacle(guest: Guest) -> None:
    task = task_for(guest)
    assert task(path="/dev/full")["changed"] is True
    guest.config.write_text(guest.config.read_text() + "lxc.cgroup.devices.allow = c 1:* rwm\n")
    guest.start()
    assert task(target="/dev/full", state="absent")["changed"] is True
    assert usable(guest, "c 1 7")
    assert "c 1:* rwm" in guest.config.read_text()
    assert not (guest.config.parent / "devices").exists()


def test_block_devices(guest: Guest, disk: str) -> None:
    task = task_for(guest)
    guest.start()
    assert task(path=disk, target="/dev/data", access="r")["changed"] is True
    assert guest.attach("head", "-n", "1", "/dev/data").stdout == "on the disk\n"
    assert seen(guest, "/dev/data")[0] == "block special file"
    # Only reading is allowed.
    assert guest.attach("sh", "-c", "echo x > /dev/data", check=False).returncode != 0
    assert task(target="/dev/data", state="absent")["changed"] is True


def test_owner_and_mode_in_an_unprivileged_container(bed: Bed) -> None:
    guest = bed.guest(*idmap_lines())
    give(guest.rootfs)
    task = task_for(guest)
    guest.start()
    options = {"path": "/dev/full", "target": "/dev/filled", "owner": 3, "group": 4, "mode": "0640"}
    done = task(**options)
    assert (done["changed"], done["device"]["live"]) == (True, True)
    assert done["device"]["node"]["owner"] == subordinate() + 3
    assert seen(guest, "/dev/filled") == ["character special file", "1:7", "3", "4", "640"]
    assert "No space left" in guest.attach("sh", "-c", "echo x > /dev/filled", check=False).stderr
    # The host's own node is as it was.
    assert stat.S_IMODE(os.stat("/dev/full").st_mode) == 0o666
    assert os.stat("/dev/full").st_uid == 0
    changed = task(**{**options, "mode": "0600"})
    assert (changed["changed"], changed["restart_required"]) == (True, False)
    assert seen(guest, "/dev/filled")[-1] == "600"
    guest.stop()
    guest.start()
    assert seen(guest, "/dev/filled") == ["character special file", "1:7", "3", "4", "600"]
    assert "not an id of the container" in task(**{**options, "owner": 70000})["msg"]


def test_another_device_at_the_same_target(guest: Guest) -> None:
    task = task_for(guest)
    guest.start()
    task(path="/dev/full", target="/dev/thing")
    assert task(path="/dev/zero", target="/dev/thing")["changed"] is True
    assert seen(guest, "/dev/thing")[1] == "1:5"
    assert task(path="/dev/zero", target="/dev/thing")["changed"] is False
    # What the first one needed has gone with it.
    assert (usable(guest, "c 1 7"), usable(guest, "c 1 5")) == (False, True)


def test_stopped_and_not_live(guest: Guest) -> None:
    task = task_for(guest)
    done = task(path="/dev/full", target="/dev/filled")
    assert (done["changed"], done["device"]["live"], done["restart_required"]) == (True, None, False)
    guest.start()
    assert seen(guest, "/dev/filled")[1] == "1:7"
    later = task(path="/dev/zero", target="/dev/later", live=False)
    assert (later["changed"], later["device"]["live"]) == (True, False)
    assert guest.attach("sh", "-c", "test -c /dev/later", check=False).returncode != 0
    guest.stop()
    guest.start()
    assert seen(guest, "/dev/later")[1] == "1:5"


def test_links_of_the_container_are_never_followed(guest: Guest, lxc_path: Path) -> None:
    task = task_for(guest)
    guest.start()
    victim = lxc_path / "victim"
    victim.write_text("the host's\n")
    outside = lxc_path / "outside"
    outside.mkdir()
    way = f"{'../' * 20}{lxc_path}"
    (guest.rootfs / "mnt/file").symlink_to(f"{way}/victim")
    (guest.rootfs / "mnt/directory").symlink_to(f"{way}/outside")
    (guest.rootfs / "mnt/root").symlink_to("/proc/1/root")
    before = Path("/proc/self/mountinfo").read_text()
    config = guest.config.read_text()
    for target in ("/mnt/file", "/mnt/directory/node", "/mnt/root/tmp/node"):
        failed = task(path="/dev/full", target=target)
        assert failed["failed"] is True, target
        assert guest.config.read_text() == config
        assert not (guest.config.parent / "devices").exists()
    assert victim.read_text() == "the host's\n"
    assert not list(outside.iterdir())
    assert Path("/proc/self/mountinfo").read_text() == before


def test_what_is_not_ours_stays(guest: Guest) -> None:
    """Another module's mount at the target is none of this one's affair."""
    guest.config.write_text(
        guest.config.read_text() + "lxc.mount.entry = /dev/zero dev/zero none bind,create=file 0 0\n"
    )
    before = guest.config.read_text()
    assert task_for(guest)(target="/dev/zero", state="absent")["changed"] is False
    assert guest.config.read_text() == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"path": "/dev/nowhere"}, "is not there"),
        ({"path": "/etc/passwd"}, "is not a device node"),
        ({"path": "dev/full"}, "not an absolute path"),
        ({"path": "/dev/full", "target": "relative"}, "target"),
        ({"path": "/dev/full", "target": "/dev/../etc/x"}, "target"),
        ({"path": "/dev/full", "mode": "999"}, "three octal digits"),
        ({"path": "/dev/full", "mode": "4755"}, "three octal digits"),
        ({"path": "/dev/full", "access": "x"}, "some of r, w and m"),
        ({"path": "/dev/full", "owner": -1}, "is not a numeric id"),
        ({"target": "/dev/full"}, "needed for state: present"),
        ({"path": "/dev/full", "container": "absent-one"}, "There is no container"),
    ],
)
def test_refused(guest: Guest, options: dict[str, Any], words: str) -> None:
    before = guest.config.read_text()
    assert words in task_for(guest)(**options)["msg"]
    assert guest.config.read_text() == before
    assert not (guest.config.parent / "devices").exists()
