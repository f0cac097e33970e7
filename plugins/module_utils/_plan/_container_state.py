# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What a container is at one moment, as ``lxc_container`` sees it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._host._init import Init

ABSENT = "ABSENT"
"""Our own word beside liblxc's."""


@dataclass(frozen=True)
class ContainerState:
    """``state`` is liblxc's word, or ABSENT. ``pending`` are the keys that wait for a restart.

    ``edited`` is the configuration as the task wants it, and ``edited_pending`` what would then wait. ``reboot_loses``
    are its keys that a reboot would not bring, in force or not; asked for only where one is wanted.
    """

    state: str = ABSENT
    document: Document = field(default_factory=Document)
    pending: tuple[str, ...] = ()
    edited: Document = field(default_factory=Document)
    edited_pending: tuple[str, ...] = ()
    reboot_loses: tuple[str, ...] = ()
    half_made: bool = False
    loads: bool = True
    init: Init = field(default_factory=Init)

    @property
    def exists(self) -> bool:
        return self.state != ABSENT

    @property
    def runs(self) -> bool:
        return self.state not in (ABSENT, "STOPPED")
