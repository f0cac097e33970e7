# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Which seccomp profile, by the hash of its content, a container was started with.

Nobody can be asked for it: the kernel does not show a filter, and the monitor knows the file's name alone. So a start
by this collection writes it down, together with what tells this init from any other.
"""

from __future__ import annotations

import contextlib
import json
import os

from ansible_collections.community.lxc.plugins.module_utils._host import _lock
from ansible_collections.community.lxc.plugins.module_utils._host._process import Process
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef


def write(ref: ContainerRef, *, init_pid: int, profile: str, digest: str) -> None:
    """Write down what the init that has just been started runs under. It is no failure of the start if that fails."""
    with contextlib.suppress(OSError):
        record = {"init": _identity(init_pid), "profile": profile, "hash": digest}
        temporary = f"{_path(ref)}.new"
        with open(temporary, "w", encoding="utf-8", errors="surrogateescape") as stream:
            json.dump(record, stream)
        os.rename(temporary, _path(ref))


def read(ref: ContainerRef, *, init_pid: int, profile: str) -> str | None:
    """The hash that this very init was started with; None where nobody has written it down."""
    try:
        with open(_path(ref), encoding="utf-8", errors="surrogateescape") as stream:
            record = json.load(stream)
        if (record["init"], record["profile"]) == (_identity(init_pid), profile):
            return str(record["hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None


def _identity(init_pid: int) -> list[int]:
    with Process(init_pid) as init:
        # The time of its start, in clock ticks since boot.
        return [init_pid, int(init.stat()[19])]


def _path(ref: ContainerRef) -> str:
    return _lock.beside(ref, "seccomp")
