# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Reading and clearing a container's console log: an action, not a state."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput, LxcError
from ansible_collections.community.lxc.plugins.module_utils._host import _config_file, _config_includes, _console
from ansible_collections.community.lxc.plugins.module_utils._host._binding import resolve
from ansible_collections.community.lxc.plugins.module_utils._host._running import has_monitor, look
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_BUFFER = "lxc.console.buffer.size"
_LOG_FILE = "lxc.console.logfile"
_MOST = 64 * 1024 * 1024


def read_console(params: Mapping[str, Any], *, pretend: bool) -> dict[str, Any]:
    """The result of ``lxc_console_log``."""
    ref = resolve(params["container"], params["lxc_path"])
    source, clear, read, most = params["source"], params["clear"], params["read"], params["max_bytes"]
    if not 0 <= most <= _MOST:
        raise InvalidInput(f"max_bytes: {most} is refused; 0 (all) to {_MOST} is accepted")
    if source == "logfile" and (clear or not read):
        raise InvalidInput("source: the log file is only read here; lxc.console.size and lxc.console.rotate bound it")
    if not read and not clear:
        raise InvalidInput("read: with read: false and clear: false there is nothing to do")
    document = _config_file.read(ref)
    if document is None:
        raise InvalidInput(f"There is no {ref}; lxc_container creates containers")
    if source == "logfile":
        return _from_file(ref, document, most)
    return _from_ring(ref, document, read=read, clear=clear, most=most, pretend=pretend)


def _from_file(ref: ContainerRef, document: Document, most: int) -> dict[str, Any]:
    entries = _config_includes.expand(document, _config_includes.read(document))
    path = dict(entries).get(_LOG_FILE, "")
    if not path:
        raise InvalidInput(f"source: {ref} has no console log file; set {_LOG_FILE} by lxc_container and restart it")
    found = _console.log_file(path, max_bytes=most)
    if found is None:
        raise InvalidInput(f"source: {path} is not there; LXC makes it at the next start of {ref}")
    return {"changed": False, "actions": [], "console_log": _show(found.data, path=path, left_out=found.left_out)}


def _from_ring(
    ref: ContainerRef, document: Document, *, read: bool, clear: bool, most: int, pretend: bool
) -> dict[str, Any]:
    # What is read is gone from the buffer: all else that can fail is asked before.
    if not has_monitor(ref):
        raise _console.failure(ref, errno.ECONNREFUSED, read=read)
    terminals = _console.terminals(ref)
    if pretend:
        _refuse_without_buffer(ref, document, read=read)
        return {"changed": True, "actions": [_says(ref, read=read, clear=clear)], "console_log": None}
    data = _console.ring(ref, read=True, clear=False, max_bytes=most) if read else b""
    shown = {**_show(data, path=None), "terminals": terminals}
    # Reading an empty buffer changes nothing, and whether one that is cleared was empty, only reading would tell.
    if clear:
        try:
            _console.ring(ref, read=False, clear=True, max_bytes=0)
        except LxcError as error:
            if data:
                failed = {"failed": True, "msg": error.msg, "lxc_log": list(error.lxc_log)}
                return {**failed, **_told(shown, [_says(ref, read=True, clear=False)])}
            raise
    return _told(shown, [_says(ref, read=read, clear=clear)] if data or clear else [])


def _told(shown: dict[str, Any], actions: list[str]) -> dict[str, Any]:
    return {"changed": bool(actions), "actions": actions, "console_log": shown}


def _says(ref: ContainerRef, *, read: bool, clear: bool) -> str:
    verbs = [*(["read"] if read else []), *(["clear"] if clear else [])]
    return f"{' and '.join(verbs)} the console's ring buffer of {ref}"


def _refuse_without_buffer(ref: ContainerRef, document: Document, *, read: bool) -> None:
    """HostError where the running container was started without a ring buffer. Reading itself would tell, and take."""
    found = look(ref, document)
    if found.running and found.running.get(_BUFFER, ("0",)) == ("0",):
        raise _console.failure(ref, errno.EFAULT, read=read)


def _show(data: bytes, *, path: str | None, left_out: bool = False) -> dict[str, Any]:
    text = data.decode("utf-8", errors="replace").replace("\r\n", "\n")
    return {"content": text, "size": len(data), "logfile": path, "truncated": left_out}
