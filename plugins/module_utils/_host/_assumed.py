# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What check mode takes containers for: as the resources that it has planned already would leave them.

A process that assumes something applies nothing, and assumes it until its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

if TYPE_CHECKING:
    from ansible_collections.community.lxc.plugins.module_utils._host._running import Look

    Settle = Callable[[Look], Look]


@dataclass(frozen=True)
class Assumption:
    """``document`` is None for a container that is gone. ``fresh``: it was started after all else was changed.

    ``settled`` make of a look at the running container one as if it had been started with what was changed live.
    """

    document: Document | None
    runs: bool
    fresh: bool = False
    settled: tuple[Settle, ...] = ()


_assumptions: dict[ContainerRef, Assumption] = {}


def assume(ref: ContainerRef, assumption: Assumption) -> None:
    """From now on, this is what the container is taken for in this process."""
    _assumptions[ref] = assumption


def of(ref: ContainerRef) -> Assumption | None:
    """What is assumed of a container; None: it is what it is found to be."""
    return _assumptions.get(ref)


def settle(ref: ContainerRef, look: Look) -> Look:
    """The look with all that was settled live."""
    found = of(ref)
    for one in found.settled if found else ():
        look = one(look)
    return look
