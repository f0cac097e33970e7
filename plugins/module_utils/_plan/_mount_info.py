# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The mounts of a container as ``lxc_info`` shows them: persisted, live, and where the two differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, Entry
from ansible_collections.community.lxc.plugins.module_utils._config._mount_entries import ENTRY
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _mount_liblxc, _mounts
from ansible_collections.community.lxc.plugins.module_utils._model import _mountinfo
from ansible_collections.community.lxc.plugins.module_utils._model._mount import Mount, parse_entry
from ansible_collections.community.lxc.plugins.module_utils._model._mount_live import differences
from ansible_collections.community.lxc.plugins.module_utils._model._mountinfo import MountPoint, MountTable
from ansible_collections.community.lxc.plugins.module_utils._plan._mount_facts import (
    all_entries,
    inherited,
    known,
    rootfs_prefixes,
)
from ansible_collections.community.lxc.plugins.module_utils._plan._mount_show import entry_dict, live_dict

if TYPE_CHECKING:
    from ansible_collections.community.lxc.plugins.module_utils._plan._info import Observation

_LXCS_OWN = ("devpts", "devtmpfs")
"""What LXC itself binds into a container's /dev."""


def section(found: Observation) -> list[dict[str, Any]]:
    """Each mount that is persisted or live, by target; the root file system is left out."""
    document = found.document or Document()
    entries = _entries(found, document)
    persisted = _persisted(found, document, entries)
    runs = found.init.pid > 0
    table = _mounts.table_of(found.init.pid) if runs else ()
    host = _mounts.table_of() if runs else ()
    own = {inside for outside, inside in _mount_liblxc.shmounts(entries)}
    stacks = _mountinfo.stacks(table)
    targets = sorted({*stacks, *persisted})
    shown = []
    for target in (target for target in targets if target != "/"):
        stack = stacks.get(target, ())
        if target in persisted:
            mount, origin = persisted[target]
            drift = _drift(mount, stack, table, found.init.pid) if runs else None
            shown.append(_one(target, mount, origin, stack, host, drift))
        elif stack:
            drift = None if target in own else _unforeseen(stack[-1], host)
            shown.append(_one(target, None, None, stack, host, drift))
    return shown


def _entries(found: Observation, document: Document) -> tuple[Entry, ...]:
    # An include of a configuration that liblxc did not load could be anything, also a pipe that nobody writes to.
    return document.entries() if found.error else all_entries(document)


def _persisted(
    found: Observation, document: Document, entries: tuple[Entry, ...]
) -> dict[str, tuple[Mount, str | None]]:
    """By target, the one that is mounted last. The second of the pair is its origin, None for the container's own."""
    rootfs = rootfs_prefixes(found.ref, entries)
    mounts: dict[str, tuple[Mount, str | None]] = {
        other.mount.target: (other.mount, other.origin) for other in inherited(document, entries, None, rootfs=rootfs)
    }
    for value in document.values(ENTRY):
        mount = parse_entry(value, rootfs=rootfs)
        if mount:
            mounts[mount.target] = (mount, None)
    return mounts


def _one(
    target: str, mount: Mount | None, origin: str | None, stack: MountTable, host: MountTable, drift: str | None
) -> dict[str, Any]:
    live = live_dict(stack[-1], host) if stack else None
    entry = entry_dict(mount) if mount else None
    return {
        **(entry or live or {}),
        "target": target,
        "persisted": entry,
        "origin": origin,
        "live": live,
        "drift": drift,
    }


def _drift(mount: Mount, stack: MountTable, table: MountTable, init_pid: int) -> str | None:
    try:
        wanted = known(mount, init_pid)
    except HostError as error:
        return None if not stack and mount.options.optional else f"whether it is mounted cannot be told: {error}"
    if not stack:
        missing = mount.is_bind and wanted.source is None and mount.options.optional
        return None if missing else "persisted, and not mounted in the running container"
    found = min((differences(wanted, point, table) for point in stack), key=len)
    return f"the live mount differs in {' and '.join(found)}" if found else None


def _unforeseen(point: MountPoint, host: MountTable) -> str | None:
    """For a directory or file of the host; what the container or LXC mounted itself is nobody's drift."""
    if point.fstype in _LXCS_OWN or not any(point.device == other.device for other in host):
        return None
    return "live, and not persisted"
