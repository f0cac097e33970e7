# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_mount: entries as people write them, from includes and tables; what lxc_info and lxc_container make of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, run_module
from ansible_collections.community.lxc.tests.live._mounting import entries, injectable, lines_at, mount


@pytest.fixture
def source(tmp_path: Path) -> Path:
    directory = tmp_path / "source"
    directory.mkdir()
    (directory / "file").write_text("from the host\n")
    return directory


# ---- spellings


def spellings(source: Path, guest: Guest) -> list[str]:
    """The same mount, as people write it."""
    return [
        f"{source} mnt/data none bind,create=dir,ro 0 0",
        f"{source} mnt/data none ro,create=dir,bind",
        f"{source}/ /mnt/../mnt//data bind bind,rw,defaults,ro,create=dir 0 0".replace(" /mnt/../", " mnt/../"),
        f"{source}\t{guest.rootfs}/mnt/data   auto    bind,create=dir,ro   1 2",
        f"{source} mnt/data none  suid,exec,bind,create=dir,ro,async 0",
    ]


@pytest.mark.parametrize("number", range(5))
def test_an_entry_in_another_spelling_is_the_same_mount(bed: Bed, source: Path, number: int) -> None:
    guest = bed.guest()
    line = spellings(source, guest)[number]
    with guest.config.open("a") as config:
        config.write(f"lxc.mount.entry={line}\n")
    text = guest.config.read_text()
    guest.start()
    assert len(lines_at(guest, "/mnt/data")) == 1
    arguments = {"source": source, "target": "/mnt/data", "create": "dir", "options": ["ro"]}
    result = mount(guest, arguments=arguments)
    assert not result["changed"]
    assert guest.config.read_text() == text
    assert mount(guest, target="/mnt/data", state="absent")["changed"]
    assert entries(guest) == []


def test_of_several_entries_for_one_target_one_is_left_where_it_stood(bed: Bed, source: Path) -> None:
    one, two = f"{source} mnt/data none bind,create=dir 0 0", f"{source} mnt/data none bind,create=dir,ro 0 0"
    lines = ["# first", f"lxc.mount.entry = {one}", "# between", f"lxc.mount.entry = {two}", "lxc.start.auto = 0"]
    guest = bed.guest(*lines)
    assert mount(guest, source=source, target="/mnt/data", create="dir", options=["ro"])["changed"]
    left = [line for line in guest.config.read_text().splitlines() if line in lines]
    assert left == ["# first", "# between", f"lxc.mount.entry = {two}", "lxc.start.auto = 0"]


def test_names_with_blanks_tabs_and_backslashes(bed: Bed, tmp_path: Path) -> None:
    source = tmp_path / "a b\tc\\d"
    source.mkdir()
    (source / "file").write_text("from the host\n")
    guest = bed.guest(start=True)
    arguments = {"source": str(source), "target": "/mnt/x y\tz\\w", "create": "dir"}
    assert mount(guest, arguments=arguments)["changed"]
    assert len(lines_at(guest, "/mnt/x y\tz\\w")) == 1
    (entry,) = entries(guest)
    assert entry.endswith("/a\\040b\\011c\\134d mnt/x\\040y\\011z\\134w none bind,create=dir 0 0")
    assert not mount(guest, arguments=arguments)["changed"]
    guest.stop()
    guest.start()
    assert guest.attach("cat", "/mnt/x y\tz\\w/file").stdout == "from the host\n"
    again = mount(guest, arguments=arguments)
    assert not again["changed"]


def test_optional_is_persisted_and_a_missing_source_is_no_error(bed: Bed, tmp_path: Path) -> None:
    guest = bed.guest(start=True)
    arguments = {"source": tmp_path / "none", "target": "/mnt/data", "create": "dir", "optional": True}
    result = mount(guest, arguments=arguments)
    assert result["changed"]
    assert not result["restart_required"]
    assert entries(guest) == [f"{tmp_path}/none mnt/data none bind,create=dir,optional 0 0"]
    assert not mount(guest, arguments=arguments)["changed"]
    guest.stop()
    guest.start()
    (tmp_path / "none").mkdir()
    assert mount(guest, arguments=arguments)["changed"]
    assert len(lines_at(guest, "/mnt/data")) == 1


# ---- entries from elsewhere


def test_an_entry_from_an_include_is_told_and_left_alone(bed: Bed, source: Path, tmp_path: Path) -> None:
    include = tmp_path / "common.conf"
    include.write_text(f"lxc.mount.entry = {source} mnt/data none bind,create=dir 0 0\n")
    guest = bed.guest(f"lxc.include = {include}", start=True)
    text = guest.config.read_text()
    arguments = {"source": source, "target": "/mnt/data", "create": "dir"}
    result = mount(guest, arguments=arguments)
    assert not result["changed"]
    assert result["mount"]["persisted"] is None
    (other,) = result["mount"]["inherited"]
    assert (other["origin"], other["source"], other["target"]) == ("include", str(source), "/mnt/data")
    result = mount(guest, target="/mnt/data", state="absent")
    assert result["changed"]
    assert lines_at(guest, "/mnt/data") == []
    assert result["mount"]["inherited"]
    assert guest.config.read_text() == text
    assert include.read_text().count("lxc.mount.entry") == 1
    # Another mount at that target becomes the container's own.
    assert mount(guest, arguments={**arguments, "options": ["ro"]})["changed"]
    assert len(entries(guest)) == 1
    guest.stop()
    guest.start()
    assert "ro" in lines_at(guest, "/mnt/data")[-1].options
    assert not mount(guest, arguments={**arguments, "options": ["ro"]})["changed"]


def test_an_entry_from_a_table_is_seen(bed: Bed, source: Path, tmp_path: Path) -> None:
    fstab = tmp_path / "fstab"
    fstab.write_text(f"# a remark\n\n{source} mnt/data none bind,create=dir 0 0\n")
    guest = bed.guest(f"lxc.mount.fstab = {fstab}", start=True)
    result = mount(guest, source=source, target="/mnt/data", create="dir")
    assert not result["changed"]
    (other,) = result["mount"]["inherited"]
    assert other["origin"] == str(fstab)
    assert "\n".join(entries(guest)) == ""


# ---- what other modules say


def info(guest: Guest) -> dict[str, Any]:
    result = run_module("lxc_info", {"lxc_path": guest.lxc_path, "name": [guest.name]})
    (container,) = result["containers"]
    found: dict[str, Any] = container
    return found


def info_mounts(guest: Guest) -> Mapping[str, Mapping[str, Any]]:
    return {each["target"]: each for each in info(guest)["mounts"]}


def test_lxc_info_shows_persisted_and_live_mounts_and_their_drift(bed: Bed, source: Path, tmp_path: Path) -> None:
    include = tmp_path / "common.conf"
    include.write_text(f"lxc.mount.entry = {source} mnt/included none bind,create=dir 0 0\n")
    guest = bed.guest(f"lxc.include = {include}")
    mount(guest, source=source, target="/mnt/stays", create="dir")
    stopped = info_mounts(guest)
    assert stopped["/mnt/stays"]["persisted"]["source"] == str(source)
    assert stopped["/mnt/stays"]["live"] is None
    assert stopped["/mnt/stays"]["drift"] is None
    assert stopped["/mnt/included"]["origin"] == "include"
    guest.start()
    mount(guest, source=source, target="/mnt/ephemeral", create="dir", state="ephemeral")
    mount(guest, source=source, target="/mnt/present", create="dir", state="present")
    mount(guest, source=source, target="/mnt/other", create="dir", state="ephemeral")
    mount(guest, source=source, target="/mnt/other", create="dir", options=["ro"], state="present")
    guest.attach("/bin/sh", "-c", "mkdir /mnt/own && mount -t tmpfs none /mnt/own")
    shown = info_mounts(guest)
    assert "/" not in shown
    assert shown["/mnt/stays"]["live"]["source"] == str(source)
    assert shown["/mnt/stays"]["drift"] is None
    assert shown["/mnt/included"]["drift"] is None
    assert shown["/mnt/ephemeral"]["persisted"] is None
    assert shown["/mnt/ephemeral"]["drift"] == "live, and not persisted"
    assert shown["/mnt/present"]["live"] is None
    assert shown["/mnt/present"]["drift"] == "persisted, and not mounted in the running container"
    assert shown["/mnt/other"]["drift"] == "the live mount differs in options"
    assert shown["/mnt/own"]["live"]["fstype"] == "tmpfs"
    drifting = [target for target, each in shown.items() if each["drift"]]
    assert sorted(drifting) == ["/mnt/ephemeral", "/mnt/other", "/mnt/present"]


def test_what_is_mounted_live_waits_for_no_restart(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    wish = {"name": guest.name, "lxc_path": guest.lxc_path, "restart": "if_required"}
    before = guest.init_pid()
    mount(guest, source=source, target="/mnt/data", create="dir")
    result = run_module("lxc_container", wish)
    assert not result["changed"]
    assert not result["restart_required"]
    assert info(guest)["pending"] == []
    mount(guest, target="/mnt/data", state="unmounted")
    assert info(guest)["pending"] == ["lxc.mount.entry"]
    mount(guest, target="/mnt/data", state="absent")
    assert info(guest)["pending"] == []
    assert guest.init_pid() == before


def test_an_entry_of_the_start_that_was_taken_away_live_waits_for_no_restart(bed: Bed, source: Path) -> None:
    guest = bed.guest(f"lxc.mount.entry = {source} mnt none bind 0 0", start=True)
    text = guest.config.read_text()
    guest.config.write_text("".join(line for line in text.splitlines(True) if "mount.entry" not in line))
    assert info(guest)["pending"] == ["lxc.mount.entry"]
    mount(guest, target="/mnt", state="absent")
    assert info(guest)["pending"] == []


def test_shmounts_waits_for_no_restart(bed: Bed, tmp_path: Path) -> None:
    with injectable(bed, tmp_path / "shared") as guest:
        assert info(guest)["pending"] == []
        assert [each for each in info(guest)["mounts"] if each["drift"]] == []
