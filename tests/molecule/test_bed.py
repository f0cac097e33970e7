# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the bed itself promises."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from ansible_collections.community.lxc.tests.molecule._bed import BED, SCENARIOS, end_leftovers, environment

IMAGES = SCENARIOS / "images"

pytestmark = [pytest.mark.xdist_group("molecule"), pytest.mark.timeout(3600)]


def test_nothing_of_a_killed_run_goes_on(alone: None) -> None:
    """But what runs as a host does, and so does what is somebody else's."""
    worker = subprocess.Popen(["sleep", "600"], env=environment(), start_new_session=True)
    host = subprocess.Popen(["qemu-system-bed", "600"], executable="/bin/sleep", env=environment())
    other = subprocess.Popen(["sleep", "600"])
    try:
        assert worker.pid in end_leftovers()
        assert worker.wait(60) == -signal.SIGKILL
        assert (host.poll(), other.poll()) == (None, None)
    finally:
        for process in (worker, host, other):
            process.kill()
            process.wait()


@pytest.mark.skipif("vm" not in os.environ.get("MOLECULE_HOSTS", "vm"), reason="the machine is not among the hosts")
def test_a_machine_whose_saved_state_is_no_good_is_booted(alone: None, tmp_path: Path) -> None:
    image = Path(output([IMAGES / "image", "vm", "bookworm"]).strip())
    for name in ("disk.raw", "vmlinuz", "initrd.img"):
        (tmp_path / name).symlink_to(image / name)
    output(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "disk.raw", tmp_path / "state.qcow2"])
    run = tmp_path / "run"
    machine, key = IMAGES / "machine", BED / "id_ed25519"
    try:
        done = subprocess.run(
            [machine, "start", tmp_path, run, "22423", key],
            capture_output=True,
            text=True,
            check=False,
            env=environment(),
        )
        assert (done.returncode, done.stdout) == (0, f"started {run}\n"), done.stderr
        assert "trying a second time" in done.stderr
    finally:
        output([machine, "stop", run])
    assert not (run / "pid").exists()


def output(command: list[Path | str]) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment()).stdout
