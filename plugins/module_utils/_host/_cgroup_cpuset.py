# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""CPUs and memory nodes on cgroup v1, where a group must always hold what the groups below it hold."""

from __future__ import annotations

import os

from ansible_collections.community.lxc.plugins.module_utils._host import _cgroupfs
from ansible_collections.community.lxc.plugins.module_utils._host._cgroup_place import Place
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_value import (
    Value,
    join_numbers,
    split_numbers,
)


def write(place: Place, file: str, want: Value) -> None:
    """Widen from above, then narrow from below. Groups that held all of the container's get all of the new ones."""
    top = place.hierarchy.directory(place.limit)
    new = split_numbers(",".join(want))
    old = _numbers(top, file)
    below = _cgroupfs.descendants(top)
    _put(top, file, old | new)
    for group in reversed(below):
        mine = _numbers(group, file)
        if mine == old:
            _put(group, file, old | new)
    for group in below:
        mine = _numbers(group, file)
        if mine:
            _put(group, file, (mine & new) or new)
    _put(top, file, new)


def _numbers(group: str, file: str) -> frozenset[int]:
    return split_numbers(",".join(_cgroupfs.read(f"{group}/{file}") or ()))


def _put(group: str, file: str, numbers: frozenset[int]) -> None:
    if not os.path.isdir(group) or _numbers(group, file) == numbers:
        return
    _cgroupfs.write(f"{group}/{file}", [join_numbers(numbers) or "\n"])
