# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Whether the configured mounts are in force in the running container, whatever it was started with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _config_file, _mount_liblxc, _mounts
from ansible_collections.community.lxc.plugins.module_utils._model import _mountinfo
from ansible_collections.community.lxc.plugins.module_utils._model._mount import Mount, parse_entry
from ansible_collections.community.lxc.plugins.module_utils._model._mount_live import differences
from ansible_collections.community.lxc.plugins.module_utils._model._mountinfo import MountTable
from ansible_collections.community.lxc.plugins.module_utils._plan._mount_facts import (
    all_entries,
    known,
    rootfs_prefixes,
)

if TYPE_CHECKING:
    from ansible_collections.community.lxc.plugins.module_utils._plan._pending import Case


def in_force(case: Case) -> bool:
    """For ``lxc.mount.entry``: each entry that came since the start is mounted, each that went is not.

    What the container was started with is not looked at: what became of it since is not the configuration's business.
    """
    document = _config_file.read(case.ref)
    entries = all_entries(document) if document else ()
    rootfs = rootfs_prefixes(case.ref, entries)
    configured = [mount for mount in (parse_entry(value, rootfs=rootfs) for value in case.configured) if mount]
    running = [mount for mount in (parse_entry(value, rootfs=rootfs) for value in case.running) if mount]
    # liblxc adds an entry of its own for shmounts, which no configuration shows.
    kept = {mount.target for mount in configured} | {inside for host, inside in _mount_liblxc.shmounts(entries)}
    table = _mounts.table_of(case.look.init_pid)
    return all(is_live(mount, table, case.look.init_pid) for mount in configured if mount not in running) and not any(
        _mountinfo.stack_at(table, mount.target) for mount in running if mount.target not in kept
    )


def started_with(case: Case) -> bool:
    """Whether the container was started with exactly these entries, but for liblxc's own one for shmounts."""
    document = _config_file.read(case.ref)
    entries = all_entries(document) if document else ()
    rootfs = rootfs_prefixes(case.ref, entries)
    own = {inside for _host, inside in _mount_liblxc.shmounts(entries)}
    parsed = ((value, parse_entry(value, rootfs=rootfs)) for value in case.running)
    return case.configured == tuple(value for value, mount in parsed if mount is None or mount.target not in own)


def is_live(mount: Mount, table: MountTable, init_pid: int) -> bool:
    """Whether the mount is there, or is optional and cannot be."""
    try:
        wanted = known(mount, init_pid)
    except HostError:
        # Links in a circle, or a file system whose server is gone.
        return mount.options.optional
    if mount.is_bind and wanted.source is None:
        return mount.options.optional
    return any(not differences(wanted, point, table) for point in _mountinfo.stack_at(table, mount.target))
