# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_mount: nothing in the container is destroyed, and a hostile container gains nothing."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _mount_enter, _netlink, _process
from ansible_collections.community.lxc.tests.live._bed import COLLECTIONS, PYTHON, Bed, Guest, run_module, tool
from ansible_collections.community.lxc.tests.live._mounting import (
    ERRNO_FILTER,
    entries,
    injectable,
    lines_at,
    mount,
    table,
    unprivileged,
)

_MOVE_MOUNT = "429"
_MOVE = "165:3:24576:1"
"""liblxc's last system call, mount() with MS_MOVE and MS_REC, from HOSTDIR to the target."""


@pytest.fixture
def room(bed: Bed) -> Path:
    """A directory that the root of an unprivileged container can reach."""
    directory = Path(bed.lxc_path) / "room"
    directory.mkdir(mode=0o755)
    return directory


@pytest.fixture
def source(room: Path) -> Path:
    directory = room / "source"
    directory.mkdir()
    (directory / "file").write_text("from the host\n")
    return directory


# ---- what is at the target


def test_an_existing_file_is_covered_and_comes_back(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    guest.attach("/bin/sh", "-c", "echo mine > /mnt/f; umask 0; touch /mnt/f")
    before = guest.attach("stat", "-c", "%i %a %s %Y", "/mnt/f").stdout
    mount(guest, source=source / "file", target="/mnt/f", create="file")
    assert guest.attach("cat", "/mnt/f").stdout == "from the host\n"
    mount(guest, target="/mnt/f", state="absent")
    assert guest.attach("cat", "/mnt/f").stdout == "mine\n"
    assert guest.attach("stat", "-c", "%i %a %s %Y", "/mnt/f").stdout == before


def test_an_existing_directory_is_covered_and_comes_back(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    guest.attach("mkdir", "-m", "0751", "/mnt/empty")
    before = guest.attach("stat", "-c", "%i %a %u", "/mnt/empty").stdout
    mount(guest, source=source, target="/mnt/empty", create="dir")
    mount(guest, target="/mnt/empty", state="absent")
    assert guest.attach("stat", "-c", "%i %a %u", "/mnt/empty").stdout == before


@pytest.mark.parametrize("link", ["/run/real", "../run/real", "../../../../../run/real"])
def test_a_link_stays_a_link_and_leads_to_a_place_inside(bed: Bed, source: Path, link: str) -> None:
    guest = bed.guest(start=True)
    guest.attach("/bin/sh", "-c", f"mkdir /run/real && ln -s {link} /mnt/link")
    arguments = {"source": source, "target": "/mnt/link", "state": "ephemeral"}
    assert mount(guest, arguments=arguments)["changed"]
    assert len(lines_at(guest, "/run/real")) == 1
    assert guest.attach("stat", "-c", "%F", "/mnt/link").stdout == "symbolic link\n"
    assert not mount(guest, arguments=arguments)["changed"]
    assert mount(guest, target="/mnt/link", state="unmounted")["changed"]
    assert lines_at(guest, "/run/real") == []


def test_a_link_on_the_way_is_not_persisted_since_the_container_would_not_start(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    guest.attach("/bin/sh", "-c", "mkdir /run/real && ln -s /run/real /mnt/link")
    failed = mount(guest, fails=True, source=source, target="/mnt/link", state="mounted")
    assert "symbolic link" in failed["msg"]
    assert failed["msg"].endswith("give /run/real")
    assert entries(guest) == []
    guest.attach("/bin/sh", "-c", "ln -s /nowhere /mnt/dangling")
    failed = mount(guest, fails=True, source=source, target="/mnt/dangling", create="dir", state="ephemeral")
    assert "leads nowhere" in failed["msg"]


def test_a_link_to_a_place_that_only_the_host_has_leads_nowhere(bed: Bed, source: Path, room: Path) -> None:
    victim = room / "victim"
    victim.mkdir()
    guest = bed.guest(start=True)
    guest.attach("/bin/sh", "-c", f"ln -s {victim} /mnt/link; ln -s ../../../../../../../../..{victim} /mnt/up")
    for link in ("/mnt/link", "/mnt/up", "/mnt/link/x", "/mnt/up/x"):
        mount(guest, fails=True, source=source, target=link, create="dir", state="ephemeral")
    assert list(victim.iterdir()) == []
    assert str(victim) not in Path("/proc/self/mountinfo").read_text()


def test_a_directory_on_a_file_and_a_file_on_a_directory_are_refused(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    guest.attach("/bin/sh", "-c", "echo mine > /mnt/f; mkdir /mnt/d")
    assert "is a file" in mount(guest, fails=True, source=source, target="/mnt/f", create="dir")["msg"]
    assert "is a directory" in mount(guest, fails=True, source=source / "file", target="/mnt/d", create="file")["msg"]
    assert guest.attach("cat", "/mnt/f").stdout == "mine\n"
    assert entries(guest) == []


@pytest.mark.parametrize("own_ids", [False, True])
@pytest.mark.parametrize(("name", "create"), [("", "dir"), ("file", "file")])
def test_nothing_is_left_of_the_mount_point_if_the_mount_fails(
    bed: Bed, source: Path, own_ids: bool, name: str, create: str
) -> None:
    guest = unprivileged(bed) if own_ids else bed.guest(start=True)
    arguments = {
        "container": guest.name,
        "lxc_path": guest.lxc_path,
        "source": source / name,
        "target": "/mnt/a/b/c",
        "create": create,
    }
    prefix = ["/usr/bin/python3", "-c", ERRNO_FILTER, _MOVE_MOUNT]
    failed = run_module("lxc_mount", arguments, prefix=prefix)
    assert failed["failed"]
    assert "Failed to mount" in failed["msg"]
    assert guest.attach("ls", "-A", "/mnt").stdout == ""
    assert entries(guest) == []
    assert failed["actions"] == []


@pytest.mark.parametrize("own_ids", [False, True])
@pytest.mark.parametrize(("name", "create"), [("", "dir"), ("file", "file")])
@pytest.mark.parametrize("refused", [_MOVE, _MOVE_MOUNT])
def test_nothing_is_left_if_a_mount_by_liblxc_fails(
    bed: Bed, source: Path, room: Path, own_ids: bool, name: str, create: str, refused: str
) -> None:
    with injectable(bed, room / "shared", own_ids=own_ids) as guest:
        where = {"container": guest.name, "lxc_path": guest.lxc_path, "target": "/mnt/a/b"}
        before = guest.attach("ls", "-A", "/dev").stdout, table(guest.init_pid()), guest.config.read_text()
        arguments = {**where, "source": source / name, "create": create}
        assert run_module("lxc_mount", arguments, check_mode=True)["mount"]["via"] == "liblxc"
        failed = run_module("lxc_mount", arguments, prefix=["/usr/bin/python3", "-c", ERRNO_FILTER, refused])
        assert "Failed to mount" in failed["msg"]
        assert failed["actions"] == []
        assert guest.attach("ls", "-A", "/mnt").stdout == ""
        assert (guest.attach("ls", "-A", "/dev").stdout, table(guest.init_pid()), guest.config.read_text()) == before


@pytest.mark.parametrize("own_ids", [False, True])
@pytest.mark.parametrize("name", ["", "file"])
def test_what_was_replaced_comes_back_if_the_new_mount_fails(
    bed: Bed, source: Path, room: Path, own_ids: bool, name: str
) -> None:
    other = room / "other"
    other.mkdir()
    (other / "file").write_text("from elsewhere\n")
    guest = unprivileged(bed) if own_ids else bed.guest(start=True)
    mount(guest, source=source / name, target="/mnt/data", create="file" if name else "dir")
    config = guest.config.read_text()
    # The last system call of all, which sets the propagation of the whole tree, fails.
    prefix = ["/usr/bin/python3", "-c", ERRNO_FILTER, f"442:2:{0x9000}:1"]
    where = {"container": guest.name, "lxc_path": guest.lxc_path, "target": "/mnt/data"}
    failed = run_module("lxc_mount", {**where, "source": other / name, "options": ["rprivate"]}, prefix=prefix)
    assert failed["failed"]
    assert "propagation cannot be set" in failed["msg"]
    assert failed["actions"] == []
    assert guest.config.read_text() == config
    assert len(lines_at(guest, "/mnt/data")) == 1
    assert guest.attach("cat", f"/mnt/data/{'' if name else 'file'}".rstrip("/")).stdout == "from the host\n"


# ---- hostile containers

_HOSTILE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <linux/fs.h>
int main(int argc, char **argv) {
  mkdir("/mnt/a", 0777); mkdir("/mnt/a/x", 0777);
  mkdir("/mnt/c", 0777); symlink(argv[2], "/mnt/c/x");
  symlink(argv[1], "/mnt/b");
  for (unsigned long i = 0;; i++) {
    syscall(SYS_renameat2, AT_FDCWD, "/mnt/a", AT_FDCWD, "/mnt/b", RENAME_EXCHANGE);
    syscall(SYS_renameat2, AT_FDCWD, "/mnt/a", AT_FDCWD, "/mnt/c", RENAME_EXCHANGE);
    if (i % 7 == 0) { unlink("/mnt/a/x"); rmdir("/mnt/a/x"); symlink(argv[2], "/mnt/a/x"); }
    if (i % 11 == 0) { unlink("/mnt/a/x"); mkdir("/mnt/a/x", 0777); }
  }
}
"""

_RACE = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
from ansible_collections.community.lxc.plugins.module_utils._plan._mount import build_mount
from ansible_collections.community.lxc.plugins.module_utils._runner import converge
from ansible_collections.community.lxc.plugins.module_utils._errors import LxcError
arguments, victim, seconds = json.loads(sys.argv[2]), sys.argv[3], float(sys.argv[4])
told = {"mounted": 0, "refused": 0, "seen on the host": 0}
begin = time.monotonic()
# Longer where the machine is so busy that not both outcomes were seen.
while time.monotonic() < begin + seconds or (time.monotonic() < begin + 6 * seconds and 0 in list(told.values())[:2]):
    for state in ("ephemeral", "unmounted"):
        try:
            converge(build_mount({**arguments, "state": state}), apply=True)
            told["mounted"] += state == "ephemeral"
        except LxcError:
            told["refused"] += 1
        with open("/proc/self/mountinfo") as stream:
            told["seen on the host"] += victim in stream.read()
print(json.dumps(told))
"""


@contextmanager
def hostile(guest: Guest, victim: Path, directory: Path) -> Iterator[None]:
    """The container's root swaps directories and links at /mnt/a and /mnt/a/x as fast as it can."""
    (directory / "hostile.c").write_text(_HOSTILE)
    program = guest.rootfs / "hostile"
    tool("gcc", "-static", "-O2", "-o", str(program), str(directory / "hostile.c"))
    program.chmod(0o755)
    up = "../../../../../../../../../.."
    command = ["lxc-attach", "-P", guest.lxc_path, "-n", guest.name, "--", "/hostile", f"{up}{victim}", str(victim)]
    with subprocess.Popen(command) as process:
        try:
            time.sleep(0.2)
            assert process.poll() is None
            yield
            assert process.poll() is None
        finally:
            guest.stop()
            process.kill()


@pytest.mark.parametrize("kind", ["kernel", "kernel unprivileged", "liblxc"])
def test_ten_seconds_of_swapped_links_bring_nothing_to_the_host(bed: Bed, source: Path, room: Path, kind: str) -> None:
    victim = room / "victim"
    (victim / "x").mkdir(parents=True)
    before = {path: path.stat().st_mtime_ns for path in (victim, victim / "x", source)}

    def race(guest: Guest) -> None:
        arguments = {
            "container": guest.name,
            "lxc_path": guest.lxc_path,
            "source": str(source),
            "target": "/mnt/a/x/deep",
            "create": "dir",
            "force": True,
        }
        with hostile(guest, victim, room):
            program = [PYTHON, "-c", _RACE, str(COLLECTIONS), json.dumps(arguments), str(victim), "10"]
            told = json.loads(tool(*program, timeout=100).stdout)
            assert not [line for line in table("self") if str(victim) in line.target or str(source) in line.root]
        # The race was one: both outcomes were seen.
        assert told["mounted"] > 0
        assert told["refused"] > 0
        assert told["seen on the host"] == 0

    if kind == "liblxc":
        with injectable(bed, room / "shared") as guest:
            race(guest)
    else:
        race(unprivileged(bed) if "unprivileged" in kind else bed.guest(start=True))
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert [path.name for path in victim.iterdir()] == ["x"]
    assert list((victim / "x").iterdir()) == []


_PREPARED = {
    *("setns", "setgroups", "setresgid", "setresuid", "openat2", "statx", "open_tree", "fchdir", "umount2", "close"),
    *("mkdirat", "unlinkat", "move_mount", "mount_setattr", "exit_group"),
    # Python's and the C library's own memory.
    *("brk", "mmap", "munmap", "mremap", "madvise", "futex", "rt_sigprocmask", "rt_sigaction", "sigaltstack"),
}


@pytest.mark.parametrize("own_ids", [False, True])
def test_inside_the_container_only_prepared_system_calls(bed: Bed, source: Path, room: Path, own_ids: bool) -> None:
    guest = unprivileged(bed) if own_ids else bed.guest(start=True)
    where = {"container": guest.name, "lxc_path": guest.lxc_path, "target": "/mnt/a/b"}
    wishes: tuple[dict[str, Any], ...] = (
        {"source": source, "create": "dir", "options": ["ro", "rprivate"]},
        {"source": source, "create": "dir", "options": ["rprivate"]},
        {"state": "absent"},
        {"fstype": "tmpfs", "create": "dir"},
    )
    for number, wish in enumerate(wishes):
        trace = room / f"trace{number}"
        result = run_module("lxc_mount", {**where, **wish}, prefix=["strace", "-f", "-o", str(trace)])
        assert result.get("changed"), result
        inside = _calls_inside(trace.read_text())
        assert inside
        names = {name for name, _text in inside}
        assert names <= _PREPARED | {"openat"}, names - _PREPARED
        assert not [text for name, text in inside if name == "openat" and "AT_FDCWD" in text]
        assert not [text for name, text in inside if name == "setns" and "CLONE_NEWPID" in text]
        # No program of the host runs in there.
        assert not [text for name, text in inside if name.startswith("exec")]


def _calls_inside(trace: str) -> list[tuple[str, str]]:
    """The calls, after it has entered a mount namespace, of each process that does."""
    entered: set[str] = set()
    found = []
    for line in trace.splitlines():
        match = re.match(r"(\d+) +(\w+)\((.*)", line)
        if not match:
            continue
        pid, name, text = match.groups()
        if pid in entered:
            found.append((name, text))
        elif name == "setns" and "CLONE_NEWNS" in text:
            entered.add(pid)
    return found


def test_a_process_in_the_hosts_mount_namespace_is_no_container() -> None:
    """A container can share the host's mount namespace; a mount into it would be one on the host."""
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            with (
                pytest.raises(HostError, match="shares the host's mount namespace"),
                _mount_enter.namespaces(process.pid, _process.born(process.pid)),
            ):
                pass
        finally:
            process.kill()


def test_whoever_has_got_the_pid_of_an_ended_container_is_left_alone(bed: Bed) -> None:
    pid = bed.guest(start=True).init_pid()
    born = _process.born(pid)
    with _mount_enter.namespaces(pid, born) as spaces:
        assert spaces.mount > 0
    with pytest.raises(HostError, match="has ended meanwhile"), _mount_enter.namespaces(pid, born + 1):
        pass
    with pytest.raises(HostError, match="The container ended"), _netlink.opened(pid, born=born + 1):
        pass
