# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Whether a changed key of an interface is in force in the running container, since it was brought live."""

from __future__ import annotations

from typing import Protocol

from ansible_collections.community.lxc.plugins.module_utils._config import _net
from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, MissingLibrary
from ansible_collections.community.lxc.plugins.module_utils._host import _netlink, _netlink_message
from ansible_collections.community.lxc.plugins.module_utils._host._running import Look
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_info import nics
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_observe import interfaces_of


class Case(Protocol):
    """What is needed of ``_pending.Case``."""

    @property
    def look(self) -> Look: ...

    @property
    def key(self) -> str: ...


def in_force(case: Case) -> bool:
    """The whole interface decides: it is as configured, or it is gone as configured."""
    index = case.key.split(".")[2]
    configured, running = interfaces_of(case.look.configured), interfaces_of(case.look.running)
    if not index.isdigit() or case.look.init_pid <= 0:
        return False
    number = int(index)
    for one in _nics(case.look, configured):
        if one["index"] == number:
            return one["live"] is not None and not one["drift"] and one["error"] is None
    name = _net.names(running).get(number)
    return name is not None and not _is_there(case.look.init_pid, name)


_latest: list[tuple[Look, list[dict[str, object]]]] = []
"""Of the container that was judged last: its keys come one after the other."""


def _nics(look: Look, configured: Document) -> list[dict[str, object]]:
    if not _latest or _latest[0][0] is not look:
        _latest[:] = [(look, nics(configured, look, look.init_pid))]
    return _latest[0][1]


def _is_there(init_pid: int, name: str) -> bool:
    try:
        with _netlink.opened(init_pid) as network:
            return _netlink_message.index_of(network.inside, name) is not None
    except (HostError, MissingLibrary):
        return True
