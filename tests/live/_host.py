# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What live tests make on the host, and how every trace of it goes away again."""

from __future__ import annotations

import fcntl
import ipaddress
import json
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

# Short: liblxc's command sockets are abstract ones, whose names hold the path and the container's name.
ROOM = Path("/var/tmp")
_UNIQUE = re.compile(r"^(?:clx-)?x(?P<pid>[0-9a-f]+)-[0-9a-f]{4}")


def unique_name() -> str:
    """A name that no other test has, of at most 12 characters: room for three more in an interface's name."""
    return f"x{os.getpid():x}-{random.getrandbits(16):04x}"


def tool(*command: str, check: bool = True, timeout: float = 60, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a program; its output as text. With ``check``, a failure shows what it printed."""
    # Through a file and not a pipe: a daemon that keeps stderr open would hold a pipe's reader for ever.
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, timeout=timeout, check=False, **more
        )
        output.seek(0)
        errors.seek(0)
        result = subprocess.CompletedProcess(done.args, done.returncode, output.read(), errors.read())
    if check and result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result


def until(condition: Callable[[], T], *, seconds: float = 15, what: str = "the condition") -> T:
    """Wait for a true value and return it."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {seconds:g} s")
        time.sleep(0.01)


def new_lxc_path() -> Path:
    """An empty directory for containers. 0755, since the root of an unprivileged container has to reach its rootfs."""
    path = ROOM / f"clx-{unique_name()}"
    path.mkdir(mode=0o755)
    return path


def remove_lxc_path(path: Path) -> None:
    """End and remove every container below, however broken; then mounts, loop devices, cgroups and the files."""
    cgroups = {directory for pid in processes_of(path) for directory in cgroups_of(pid)}
    for name in os.listdir(path):
        if _UNIQUE.match(name):
            cgroups |= cgroups_named(f".{name}")
    for name in monitors(path):
        # One whose configuration does not parse, or whose monitor hangs, is killed below.
        _quietly("lxc-stop", "-k", "-n", name, "-P", str(path))
    _kill(lambda: processes_of(path))
    for mounted in reversed(list(mounts_below(path))):
        _quietly("umount", "-l", mounted)
    for device in Path("/sys/block").glob("loop*/loop/backing_file"):
        if _text(device).startswith(f"{path}/"):
            _quietly("losetup", "-d", f"/dev/{device.parent.parent.name}")
    remove_cgroups(cgroups)
    shutil.rmtree(f"/run/lxc/lock{path}", ignore_errors=True)
    tool("rm", "-rf", "--one-file-system", str(path))


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="surrogateescape")
    except OSError:
        return ""


def monitors(path: Path | str) -> dict[str, int]:
    """The process id of each running container's monitor, by the container's name."""
    prefix = f"[lxc monitor] {path} "
    lines = {pid: _cmdline(pid) for pid in _pids()}
    return {line.removeprefix(prefix): pid for pid, line in lines.items() if line.startswith(prefix)}


def processes_of(path: Path) -> set[int]:
    """Monitors, containers' processes and LXC's tools that work below ``path``."""
    found = set()
    for pid in _pids():
        line = _cmdline(pid)
        if line.startswith("[lxc monitor] ") or line.partition("\0")[0].rpartition("/")[2].startswith("lxc-"):
            if re.search(rf"[ \0=]{re.escape(str(path))}(?:[ \0/]|$)", line):
                found.add(pid)
        elif _root_is_below(pid, path):
            found.add(pid)
    return found


def _lines(file: Path) -> list[str]:
    """The lines as the kernel ends them: what else Python takes for an end may be in a path, cgroup or interface."""
    return file.read_bytes().decode(errors="surrogateescape").split("\n")[:-1]


def _pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def _cmdline(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0")
    except OSError:
        return ""


def _root_is_below(pid: int, path: Path) -> bool:
    try:
        if os.readlink(f"/proc/{pid}/ns/mnt") == os.readlink("/proc/self/ns/mnt"):
            return False
        lines = _lines(Path(f"/proc/{pid}/mountinfo"))
    except OSError:
        return False
    # Of a directory the root shows in field 4, of an overlay or a loop device among the options or the source.
    return any(f"{path}/" in line for line in lines if line.split(" ")[4] == "/")


def _kill(remaining: Callable[[], Iterable[int]]) -> None:
    deadline = time.monotonic() + 10
    while (pids := set(remaining())) and time.monotonic() < deadline:
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)


def _quietly(*argv: str) -> None:
    try:
        subprocess.run(argv, capture_output=True, timeout=5, stdin=subprocess.DEVNULL, check=False)
    except subprocess.TimeoutExpired:
        return


def mounts_below(path: Path) -> Iterator[str]:
    """Mount points at or below ``path`` in this mount namespace, in the order in which they were mounted."""
    for line in _lines(Path("/proc/self/mountinfo")):
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split(" ")[4])
        if point == str(path) or point.startswith(f"{path}/"):
            yield point


# ---- cgroups


def cgroup_roots() -> list[Path]:
    """The mount point of every cgroup hierarchy, of either version."""
    found = []
    for line in _lines(Path("/proc/self/mountinfo")):
        before, dummy, after = line.partition(" - ")
        if after.split(" ")[0] in ("cgroup", "cgroup2"):
            found.append(Path(before.split(" ")[4]))
    return found


def cgroups_of(pid: int) -> set[Path]:
    """The directories of the cgroups that a process is in, without the hierarchies' roots."""
    try:
        lines = _lines(Path(f"/proc/{pid}/cgroup"))
    except OSError:
        return set()
    names = {line.split(":", 2)[2].lstrip("/") for line in lines} - {""}
    return {root / name for root in cgroup_roots() for name in names if (root / name).is_dir()}


def cgroups_named(token: str) -> set[Path]:
    """Every cgroup directory with ``token`` in its own name, whether anything lives in it or not."""
    return {
        Path(directory) / name
        for root in cgroup_roots()
        for directory, names, dummy in os.walk(root)
        for name in names
        if token in name
    }


def cgroups(name: str) -> list[Path]:
    """What the container (or its monitor) has, or has left, at the places that LXC chooses by itself."""
    kinds = ("payload", "monitor")
    return [path for root in cgroup_roots() for kind in kinds for path in root.glob(f"lxc.{kind}.{name}*")]


def remove_cgroups(directories: Iterable[Path]) -> None:
    """Remove these empty cgroups and what is below them; parents of no process and no other child go too."""
    deadline = time.monotonic() + 5
    todo = sorted(directories, key=lambda path: len(path.parts), reverse=True)
    while todo and time.monotonic() < deadline:
        todo = [directory for directory in todo if not _remove_cgroup(directory)]
        if todo:
            time.sleep(0.05)


def _remove_cgroup(directory: Path) -> bool:
    for below, dummy, dummy in os.walk(directory, topdown=False):
        try:
            os.rmdir(below)
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True


# ---- bridges


@dataclass(frozen=True)
class Bridge:
    """A bridge of the test's own, with the first address of two nets that nobody else uses."""

    name: str
    ipv4: ipaddress.IPv4Interface
    ipv6: ipaddress.IPv6Interface

    def address(self, number: int) -> str:
        """The IPv4 address of that number in the bridge's net, with its prefix: ``10.1.2.7/24``."""
        return f"{self.ipv4.network[number]}/{self.ipv4.network.prefixlen}"

    def address6(self, number: int) -> str:
        """The IPv6 address of that number in the bridge's net, with its prefix: ``fd12::7/64``."""
        return f"{self.ipv6.network[number]}/{self.ipv6.network.prefixlen}"


def make_bridge(name: str) -> Bridge:
    """Make it, give it its addresses, and switch it on."""
    ipv4 = _free_net()
    ipv6 = ipaddress.IPv6Interface(f"fd{random.getrandbits(8):02x}:{random.getrandbits(16):x}::1/64")
    tool("ip", "link", "add", name, "type", "bridge")
    tool("ip", "address", "add", str(ipv4), "dev", name)
    tool("ip", "-6", "address", "add", str(ipv6), "dev", name, "nodad")
    tool("ip", "link", "set", name, "up")
    return Bridge(name=name, ipv4=ipv4, ipv6=ipv6)


def remove_link(name: str) -> None:
    """Remove a network interface, if it is there."""
    _quietly("ip", "link", "delete", name)


def _free_net() -> ipaddress.IPv4Interface:
    taken = [
        ipaddress.IPv4Network(route["dst"], strict=False)
        for route in json.loads(tool("ip", "-j", "-4", "route", "show", "table", "all").stdout)
        if route["dst"] not in ("default", "0.0.0.0/0")
    ]
    while True:
        own = ipaddress.IPv4Interface(f"10.{random.randrange(1, 255)}.{random.randrange(255)}.1/24")
        if not any(own.network.overlaps(net) for net in taken):
            return own


# ---- what a killed run left


def sweep() -> None:
    """Remove what test processes that are no more could not remove themselves."""
    # One at a time: several workers begin with this at the same moment.
    room = os.open(ROOM, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(room, fcntl.LOCK_EX)
        _sweep()
    finally:
        os.close(room)


def _sweep() -> None:
    for path in ROOM.glob("clx-x*"):
        if _orphaned(path.name):
            remove_lxc_path(path)
    for link in json.loads(tool("ip", "-j", "link", "show", "type", "bridge").stdout):
        if _orphaned(link["ifname"]):
            remove_link(link["ifname"])


def _orphaned(name: str) -> bool:
    match = _UNIQUE.match(name)
    if match is None or not Path("/proc/self").exists():
        return False
    return not Path(f"/proc/{int(match['pid'], 16)}").exists()
