# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_console_log on real containers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._host import until

Task = Callable[..., dict[str, Any]]


@pytest.fixture
def log(lxc_path: Path) -> Path:
    return lxc_path / "console.log"


@pytest.fixture
def guest(bed: Bed, log: Path) -> Guest:
    guest = bed.guest("lxc.console.buffer.size = 64KB", f"lxc.console.logfile = {log}")
    (guest.rootfs / "etc/inittab").write_text("::sysinit:/bin/sh -c 'echo first; echo second' > /dev/console\n")
    return guest


@pytest.fixture
def task(guest: Guest) -> Task:
    def run(*, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        arguments = {"container": guest.name, "lxc_path": guest.lxc_path, **options}
        return run_module("lxc_console_log", arguments, check_mode=check_mode)

    return run


@pytest.fixture
def booted(guest: Guest, log: Path) -> Guest:
    guest.start()
    until(lambda: b"second" in log.read_bytes(), what="the console's output")
    return guest


def test_reading_the_ring_buffer_consumes_it(booted: Guest, task: Task) -> None:
    planned = task(check_mode=True)
    assert (planned["changed"], planned["console_log"]) == (True, None)
    first = task()
    assert (first["changed"], first["actions"]) == (True, planned["actions"])
    assert first["console_log"]["content"] == "first\nsecond\n"
    second = task()
    assert (second["changed"], second["console_log"]["content"]) == (False, "")


def test_the_log_file_consumes_nothing(booted: Guest, task: Task, log: Path) -> None:
    for _turn in range(2):
        whole = task(source="logfile")
        assert (whole["changed"], whole["console_log"]["content"]) == (False, "first\nsecond\n")
        assert (whole["console_log"]["logfile"], whole["console_log"]["truncated"]) == (str(log), False)
    end = task(source="logfile", max_bytes=3, check_mode=True)["console_log"]
    assert (end["size"], end["truncated"]) == (3, True)
    assert task()["console_log"]["content"] == "first\nsecond\n"


def test_a_part_of_the_ring_buffer(booted: Guest, task: Task) -> None:
    assert task(max_bytes=5)["console_log"]["content"] == "first"
    assert task()["console_log"]["content"].split() == ["second"]


def test_open_terminals_are_seen_through_devpts(booted: Guest, task: Task) -> None:
    """Not by the container's path: that is mounted over here."""
    booted.attach("mount", "-t", "tmpfs", "none", "/dev/pts")
    pts = f"/proc/{booted.init_pid()}/root/dev/pts"
    assert not list(Path(pts).iterdir())
    assert task()["console_log"]["terminals"] == [0, 1]


def test_clearing(booted: Guest, task: Task) -> None:
    assert task(max_bytes=5, clear=True)["console_log"]["content"] == "first"
    assert task()["console_log"]["content"] == ""
    booted.attach("sh", "-c", "echo third > /dev/console")
    cleared = task(read=False, clear=True)
    assert (cleared["changed"], cleared["console_log"]["content"]) == (True, "")
    assert task()["console_log"]["content"] == ""


def test_stopped_in_words(guest: Guest, task: Task) -> None:
    assert "does not run" in task()["msg"]
    assert "(-111)" in task()["msg"]
    assert "does not run" in task(check_mode=True)["msg"]


def test_without_a_buffer_in_words(bed: Bed) -> None:
    guest = bed.guest(start=True)
    result = run_module("lxc_console_log", {"container": guest.name, "lxc_path": guest.lxc_path})
    assert "set lxc.console.buffer.size" in result["msg"]
    assert "(-14)" in result["msg"]
    result = run_module("lxc_console_log", {"container": guest.name, "lxc_path": guest.lxc_path, "source": "logfile"})
    assert "set lxc.console.logfile" in result["msg"]


@pytest.mark.parametrize("options", [{}, {"read": False, "clear": True}])
@pytest.mark.parametrize("runs", [True, False])
def test_check_mode_fails_as_the_reading_would(bed: Bed, runs: bool, options: dict[str, Any]) -> None:
    """Without a buffer, and stopped."""
    guest = bed.guest(start=runs)
    arguments = {"container": guest.name, "lxc_path": guest.lxc_path, **options}
    told = run_module("lxc_console_log", arguments, check_mode=True)
    done = run_module("lxc_console_log", arguments)
    assert (told["failed"], told["msg"]) == (True, done["msg"])


def test_nothing_is_lost_in_a_container_without_terminals(bed: Bed) -> None:
    guest = bed.guest("lxc.console.buffer.size = 64KB", "lxc.pty.max = 0", start=True)
    guest.attach("sh", "-c", "echo precious > /dev/console")
    arguments = {"container": guest.name, "lxc_path": guest.lxc_path}
    assert run_module("lxc_console_log", arguments, check_mode=True).get("changed") is True
    result = run_module("lxc_console_log", arguments)
    assert (result.get("msg"), result["changed"]) == (None, True)
    assert (result["console_log"]["content"], result["console_log"]["terminals"]) == ("precious\n", [])


def test_a_log_file_that_is_not_there_yet(guest: Guest, task: Task) -> None:
    assert "is not there" in task(source="logfile")["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_bytes": -1}, "0 (all) to"),
        ({"max_bytes": 2**30}, "0 (all) to"),
        ({"read": False}, "nothing to do"),
        ({"source": "logfile", "clear": True}, "only read here"),
        ({"container": "absent-one"}, "There is no container"),
    ],
)
def test_refused(task: Task, options: dict[str, Any], words: str) -> None:
    assert words in task(**options)["msg"]


@pytest.mark.parametrize("size", ["lots", "-1", "64XB"])
def test_sizes_are_checked(bed: Bed, size: str) -> None:
    """By liblxc itself, before the configuration is written."""
    guest = bed.guest()
    before = guest.config.read_text()
    for key in ("lxc.console.buffer.size", "lxc.console.size"):
        arguments = {"name": guest.name, "lxc_path": guest.lxc_path, "state": "present", "config": {key: size}}
        assert key in run_module("lxc_container", arguments)["msg"]
    assert guest.config.read_text() == before
