# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_mount: its states, persisted and live, idempotence, check mode and diff, and what is left after a restart."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._bed import Bed, tool
from ansible_collections.community.lxc.tests.live._mounting import busy, entries, lines_at, mount


@pytest.fixture
def source(tmp_path: Path) -> Path:
    directory = tmp_path / "source"
    directory.mkdir()
    (directory / "file").write_text("from the host\n")
    return directory


@pytest.fixture
def other(tmp_path: Path) -> Path:
    directory = tmp_path / "other"
    directory.mkdir()
    (directory / "file").write_text("from elsewhere\n")
    return directory


def test_what_a_tmpfs_does_not_show_is_known_all_the_same(bed: Bed) -> None:
    guest = bed.guest(start=True)
    arguments: dict[str, Any] = {"fstype": "tmpfs", "target": "/mnt/t", "create": "dir"}
    for options, shown in (
        ([], set[str]()),
        (["size=1m"], {"size=1024k"}),
        (["size=1m", "nr_inodes=10"], {"size=1024k", "nr_inodes=10"}),
        (["nr_blocks=2"], {f"size={2 * os.sysconf('SC_PAGE_SIZE') // 1024}k"}),
        ([], set[str]()),
    ):
        assert mount(guest, **arguments, options=options)["changed"]
        (line,) = lines_at(guest, "/mnt/t")
        assert {word for word in line.super_options if word.startswith(("size=", "nr_inodes="))} == shown
        assert not mount(guest, **arguments, options=options)["changed"]
    # As it is: only the entry changes.
    assert len(mount(guest, **arguments, options=["mode=1777"])["actions"]) == 1


def test_mounted_is_persisted_and_live_and_then_nothing_is_left_to_do(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    arguments: dict[str, Any] = {"source": source, "target": "/mnt/data", "create": "dir", "options": ["ro"]}
    foretold = mount(guest, check_mode=True, **arguments)
    assert entries(guest) == []
    assert lines_at(guest, "/mnt/data") == []
    assert not (guest.rootfs / "mnt/data").exists()

    result = mount(guest, **arguments)
    assert result["changed"]
    assert not result["restart_required"]
    assert len(result["actions"]) == 2
    assert entries(guest) == [f"{source} mnt/data none bind,ro,create=dir 0 0"]
    (line,) = lines_at(guest, "/mnt/data")
    assert "ro" in line.options
    assert guest.attach("cat", "/mnt/data/file").stdout == "from the host\n"
    assert guest.attach("touch", "/mnt/data/new", check=False).returncode != 0
    assert result["mount"]["persisted"]["source"] == result["mount"]["live"]["source"] == str(source)

    for name in ("changed", "actions", "diff", "restart_required"):
        assert foretold[name] == result[name]
    before = guest.config.stat()
    again = mount(guest, **arguments)
    assert not again["changed"]
    assert again["actions"] == []
    assert again["diff"]["before"] == again["diff"]["after"]
    assert (guest.config.stat().st_ino, guest.config.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert lines_at(guest, "/mnt/data") == [line]


def test_mounted_on_a_stopped_container_is_persisted_alone_and_there_after_the_start(bed: Bed, source: Path) -> None:
    guest = bed.guest()
    result = mount(guest, source=source, target="/mnt/data", create="dir")
    assert result["changed"]
    assert not result["restart_required"]
    assert result["mount"]["live"] is None
    guest.start()
    assert guest.attach("cat", "/mnt/data/file").stdout == "from the host\n"
    assert not mount(guest, source=source, target="/mnt/data", create="dir")["changed"]


def test_after_a_restart_mounted_is_there_and_ephemeral_is_not(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    mount(guest, source=source, target="/mnt/stays", create="dir", options=["ro"])
    mount(guest, source=source, target="/mnt/goes", create="dir", state="ephemeral")
    assert guest.attach("cat", "/mnt/goes/file").stdout == "from the host\n"
    guest.stop()
    guest.start()
    (line,) = lines_at(guest, "/mnt/stays")
    assert "ro" in line.options
    assert lines_at(guest, "/mnt/goes") == []
    again = mount(guest, source=source, target="/mnt/stays", create="dir", options=["ro"])
    assert not again["changed"]


def test_present_is_persisted_and_leaves_what_is_live(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    result = mount(guest, source=source, target="/mnt/data", create="dir", state="present")
    assert result["changed"]
    assert not result["restart_required"]
    assert result["mount"]["live"] is None
    assert len(entries(guest)) == 1
    assert lines_at(guest, "/mnt/data") == []
    assert not mount(guest, source=source, target="/mnt/data", create="dir", state="present")["changed"]


def test_ephemeral_is_live_and_takes_a_persisted_entry_away(bed: Bed, source: Path) -> None:
    guest = bed.guest(f"lxc.mount.entry = {source} mnt/data none bind,create=dir 0 0", start=True)
    result = mount(guest, source=source, target="/mnt/data", create="dir", state="ephemeral")
    assert result["changed"]
    assert result["mount"]["persisted"] is None
    assert result["mount"]["live"]["source"] == str(source)
    assert entries(guest) == []
    assert len(lines_at(guest, "/mnt/data")) == 1


def test_unmounted_keeps_the_entry_and_mounted_brings_it_back(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    mount(guest, source=source, target="/mnt/data", create="dir")
    result = mount(guest, target="/mnt/data", state="unmounted")
    assert result["changed"]
    assert lines_at(guest, "/mnt/data") == []
    assert len(entries(guest)) == 1
    assert not mount(guest, target="/mnt/data", state="unmounted")["changed"]
    assert mount(guest, source=source, target="/mnt/data", create="dir")["changed"]
    assert len(lines_at(guest, "/mnt/data")) == 1


def test_absent_leaves_neither_and_keeps_the_other_lines(bed: Bed, source: Path) -> None:
    entry = f"lxc.mount.entry = {source} mnt none bind,ro 0 0"
    guest = bed.guest("# a remark", entry, "lxc.start.auto = 0", start=True)
    before = guest.config.read_text()
    mount(guest, source=source, target="/run/data", create="dir")
    result = mount(guest, target="/run/data", state="absent")
    assert result["changed"]
    assert lines_at(guest, "/run/data") == []
    assert guest.config.read_text() == before
    assert len(lines_at(guest, "/mnt")) == 1
    assert not mount(guest, target="/run/data", state="absent")["changed"]


def test_another_source_replaces_the_old_one(bed: Bed, source: Path, other: Path) -> None:
    guest = bed.guest(start=True)
    mount(guest, source=source, target="/mnt/data", create="dir")
    before = guest.config.read_text()
    result = mount(guest, source=other, target="/mnt/data", create="dir")
    assert result["changed"]
    assert len(lines_at(guest, "/mnt/data")) == 1
    assert guest.attach("cat", "/mnt/data/file").stdout == "from elsewhere\n"
    assert entries(guest) == [f"{other} mnt/data none bind,create=dir 0 0"]
    mount(guest, source=source, target="/mnt/data", create="dir")
    assert guest.config.read_text() == before


def test_other_flags_replace_the_old_ones(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    mount(guest, source=source, target="/mnt/data", create="dir")
    assert mount(guest, source=source, target="/mnt/data", create="dir", options=["ro", "noexec"])["changed"]
    (line,) = lines_at(guest, "/mnt/data")
    assert {"ro", "noexec"} <= line.options
    assert mount(guest, source=source, target="/mnt/data", create="dir")["changed"]
    (line,) = lines_at(guest, "/mnt/data")
    assert not {"ro", "noexec"} & line.options


def test_a_source_that_was_removed_and_made_anew_is_another_source(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    mount(guest, source=source, target="/mnt/data", create="dir")
    (source / "file").unlink()
    source.rmdir()
    source.mkdir()
    (source / "file").write_text("new\n")
    assert mount(guest, source=source, target="/mnt/data", create="dir")["changed"]
    assert guest.attach("cat", "/mnt/data/file").stdout == "new\n"


def test_stacked_mounts_are_told_and_taken_down_to_the_wanted_one(bed: Bed, source: Path, other: Path) -> None:
    guest = bed.guest(start=True)
    mount(guest, source=source, target="/mnt/data", create="dir")
    guest.attach("mount", "-t", "tmpfs", "none", "/mnt/data")
    guest.attach("mount", "-t", "tmpfs", "none", "/mnt/data")
    seen = mount(guest, source=source, target="/mnt/data", create="dir", state="present")
    assert [each["fstype"] for each in seen["mount"]["stack"]] == ["bind", "tmpfs", "tmpfs"]
    result = mount(guest, source=source, target="/mnt/data", create="dir")
    assert result["changed"]
    assert len(result["mount"]["stack"]) == 1
    assert guest.attach("cat", "/mnt/data/file").stdout == "from the host\n"

    guest.attach("mount", "-t", "tmpfs", "none", "/mnt/data")
    assert mount(guest, source=other, target="/mnt/data", create="dir")["changed"]
    assert len(lines_at(guest, "/mnt/data")) == 1
    assert guest.attach("cat", "/mnt/data/file").stdout == "from elsewhere\n"
    guest.attach("mount", "-t", "tmpfs", "none", "/mnt/data")
    mount(guest, target="/mnt/data", state="absent")
    assert lines_at(guest, "/mnt/data") == []


def test_a_busy_mount_is_not_unmounted_unless_forced(bed: Bed, source: Path, other: Path) -> None:
    guest = bed.guest(start=True)
    arguments: dict[str, Any] = {"source": source, "target": "/mnt/data", "create": "dir"}
    mount(guest, **arguments)
    config = guest.config.read_text()
    table = lines_at(guest, "/mnt/data")
    with busy(guest, "/mnt/data"):
        wishes: list[dict[str, Any]] = [{"target": "/mnt/data", "state": "absent"}, {**arguments, "source": other}]
        for wish in wishes:
            failed = mount(guest, fails=True, **wish)
            assert "/mnt/data is busy" in failed["msg"]
            assert "force: true" in failed["msg"]
            assert failed["actions"] == []
            assert guest.config.read_text() == config
            assert lines_at(guest, "/mnt/data") == table
        forced = mount(guest, target="/mnt/data", state="absent", force=True)
        assert forced["changed"]
        assert lines_at(guest, "/mnt/data") == []
        assert entries(guest) == []


def test_the_upper_one_of_two_is_kept_when_the_lower_one_is_busy(bed: Bed, source: Path, other: Path) -> None:
    """What was unmounted before the busy one comes back."""
    guest = bed.guest(start=True)
    mount(guest, source=source, target="/mnt/data", create="dir")
    with busy(guest, "/mnt/data"):
        mount(guest, source=other, target="/mnt/top", create="dir", state="ephemeral")
        guest.attach("mount", "-o", "bind", "/mnt/top", "/mnt/data")
        failed = mount(guest, fails=True, target="/mnt/data", state="unmounted")
        assert "busy" in failed["msg"]
        assert len(lines_at(guest, "/mnt/data")) == 2
        assert guest.attach("cat", "/mnt/data/file").stdout == "from elsewhere\n"


def test_a_mount_of_the_containers_own_below_is_not_taken_along(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    (source / "sub").mkdir()
    mount(guest, source=source, target="/mnt/data", create="dir")
    guest.attach("mount", "-t", "tmpfs", "none", "/mnt/data/sub")
    guest.attach("touch", "/mnt/data/sub/precious")
    failed = mount(guest, fails=True, target="/mnt/data", state="unmounted")
    assert "busy" in failed["msg"]
    assert guest.attach("ls", "/mnt/data/sub").stdout == "precious\n"
    mount(guest, target="/mnt/data", state="unmounted", force=True)
    assert lines_at(guest, "/mnt/data") == []


def test_a_frozen_container_gets_its_mount_too(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    tool("lxc-freeze", "-P", guest.lxc_path, "-n", guest.name)
    mount(guest, source=source, target="/mnt/data", create="dir")
    assert len(lines_at(guest, "/mnt/data")) == 1
    tool("lxc-unfreeze", "-P", guest.lxc_path, "-n", guest.name)
    assert guest.attach("cat", "/mnt/data/file").stdout == "from the host\n"


def test_two_containers_of_one_name_are_two(bed: Bed, source: Path, new_lxc_path: Callable[[], Path]) -> None:
    one = bed.guest(start=True)
    two = Bed(str(new_lxc_path())).guest(name=one.name, start=True)
    mount(one, source=source, target="/mnt/data", create="dir")
    assert lines_at(two, "/mnt/data") == []
    assert entries(two) == []
