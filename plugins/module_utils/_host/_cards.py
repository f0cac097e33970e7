# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What physical interfaces had on the host before they were plugged into a running container: they come back so."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.community.lxc.plugins.module_utils._host import _record
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef


def remember(ref: ContainerRef, init_pid: int, link: str, home: tuple[int, bool]) -> None:
    """MTU in bytes, and whether it was up, under its name on the host. The container's lock must be held."""
    _record.write(ref, "cards", init_pid, {"homes": {**_homes(ref, init_pid), link: home}})


def home(ref: ContainerRef, init_pid: int, link: str) -> tuple[int, bool] | None:
    """As it was remembered; None for an interface that this running container was started with."""
    found = _homes(ref, init_pid).get(link)
    return (int(found[0]), bool(found[1])) if isinstance(found, list) and len(found) == 2 else None


def _homes(ref: ContainerRef, init_pid: int) -> Mapping[str, object]:
    told = _record.read(ref, "cards", init_pid)
    homes = told.get("homes") if told else None
    return homes if isinstance(homes, dict) else {}
