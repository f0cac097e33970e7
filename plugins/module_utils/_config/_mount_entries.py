# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The mounts that a configuration file makes at one target: found whatever their spelling, edited in their place."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, new_line
from ansible_collections.community.lxc.plugins.module_utils._model._mount import Mount, parse_entry, render_entry

ENTRY = "lxc.mount.entry"
FSTAB = "lxc.mount.fstab"


def entries_at(values: Sequence[str], target: str, *, rootfs: Sequence[str]) -> tuple[str, ...]:
    """Those of the values that mount something at that target, as they are written."""
    parsed = ((value, parse_entry(value, rootfs=rootfs)) for value in values)
    return tuple(value for value, mount in parsed if mount and mount.target == target)


def settle(document: Document, old: Sequence[str], mount: Mount | None, *, rootfs: Sequence[str]) -> Document:
    """The document with exactly this mount in the place of the ``old`` entries; with None, without them.

    An entry that means the same already stays as it is written.
    """
    kept = next((value for value in reversed(old) if mount and parse_entry(value, rootfs=rootfs) == mount), None)
    new = [] if mount is None else [render_entry(mount) if kept is None else kept]
    if not old:
        return document.append([(ENTRY, value) for value in new])
    lines = []
    for line in document.lines:
        if line.key != ENTRY or line.value not in old:
            lines.append(line)
        elif new and kept in (None, line.value):
            value = new.pop()
            lines.append(line if value == line.value else new_line(ENTRY, value))
    return Document(tuple(lines))
