# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Many containers looked at in one child process, which one that hangs does not spoil for the others."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, LxcError, TimedOut
from ansible_collections.community.lxc.plugins.module_utils._host import _child, _config_file, _liblxc
from ansible_collections.community.lxc.plugins.module_utils._host._binding import NOWHERE
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_handle import Handle
from ansible_collections.community.lxc.plugins.module_utils._host._running import UNRESPONSIVE, Look, ask, look_of
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_PATIENCE_SECONDS = 3.0
_SECONDS_FOR_A_FULL_GROUP = 5.0
_FILES_AT_ONCE = 100
_MONITORS_AT_ONCE = 20
"""The work on a file takes less than a millisecond, a monitor several: a group is done in a tenth of a second."""

T = TypeVar("T")


def each(work: Callable[[T], Any], items: Sequence[T], *, what: str, at_once: int = _FILES_AT_ONCE) -> list[Any]:
    """What ``work`` returns for each item, JSON-able; a ``HostError`` where it failed, a ``TimedOut`` where it hung.

    ``at_once`` of them in one child, and in one more after each item that hung or crashed it.
    """
    results: list[Any] = []
    while len(results) < len(items):
        left = items[len(results) : len(results) + at_once]
        timeout = _PATIENCE_SECONDS + _SECONDS_FOR_A_FULL_GROUP * len(left) / at_once
        answers, error = _run(work, left, what, timeout)
        results += answers
        if len(answers) < len(left):
            results.append(error or HostError(f"Failed to {what}: the child process ended too early"))
    return results


def _run(work: Callable[[T], Any], items: Sequence[T], what: str, timeout: float) -> tuple[list[Any], HostError | None]:
    """The results until the child was done, or hung or died at the next item."""
    progress = os.memfd_create("community.lxc", os.MFD_CLOEXEC)

    def child() -> None:
        for item in items:
            try:
                answer = {"value": work(item)}
            except (LxcError, OSError) as error:
                answer = {"error": str(error)}
            os.write(progress, json.dumps(answer).encode() + b"\n")

    try:
        failure = None
        try:
            _child.run(child, what=what, timeout=timeout)
        except HostError as error:
            failure = error
        os.lseek(progress, 0, os.SEEK_SET)
        with open(os.dup(progress), "rb") as stream:
            lines = [line for line in stream.read().split(b"\n")[:-1] if line]
    finally:
        os.close(progress)
    return [_result(json.loads(line)) for line in lines], failure


def _result(answer: Mapping[str, Any]) -> Any:
    return HostError(answer["error"]) if "error" in answer else answer["value"]


def defined(lxc_path: str) -> frozenset[str]:
    """The names of the containers of the path that have a configuration."""
    try:
        with os.scandir(lxc_path) as entries:
            return frozenset(entry.name for entry in entries if os.path.isfile(f"{entry.path}/config"))
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()


def looks(refs: Sequence[ContainerRef]) -> dict[str, Look]:
    """What each container's monitor tells, by name, beside the configuration as it stands on disk."""

    def work(ref: ContainerRef) -> Any:
        return ask(ref, ref.config_file)

    answers = each(work, refs, what="ask the containers' monitors", at_once=_MONITORS_AT_ONCE)
    return {ref.name: _look(answer) for ref, answer in zip(refs, answers)}


def _look(answer: Any) -> Look:
    if isinstance(answer, TimedOut):
        return Look(state=UNRESPONSIVE)
    return Look(state="RUNNING", loads=False) if isinstance(answer, HostError) else look_of(answer)


def refusals(configured: Sequence[tuple[ContainerRef, Document]]) -> dict[str, str]:
    """For each container whose configuration liblxc cannot load: why not. The document is that configuration."""
    if not configured:
        return {}
    with tempfile.TemporaryDirectory(prefix="community.lxc-") as scratch:
        loader = _Loader(f"{scratch}/log")
        answers = each(loader.refusal, configured, what="load the containers' configurations")
    return {ref.name: str(answer) for (ref, _document), answer in zip(configured, answers) if answer is not None}


class _Loader:
    """Loads configurations into one throw-away handle, and reads in the log why one is refused."""

    def __init__(self, log: str) -> None:
        self._log = log
        self._handle: Handle | None = None
        self._read = 0

    def refusal(self, configured: tuple[ContainerRef, Document]) -> str | None:
        """None if it loads. To be called in a child, since an include may be anything, such as a fifo."""
        ref, document = configured
        handle = self._handle or self._open()
        handle.clear_config()
        path = ref.config_file
        if _config_file.log_files(document):
            # Or liblxc would make the log file, if it is not there.
            path = f"{self._log}.config"
            _config_file.spill(document, path)
        if handle.load_config(path):
            return None
        lines = _child.log_lines(self._news())
        reason = _config_file.refusal(lines, _liblxc.load().version)
        if reason:
            return reason.msg.partition("config: ")[2]
        return f"liblxc cannot load {ref.config_file}: {'; '.join(lines) or 'it gives no reason'}"

    def _open(self) -> Handle:
        library = _liblxc.load()
        self._read = os.path.getsize(self._log) if os.path.exists(self._log) else 0
        library.log_init(name="check", lxcpath=NOWHERE, file=self._log, level="ERROR")
        self._handle = library.container("check", NOWHERE)
        return self._handle

    def _news(self) -> str:
        with open(self._log, encoding="utf-8", errors="replace") as stream:
            stream.seek(self._read)
            text = stream.read()
            self._read = stream.tell()
        return text


def supported_keys(keys: Sequence[str]) -> dict[str, bool]:
    """Whether this liblxc knows each key, also one with an index or a free part (``lxc.net.3.veth.mode``)."""
    if not keys:
        return {}
    [answer] = each(_supported, [tuple(keys)], what="ask liblxc about configuration keys")
    if isinstance(answer, HostError):
        raise answer
    return {str(key): bool(known) for key, known in answer.items()}


def _supported(keys: Sequence[str]) -> dict[str, bool]:
    library = _liblxc.load()
    found = {}
    for key in keys:
        with library.container("check", NOWHERE) as handle:
            parts = key.split(".")
            if parts[:2] == ["lxc", "net"] and len(parts) > 3 and parts[2].isdigit():
                # liblxc knows the keys of a network only once there is one.
                handle.set_config_item(f"lxc.net.{parts[2]}.type", "veth")
            found[key] = library.config_item_is_supported(key) or _is_known(handle, key)
    return found


def _is_known(handle: Handle, key: str) -> bool:
    """By whether it can be cleared, read or emptied: of what liblxc knows, each key can do at least one."""
    if not key.startswith("lxc."):
        return False
    return handle.clear_config_item(key) or handle.get_config_item(key) is not None or handle.set_config_item(key, "")
