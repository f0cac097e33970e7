# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What a task of ``lxc_mount`` declares, checked as far as that goes without the host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._mount import (
    Mount,
    check_fstype,
    check_source,
    check_target,
    check_words,
)
from ansible_collections.community.lxc.plugins.module_utils._model._mount_options import check_options

STATES = ("mounted", "present", "ephemeral", "unmounted", "absent")
_MAKING = ("mounted", "present", "ephemeral")
LIVE_ONLY = ("ephemeral", "unmounted")
"""What is about a running container, and lasts no longer than it runs."""


@dataclass(frozen=True)
class MountSpec:
    """``mount`` is None for the states that only take away. ``force`` unmounts lazily what is busy."""

    target: str
    state: str = "mounted"
    mount: Mount | None = None
    force: bool = False

    @property
    def live_only(self) -> bool:
        return self.state in LIVE_ONLY

    @property
    def wants_live(self) -> bool:
        return self.state in ("mounted", "ephemeral")

    @property
    def wants_persisted(self) -> bool:
        return self.state in ("mounted", "present")


def mount_spec(params: Mapping[str, Any]) -> MountSpec:
    """From the options of a task. Raises InvalidInput."""
    state = str(params.get("state") or "mounted")
    target = check_target(str(params["target"]))
    mount = _mount(params, target) if state in _MAKING else None
    return MountSpec(target=target, state=state, mount=mount, force=bool(params.get("force")))


def _mount(params: Mapping[str, Any], target: str) -> Mount:
    fstype = check_fstype(str(params.get("fstype") or "bind"))
    bind = fstype == "bind"
    source = params.get("source")
    if source is None and bind:
        raise InvalidInput("source: is missing; a bind mount needs a path of the host")
    options = check_options(check_words([str(word) for word in params.get("options") or ()]), bind=bind)
    idmap = str(params.get("idmap") or "")
    if idmap and not bind:
        raise InvalidInput("idmap: goes with fstype 'bind' only")
    return Mount(
        source=check_source(str(fstype if source is None else source), bind=bind),
        target=target,
        fstype=fstype,
        options=replace(
            options, create=str(params.get("create") or ""), optional=bool(params.get("optional")), idmap=idmap
        ),
    )
