# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the bed itself promises."""

from __future__ import annotations

import signal
import subprocess

import pytest

from ansible_collections.community.lxc.tests.molecule._bed import end_leftovers, environment

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
