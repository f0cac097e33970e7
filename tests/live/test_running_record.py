# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a monitor was started with is asked for once: when that is believed, and when it is asked for again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.module_utils._host import _lock, _running_record
from ansible_collections.community.lxc.plugins.module_utils._host._running_record import Record
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.tests.live._ansible import library
from ansible_collections.community.lxc.tests.live._bed import PYTHON, Bed, Guest, run_module, tool, until


def container(guest: Guest, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    result = run_module(
        "lxc_container",
        {"name": guest.name, "lxc_path": guest.lxc_path, "state": "started", **options},
        check_mode=check_mode,
    )
    assert result["rc"] == 0, result
    return result


def ref_of(guest: Guest) -> ContainerRef:
    return ContainerRef(guest.name, guest.lxc_path)


def remembered(guest: Guest) -> Record:
    record = _running_record.read(ref_of(guest))
    if record is None:
        raise AssertionError("nothing was written down")
    return record


def add(guest: Guest, line: str) -> None:
    guest.config.write_text(f"{guest.config.read_text()}{line}\n")


def test_a_start_writes_down_what_it_was(bed: Bed) -> None:
    guest = bed.guest()
    add(guest, "lxc.tty.max = 2")
    container(guest)
    record = remembered(guest)
    assert record.init_pid == guest.init_pid()
    assert record.running["lxc.tty.max"] == record.configured["lxc.tty.max"] == ("2",)


def test_the_next_task_believes_it(bed: Bed) -> None:
    guest = bed.guest()
    add(guest, "lxc.tty.max = 2")
    container(guest)
    record = remembered(guest)
    with _lock.exclusive(ref_of(guest)):
        _running_record.write(ref_of(guest), replace(record, running={**record.running, "lxc.tty.max": ("7",)}))
    assert container(guest)["container"]["pending"] == ["lxc.tty.max"]


def test_an_edit_by_hand_is_seen_and_so_is_its_end(bed: Bed) -> None:
    guest = bed.guest()
    container(guest)
    before = guest.config.read_text()
    add(guest, "lxc.tty.max = 3")
    assert container(guest)["container"]["pending"] == ["lxc.tty.max"]
    guest.config.write_text(before)
    assert not container(guest)["restart_required"]


def test_an_edit_of_what_is_included_is_seen(bed: Bed, tmp_path: Path) -> None:
    guest = bed.guest()
    included = tmp_path / "more.conf"
    included.write_text("lxc.tty.max = 2\n")
    add(guest, f"lxc.include = {included}")
    container(guest)
    included.write_text("lxc.tty.max = 3\n")
    assert container(guest)["container"]["pending"] == ["lxc.tty.max"]


def test_what_is_edited_while_liblxc_reads_is_asked_for_again(bed: Bed, tmp_path: Path) -> None:
    guest = bed.guest()
    included = tmp_path / "more.conf"
    included.write_text("lxc.tty.max = 2\n")
    add(guest, f"lxc.include = {included}")
    # Liblxc has read the included file when this hook runs, and the start is not yet proved.
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\necho 'lxc.tty.max = 3' >{included}\n")
    hook.chmod(0o755)
    add(guest, f"lxc.hook.pre-start = {hook}")
    container(guest)
    assert container(guest)["container"]["pending"] == ["lxc.tty.max"]


@pytest.mark.parametrize("way", ["stop and start", "reboot"])
def test_another_init_is_asked(bed: Bed, way: str) -> None:
    guest = bed.guest()
    container(guest)
    before = remembered(guest)
    if way == "reboot":
        tool("lxc-stop", "-P", guest.lxc_path, "-n", guest.name, "-r")
        until(lambda: guest.init_pid() not in (-1, before.init_pid), what="the new init")
    else:
        guest.stop()
        add(guest, "lxc.tty.max = 3")
        guest.start()
    assert _running_record.read(ref_of(guest)) is None
    assert not container(guest)["restart_required"]


def test_nothing_is_written_where_nothing_is_changed(bed: Bed) -> None:
    guest = bed.guest(start=True)
    container(guest)
    container(guest, check_mode=True, config={"lxc.tty.max": "3"})
    assert _running_record.read(ref_of(guest)) is None
    container(guest, config={"lxc.tty.max": "3"})
    assert remembered(guest).configured["lxc.tty.max"] == ("3",)


def test_what_the_hosts_interfaces_decide_is_asked_each_time(bed: Bed) -> None:
    guest = bed.guest(start=True)
    record = Record(guest.init_pid(), {}, "", {"lxc.net.0.link": ("eth+",)})
    with _lock.exclusive(ref_of(guest)):
        _running_record.write(ref_of(guest), record)
        assert _running_record.read(ref_of(guest)) is None
        _running_record.write(ref_of(guest), replace(record, configured={"lxc.net.0.link": ("eth0",)}))
    assert remembered(guest).configured == {"lxc.net.0.link": ("eth0",)}


ASK = """
import os
import sys
import time
sys.path.insert(0, sys.argv[1])
from ansible_collections.community.lxc.plugins.module_utils._host import _asker, _config_file
from ansible_collections.community.lxc.plugins.module_utils._host._running import look
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
ref = ContainerRef(sys.argv[3], sys.argv[2])
for _ in range(20):
    print(look(ref, _config_file.read(ref)).state)
[asker] = _asker._askers
for _ in range(1000):
    files = os.listdir(f"/proc/{asker.pid}/fd")
    if len(files) == 4:
        break
    time.sleep(0.01)
print(len(files))
"""


def test_questions_leave_no_log_file_open(bed: Bed, tmp_path: Path) -> None:
    guest = bed.guest()
    add(guest, f"lxc.log.file = {tmp_path}/log")
    guest.start()
    said = tool(PYTHON, "-c", ASK, library(), guest.lxc_path, guest.name).stdout.split()
    # Standard input, output and errors, and the channel on which it is asked.
    assert said == ["RUNNING"] * 20 + ["4"]
