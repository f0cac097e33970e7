# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is PRIVATE to the collection: it may change at any time.

"""What containers there are on this host, from files alone. Its source is sent to each LXC host, and runs there.

Hence one file, the standard library, Python 3.8, and no binding. No container is asked and none entered: states come
from the monitors' process titles and sockets and the control groups, addresses from ``/proc/INIT/net``.
"""

from __future__ import annotations

import os
import re
import sys

# Every import is paid for on every host: these are for the reader alone, or for containers with addresses.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import ipaddress
    from collections.abc import Iterator
    from typing import Any

_PIECES = 16
_TITLE = "[lxc monitor] "
_DEPTH = 10


def survey(request: dict[str, Any]) -> dict[str, Any]:
    """``request``: ``lxc_path`` (list, empty for liblxc's own) and ``keys`` (configuration keys that are wanted)."""
    paths = request["lxc_path"] or [_said("lxc-config", "lxc.lxcpath") or "/var/lib/lxc"]
    problems: list[str] = []
    monitors = dict(_monitors())
    settings = _Settings(["lxc.group", *request["keys"]])
    containers = [
        _container(path, name, values, monitors.get((path, name)) or _listener(path, name))
        for path in (path.rstrip("/") or "/" for path in paths)
        for name, values in _defined(path, settings, problems)
    ]
    version = _said("lxc-info", "--version")
    if not version:
        problems.append("there is no LXC: lxc-info was not found")
    return {"lxc_version": version, "containers": containers, "problems": problems}


def _defined(path: str, settings: _Settings, problems: list[str]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Name and wanted settings of each container of the path."""
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        problems.append(f"{path} cannot be read: {error.strerror}")
        return
    for name in names:
        try:
            values = settings.of(f"{path}/{name}/config")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            problems.append(f"{path}/{name} cannot be read: {error.strerror}")
            continue
        if name.isprintable():
            yield name, values
        else:
            problems.append(f"{path} has a container whose name is not printable: {name!r}")


def _said(*command: str) -> str:
    """What a program prints; empty if it is not there. (``subprocess`` takes longer to import than to use.)"""
    output, into = os.pipe()
    try:
        child = os.posix_spawnp(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, into, 1)])
    except OSError:
        os.close(output)
        return ""
    finally:
        os.close(into)
    with open(output, "rb") as stream:
        said = stream.read().decode(errors="replace").strip()
    os.waitpid(child, 0)
    return said


def _text(path: str) -> str:
    """The first megabyte; empty if there is nothing to read."""
    try:
        return _read(path)
    except OSError:
        return ""


def _lines(path: str) -> list[str]:
    """The lines as the kernel ends them: what else Python takes for an end may be in a name that is the container's."""
    return [line for line in _text(path).split("\n") if line]


def _read(path: str) -> str:
    """By plain system calls: a thousand small files are read here, and ``open()`` makes three more calls for each."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        pieces = [os.read(descriptor, 65536)]
        while pieces[-1] and len(pieces) < _PIECES:
            pieces.append(os.read(descriptor, 65536))
    finally:
        os.close(descriptor)
    return b"".join(pieces).decode(errors="replace")


# ---- one container


def _container(path: str, name: str, values: dict[str, list[str]], monitor: int | None) -> dict[str, Any]:
    init = _init_of(monitor) if monitor else None
    return {
        "name": name,
        "lxc_path": path,
        "state": _state(monitor, init),
        "init_pid": init or -1,
        "config": values,
        "interfaces": _interfaces(init) if init else [],
    }


class _Settings:
    """The wanted keys of configuration files. What many files include is read once."""

    def __init__(self, wanted: list[str]) -> None:
        # A key that ends in a dot stands for all that begin so.
        keys = "|".join(re.escape(key) + (r"[^\s=]*" if key.endswith(".") else "") for key in wanted)
        self._line = re.compile(rf"^[ \t]*(lxc\.include|{keys})[ \t]*=[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
        self._included: dict[str, list[tuple[str, str]]] = {}

    def of(self, path: str) -> dict[str, list[str]]:
        text = _read(path)
        values: dict[str, list[str]] = {}
        for key, value in self._pairs(text, _DEPTH):
            # An empty value clears what stood before.
            values[key] = [*values.get(key, ()), value] if value else []
        return values

    def _pairs(self, text: str, depth: int) -> Iterator[tuple[str, str]]:
        """Keys and values in liblxc's order, includes followed."""
        for key, value in self._line.findall(text):
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            if key != "lxc.include":
                yield key, value
            elif depth:
                yield from self._include(value, depth - 1)

    def _include(self, path: str, depth: int) -> list[tuple[str, str]]:
        if path not in self._included:
            # Against a file that includes itself.
            self._included[path] = []
            parts = [path]
            if os.path.isdir(path):
                parts = [os.path.join(path, name) for name in sorted(os.listdir(path)) if name.endswith(".conf")]
            self._included[path] = [pair for part in parts for pair in self._pairs(_text(part), depth)]
        return self._included[path]


# ---- running or not


def _monitors() -> Iterator[tuple[tuple[str, str], int]]:
    """Path and name, and the monitor's process, of those that are called so."""
    for pid in os.listdir("/proc"):
        if not pid.isdigit():
            continue
        title = _text(f"/proc/{pid}/cmdline").replace("\0", " ").rstrip()
        if not title.startswith(_TITLE):
            continue
        path, _blank, name = title[len(_TITLE) :].rpartition(" ")
        if _trusted(int(pid), path):
            yield (path, name), int(pid)


def _listener(path: str, name: str) -> int | None:
    """The process behind the command socket, as the kernel has it: a monitor in the foreground has no title.

    Nobody is waited for, nor believed: the name is free for all who share the host's network.
    """
    # ``socket`` takes ten times as long to import.
    import _socket

    address = os.fsencode(f"{path}/{name}/command")
    # Of the 108 bytes of an address liblxc leaves the first and the last two.
    if len(address) > 105:
        digest = 0xCBF29CE484222325
        for byte in os.fsencode(f"{path}/{name}"):
            digest = (digest ^ byte) * 0x100000001B3 % 2**64
        address = f"lxc/{digest:016x}/command".encode()
    probe = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC | _socket.SOCK_NONBLOCK)
    try:
        probe.connect(b"\0" + address)
        credentials = probe.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
    except OSError:
        return None
    finally:
        probe.close()
    pid, user = (int.from_bytes(credentials[at : at + 4], sys.byteorder) for at in (0, 4))
    return pid if _trusted(pid, path, user) else None


def _trusted(pid: int, path: str, *users: int) -> bool:
    """Whether a process can be the monitor of a container of the path.

    A process in a container is in another pid namespace; and a user of the host has no say, but for who owns the path.
    Whoever runs a set-uid program is still its real user.
    """
    try:
        if os.stat(f"/proc/{pid}/ns/pid").st_ino != os.stat("/proc/self/ns/pid").st_ino:
            return False
        own = [line for line in _lines(f"/proc/{pid}/status") if line.startswith("Uid:")]
        return {*users, *map(int, own[0].split()[1:])} <= {0, os.geteuid(), os.stat(path).st_uid}
    except (OSError, IndexError):
        return False


def _init_of(monitor: int) -> int | None:
    """The monitor's child in another pid namespace, or its only child."""
    children = _text(f"/proc/{monitor}/task/{monitor}/children").split()
    try:
        own = os.stat(f"/proc/{monitor}/ns/pid").st_ino
        for child in children:
            if os.stat(f"/proc/{child}/ns/pid").st_ino != own:
                return int(child)
    except OSError:
        return None
    return int(children[0]) if len(children) == 1 else None


def _state(monitor: int | None, init: int | None) -> str:
    if not monitor:
        return "STOPPED"
    if not init:
        return "STARTING"
    groups = dict(line.split(":", 2)[1:] for line in _lines(f"/proc/{init}/cgroup"))
    if "freezer" in groups:
        frozen = _text(f"/sys/fs/cgroup/freezer{groups['freezer']}/freezer.state") == "FROZEN\n"
    else:
        frozen = "frozen 1" in _text(f"/sys/fs/cgroup{groups.get('', '')}/cgroup.events")
    return "FROZEN" if frozen else "RUNNING"


# ---- addresses


def _interfaces(init: int) -> list[dict[str, Any]]:
    """Name and global addresses of each interface but the loopback, as the kernel's files about init's network tell."""
    net = f"/proc/{init}/net/"
    names = [line.rpartition(":")[0].lstrip(" ") for line in _lines(net + "dev")[2:]]
    names = [name for name in names if name and name != "lo"]
    if not names:
        return []
    import ipaddress

    routes = _routes(_lines(net + "route"))
    found: dict[str, dict[str, Any]] = {name: {"name": name, "ipv4": [], "ipv6": []} for name in names}
    for address in _local(_text(net + "fib_trie")):
        near = names[:1] if len(names) == 1 else [name for network, name in routes if address in network]
        if near and near[0] in found:
            found[near[0]]["ipv4"].append(str(address))
    for line in _lines(net + "if_inet6"):
        digits, _index, _prefix, scope, _flags, name = re.split(" +", line, maxsplit=5)
        if name in found and int(scope, 16) != 0x20:
            found[name]["ipv6"].append(str(ipaddress.IPv6Address(bytes.fromhex(digits))))
    return list(found.values())


def _routes(lines: list[str]) -> list[tuple[ipaddress.IPv4Network, str]]:
    """Directly reached networks and their interfaces, the most specific first."""
    import ipaddress

    found = []
    for line in lines[1:]:
        fields = line.split("\t")
        numbers = [int(fields[column], 16).to_bytes(4, sys.byteorder) for column in (1, 2, 7)]
        destination, gateway, mask = (ipaddress.IPv4Address(number) for number in numbers)
        if not int(gateway) and int(mask):
            found.append((ipaddress.IPv4Network(f"{destination}/{mask}"), fields[0]))
    return sorted(found, key=lambda one: -one[0].prefixlen)


def _local(text: str) -> list[ipaddress.IPv4Address]:
    """The addresses that are the container's own; the kernel shows some of them twice."""
    import ipaddress

    leaves = re.findall(r"\|-- (\S+)\n\s+/32 host LOCAL", text)
    addresses = [ipaddress.IPv4Address(leaf) for leaf in dict.fromkeys(leaves)]
    return [address for address in addresses if not address.is_loopback]
