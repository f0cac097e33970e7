# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Mounts as the results of modules show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._model._mount import Mount
from ansible_collections.community.lxc.plugins.module_utils._model._mount_live import host_path
from ansible_collections.community.lxc.plugins.module_utils._model._mountinfo import MountPoint


def entry_dict(mount: Mount) -> dict[str, Any]:
    """An entry: ``source``, ``target``, ``fstype``, ``options``."""
    return {
        "source": mount.source,
        "target": mount.target,
        "fstype": mount.fstype,
        "options": list(mount.options.words()),
    }


def goal_dict(mount: Mount) -> dict[str, Any]:
    """The same for a live mount that is the wanted one: without the words that only liblxc reads, at start."""
    return entry_dict(replace(mount, options=replace(mount.options, create="", optional=False)))


def live_dict(point: MountPoint, host: Sequence[MountPoint]) -> dict[str, Any]:
    """A line of the container's mount table, in the same shape; ``host`` is the host's table.

    The source of a bind mount is a path of the host where it can be seen there, else device and directory.
    """
    bound = host_path(host, point.identity)
    options = [*point.options, *(tag.partition(":")[0] for tag in point.tags)]
    if bound:
        return {"source": bound, "target": point.target, "fstype": "bind", "options": options}
    source = point.source if point.root == "/" else f"{point.source}[{point.root}]"
    words = list(dict.fromkeys([*options, *point.super_options]))
    return {"source": source, "target": point.target, "fstype": point.fstype, "options": words}
