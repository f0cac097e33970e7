# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The sign of a creation that was not finished."""

from __future__ import annotations

import os

from ansible_collections.community.lxc.plugins.module_utils._host import _assumed
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

MARKER = ".community.lxc.creating"


def half_made(ref: ContainerRef) -> bool:
    """Whether a run was killed while it made this container."""
    return _assumed.of(ref) is None and os.path.lexists(f"{ref.directory}/{MARKER}")


def foreign_creation(ref: ContainerRef) -> bool:
    """Whether another program is creating this container, or was killed while it did: liblxc's own mark is there."""
    return _assumed.of(ref) is None and os.path.lexists(f"{ref.directory}/partial") and not half_made(ref)
