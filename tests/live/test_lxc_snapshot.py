# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_snapshot on real containers, for each storage that there is here."""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import run_module, spawn_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, make_rootfs
from ansible_collections.community.lxc.tests.live._host import tool, until

Task = Callable[..., dict[str, Any]]
STORAGES = ("dir", "overlay", "btrfs")


@pytest.fixture
def btrfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = Path(f"/var/tmp/b{os.getpid()}-{time.monotonic_ns() % 10**6}")
    directory.mkdir()
    image = tmp_path_factory.mktemp("btrfs") / "image"
    tool("truncate", "-s", "300M", str(image))
    tool("mkfs.btrfs", "-q", str(image))
    tool("mount", "-o", "loop", str(image), str(directory))
    try:
        yield directory
    finally:
        tool("umount", str(directory))
        directory.rmdir()


def make(storage: str, bed: Bed, request: pytest.FixtureRequest) -> Guest:
    """A container with storage of the type."""
    if storage == "dir":
        return bed.guest()
    if storage == "overlay":
        base = bed.guest()
        name = f"{base.name}o"
        tool("lxc-copy", "-P", bed.lxc_path, "-n", base.name, "-N", name, "-B", "overlay", "-s")
        return Guest(name, bed.lxc_path)
    path: Path = request.getfixturevalue("btrfs")
    guest = Guest(f"b{os.getpid()}", str(path))
    guest.config.parent.mkdir()
    tool("btrfs", "subvolume", "create", str(guest.rootfs))
    make_rootfs(guest.rootfs)
    guest.config.write_text(
        f"lxc.rootfs.path = btrfs:{guest.rootfs}\nlxc.uts.name = {guest.name}\nlxc.net.0.type = empty\n"
    )
    return guest


def upper(guest: Guest) -> Path:
    """Where what the container writes lands on the host."""
    delta = guest.config.parent / "overlay/delta"
    return delta if delta.is_dir() else guest.rootfs


def task_for(guest: Guest) -> Task:
    def run(*, check_mode: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
        arguments = {"container": guest.name, "lxc_path": guest.lxc_path, **options}
        return run_module("lxc_snapshot", arguments, check_mode=check_mode, diff=diff)

    return run


def tree(directory: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Everything below: mode, owner and content."""
    found = {}
    for path in sorted(directory.rglob("*")):
        info = path.lstat()
        data = path.read_bytes() if stat.S_ISREG(info.st_mode) else b""
        found[str(path.relative_to(directory))] = (info.st_mode, info.st_uid, info.st_gid, data)
    return found


@pytest.mark.parametrize("storage", STORAGES)
def test_made_restored_and_removed(storage: str, bed: Bed, request: pytest.FixtureRequest) -> None:
    guest = make(storage, bed, request)
    task = task_for(guest)
    data = upper(guest) / "data"
    data.write_text("before\n")
    os.chown(data, 12, 34)
    planned = task(comment="before the upgrade", check_mode=True, diff=True)
    assert not (guest.config.parent / "snaps").exists()
    made = task(comment="before the upgrade", diff=True)
    assert (made["changed"], made["actions"], made["diff"]) == (True, planned["actions"], planned["diff"])
    assert (made["snapshot"]["name"], made["snapshot"]["comment"]) == ("snap0", "before the upgrade")
    assert task(comment="before the upgrade")["changed"] is False

    before, config = tree(upper(guest)), guest.config.read_text()
    data.write_text("after\n")
    (upper(guest) / "new").write_text("new")
    guest.config.write_text(config + "lxc.tty.max = 3\n")
    restored = task(comment="before the upgrade", state="restored")
    assert (restored["changed"], restored["snapshot"]["name"]) == (True, "snap0")
    assert tree(upper(guest)) == before
    assert "lxc.tty.max = 3" not in guest.config.read_text()
    assert f"{guest.lxc_path}/{guest.name}/snaps/" not in guest.config.read_text()
    assert not [name for name in os.listdir(guest.lxc_path) if "restoring" in name]
    guest.start()
    assert guest.attach("cat", "/data").stdout == "before\n"
    guest.stop()

    assert task(name="snap0", state="absent")["changed"] is True
    assert task(name="snap0", state="absent")["changed"] is False
    assert not (guest.config.parent / "snaps/snap0").exists()
    assert tree(upper(guest)) == before


@pytest.mark.parametrize("storage", STORAGES)
def test_restored_to_a_new_name(storage: str, bed: Bed, request: pytest.FixtureRequest) -> None:
    guest = make(storage, bed, request)
    task = task_for(guest)
    (upper(guest) / "data").write_text("before\n")
    task(comment="one")
    (upper(guest) / "data").write_text("after\n")
    new = Guest(f"{guest.name}n", guest.lxc_path)
    planned = task(comment="one", state="restored", new_name=new.name, check_mode=True)
    assert not new.config.exists()
    done = task(comment="one", state="restored", new_name=new.name)
    assert (done["changed"], done["actions"]) == (True, planned["actions"])
    assert (upper(new) / "data").read_text() == "before\n"
    assert (upper(guest) / "data").read_text() == "after\n"
    assert task(comment="one", state="restored", new_name=new.name)["changed"] is False
    tool("lxc-destroy", "-P", new.lxc_path, "-n", new.name)


def test_lxc_info_lists_them(bed: Bed) -> None:
    guest = bed.guest()
    task = task_for(guest)
    task(comment="one")
    task(comment="two\nin two lines")
    info = run_module("lxc_info", {"name": [guest.name], "lxc_path": guest.lxc_path})
    listed = [(s["name"], s["comment"]) for s in info["containers"][0]["snapshots"]]
    assert listed == [("snap0", "one"), ("snap1", "two\nin two lines")]
    assert info["containers"][0]["snapshots"][0]["created"].startswith("20")


def test_a_comment_is_known_by_each_of_its_characters(bed: Bed) -> None:
    task = task_for(bed.guest())
    for number, comment in enumerate(("one\r\ntwo", "one\ntwo", "one\rtwo", "one\r")):
        made = task(comment=comment)
        assert (made.get("changed"), made["snapshot"]["name"]) == (True, f"snap{number}")
        again = task(comment=comment)
        assert (again["changed"], again["snapshot"]["comment"]) == (False, comment)


# ---- failures


@pytest.fixture
def snapped(bed: Bed) -> Guest:
    guest = bed.guest()
    (guest.rootfs / "data").write_text("before\n")
    assert task_for(guest)(comment="one")["changed"] is True
    (guest.rootfs / "data").write_text("after\n")
    return guest


def test_a_failed_restore_loses_nothing(snapped: Guest, lxc_path: Path) -> None:
    """rsync fails half-way; so does the file system for the copy; so does liblxc with the configuration."""
    programs = lxc_path / "programs"
    programs.mkdir()
    (programs / "rsync").write_text(
        '#!/bin/sh\nmkdir -p "$4"; echo half > "$4/half"; echo no space left >&2; exit 11\n'
    )
    (programs / "rsync").chmod(0o755)
    before, config = tree(snapped.config.parent), snapped.config.read_text()
    arguments = {"container": snapped.name, "lxc_path": snapped.lxc_path, "comment": "one", "state": "restored"}
    failed = run_module("lxc_snapshot", arguments, environment=[("PATH", f"{programs}:{os.environ['PATH']}")])
    assert "no space left" in failed["msg"]
    assert tree(snapped.config.parent) == before
    bad = snapped.config.parent / "snaps/snap0/config"
    good = bad.read_text()
    bad.write_text(good + "lxc.nonsense = 1\n")
    failed = run_module("lxc_snapshot", arguments)
    assert "lxc.nonsense" in failed["msg"]
    bad.write_text(good)
    assert tree(snapped.config.parent) == before
    assert snapped.config.read_text() == config
    assert not [name for name in os.listdir(snapped.lxc_path) if "restoring" in name]


@pytest.mark.parametrize("delay", [0.25, 0.35, 0.45, 0.6, 0.8])
def test_a_killed_restore_loses_nothing(snapped: Guest, delay: float) -> None:
    """At whatever instant: the next run puts everything back, and then restores."""
    arguments = {"container": snapped.name, "lxc_path": snapped.lxc_path, "comment": "one", "state": "restored"}
    process = spawn_module("lxc_snapshot", arguments)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert snapped.config.exists()
    assert (snapped.rootfs / "data").read_text() in ("before\n", "after\n")
    again = run_module("lxc_snapshot", arguments)
    assert again["changed"] is True
    assert (snapped.rootfs / "data").read_text() == "before\n"
    assert [s["name"] for s in again["snapshot"]["snapshots"]] == ["snap0"]
    assert not [name for name in os.listdir(snapped.lxc_path) if "restoring" in name]


# First the journal is made to stay; then the directories change places; then come the configuration and its directory.
INSTANTS = {"before the exchange": "renameat2:when=1", "after it": "fsync:when=2", "with its config": "fsync:when=3"}


@pytest.mark.parametrize("instant", INSTANTS)
@pytest.mark.parametrize("storage", STORAGES)
def test_a_restore_killed_between_its_steps_is_put_back(
    storage: str, instant: str, bed: Bed, request: pytest.FixtureRequest
) -> None:
    """Killed by strace at the very call."""
    guest = make(storage, bed, request)
    (upper(guest) / "data").write_text("before\n")
    arguments = {"container": guest.name, "lxc_path": guest.lxc_path, "comment": "one"}
    assert run_module("lxc_snapshot", arguments)["changed"] is True
    (upper(guest) / "data").write_text("after\n")
    injected = f"inject={INSTANTS[instant]}:signal=KILL"
    killer = ("strace", "-qq", "-o", "/dev/null", "-e", "trace=renameat2,fsync", "-e", injected)
    process = spawn_module("lxc_snapshot", {**arguments, "state": "restored"}, prefix=killer)
    process.communicate(timeout=60)
    assert (guest.config.parent.parent / f".{guest.name}.restoring").is_dir()
    exchanged = "before\n" if instant != "before the exchange" else "after\n"
    assert (upper(guest) / "data").read_text() == exchanged
    # Any run of the module looks after it.
    assert run_module("lxc_snapshot", arguments)["changed"] is True
    assert (upper(guest) / "data").read_text() == "after\n"
    assert not [name for name in os.listdir(guest.lxc_path) if "restoring" in name]


def killed(guest: Guest, instant: str = "after it") -> Path:
    """What is left of the restore."""
    arguments = {"container": guest.name, "lxc_path": guest.lxc_path, "comment": "one", "state": "restored"}
    injected = f"inject={INSTANTS[instant]}:signal=KILL"
    killer = ("strace", "-qq", "-o", "/dev/null", "-e", "trace=renameat2,fsync", "-e", injected)
    spawn_module("lxc_snapshot", arguments, prefix=killer).communicate(timeout=60)
    left = guest.config.parent.parent / f".{guest.name}.restoring"
    assert (left / "journal").exists()
    return left


@pytest.mark.parametrize("instant", ["after it", "with its config"])
def test_nothing_is_put_back_under_a_running_container(snapped: Guest, instant: str) -> None:
    """Started by hand; nor is it put back later, when what was written meanwhile would be lost."""
    left, task = killed(snapped, instant), task_for(snapped)
    snapped.start()
    snapped.attach("sh", "-c", "echo mine > /work")
    inode = snapped.rootfs.stat().st_ino
    for words in ("stop it first", f"is in {left}"):
        for check_mode in (True, False):
            for options in ({"name": "snap0", "state": "absent"}, {"comment": "one"}, {"comment": "two"}):
                assert words in task(**options, check_mode=check_mode)["msg"]
            assert words in task(comment="one", state="restored", check_mode=check_mode)["msg"]
        assert snapped.rootfs.stat().st_ino == inode
        assert (snapped.rootfs / "work").read_text() == "mine\n"
        assert (left / "rootfs/data").read_text() == "after\n"
        if words == "stop it first":
            again = {"name": snapped.name, "lxc_path": snapped.lxc_path, "state": "restarted"}
            assert "was killed half-way" in run_module("lxc_container", again)["msg"]
            assert snapped.attach("cat", "/work").stdout == "mine\n"
            snapped.stop()
    tool("rm", "-r", str(left))
    assert task(name="snap0", state="absent")["changed"] is True
    assert (snapped.rootfs / "work").read_text() == "mine\n"


@pytest.mark.parametrize("instant", INSTANTS)
def test_a_container_whose_restore_was_killed_is_not_started(snapped: Guest, instant: str) -> None:
    left = killed(snapped, instant)
    before = tree(snapped.config.parent)
    arguments = {"name": snapped.name, "lxc_path": snapped.lxc_path}
    for state in ("started", "restarted", "frozen"):
        for check_mode in (True, False):
            refused = run_module("lxc_container", {**arguments, "state": state}, check_mode=check_mode)
            assert "was killed half-way" in refused["msg"]
            assert (refused["actions"], snapped.state()) == ([], "STOPPED")
    assert run_module("lxc_container", {**arguments, "state": "stopped"})["changed"] is False
    assert tree(snapped.config.parent) == before
    assert task_for(snapped)(comment="one")["changed"] is True
    assert not left.exists()
    assert (snapped.rootfs / "data").read_text() == "after\n"
    assert run_module("lxc_container", arguments)["container"]["state"] == "RUNNING"
    assert snapped.attach("cat", "/data").stdout == "after\n"


def test_a_configuration_that_was_changed_since_is_not_put_back(snapped: Guest) -> None:
    left = killed(snapped, "with its config")
    arguments = {"name": snapped.name, "lxc_path": snapped.lxc_path, "state": "present"}
    assert run_module("lxc_container", {**arguments, "config": {"lxc.tty.max": 3}})["changed"] is True
    assert f"is in {left}" in task_for(snapped)(comment="one")["msg"]
    assert "lxc.tty.max = 3" in snapped.config.read_text()


def test_a_restore_that_was_killed_while_it_copied_keeps_others_out(snapped: Guest, lxc_path: Path) -> None:
    """What it had begun goes on: the next run waits for its end."""
    programs, begun, ended = (lxc_path / name for name in (".programs", ".begun", ".ended"))
    programs.mkdir()
    (programs / "rsync").write_text(
        f'#!/bin/sh\ntouch {begun}\nsleep 5\nmkdir -p "$4"\necho stray > "$4/stray"\ntouch {ended}\n'
    )
    (programs / "rsync").chmod(0o755)
    arguments = {"container": snapped.name, "lxc_path": snapped.lxc_path, "comment": "one", "state": "restored"}
    process = spawn_module("lxc_snapshot", arguments, environment=[("PATH", f"{programs}:{os.environ['PATH']}")])
    until(begun.exists, what="the copying")
    process.kill()
    again = run_module("lxc_snapshot", arguments)
    process.communicate()
    until(ended.exists, what="the end of the copying")
    assert again.get("changed") is True
    assert (snapped.rootfs / "data").read_text() == "before\n"
    assert not (snapped.rootfs / "stray").exists()
    assert not [name for name in os.listdir(snapped.lxc_path) if "restoring" in name]


def test_what_a_killed_restore_left_never_gets_into_another_container_of_that_name(snapped: Guest, bed: Bed) -> None:
    left = killed(snapped)
    tool("lxc-destroy", "-P", snapped.lxc_path, "-n", snapped.name, "-s")
    other = bed.guest(name=snapped.name)
    before = tree(other.config.parent)
    assert str(left) in task_for(other)(comment="mine")["msg"]
    assert tree(other.config.parent) == before
    assert (left / "rootfs/data").read_text() == "after\n"


def test_what_a_killed_restore_left_goes_with_its_container(snapped: Guest) -> None:
    left = killed(snapped)
    arguments = {"name": snapped.name, "lxc_path": snapped.lxc_path, "state": "absent", "force_destroy": True}
    assert run_module("lxc_container", arguments)["changed"] is True
    assert not left.exists()


def test_what_is_mounted_in_there_is_not_removed(snapped: Guest, lxc_path: Path) -> None:
    task = task_for(snapped)
    precious = lxc_path / ".precious"
    precious.mkdir()
    (precious / "file").write_text("data")
    tool("mount", "--bind", str(precious), str(snapped.rootfs / "mnt"))
    try:
        for check_mode in (True, False):
            refused = task(comment="one", state="restored", check_mode=check_mode)
            assert f"{snapped.rootfs}/mnt is mounted" in refused["msg"]
        assert (snapped.rootfs / "data").read_text() == "after\n"
    finally:
        tool("umount", str(snapped.rootfs / "mnt"))
    assert (precious / "file").read_text() == "data"
    assert task(comment="one", state="restored")["changed"] is True


def test_a_directory_of_somebody_else_is_no_place_for_a_new_container(snapped: Guest, lxc_path: Path) -> None:
    theirs = lxc_path / f"{snapped.name}n"
    theirs.mkdir()
    (theirs / "file").write_text("theirs")
    for check_mode in (True, False):
        refused = task_for(snapped)(comment="one", state="restored", new_name=theirs.name, check_mode=check_mode)
        assert "does not touch it" in refused["msg"]
    assert os.listdir(theirs) == ["file"]


def test_a_restore_to_a_new_name_that_was_killed_is_done_anew(snapped: Guest) -> None:
    """Killed before its last step, when liblxc has made all or a part of it."""
    new = Guest(f"{snapped.name}n", snapped.lxc_path)
    arguments = {"container": snapped.name, "lxc_path": snapped.lxc_path, "comment": "one", "state": "restored"}
    arguments["new_name"] = new.name
    marker = f"{new.config.parent}/.community.lxc.creating"
    killer = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", marker, "-e", "trace=unlink"]
    killer += ["-e", "inject=unlink:signal=KILL"]
    spawn_module("lxc_snapshot", arguments, prefix=killer).communicate(timeout=60)
    assert new.config.exists()
    (new.rootfs / "data").unlink()
    again = run_module("lxc_snapshot", arguments)
    assert (again["changed"], (new.rootfs / "data").read_text()) == (True, "before\n")
    assert not (new.config.parent / ".community.lxc.creating").exists()
    assert run_module("lxc_snapshot", arguments)["changed"] is False


def test_a_snapshot_that_was_killed_is_removed_and_made_anew(bed: Bed, lxc_path: Path) -> None:
    guest = bed.guest()
    (guest.rootfs / "data").write_text("whole\n")
    programs, begun = lxc_path / ".programs", lxc_path / ".begun"
    programs.mkdir()
    (programs / "rsync").write_text(f"#!/bin/sh\necho $$ > {begun}.new; mv {begun}.new {begun}; exec sleep 600\n")
    (programs / "rsync").chmod(0o755)
    arguments = {"container": guest.name, "lxc_path": guest.lxc_path, "comment": "one"}
    path = [("PATH", f"{programs}:{os.environ['PATH']}")]
    process = spawn_module("lxc_snapshot", arguments, environment=path)
    until(begun.exists, what="the copying")
    process.kill()
    # What the killed run had begun goes on, and keeps others out until it ends.
    os.kill(int(begun.read_text()), signal.SIGKILL)
    process.communicate()
    again = run_module("lxc_snapshot", arguments)
    assert again["changed"] is True
    assert os.listdir(guest.config.parent / "snaps") == ["snap0"]
    assert (guest.config.parent / "snaps/snap0/rootfs/data").read_text() == "whole\n"
    assert not (guest.config.parent / ".community.lxc.snapshot").exists()
    assert run_module("lxc_snapshot", arguments)["changed"] is False


def test_a_snapshot_that_is_not_finished_is_not_restored(snapped: Guest) -> None:
    """Somebody else's: it is just being made, or was killed. liblxc writes the time last."""
    (snapped.config.parent / "snaps/snap0/ts").unlink()
    for new in ({}, {"new_name": f"{snapped.name}n"}):
        assert "is not finished" in task_for(snapped)(name="snap0", state="restored", **new)["msg"]
    assert (snapped.rootfs / "data").read_text() == "after\n"
    assert task_for(snapped)(comment="two")["snapshot"]["name"] == "snap1"
    assert task_for(snapped)(name="snap0", state="absent")["changed"] is True


def test_without_rsync_it_is_said_beforehand(snapped: Guest, lxc_path: Path) -> None:
    programs = lxc_path / "none"
    programs.mkdir()
    for comment, state in (("two", "present"), ("one", "restored")):
        arguments = {"container": snapped.name, "lxc_path": snapped.lxc_path, "comment": comment, "state": state}
        for check_mode in (True, False):
            failed = run_module("lxc_snapshot", arguments, check_mode=check_mode, environment=[("PATH", str(programs))])
            assert "rsync is not installed" in failed["msg"]
    assert os.listdir(snapped.config.parent / "snaps") == ["snap0"]


def test_a_running_container_is_refused(snapped: Guest) -> None:
    task = task_for(snapped)
    snapped.start()
    assert "stop it first" in task(comment="two")["msg"]
    assert "stop it first" in task(comment="one", state="restored")["msg"]
    assert (snapped.rootfs / "data").read_text() == "after\n"
    # Beside it is fine, and so is one that is there.
    assert task(comment="one")["changed"] is False
    assert task(comment="one", state="restored", new_name=f"{snapped.name}n")["changed"] is True


def test_clones_that_stand_on_the_container_are_not_pulled_away(snapped: Guest) -> None:
    tool("lxc-copy", "-P", snapped.lxc_path, "-n", snapped.name, "-N", f"{snapped.name}c", "-B", "overlay", "-s")
    failed = task_for(snapped)(comment="one", state="restored")
    assert f"{snapped.name}c" in failed["msg"]
    tool("lxc-destroy", "-P", snapped.lxc_path, "-n", f"{snapped.name}c")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "snap0"}, "liblxc names snapshots itself"),
        ({"comment": ""}, "cannot be empty"),
        ({"name": "../x", "state": "absent"}, "is not the name of a snapshot"),
        ({"name": "snap7", "state": "restored"}, "it has snap0"),
        ({"comment": "one", "new_name": "x"}, "only for state: restored"),
        ({"comment": "one", "state": "restored", "new_name": "../x"}, "is not a container name"),
        ({"comment": "one", "container": "absent-one"}, "There is no container"),
    ],
)
def test_refused(snapped: Guest, options: dict[str, Any], words: str) -> None:
    before = tree(snapped.config.parent)
    assert words in task_for(snapped)(**options)["msg"]
    assert tree(snapped.config.parent) == before


def test_two_with_one_comment_have_to_be_told_apart(snapped: Guest, lxc_path: Path) -> None:
    comment = lxc_path / "comment"
    comment.write_text("one\n")
    tool("lxc-snapshot", "-P", snapped.lxc_path, "-n", snapped.name, "-c", str(comment))
    assert "snap0, snap1" in task_for(snapped)(comment="one", state="absent")["msg"]
    assert task_for(snapped)(name="snap1", state="absent")["changed"] is True
