# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What is remembered of a running container, in a file beside its lock, until the host is booted again."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._host import _lock
from ansible_collections.community.lxc.plugins.module_utils._host._process import Process
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef


def write(ref: ContainerRef, kind: str, init_pid: int, content: Mapping[str, object]) -> None:
    """Write down of this init what JSON can say. It is no failure of anything if that fails: who reads does without."""
    with contextlib.suppress(OSError):
        path = _lock.beside(ref, kind)
        told = {"who": _identity(init_pid), **content}
        with open(f"{path}.new", "w", encoding="utf-8", errors="surrogateescape") as stream:
            json.dump(told, stream)
        os.rename(f"{path}.new", path)


def read(ref: ContainerRef, kind: str, init_pid: int | None = None) -> dict[str, Any] | None:
    """What has been written down of the init and the monitor that are there now; None where nothing has.

    ``who`` begins with the pid of that init; with ``init_pid`` it has to be this one.
    """
    try:
        with open(_lock.beside(ref, kind), encoding="utf-8", errors="surrogateescape") as stream:
            told: dict[str, Any] = json.load(stream)
        who = told["who"]
        return told if who == _identity(who[0] if init_pid is None else init_pid) else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _identity(init_pid: int) -> list[int]:
    """What tells this init and its monitor from any others: pids, and their starts in clock ticks since boot.

    Raises ``ProcessLookupError`` if there is no such process.
    """
    with Process(init_pid) as init:
        monitor = init.parent()
        with Process(monitor) as parent:
            return [init_pid, init.born(), monitor, parent.born()]
