# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts of the Molecule scenarios: there before the first one, gone after the last."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling

from ansible_collections.community.lxc.tests.molecule._bed import BED, Hosts, end_leftovers, remains

_PHASES = {"setup": "to make the hosts", "call": "", "teardown": "to end the hosts"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without root nothing here can run, and a suite that skips everything would look like one that passes."""
    if any("hosts" in getattr(item, "fixturenames", ()) for item in items) and os.geteuid() != 0:
        raise pytest.UsageError("the Molecule scenarios run containers and a virtual machine, and need root")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadGroupScheduling:
    """All of the bed is one worker's, beside those that go on with other tests.

    Its marks do not say so: pytest 9.2 no longer lets pytest-xdist 3.8 write a test's group into its node id.
    """
    return _OneWorker(config, log)


class _OneWorker(LoadGroupScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return "molecule" if nodeid.startswith("tests/molecule/") else str(super()._split_scope(nodeid))


@pytest.fixture(scope="session")
def alone() -> Iterator[None]:
    """There is one bed on a machine: a second run waits for the first."""
    BED.mkdir(parents=True, exist_ok=True)
    with (BED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def hosts(alone: None) -> Iterator[Hosts]:
    """The hosts that MOLECULE_HOSTS names."""
    hosts = Hosts()
    # What an earlier run left behind, be it killed, would be tested instead of what is made now, or go on beside it.
    end_leftovers()
    hosts.destroy()
    try:
        hosts.create()
        yield hosts
    finally:
        hosts.destroy()
    assert remains() == [], "the hosts left something behind"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How long each scenario took, and the hosts themselves."""
    lines = []
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and "/molecule/" in report.nodeid and report.duration >= 1:
                what = f"{report.nodeid.rpartition('::')[2]} {_PHASES[report.when]}"
                lines.append((report.start, f"{report.duration:7.1f} s  {what}"))
    if lines:
        terminalreporter.section("the bed")
        for _start, line in sorted(lines):
            terminalreporter.line(line.rstrip())
