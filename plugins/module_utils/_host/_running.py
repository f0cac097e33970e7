# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What the running container was started with, beside what its configuration says now."""

from __future__ import annotations

import errno
import os
import socket
import struct
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, TimedOut
from ansible_collections.community.lxc.plugins.module_utils._host import _child, _config_file
from ansible_collections.community.lxc.plugins.module_utils._host._binding import NOWHERE, binding
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

UNRESPONSIVE = "UNRESPONSIVE"
"""Our own word beside liblxc's: the monitor is there and does not answer."""

_ANSWER_SECONDS = 10.0
_CREDENTIALS = struct.Struct("3i")
_FAMILIES = ("lxc.cgroup", "lxc.cgroup2", "lxc.prlimit", "lxc.sysctl", "lxc.proc")
_NET_INDEXES = 1024
_NET_KEYS = (
    *("type", "flags", "link", "name", "hwaddr", "mtu", "l2proxy", "script.up", "script.down"),
    *(f"{family}.{what}" for family in ("ipv4", "ipv6") for what in ("address", "gateway")),
    *("veth.mode", "veth.pair", "veth.ipv4.route", "veth.ipv6.route", "veth.n_rxqueues", "veth.n_txqueues"),
    *("veth.vlan.id", "veth.vlan.tagged.id", "ipvlan.mode", "ipvlan.isolation", "macvlan.mode", "vlan.id"),
)
"""liblxc's own list for an interface lacks some of them, and there is none for an index that the file has no more."""
_SILENT = ("lxc.hook", "lxc.include", "lxc.net")

Items = Mapping[str, tuple[str, ...]]
"""Key -> its values in order, in liblxc's own spelling; keys without a value are left out."""


@dataclass(frozen=True)
class Look:
    """A container at one moment. ``state`` is liblxc's word, or UNRESPONSIVE; ``init_pid`` is -1 unless it runs.

    ``running`` holds what the monitor was started with, ``configured`` what a start would make of the
    configuration now. Both are empty for a container that does not run: there is nothing to compare.
    """

    state: str = "STOPPED"
    loads: bool = True
    """False: it runs, and liblxc can no longer load its configuration, so that nothing more is known of it."""
    init_pid: int = -1
    running: Items = field(default_factory=dict)
    configured: Items = field(default_factory=dict)


def command_address(ref: ContainerRef) -> str:
    """The abstract socket on which the monitor listens, without its leading NUL (source: liblxc, commands_utils.c)."""
    path = f"{ref.directory}/command"
    # Of the 108 bytes of an address liblxc leaves the first and the last two.
    return path if len(os.fsencode(path)) < 106 else f"lxc/{directory_hash(ref)}/command"


def directory_hash(ref: ContainerRef) -> str:
    """The 64-bit FNV-1a hash of ``LXCPATH/NAME`` in hexadecimal, as it stands in the name of the command socket."""
    value = 0xCBF29CE484222325
    for byte in os.fsencode(ref.directory):
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return f"{value:016x}"


def has_monitor(ref: ContainerRef) -> bool:
    """Whether somebody listens on the container's command socket, in this network namespace.

    The name is free for any user to take. liblxc would believe whatever is answered, or wait for ever for an answer:
    HostError if it is not root who listens.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect("\0" + command_address(ref))
        except OSError as error:
            # A monitor with a full queue of callers is there; only a refusal means that nobody listens.
            return error.errno != errno.ECONNREFUSED
        credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _gid = _CREDENTIALS.unpack(credentials)
    if uid != os.geteuid():
        raise HostError(f"Process {pid} of user {uid} listens on the command socket of {ref}, and is not its monitor")
    return True


def look(ref: ContainerRef, document: Document | None, *, timeout: float = _ANSWER_SECONDS) -> Look:
    """State, init and both sides of the configuration; ``document`` is the text to set beside the running values.

    A stopped container costs no child process. A monitor that does not answer within ``timeout`` seconds
    gives the state UNRESPONSIVE, since liblxc itself would wait for ever.
    """
    if document is None or not has_monitor(ref):
        return Look()
    with tempfile.TemporaryDirectory(prefix="community.lxc-") as scratch:
        path = f"{scratch}/config"
        _config_file.spill(document, path)
        try:
            answer = _child.run(lambda: ask(ref, path), what=f"ask the monitor of {ref}", timeout=timeout).value
        except TimedOut:
            return Look(state=UNRESPONSIVE)
    found = look_of(answer)
    log = document.values(_config_file.LOG_FILE)[-1:]
    return replace(found, configured={**found.configured, _config_file.LOG_FILE: log}) if any(log) else found


def look_of(answer: Mapping[str, Any]) -> Look:
    """What ``ask`` told."""
    if not answer["loads"]:
        return Look(state="RUNNING", loads=False)
    return Look(
        state=answer["state"],
        init_pid=answer["init_pid"],
        running={key: tuple(values) for key, values in answer["running"].items()},
        configured={key: tuple(values) for key, values in answer["configured"].items()},
    )


def ask(ref: ContainerRef, path: str) -> dict[str, Any]:
    """State, init and both sides of the configuration, of which the persisted one is read from ``path``; JSON-able.

    Blocks as long as the monitor does not answer: to be called in a child.
    """
    lxc = binding()
    try:
        live = lxc.Container(ref.name, config_path=ref.lxc_path)
        beside = lxc.Container(ref.name, config_path=NOWHERE)
    except RuntimeError:
        return {"loads": False}
    if not beside.load_config(path):
        raise HostError(f"liblxc cannot load the configuration of {ref}")
    return {
        "loads": True,
        "state": live.state,
        "init_pid": live.init_pid,
        "running": _items(live, live.get_running_config_item),
        "configured": _items(beside, lambda key: _configured(beside, key)),
    }


def _configured(container: Any, key: str) -> str | None:
    try:
        value = container.get_config_item(key)
    except KeyError:
        return None
    return "\n".join(value) if isinstance(value, list) else str(value or "")


def _items(container: Any, get: Callable[[str], str | None]) -> dict[str, list[str]]:
    items: dict[str, list[str]] = {}
    for key in _keys(container, get):
        values = (get(key) or "").rstrip("\n").split("\n")
        if key in _FAMILIES:
            for name, equals, value in (line.partition(" = ") for line in values):
                if equals:
                    items.setdefault(name, []).append(value)
        elif values not in ([""], ["(null)"]):
            items[key] = values
    return items


def _keys(container: Any, get: Callable[[str], str | None]) -> list[str]:
    keys = [key for key in container.get_keys() if key not in _SILENT]
    return keys + [f"lxc.net.{index}.{name}" for index in _net_indexes(get) for name in _NET_KEYS]


def _net_indexes(get: Callable[[str], str | None]) -> list[int]:
    """``lxc.net`` tells the types in order and no indexes, among which there may be gaps."""
    count = len((get("lxc.net") or "").split())
    found: list[int] = []
    for index in range(_NET_INDEXES):
        if len(found) == count:
            break
        if get(f"lxc.net.{index}.type"):
            found.append(index)
    return found


_PASSING = ("STARTING", "STOPPING", "ABORTING", "FREEZING", "THAWED")


def settled_look(ref: ContainerRef, document: Document | None, *, patience: float = 5.0) -> Look:
    """As ``look``, but a container in a passing state (``STARTING``, ``STOPPING``, ...) gets time to get through."""
    deadline = time.monotonic() + patience
    while True:
        found = look(ref, document)
        if found.state not in _PASSING or time.monotonic() > deadline:
            return found
        time.sleep(0.05)
