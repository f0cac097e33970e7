# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_container among people who mean no good, or mean well: smuggled lines, pretenders, mounts where files go."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import PYTHON, library, run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._host import cgroup_roots, cgroups, cgroups_of, monitors, tool, until

NOBODY = 65534
SMUGGLED = "x\nlxc.hook.pre-start = /bin/true"


def run(guest: Guest, state: str, check_mode: bool = False, **more: Any) -> dict[str, Any]:
    arguments = {"name": guest.name, "lxc_path": guest.lxc_path, "state": state, **more}
    return run_module("lxc_container", arguments, check_mode=check_mode)


# ---- lines that nobody asked for


@pytest.mark.parametrize(
    "arguments",
    [
        {"template": "TEMPLATE", "template_args": ["--release", SMUGGLED]},
        {"template": "TEMPLATE", "template_args": {"release": SMUGGLED}},
        {"template": "TEMPLATE", "template_args": {"release": ["sid", SMUGGLED]}},
        {"template": "TEMPLATE", "template_args": {SMUGGLED: True}},
        {"template": "TEMPLATE", "template_args": ["x\0y"]},
        {"template": f"/{SMUGGLED}"},
        {"tarball": f"/{SMUGGLED}"},
        {"rootfs": f"/{SMUGGLED}"},
        {"template": "TEMPLATE", "storage": {"type": "dir", "dir": f"/{SMUGGLED}"}},
        {"template": "TEMPLATE", "storage": {"type": "lvm", "vg": SMUGGLED}},
    ],
)
def test_no_option_smuggles_a_line_into_the_configuration(
    bed: Bed, unique: str, arguments: dict[str, Any], tmp_path: Path
) -> None:
    # liblxc writes a template and its arguments as comments above the configuration, as they are.
    template = tmp_path / "template"
    template.write_text("#!/bin/sh\n")
    template.chmod(0o755)
    if arguments.get("template") == "TEMPLATE":
        arguments = {**arguments, "template": template}
    result = run_module("lxc_container", {"name": unique, "lxc_path": bed.lxc_path, "state": "present", **arguments})
    option = next(iter(arguments)) if len(arguments) == 1 else list(arguments)[1]
    assert result.get("failed") is True, Path(bed.lxc_path, unique, "config").read_text()
    assert result["msg"].startswith(f"{option}: "), result["msg"]
    assert "newline" in result["msg"] or "NUL" in result["msg"]
    assert os.listdir(bed.lxc_path) == []


# ---- check mode and the files that a configuration names


def test_check_mode_makes_no_log_file(bed: Bed, lxc_path: Path) -> None:
    guest = bed.guest()
    log = lxc_path / "new" / "web.log"
    log.parent.mkdir()
    told = run(guest, "present", check_mode=True, config={"lxc.log.file": str(log)})
    assert (told.get("failed"), told["changed"]) == (None, True)
    assert os.listdir(log.parent) == []
    assert run(guest, "present", config={"lxc.log.file": str(log)})["changed"] is True


def test_nor_one_that_an_included_file_names(bed: Bed, lxc_path: Path) -> None:
    logs, inner, outer = lxc_path / "logs", lxc_path / "inner.conf", lxc_path / "conf.d"
    logs.mkdir()
    outer.mkdir()
    inner.write_text(f"lxc.environment = A=1\nlxc.log.file = {logs}/deeper/web.log")
    (outer / "a.conf").write_text(f"lxc.include = {inner}\nlxc.log.file = {logs}/one.log\n")
    guest = bed.guest(f"lxc.include = {outer}", "lxc.environment = B=1")
    told = run(guest, "present", check_mode=True, config={"lxc.tty.max": 3})
    assert (told.get("failed"), told["changed"]) == (None, True)
    assert os.listdir(logs) == []
    # Nor does a change: the container's start makes it.
    assert run(guest, "present", config={"lxc.tty.max": 3})["changed"] is True
    assert os.listdir(logs) == []
    assert f"lxc.include = {outer}\n" in guest.config.read_text()
    refused = run(guest, "present", config={"lxc.environment": ["B=1"], "lxc.nonsense": "x"})
    assert "lxc.nonsense" in refused["msg"]
    (outer / "b.conf").write_text("lxc.nonsense = x\n")
    assert "lxc.nonsense" in run(guest, "present", config={"lxc.tty.max": 4})["msg"]
    assert os.listdir(logs) == []


def test_the_included_log_file_of_a_running_container_is_compared_all_the_same(bed: Bed, lxc_path: Path) -> None:
    included = lxc_path / "included.conf"
    included.write_text(f"lxc.log.file = {lxc_path}/one.log\n")
    guest = bed.guest("lxc.log.file = /dev/null", f"lxc.include = {included}", start=True)
    for path, pending in ((f"{lxc_path}/one.log", []), (f"{lxc_path}/two.log", ["lxc.log.file"])):
        included.write_text(f"lxc.log.file = {path}\n")
        told = run(guest, "started", check_mode=True)
        assert (told["container"]["pending"], told["restart_required"]) == (pending, bool(pending))


def test_the_log_file_of_a_running_container_is_compared_all_the_same(bed: Bed, lxc_path: Path) -> None:
    guest = bed.guest(f"lxc.log.file = {lxc_path}/one.log", start=True)
    for path, pending in ((f"{lxc_path}/one.log", []), (f"{lxc_path}/two.log", ["lxc.log.file"])):
        told = run(guest, "started", check_mode=True, config={"lxc.log.file": path})
        assert (told["container"]["pending"], told["restart_required"]) == (pending, bool(pending))
    assert not (lxc_path / "two.log").exists()


@pytest.mark.parametrize("path", ["relative.log", "/etc", "/etc/passwd/web.log"])
def test_a_log_file_that_cannot_be_is_refused(bed: Bed, path: str) -> None:
    guest = bed.guest(rootfs=False)
    before = guest.config.read_bytes()
    result = run(guest, "present", config={"lxc.log.file": path})
    assert f"lxc.log.file: {path!r} is refused" in result["msg"]
    assert guest.config.read_bytes() == before


def test_an_included_file_is_looked_at_too(bed: Bed, lxc_path: Path) -> None:
    (lxc_path / "hangs.conf").write_text("lxc.mount.auto = shmounts:\n")
    (lxc_path / "group.conf").write_text("lxc.idmap = g 0 300000 65536\n")
    guest = bed.guest(rootfs=False)
    refused = run(guest, "present", config={"lxc.include": f"{lxc_path}/hangs.conf"})
    assert "start() would hang for ever" in refused["msg"]
    config = {"lxc.include": f"{lxc_path}/group.conf", "lxc.idmap": "u 0 300000 65536"}
    assert run(guest, "present", config=config)["changed"] is True


def test_two_links_into_one_directory_do_not_sweep_each_other(bed: Bed, lxc_path: Path) -> None:
    shared = lxc_path / ".configs"
    shared.mkdir()
    guests = [bed.guest(rootfs=False), bed.guest(rootfs=False)]
    for guest in guests:
        guest.config.rename(shared / guest.name)
        guest.config.symlink_to(shared / guest.name)
    # What another run writes at this moment, and what a killed run of this container left.
    others, own = (shared / f".{guest.name}.community.lxc.xyz" for guest in guests)
    others.touch()
    own.touch()
    assert run(guests[1], "present", config={"lxc.start.auto": 1})["changed"] is True
    assert guests[1].config.is_symlink()
    assert sorted(os.listdir(shared)) == sorted([others.name, *(guest.name for guest in guests)])


# ---- pretenders


@pytest.fixture
def pretender(bed: Bed) -> Iterator[Guest]:
    """A stopped container, whose monitor another user of the host pretends to be."""
    guest = bed.guest()
    title = f"[lxc monitor] {guest.lxc_path} {guest.name}"
    titled = subprocess.Popen([title], executable="/bin/cat", stdin=subprocess.PIPE, user=NOBODY)
    script = (
        "import socket, sys, time\n"
        "listener = socket.socket(socket.AF_UNIX)\n"
        "listener.bind(chr(0) + sys.argv[1])\n"
        "listener.listen()\n"
        "print('here', flush=True)\n"
        "time.sleep(600)\n"
    )
    address = f"{guest.lxc_path}/{guest.name}/command"
    listening = subprocess.Popen([PYTHON, "-c", script, address], user=NOBODY, stdout=subprocess.PIPE, text=True)
    try:
        if listening.stdout is None or listening.stdout.readline() != "here\n":
            raise AssertionError("the pretender did not get the name of the socket")
        yield guest
        assert titled.poll() is None, "somebody killed it"
    finally:
        for process in (titled, listening):
            process.kill()
            process.communicate()


@pytest.mark.parametrize("state", ["present", "started", "stopped", "absent"])
def test_another_users_process_is_no_monitor(pretender: Guest, state: str) -> None:
    refused = run(pretender, state)
    assert re.fullmatch(
        rf"Process \d+ of user {NOBODY} listens on the command socket of container '{pretender.name}' "
        rf"in {pretender.lxc_path}, and is not its monitor",
        refused["msg"],
    )
    assert pretender.config.exists()


def test_a_pretended_title_holds_nobody_up(bed: Bed) -> None:
    guest = bed.guest(start=True)
    title = f"[lxc monitor] {guest.lxc_path} {guest.name}"
    with subprocess.Popen([title], executable="/bin/cat", stdin=subprocess.PIPE, user=NOBODY) as titled:
        try:
            result = run(guest, "stopped", timeout=5)
            assert (result.get("msg"), result["changed"]) == (None, True)
            assert titled.poll() is None
        finally:
            titled.kill()


START = """
import subprocess
import sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _lifecycle
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
def after_somebody_else(ref, handle=_lifecycle.handle):
    subprocess.run(["lxc-start", "-P", ref.lxc_path, "-n", ref.name], check=True)
    return handle(ref)

if sys.argv[4] == "while it starts":
    _lifecycle.handle = after_somebody_else
try:
    _lifecycle.start(ContainerRef(sys.argv[3], sys.argv[2]), timeout=20)
except HostError as error:
    print(error)
"""


@pytest.mark.parametrize("when", ["before", "while it starts"])
def test_a_start_that_fails_since_somebody_else_was_faster_ends_nobody(bed: Bed, when: str) -> None:
    guest = bed.guest(start=when == "before")
    init = guest.init_pid()
    said = tool(PYTHON, "-c", START, library(), guest.lxc_path, guest.name, when).stdout
    assert f"Failed to start container '{guest.name}'" in said
    assert guest.state() == "RUNNING"
    assert when != "before" or guest.init_pid() == init


def test_the_groups_that_a_container_made_below_its_own_go_with_it(bed: Bed, unique: str) -> None:
    guest = bed.guest(start=True)
    init = guest.init_pid()
    for directory in cgroups_of(init):
        (directory / "init.scope").mkdir()
        (directory / "init.scope/cgroup.procs").write_text(str(init))
    foreign = next(root for root in cgroup_roots() if (root / "cgroup.procs").exists()) / f"{unique}.x{guest.name}x"
    (foreign / "empty").mkdir(parents=True)
    (foreign / "cgroup.procs").write_text(str(monitors(guest.lxc_path)[guest.name]))
    os.kill(monitors(guest.lxc_path)[guest.name], signal.SIGSTOP)
    assert run(guest, "stopped")["container"]["state"] == "STOPPED"
    assert cgroups(guest.name) == []
    # Somebody's own group into which they moved the monitor: a name that only holds the container's is not its own.
    assert (foreign / "empty").exists()


def test_a_hung_container_with_a_long_chain_of_processes_is_ended(bed: Bed) -> None:
    guest = bed.guest()
    depth = sys.getrecursionlimit() + 200
    (guest.rootfs / "chain").write_text(
        "[ $1 -eq 0 ] && touch /tmp/deep && exec sleep 1000\nsh /chain $(($1 - 1))\nexit\n"
    )
    (guest.rootfs / "etc/inittab").write_text(f"::once:/bin/sh /chain {depth}\n")
    guest.start()
    until((guest.rootfs / "tmp/deep").exists, what="the end of the chain", seconds=200)
    os.kill(monitors(guest.lxc_path)[guest.name], signal.SIGSTOP)
    result = run(guest, "stopped")
    assert (result.get("msg"), result["changed"]) == (None, True)
    assert cgroups(guest.name) == []


# ---- mounts where files are removed


@pytest.fixture
def mounted(bed: Bed, tmp_path: Path) -> Iterator[Guest]:
    """A container with a directory of the host mounted in its root file system, on the host's side."""
    guest = bed.guest()
    data = Path(bed.lxc_path, ".precious")
    data.mkdir()
    (data / "file").write_text("data")
    tool("mount", "--bind", str(data), str(guest.rootfs / "mnt"))
    yield guest
    tool("umount", str(guest.rootfs / "mnt"), check=False)
    assert (data / "file").read_text() == "data"


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("broken", [True, False])
def test_what_is_mounted_in_there_is_not_removed(mounted: Guest, check_mode: bool, broken: bool) -> None:
    if broken:
        mounted.config.write_text(mounted.config.read_text() + "lxc.nonsense = 1\n")
    before = mounted.config.read_bytes()
    result = run(mounted, "absent", check_mode=check_mode)
    assert f"{mounted.rootfs}/mnt is mounted in its directory; unmount it first" in result["msg"]
    assert (result["actions"], mounted.config.read_bytes()) == ([], before)
    assert (mounted.rootfs / "bin/busybox").exists()
    tool("umount", str(mounted.rootfs / "mnt"))
    assert run(mounted, "absent", check_mode=check_mode)["changed"] is True


def test_a_half_made_one_with_a_mount_in_it_is_not_removed_either(mounted: Guest) -> None:
    (mounted.config.parent / ".community.lxc.creating").touch()
    result = run(mounted, "absent")
    assert "is mounted in its directory; unmount it first" in result["msg"]
    assert (mounted.rootfs / "bin/busybox").exists()
    tool("umount", str(mounted.rootfs / "mnt"))
    assert run(mounted, "absent")["changed"] is True
    assert not mounted.config.parent.exists()


def test_mounts_of_its_own_hooks_go_with_its_stop(bed: Bed, lxc_path: Path) -> None:
    guest = bed.guest()
    place = lxc_path / guest.name / "scratch"
    place.mkdir()
    for name, command in (("pre-start", f"mount -t tmpfs none {place}"), ("post-stop", f"umount {place}")):
        hook = lxc_path / f".{name}"
        hook.write_text(f"#!/bin/sh\n{command}\n")
        hook.chmod(0o755)
        guest.config.write_text(guest.config.read_text() + f"lxc.hook.{name} = {hook}\n")
    guest.start()
    until(lambda: os.path.ismount(place), what="the hook's mount")
    result = run(guest, "absent", timeout=5)
    assert (result.get("msg"), result["changed"]) == (None, True)
    assert not guest.config.parent.exists()
