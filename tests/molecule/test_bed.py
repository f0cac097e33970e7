# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the bed itself promises."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.community.lxc.tests.molecule._bed import (
    BED,
    CHECKOUT,
    SCENARIOS,
    Hosts,
    end_leftovers,
    environment,
    host_processes,
)

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


_STUB = """#!/bin/sh
echo call >>"$BED_ROOT/calls"
for output; do :; done
echo half >"$output"
[ "$(wc -l <"$BED_ROOT/calls")" -gt "$FAILURES" ]
"""


def test_an_image_is_a_whole_one_and_a_mirror_may_have_a_bad_minute(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/mmdebstrap").write_text(_STUB)
    (tmp_path / "bin/mmdebstrap").chmod(0o755)
    variables = {**environment(), "BED_ROOT": str(tmp_path), "BED_RETRY_SECONDS": "0"}
    variables["PATH"] = f"{tmp_path}/bin:{variables['PATH']}"

    def build(failures: int) -> subprocess.CompletedProcess[str]:
        variables["FAILURES"] = str(failures)
        (tmp_path / "calls").write_text("")
        command: list[Path | str] = [IMAGES / "image", "guest", "bookworm"]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=variables)

    assert build(2).returncode != 0
    assert (tmp_path / "calls").read_text() == "call\n" * 2
    assert not list((tmp_path / "images").glob("guest-*.tar"))
    done = build(1)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "calls").read_text() == "call\n" * 2
    assert [str(path) for path in (tmp_path / "images").glob("guest-*")] == done.stdout.split()
    # There is one now.
    assert build(0).stdout == done.stdout
    assert (tmp_path / "calls").read_text() == ""


def test_hosts_that_are_there_are_not_made_again(hosts: Hosts) -> None:
    before = host_processes()
    assert before
    hosts.create()
    assert host_processes() == before


def test_login_opens_a_shell(hosts: Hosts) -> None:
    chosen = (os.environ.get("MOLECULE_HOSTS") or "deb12").split(",")[0]
    host = {"all": "deb12", "nested": "deb12", "vm": "vm12"}.get(chosen, chosen)
    login = f"{Path(sys.executable).with_name('molecule')} login --scenario-name default --host {host}"
    done = subprocess.run(
        ["script", "--quiet", "--command", login, "/dev/null"],
        input="echo this is $(hostname)\nexit\n",
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        timeout=120,
    )
    assert f"this is {host}" in done.stdout


def output(command: list[Path | str]) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment()).stdout
