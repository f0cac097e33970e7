# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_mount killed, or failing, at the very call that attaches a mount: what there was is there, and nothing else."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import run_module, spawn_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, until
from ansible_collections.community.lxc.tests.live._mounting import entries, injectable, lines_at, mount, table

STAGE = "/dev/.community.lxc-"


def at_attach(what: str) -> list[str]:
    """A command's prefix under which that happens to whoever attaches a mount."""
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=move_mount", "-e", f"inject=move_mount:{what}"]


def failing(guest: Guest, what: str, **more: Any) -> str:
    arguments = {"container": guest.name, "lxc_path": guest.lxc_path, **more}
    result = run_module("lxc_mount", arguments, prefix=at_attach(what))
    assert result.get("failed") is True, result
    return str(result["msg"])


def stages(guest: Guest) -> list[str]:
    return [line.target for line in table(guest.init_pid()) if line.target.startswith(STAGE)]


@pytest.fixture
def source(bed: Bed) -> Path:
    directory = Path(bed.lxc_path) / "source"
    directory.mkdir(mode=0o755)
    (directory / "file").write_text("from the host\n")
    return directory


@pytest.mark.parametrize("create", ["dir", "file"])
def test_killed_it_leaves_no_mount_point(bed: Bed, source: Path, create: str) -> None:
    guest = bed.guest(start=True)
    wish = {"source": source if create == "dir" else source / "file", "target": "/mnt/d/e", "create": create}
    assert "its process was killed by signal 9" in failing(guest, "signal=KILL", **wish)
    assert not (guest.rootfs / "mnt/d").exists()
    assert entries(guest) == []
    assert mount(guest, arguments=wish)["changed"]


def test_killed_between_liblxcs_half_and_the_kernels_it_leaves_nothing(bed: Bed, source: Path) -> None:
    with injectable(bed, Path(bed.lxc_path) / "shared") as guest:
        wish = {"source": source, "target": "/mnt/d", "create": "dir"}
        assert "its process was killed by signal 9" in failing(guest, "signal=KILL", **wish)
        assert stages(guest) == []
        assert "community" not in guest.attach("ls", "-A", "/dev", "/mnt").stdout
        assert mount(guest, arguments=wish)["mount"]["via"] == "liblxc"


def test_what_a_killed_run_has_left_goes_with_the_next(bed: Bed, source: Path) -> None:
    with injectable(bed, Path(bed.lxc_path) / "shared") as guest:
        wish = {"source": source, "target": "/mnt/d", "create": "dir"}
        arguments = {"container": guest.name, "lxc_path": guest.lxc_path, **wish}
        with spawn_module("lxc_mount", arguments, prefix=at_attach("signal=STOP")) as process:
            try:
                until(lambda: stages(guest), seconds=60, what="liblxc's half")
                until(lambda: _stopped(process.pid), seconds=60, what="the other half")
            finally:
                for pid in (*_below(process.pid), process.pid):
                    os.kill(pid, signal.SIGKILL)
        (stage,) = stages(guest)

        assert mount(guest, arguments={**wish, "state": "present"}, check_mode=True)["actions"] == []
        told = mount(guest, arguments=wish, check_mode=True)
        assert stages(guest) == [stage]
        done = mount(guest, arguments=wish)
        assert any(f"has left at {stage}" in action for action in done["actions"])
        assert told["actions"] == done["actions"]
        assert told["diff"] == done["diff"]
        assert stages(guest) == []
        assert "community" not in guest.attach("ls", "-A", "/dev").stdout
        assert not mount(guest, arguments=wish)["changed"]


def _below(pid: int) -> list[int]:
    found = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [deeper for child in found for deeper in _below(child)]


def _stopped(pid: int) -> bool:
    return any(Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[0] in "Tt" for each in _below(pid))


@pytest.mark.parametrize("propagation", ["unbindable", "private", "slave", "shared"])
def test_what_was_to_be_replaced_is_put_back(bed: Bed, source: Path, propagation: str) -> None:
    guest = bed.guest(start=True)
    old = Path(bed.lxc_path) / "old"
    old.mkdir()
    (old / "mark").write_text("old\n")
    where: dict[str, Any] = {"target": "/mnt", "options": [propagation]}
    mount(guest, source=old, **where)
    before = lines_at(guest, "/mnt")[0].tags
    # The first call of each process: putting it back is the second.
    assert "refuses it there" in failing(guest, "error=EINVAL:when=1", source=source, **where)
    (line,) = lines_at(guest, "/mnt")
    assert line.tags == before
    assert guest.attach("cat", "/mnt/mark").stdout == "old\n"
    assert not mount(guest, source=old, **where)["changed"]
    assert mount(guest, source=source, **where)["changed"]
    assert guest.attach("cat", "/mnt/file").stdout == "from the host\n"
