# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What a monitor was started with, remembered: it takes a question for each of a hundred keys to be told.

The answers stay the same as long as this monitor and this init live: nobody can set a key of a running container.
What a start would make of a configuration stays the same as long as that does, with all that it includes. So both are
written down, with what tells monitor, init, configuration and liblxc from any others; whatever differs is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._host import _record
from ansible_collections.community.lxc.plugins.module_utils._host._items import Items, items
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef


@dataclass(frozen=True)
class Record:
    """``configured`` goes with the configuration that has the ``digest``, ``running`` with the init of ``init_pid``."""

    init_pid: int
    running: Items
    digest: str
    configured: Items


def read(ref: ContainerRef) -> Record | None:
    """What has been written down of the monitor and the init that are there now; None where nothing has."""
    told = _record.read(ref, "running")
    if told is None:
        return None
    try:
        return Record(told["who"][0], items(told["running"]), told["digest"], items(told["configured"]))
    except (LookupError, TypeError, AttributeError):
        return None


def write(ref: ContainerRef, record: Record) -> None:
    """Write it down; the container's lock must be held. It is no failure of anything if that fails."""
    if any(_asks_the_host(key, values) for key, values in record.configured.items()) or read(ref) == record:
        return
    content = {"running": record.running, "digest": record.digest, "configured": record.configured}
    _record.write(ref, "running", record.init_pid, content)


def _asks_the_host(key: str, values: tuple[str, ...]) -> bool:
    """Whether liblxc reads the value otherwise as the host's interfaces come and go: ``lxc.net.0.link = eth+``."""
    return key.endswith(".link") and any(value.endswith("+") for value in values)
