# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of lxc_mount have in common: they look with /proc and findmnt, not with the collection's eyes."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, run_module, tool

UNPRIVILEGED = ("lxc.idmap = u 0 300000 65536", "lxc.idmap = g 0 300000 65536")


# A prefix for a module's command line: PYTHON -c ERRNO_FILTER CALLS PROGRAM... A seccomp filter answers these system
# calls (NUMBER, or NUMBER:ARGUMENT:VALUE) with ENOSYS, as a kernel does that is too old for them, or with
# the error number that follows (NUMBER:ARGUMENT:VALUE:ERROR).
ERRNO_FILTER = """
import ctypes, os, struct, sys
def op(code, jt, jf, k):
    return struct.pack("HBBI", code, jt, jf, k)
program = b""
for spec in sys.argv[1].split(","):
    number, argument, value, error = (int(word) for word in (spec.split(":") + ["-1", "0", "38"][spec.count(":"):])[:4])
    answer = op(0x06, 0, 0, 0x00050000 | error)
    if argument >= 0:
        answer = op(0x20, 0, 0, 16 + 8 * argument) + op(0x15, 0, 1, value) + answer
    program += op(0x20, 0, 0, 0) + op(0x15, 0, len(answer) // 8, number) + answer
program += op(0x06, 0, 0, 0x7FFF0000)
buffer = ctypes.create_string_buffer(program)
class Filter(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
filter_ = Filter(len(program) // 8, ctypes.addressof(buffer))
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(filter_), 0, 0) == 0, ctypes.get_errno()
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True)
class Line:
    """One line of a container's mountinfo."""

    id: int
    root: str
    target: str
    options: set[str]
    tags: set[str]
    fstype: str
    super_options: set[str]


def mount(
    guest: Guest,
    *,
    fails: bool = False,
    check_mode: bool = False,
    arguments: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Run lxc_mount on a container; what it returns."""
    result = run_module(
        "lxc_mount",
        {"container": guest.name, "lxc_path": guest.lxc_path, **(arguments or {}), **more},
        check_mode=check_mode,
        diff=True,
    )
    assert bool(result.get("failed")) == fails, result.get("msg")
    assert "Traceback" not in str(result.get("msg"))
    assert not (fails and "did not foresee" in result["msg"]), result
    return result


def lines_at(guest: Guest, target: str) -> list[Line]:
    """The container's mounts at that path, in the order of the table."""
    return [line for line in table(guest.init_pid()) if line.target == target]


def table(pid: int | str) -> list[Line]:
    found = []
    for text in Path(f"/proc/{pid}/mountinfo").read_text().splitlines():
        left, right = text.split(" - ")
        number, _parent, _device, root, target, options, *tags = left.split(" ")
        fstype, _source, supers = right.split(" ", 2)
        found.append(
            Line(
                id=int(number),
                root=root.encode().decode("unicode_escape"),
                target=target.encode().decode("unicode_escape"),
                options=set(options.split(",")),
                tags={tag.partition(":")[0] for tag in tags},
                fstype=fstype,
                super_options=set(supers.split(",")),
            )
        )
    return found


def entries(guest: Guest) -> list[str]:
    """The values of the container's own lxc.mount.entry lines."""
    lines = guest.config.read_text().splitlines()
    return [line.split("=", 1)[1].strip() for line in lines if line.startswith("lxc.mount.entry")]


@contextlib.contextmanager
def tmpfs(path: Path, *, propagation: str = "private", options: str = "size=4m") -> Iterator[Path]:
    """A tmpfs on the host, gone afterwards with all that is mounted below."""
    path.mkdir(parents=True, exist_ok=True)
    tool("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path))
    try:
        tool("mount", f"--make-{propagation}", str(path))
        yield path
    finally:
        tool("umount", "-R", "-l", str(path))


@contextlib.contextmanager
def busy(guest: Guest, directory: str) -> Iterator[None]:
    """A process of the container's that has its working directory there."""
    command = ["lxc-attach", "-P", guest.lxc_path, "-n", guest.name, "--clear-env", "--"]
    script = f"cd {directory} && echo there && exec sleep 300"
    with subprocess.Popen([*command, "/bin/sh", "-c", script], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "there\n"
            yield
        finally:
            guest.attach("/bin/sh", "-c", "kill -9 $(ps | grep 'sleep 300' | grep -v grep | sed 's/^ *//;s/ .*//')")
            process.kill()


def unprivileged(bed: Bed, *lines: str) -> Guest:
    """A started container whose root is user 300000 of the host."""
    guest = bed.guest(*UNPRIVILEGED, *lines)
    for path in (guest.rootfs, *guest.rootfs.rglob("*")):
        os.lchown(path, 300000, 300000)
    guest.config.parent.chmod(0o755)
    return guest.start()


@contextlib.contextmanager
def injectable(bed: Bed, directory: Path, *lines: str, own_ids: bool = False) -> Iterator[Guest]:
    """A started container with shmounts on a shared mount, which liblxc can mount into."""
    with tmpfs(directory, propagation="shared", options="mode=0755"):
        line = f"lxc.mount.auto = shmounts:{directory}"
        guest = unprivileged(bed, line, *lines) if own_ids else bed.guest(line, *lines, start=True)
        try:
            yield guest
            # liblxc's own traces on the host's side.
            assert list(directory.iterdir()) == []
        finally:
            if guest.state() != "STOPPED":
                guest.stop()
