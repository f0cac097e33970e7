# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A container's cgroups for ``lxc_info``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._host import _cgroupfs, _config_includes
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_dialect import Dialect
from ansible_collections.community.lxc.plugins.module_utils._plan import _cgroup_live, _cgroup_persisted
from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup_state import CgroupState, show_cgroup

if TYPE_CHECKING:
    from ansible_collections.community.lxc.plugins.module_utils._plan._info import Observation

_ALWAYS = frozenset({"memory.max", "pids.max", "cpu.max"})
"""Limits whose value in force is told even if nobody has configured them."""


def section(found: Observation) -> dict[str, Any]:
    """What ``lxc_cgroup_isolation`` returns, but for a test of the devices."""
    cgroups = found.cgroups
    dialect = Dialect(unified=cgroups.unified, page=_cgroupfs.page_size())
    document = found.document or Document()
    entries = _config_includes.expand(document, _config_includes.read(document))
    persisted = _cgroup_persisted.read(entries, dialect)
    scope = _cgroup_live.Scope(names={*persisted.limits, *_ALWAYS})
    look = replace(found.look, init_pid=found.init.pid)
    live = _cgroup_live.observe(found.ref, look, scope, cgroups, dialect)
    state = CgroupState(
        layout=cgroups.layout, document=document, persisted=persisted, edited=document, wanted=persisted, live=live
    )
    return show_cgroup(state, dialect)
