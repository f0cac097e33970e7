# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the live tests.

``bed``                containers in an LXC path of the test's own; whatever is in it afterwards goes, running or broken
``lxc_path``           that path
``new_lxc_path()``     one more of the same
``unique``             a short name that no other test has, for containers and interfaces; cgroups named after it go
``bridge``             a bridge with a free IPv4 and IPv6 net
``pyroute2_path``      the environment of a module with either of two releases of pyroute2
``ansible_playbook()`` a playbook by real Ansible against this machine
``sshd``               an ssh server on the loopback interface
``way``                each of the two connection plugins: ``way(guest)`` is one for that container

Modules are run as processes by ``_bed.run_module``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pyroute2
import pytest

from ansible_collections.community.lxc.tests.live import _host, _idmap
from ansible_collections.community.lxc.tests.live._ansible import RunPlaybook
from ansible_collections.community.lxc.tests.live._bed import Bed
from ansible_collections.community.lxc.tests.live._connections import KINDS, Sshd, Way, running_sshd
from ansible_collections.community.lxc.tests.live._host import Bridge


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without root nothing here can run, and a suite that skips everything would look like one that passes."""
    here = Path(__file__).parent
    if os.geteuid() != 0 and any(here in item.path.parents for item in items):
        raise pytest.UsageError("the live tests run containers and need root")


@pytest.fixture(scope="session", autouse=True)
def _swept() -> None:
    _host.sweep()
    # On a fresh machine root may map no ids, and the containers with a user namespace would not start.
    _idmap.subordinate()


@pytest.fixture
def unique() -> Iterator[str]:
    name = _host.unique_name()
    yield name
    _host.remove_cgroups(_host.cgroups_named(name))


@pytest.fixture
def new_lxc_path(unique: str) -> Iterator[Callable[[], Path]]:
    # ``unique`` is asked for, since its cgroups can go only after the containers that are in them.
    made: list[Path] = []

    def make() -> Path:
        made.append(_host.new_lxc_path())
        return made[-1]

    yield make
    for path in made:
        _host.remove_lxc_path(path)


@pytest.fixture
def lxc_path(new_lxc_path: Callable[[], Path]) -> Path:
    return new_lxc_path()


@pytest.fixture
def bed(lxc_path: Path) -> Bed:
    return Bed(str(lxc_path))


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    name = f"{_host.unique_name()}b"
    try:
        yield _host.make_bridge(name)
    finally:
        _host.remove_link(name)


@pytest.fixture(params=["installed", "newest"])
def pyroute2_path(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[tuple[str, str], ...]:
    """The environment of a module with the system's pyroute2 (0.7 on Debian 12), and with the tests' own (0.9)."""
    if request.param == "installed":
        return ()
    (tmp_path / "pyroute2").symlink_to(Path(pyroute2.__file__).parent)
    return (("PYTHONPATH", str(tmp_path)),)


@pytest.fixture(scope="session")
def ansible_playbook(tmp_path_factory: pytest.TempPathFactory) -> RunPlaybook:
    return RunPlaybook(directory=tmp_path_factory.mktemp("playbooks"))


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(params=KINDS)
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    kind: str = request.param
    server = request.getfixturevalue("sshd") if kind == "lxc_ssh" else None
    way = Way(kind=kind, host=server.variables() if server else {})
    yield way
    for made in way.made:
        made.close()
