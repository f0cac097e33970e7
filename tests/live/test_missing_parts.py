# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that lack something: the binding in this interpreter or in all, pyroute2, liblxc, root; or an old liblxc."""

from __future__ import annotations

import re
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import RunPlaybook
from ansible_collections.community.lxc.tests.live._bed import PYTHON, Bed, run_module, tool
from ansible_collections.community.lxc.tests.live._host import Bridge

_PACKAGES = Path("/usr/lib/python3/dist-packages")
_LIBRARIES = Path("/usr/lib", sysconfig.get_config_var("MULTIARCH") or "")
_MODULES: dict[str, dict[str, Any]] = {
    "lxc_info": {"name": []},
    "lxc_container": {"name": "web", "state": "present"},
}


def without(scratch: Path, directory: Path, *patterns: str) -> list[str]:
    """A command before another one, which then sees the directory without what fits the patterns."""
    upper, work = scratch / "upper", scratch / "work"
    upper.mkdir()
    work.mkdir()
    missing = " ".join(f"{directory}/{pattern}" for pattern in patterns)
    script = (
        f"mount -t overlay -o lowerdir={directory},upperdir={upper},workdir={work} none {directory}"
        f' && rm -rf {missing} && exec "$@"'
    )
    return ["unshare", "-m", "sh", "-c", script, "sh"]


@pytest.fixture
def scratch(lxc_path: Path) -> Path:
    # Not pytest's own directory: an overlay cannot be put on another one, which /tmp may be.
    path = lxc_path / "scratch"
    path.mkdir()
    return path


def refused(bed: Bed, module: str, prefix: Sequence[str], **more: Any) -> str:
    """The sentence that the module fails with."""
    result = run_module(module, {"lxc_path": bed.lxc_path, **_MODULES[module]}, prefix=prefix, **more)
    assert result["failed"] is True
    assert "exception" not in result
    msg: str = result["msg"]
    assert "\n" not in msg
    assert "Traceback" not in msg
    return msg


def test_the_tests_own_interpreter_has_no_binding() -> None:
    # Or the tests of the next ones would show nothing.
    for library in ("lxc", "_lxc"):
        assert tool(sys.executable, "-c", f"import {library}", check=False).returncode != 0


def test_another_interpreter_of_the_host_is_found(bed: Bed, ansible_playbook: RunPlaybook) -> None:
    bed.guest(name="web")
    play = ansible_playbook(
        f"""
- hosts: localhost
  gather_facts: false
  tasks:
    - name: look
      community.lxc.lxc_info:
        lxc_path: {bed.lxc_path}
    - name: configure
      community.lxc.lxc_container:
        lxc_path: {bed.lxc_path}
        name: web
        state: present
        config:
          lxc.environment: A=1
""",
        extra_vars={"ansible_python_interpreter": sys.executable},
    )
    assert play.rc == 0, play.output
    assert [found["name"] for found in play.result("look")["containers"]] == ["web"]
    assert play.result("configure")["container"]["config"]["lxc.environment"] == ["A=1"]
    assert play.changed == 1


def test_another_interpreter_is_found_in_check_mode_too(bed: Bed, ansible_playbook: RunPlaybook) -> None:
    guest = bed.guest(name="web")
    before = guest.config.read_text()
    play = ansible_playbook(
        f"""
- hosts: localhost
  gather_facts: false
  tasks:
    - name: configure
      community.lxc.lxc_container:
        lxc_path: {bed.lxc_path}
        name: web
        state: present
        config:
          lxc.environment: A=1
""",
        check_mode=True,
        diff=True,
        extra_vars={"ansible_python_interpreter": sys.executable},
    )
    assert play.rc == 0, play.output
    assert play.result("configure")["changed"] is True
    assert play.result("configure")["diff"]["after"]["config"]["lxc.environment"] == ["A=1"]
    assert guest.config.read_text() == before


@pytest.mark.parametrize("module", sorted(_MODULES))
@pytest.mark.parametrize("python", [PYTHON, sys.executable], ids=["the system's", "the controller's"])
def test_no_interpreter_has_the_binding(bed: Bed, scratch: Path, module: str, python: str) -> None:
    msg = refused(bed, module, without(scratch, _PACKAGES, "lxc", "_lxc*"), python=python)
    assert msg == (
        "The Python library 'lxc' was not found by any Python interpreter of this host; install python3-lxc "
        "(Debian, Ubuntu, Fedora, EL with EPEL) or lxc from PyPI (needs liblxc's headers to build)"
    )


def test_an_empty_directory_is_no_binding(bed: Bed, scratch: Path) -> None:
    # What a removed package leaves behind can be imported, as a namespace.
    prefix = without(scratch, _PACKAGES, "lxc/*.py", "_lxc*")
    assert refused(bed, "lxc_info", prefix).startswith("The Python library 'lxc' was not found")


@pytest.mark.parametrize("module", sorted(_MODULES))
def test_no_liblxc(bed: Bed, scratch: Path, module: str) -> None:
    msg = refused(bed, module, without(scratch, _LIBRARIES, "liblxc.so*"))
    assert re.match(r"The Python binding of liblxc cannot be loaded, so liblxc itself seems to be missing", msg)
    assert "liblxc1" in msg
    assert "lxc-libs" in msg


@pytest.mark.parametrize("module", sorted(_MODULES))
def test_a_liblxc_that_is_too_old(bed: Bed, scratch: Path, module: str) -> None:
    # Only the number is another: it has to be looked at before anything else.
    source, library = scratch / "old.c", scratch / "old.so"
    source.write_text('const char *lxc_get_version(void) { return "4.0.4"; }\n')
    tool("gcc", "-shared", "-fPIC", "-o", str(library), str(source))
    msg = refused(bed, module, [], environment=[("LD_PRELOAD", str(library))])
    assert msg == "liblxc 4.0.4 is too old, 4.0.5 or later is needed"


@pytest.mark.parametrize("module", sorted(_MODULES))
def test_not_root(bed: Bed, module: str) -> None:
    # In a user namespace without a map it is somebody else, and can still read the test's files.
    msg = refused(bed, module, ["unshare", "--user"])
    assert msg == "community.lxc manages containers as root; use become: true"


def _nic(bed: Bed, bridge: Bridge) -> dict[str, Any]:
    """What asks for netlink: an interface for a container that runs."""
    guest = bed.guest(start=True)
    return {"lxc_path": bed.lxc_path, "container": guest.name, "name": "eth7", "link": bridge.name, "up": True}


def test_no_interpreter_has_pyroute2(bed: Bed, scratch: Path, bridge: Bridge) -> None:
    arguments = _nic(bed, bridge)
    result = run_module("lxc_net_veth", arguments, prefix=without(scratch, _PACKAGES, "pyroute2*", "pr2modules*"))
    assert result["failed"] is True
    assert result["msg"].startswith(
        "The Python library 'pyroute2' was not found by any Python interpreter of this host"
    )
    for word in ("python3-pyroute2", "Debian", "Fedora", "PyPI"):
        assert word in result["msg"]
    config = Path(bed.lxc_path, arguments["container"], "config").read_text()
    assert "eth7" not in config, "it was refused after something was changed"


def test_an_interpreter_with_the_binding_alone_gives_way_to_one_with_both(
    bed: Bed, scratch: Path, bridge: Bridge, ansible_playbook: RunPlaybook
) -> None:
    tool(PYTHON, "-m", "venv", "--without-pip", str(scratch / "venv"))
    [packages] = (scratch / "venv").glob("lib/python3*/site-packages")
    for path in (*_PACKAGES.glob("lxc"), *_PACKAGES.glob("_lxc*")):
        (packages / path.name).symlink_to(path)
    python = str(scratch / "venv/bin/python")
    assert tool(python, "-c", "import lxc; print(lxc.version)").stdout
    assert tool(python, "-c", "import pyroute2", check=False).returncode != 0
    arguments = _nic(bed, bridge)
    play = ansible_playbook(
        f"""
- hosts: localhost
  gather_facts: false
  tasks:
    - name: nic
      community.lxc.lxc_net_veth: {arguments}
""",
        extra_vars={"ansible_python_interpreter": python},
    )
    assert play.rc == 0, play.output
    assert play.result("nic")["nic"]["live"]["bridge"] == bridge.name


def test_an_old_pyroute2_is_named(bed: Bed, tmp_path: Path) -> None:
    # As much of that of Debian 11 as is looked at.
    (tmp_path / "pyroute2.py").write_text('__version__ = "0.5.14"\n\n\nclass IPRoute:\n    pass\n')
    guest = bed.guest("lxc.net.0.type = veth", "lxc.net.0.name = eth0", start=True)
    old = [("PYTHONPATH", str(tmp_path))]
    given = {"lxc_path": bed.lxc_path, "container": guest.name, "name": "eth7"}
    before = guest.config.read_bytes()
    result = run_module("lxc_net_veth", given, environment=old)
    words = "pyroute2 0.5.14 is too old to look at a container's network; 0.7 or later does"
    assert (result["failed"], result["msg"]) == (True, words)
    assert guest.config.read_bytes() == before
    [told] = run_module("lxc_info", {"lxc_path": bed.lxc_path}, environment=old)["containers"]
    assert [nic["error"] for nic in told["nics"]] == [words]
