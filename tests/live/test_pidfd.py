# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signals and waiting go through pidfds: no process that got a pid again can be hit."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Bed
from ansible_collections.community.lxc.tests.live._cgrouping import HYBRID, ROOT, named_cgroups
from ansible_collections.community.lxc.tests.live._host import monitors

STRACE = ("strace", "-f", "-qq", "-y", "-e", "trace=pidfd_open,pidfd_send_signal,kill,tkill,tgkill,poll,recvmsg", "-o")


def is_over(pid: int) -> bool:
    """Ended; who reaps it once its parent has ended too is the host's affair."""
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_stop_waits_for_the_very_init(bed: Bed, lxc_path: Path) -> None:
    guest = bed.guest(start=True)
    init, trace = guest.init_pid(), lxc_path / "trace"
    arguments = {"name": guest.name, "lxc_path": guest.lxc_path, "state": "stopped"}
    assert run_module("lxc_container", arguments, prefix=[*STRACE, str(trace)])["changed"] is True
    lines = trace.read_text().splitlines()
    (signalled,) = [line for line in lines if "pidfd_send_signal(" in line and "SIGUSR1" in line]
    # The descriptors came from the monitor (init_pidfd), and were not opened by number.
    child = signalled.split()[0]
    opened = [line.rsplit("= ", 1)[1] for line in lines if line.startswith(child) and "pidfd_open(" in line]
    assert opened == []
    polled = [line for line in lines if line.startswith(child) and "poll([{fd=" in line and "[pidfd]" in line]
    assert len(polled) == 2, "liblxc waits for its own, and the collection for the one that it has got before"
    assert not [line for line in lines if f"kill({init}," in line or f"pidfd_open({init}," in line]
    assert is_over(init)


def test_a_monitor_that_hangs_is_killed_through_pidfds_alone(bed: Bed, lxc_path: Path) -> None:
    guest = bed.guest(start=True)
    monitor, init, trace = monitors(guest.lxc_path)[guest.name], guest.init_pid(), lxc_path / "trace"
    os.kill(monitor, signal.SIGSTOP)
    arguments = {"name": guest.name, "lxc_path": guest.lxc_path, "state": "stopped"}
    assert run_module("lxc_container", arguments, prefix=[*STRACE, str(trace)])["changed"] is True
    lines = trace.read_text().splitlines()
    for pid in (monitor, init):
        assert [line for line in lines if f"pidfd_open({pid}," in line]
        assert not [line for line in lines if f"kill({pid}," in line]
        assert is_over(pid)
    assert len([line for line in lines if "pidfd_send_signal(" in line and "SIGKILL" in line]) >= 2
    assert guest.state() == "STOPPED"


def test_what_is_left_of_a_monitor_that_hung_is_removed_and_no_group_of_others(bed: Bed, unique: str) -> None:
    guest = bed.guest(start=True)
    others = ROOT / ("pids" if HYBRID else "") / f"{unique}-of-{guest.name}"
    (others / "empty").mkdir(parents=True)
    # Somebody has put the container's init among groups of their own.
    (others / "cgroup.procs").write_text(str(guest.init_pid()))
    os.kill(monitors(guest.lxc_path)[guest.name], signal.SIGSTOP)
    assert run_module("lxc_container", {"name": guest.name, "lxc_path": guest.lxc_path, "state": "stopped"})["changed"]
    assert (others / "empty").is_dir()
    assert named_cgroups(f"lxc.payload.{guest.name}") == named_cgroups(f"lxc.monitor.{guest.name}") == []


def test_lxc_info_tells_what_is_available(bed: Bed) -> None:
    extensions = run_module("lxc_info", {"lxc_path": bed.lxc_path})["host"]["api_extensions"]
    for name in ("init_pidfd", "pidfd", "devpts_fd", "console_log"):
        assert extensions[name] is True
