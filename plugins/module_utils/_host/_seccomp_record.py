# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Which seccomp profile, by the hash of its content, a container was started with.

Nobody can be asked for it: the kernel does not show a filter, and the monitor knows the file's name alone. So a start
by this collection writes it down, together with what tells this init from any other.
"""

from __future__ import annotations

from ansible_collections.community.lxc.plugins.module_utils._host import _record
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef


def write(ref: ContainerRef, *, init_pid: int, profile: str, digest: str) -> None:
    """Write down what the init that has just been started runs under. It is no failure of the start if that fails."""
    _record.write(ref, "seccomp", init_pid, {"profile": profile, "hash": digest})


def read(ref: ContainerRef, *, init_pid: int, profile: str) -> str | None:
    """The hash that this very init was started with; None where nobody has written it down."""
    told = _record.read(ref, "seccomp", init_pid)
    return str(told["hash"]) if told and told.get("profile") == profile and "hash" in told else None
