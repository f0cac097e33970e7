# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Which containers run, from /proc alone: no monitor is asked, so that one which hangs holds nobody up.

Every monitor listens on an abstract socket, ``@LXCPATH/NAME/command``, or for long names
``@lxc/HASH/command`` with the 64-bit FNV-1a hash of ``LXCPATH/NAME``. Abstract sockets belong to a network
namespace, and anybody in there may bind such a name: hence a socket counts only if it is held by root's process in
our own pid namespace, where no container's process is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host._process import Process, pids
from ansible_collections.community.lxc.plugins.module_utils._host._running import directory_hash, has_monitor
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_HASHED = re.compile(r"lxc/([0-9a-f]{16})/command\Z")
# Address, references, protocol, flags, type, state, inode and the name.
_UNIX = re.compile(r"\S+: \S+ \S+ ([0-9A-F]{8}) \S+ \S+ +([0-9]+) @(.*)")
_LISTENING = 0x10000  # __SO_ACCEPTCON
_TITLE = "[lxc monitor] "


@dataclass(frozen=True)
class Running:
    """A container with a monitor.

    ``state`` is LXC's word, judged from outside: ``STARTING`` (init is not yet itself), ``RUNNING`` or ``FROZEN`` (by
    the kernel's account). None: there is a monitor and no init, so that the monitor alone knows, if it answers.
    """

    name: str
    monitor_pid: int
    init_pid: int | None
    state: str | None


def running(lxc_path: str, *, names: Iterable[str] | None = None) -> dict[str, Running]:
    """The containers of the path that have a monitor, by name. ``names`` narrows the search down."""
    sockets = _command_sockets(lxc_path, names)
    if not sockets:
        return {}
    monitors = {name: pid for pid, name in titled(lxc_path)}
    found: dict[str, Running] = {}
    unclaimed: dict[int, str] = {}
    for name, inodes in sockets.items():
        with suppress(ProcessLookupError):
            if name in monitors and inodes & _own_sockets(monitors[name]):
                found[name] = observe(name, monitors[name])
                continue
        if _is_listened_for(ContainerRef(name=name, lxc_path=lxc_path)):
            unclaimed.update(dict.fromkeys(inodes, name))
    # lxc-start -F, and whoever else holds a container in its own process, has no such title.
    for name, pid in _holders(unclaimed):
        with suppress(ProcessLookupError):
            found[name] = observe(name, pid)
    return found


def observe(name: str, monitor: int) -> Running:
    """What can be seen of a monitor's container. Raises ``ProcessLookupError`` if the monitor has ended."""
    with Process(monitor) as process:
        init = init_pid(process)
        state = None
        if init is not None:
            try:
                with Process(init) as child:
                    state = _state(process, child)
            except (ProcessLookupError, PermissionError):
                init = None
        return Running(name=name, monitor_pid=monitor, init_pid=init, state=state)


def init_pid(monitor: Process) -> int | None:
    """The container's init: the monitor's child in another pid namespace, or its only child if they share one."""
    own = monitor.namespace("pid")
    children = []
    for pid in monitor.children():
        with suppress(ProcessLookupError), Process(pid) as child:
            if child.stat()[0] in "ZX":
                continue
            if child.namespace("pid") != own:
                return pid
            children.append(pid)
    return children[0] if len(children) == 1 else None


def _state(monitor: Process, init: Process) -> str:
    if _frozen(init):
        return "FROZEN"
    # Before it executes the container's init, the child is still a copy of the monitor.
    return "STARTING" if init.executable() == monitor.executable() else "RUNNING"


def _frozen(process: Process) -> bool:
    for line in process.read("cgroup").split("\n")[:-1]:
        _number, controllers, path = line.split(":", 2)
        if controllers == "freezer":
            return _content(f"/sys/fs/cgroup/freezer{path}/freezer.state") == "FROZEN"
        if not controllers:
            for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
                if "frozen 1" in _content(f"{root}{path}/cgroup.events").splitlines():
                    return True
    return False


def _content(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def _is_listened_for(ref: ContainerRef) -> bool:
    """Whether the kernel itself knows the socket: a newline in another one's name gives a line of anybody's choice."""
    try:
        return has_monitor(ref)
    except HostError:
        return False


def _command_sockets(lxc_path: str, names: Iterable[str] | None) -> dict[str, set[int]]:
    """The inodes of the listening command socket by container name; all but one of them are invented."""
    prefix = f"{lxc_path}/"
    wanted = None if names is None else frozenset(names)
    plain: dict[str, set[int]] = {}
    hashed: dict[str, set[int]] = {}
    for name, inode in _abstract_listeners():
        match = _HASHED.match(name)
        if match:
            hashed.setdefault(match[1], set()).add(inode)
        elif name.startswith(prefix) and name.endswith("/command"):
            container = name[len(prefix) : -len("/command")]
            if "/" not in container and (wanted is None or container in wanted):
                plain.setdefault(container, set()).add(inode)
    if hashed:
        for container in _listed(lxc_path) if wanted is None else wanted:
            digest = directory_hash(ContainerRef(name=container, lxc_path=lxc_path))
            if digest in hashed:
                plain.setdefault(container, hashed[digest])
    return plain


def _abstract_listeners() -> Iterator[tuple[str, int]]:
    """Name and inode of each abstract socket that is listened on, in this network namespace."""
    with open("/proc/self/net/unix", encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
        for line in stream:
            found = _UNIX.fullmatch(line.rstrip("\n"))
            if found and int(found[1], 16) & _LISTENING:
                yield found[3], int(found[2])


def _listed(lxc_path: str) -> list[str]:
    try:
        return os.listdir(lxc_path)
    except OSError:
        return []


def titled(lxc_path: str) -> Iterator[tuple[int, str]]:
    """Pid and container name of the processes that are called a monitor of the path, and may be believed."""
    start = os.fsencode(f"{_TITLE}{lxc_path} ")
    for pid in pids():
        # Of thousands of processes a few are monitors: the first look is a cheap one.
        name = titled_container(pid, lxc_path) if _begins_with(pid, start) else None
        if name is not None:
            yield pid, name


def titled_container(pid: int, lxc_path: str) -> str | None:
    """The name of the container whose monitor the process is called, if it is of that path and may be believed."""
    prefix = f"{_TITLE}{lxc_path} "
    try:
        with Process(pid) as process:
            title = process.title()
            return title[len(prefix) :] if title.startswith(prefix) and _trusted(process) else None
    except (ProcessLookupError, PermissionError):
        return None


def _begins_with(pid: int, start: bytes) -> bool:
    try:
        fd = os.open(f"/proc/{pid}/cmdline", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.read(fd, len(start)) == start
    except OSError:
        return False
    finally:
        os.close(fd)


def _trusted(process: Process) -> bool:
    """Whether it acts as our user and is in our pid namespace: a process in a container is neither."""
    return process.owner() == os.geteuid() and process.namespace("pid") == os.stat("/proc/self/ns/pid").st_ino


def _own_sockets(pid: int) -> frozenset[int]:
    with Process(pid) as process:
        return process.sockets()


def _holders(unclaimed: Mapping[int, str]) -> Iterator[tuple[str, int]]:
    """Container name and pid of the trusted processes that hold the sockets."""
    left = dict(unclaimed)
    for pid in pids() if left else ():
        try:
            with Process(pid) as process:
                held = left.keys() & process.sockets() if _trusted(process) else frozenset()
        except (ProcessLookupError, PermissionError):
            continue
        for inode in held:
            yield left.pop(inode), pid
        if not left:
            return
