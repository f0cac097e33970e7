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
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, TimedOut
from ansible_collections.community.lxc.plugins.module_utils._host import _config_file, _config_includes, _items, _lock
from ansible_collections.community.lxc.plugins.module_utils._host._binding import NOWHERE, binding
from ansible_collections.community.lxc.plugins.module_utils._host._items import Items
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

UNRESPONSIVE = "UNRESPONSIVE"
"""Our own word beside liblxc's: the monitor is there and does not answer."""

_ANSWER_SECONDS = 10.0
_CREDENTIALS = struct.Struct("3i")


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


def listener(ref: ContainerRef) -> tuple[int, int] | None:
    """Pid and uid of who listens on the container's command socket, in this network namespace; None: nobody does.

    A full queue of callers keeps the kernel from telling: then both are -1.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect("\0" + command_address(ref))
        except OSError as error:
            # Only a refusal means that nobody listens.
            return None if error.errno == errno.ECONNREFUSED else (-1, -1)
        credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _gid = _CREDENTIALS.unpack(credentials)
    return pid, uid


def has_monitor(ref: ContainerRef) -> bool:
    """Whether somebody listens on the container's command socket, in this network namespace.

    The name is free for any user to take. liblxc would believe whatever is answered, or wait for ever for an answer:
    HostError if it is not root who listens.
    """
    found = listener(ref)
    if found is not None and found[1] not in (-1, os.geteuid()):
        raise HostError(
            f"Process {found[0]} of user {found[1]} listens on the command socket of {ref}, and is not its monitor"
        )
    return found is not None


def look(ref: ContainerRef, document: Document | None, *, timeout: float = _ANSWER_SECONDS) -> Look:
    """State, init and both sides of the configuration; ``document`` is the text to set beside the running values.

    A stopped container costs no child process. A monitor that does not answer within ``timeout`` seconds
    gives the state UNRESPONSIVE, since liblxc itself would wait for ever.
    """
    if document is None or not has_monitor(ref):
        return Look()
    # Before liblxc reads it: what changes meanwhile must not pass for what it has read.
    digest = _config_includes.digest(document)
    known = _remembered(ref, digest)
    if known is not None:
        answer = _ask(ref, None, timeout)
        if answer is None:
            return Look(state=UNRESPONSIVE)
        if answer["loads"] and answer["init_pid"] == known.init_pid:
            return remember(ref, document, replace(known, state=answer["state"]), digest=digest)
    with _config_file.spilled(document) as path:
        answer = _ask(ref, path, timeout)
    if answer is None:
        return Look(state=UNRESPONSIVE)
    return remember(ref, document, look_of(answer), digest=digest)


def _ask(ref: ContainerRef, path: str | None, timeout: float) -> Any:
    """None where the monitor does not answer."""
    # Most containers of most tasks do not run, and do without this.
    from ansible_collections.community.lxc.plugins.module_utils._host import _asker

    try:
        return _asker.ask(_answer, ref.name, ref.lxc_path, path, what=f"ask the monitor of {ref}", timeout=timeout)
    except TimedOut:
        return None


def _answer(name: str, lxc_path: str, path: str | None) -> dict[str, Any]:
    return ask(ContainerRef(name, lxc_path), path)


def _remembered(ref: ContainerRef, digest: str) -> Look | None:
    """What is known of the container without asking its monitor, but for its state."""
    from ansible_collections.community.lxc.plugins.module_utils._host import _running_record

    record = _running_record.read(ref)
    if record is None:
        return None
    configured = record.configured if record.digest == digest else _config_file.checked(digest)
    return Look(init_pid=record.init_pid, running=record.running, configured=configured) if configured else None


def remember(ref: ContainerRef, document: Document, found: Look, *, digest: str) -> Look:
    """The same with the log file as the configuration names it, and written down as far as it lasts.

    ``digest`` is that of the configuration before liblxc has read it.
    """
    log = _config_file.log_files(document)[-1:]
    if any(log):
        found = replace(found, configured={**found.configured, _config_file.LOG_FILE: log})
    if found.state in ("RUNNING", "FROZEN") and _lock.is_held(ref):
        from ansible_collections.community.lxc.plugins.module_utils._host import _running_record

        record = _running_record.Record(found.init_pid, found.running, digest, found.configured)
        _running_record.write(ref, record)
    return found


def look_of(answer: Mapping[str, Any]) -> Look:
    """What ``ask`` told."""
    if not answer["loads"]:
        return Look(state="RUNNING", loads=False)
    return Look(
        state=answer["state"],
        init_pid=answer["init_pid"],
        running=_items.items(answer["running"]),
        configured=_items.items(answer["configured"]),
    )


def ask(ref: ContainerRef, path: str | None) -> dict[str, Any]:
    """State, init and both sides of the configuration, of which the persisted one is read from ``path``; JSON-able.

    Without a path only state and init. Blocks as long as the monitor does not answer: to be called in a child.
    """
    lxc = binding()
    try:
        live = lxc.Container(ref.name, config_path=ref.lxc_path)
        beside = lxc.Container(ref.name, config_path=NOWHERE)
    except RuntimeError:
        return {"loads": False}
    told = {"loads": True, "state": live.state, "init_pid": live.init_pid}
    if path is None:
        return told
    configured = _config_file.loaded(beside, path)
    if configured is None:
        raise HostError(f"liblxc cannot load the configuration of {ref}")
    return {**told, "running": _items.running(live), "configured": configured}


_PASSING = ("STARTING", "STOPPING", "ABORTING", "FREEZING", "THAWED")


def settled_look(ref: ContainerRef, document: Document | None, *, patience: float = 5.0) -> Look:
    """As ``look``, but a container in a passing state (``STARTING``, ``STOPPING``, ...) gets time to get through."""
    deadline = time.monotonic() + patience
    while True:
        found = look(ref, document)
        if found.state not in _PASSING or time.monotonic() > deadline:
            return found
        time.sleep(0.05)
