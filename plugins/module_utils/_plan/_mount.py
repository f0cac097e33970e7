# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A mount of a container: its entry in the configuration, and the mount itself in the running container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Union

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, Entry
from ansible_collections.community.lxc.plugins.module_utils._config._mount_entries import ENTRY, entries_at, settle
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _assumed,
    _config_file,
    _lock,
    _mount_liblxc,
    _mounts,
    _process,
)
from ansible_collections.community.lxc.plugins.module_utils._host._binding import resolve
from ansible_collections.community.lxc.plugins.module_utils._host._running import UNRESPONSIVE, settled_look
from ansible_collections.community.lxc.plugins.module_utils._model._mount import Mount, parse_entry
from ansible_collections.community.lxc.plugins.module_utils._model._mount_live import Wanted, differences
from ansible_collections.community.lxc.plugins.module_utils._model._mount_spec import MountSpec, mount_spec
from ansible_collections.community.lxc.plugins.module_utils._model._mountinfo import MountPoint, MountTable
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan import _mount_live
from ansible_collections.community.lxc.plugins.module_utils._plan._mount_facts import (
    Inherited,
    all_entries,
    check_place,
    gather_wanted,
    inherited,
    mount_point,
    rootfs_prefixes,
)
from ansible_collections.community.lxc.plugins.module_utils._plan._mount_show import entry_dict, goal_dict, live_dict
from ansible_collections.community.lxc.plugins.module_utils._plan._persist import persist_step
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Step

Live = Union[MountPoint, Mount]
"""A mount that is there, or one that is to be made."""


@dataclass(frozen=True)
class MountState:
    """``entries`` are the container's own at the target, as written; ``stack`` the live mounts, the lowest first.

    ``configured`` is the configuration with what it includes. ``init_pid`` is -1 unless the container runs,
    ``born`` is when that process was started. ``fresh``: check mode takes it for started anew.
    ``obstacle`` says why a live mount is impossible, empty: it is not. ``host`` is the host's own mount table.
    ``left`` are the places in the container at which a run that was killed has left a mount.
    """

    document: Document
    rootfs: tuple[str, ...] = ()
    configured: tuple[Entry, ...] = ()
    entries: tuple[str, ...] = ()
    inherited: tuple[Inherited, ...] = ()
    init_pid: int = -1
    born: int = -1
    place: _mounts.Place = field(default_factory=_mounts.Place)
    stack: tuple[Live, ...] = ()
    wanted: Wanted | None = None
    obstacle: str = ""
    host: MountTable = ()
    fresh: bool = False
    left: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        return self.init_pid > 0 or self.fresh


class MountResource:
    """The resource behind ``lxc_mount``."""

    kind = "mount"

    def __init__(self, ref: ContainerRef, spec: MountSpec) -> None:
        self.ref = ref
        self.spec = spec
        self._via: str | None = None

    # ---- what is there

    def observe(self) -> MountState:
        document = _config_file.read(self.ref)
        if document is None:
            raise InvalidInput(f"There is no {self.ref}")
        look = settled_look(self.ref, document)
        if look.state == UNRESPONSIVE:
            raise HostError(f"The monitor of {self.ref} does not answer, so that its mounts cannot be found")
        configured = all_entries(document)
        rootfs = rootfs_prefixes(self.ref, configured)
        state = MountState(
            document=document,
            rootfs=rootfs,
            entries=entries_at(document.values(ENTRY), self.spec.target, rootfs=rootfs),
            configured=configured,
            inherited=inherited(document, configured, self.spec.target, rootfs=rootfs),
            init_pid=look.init_pid,
            born=_process.born(look.init_pid),
        )
        assumption = _assumed.of(self.ref)
        return self._observe_live(replace(state, fresh=assumption is not None and assumption.fresh))

    def _observe_live(self, state: MountState) -> MountState:
        spec = self.spec
        if spec.live_only and not state.runs:
            raise InvalidInput(f"{self.ref} does not run, and state: {spec.state} is about running containers only")
        wanted = self._gather(spec.mount, state) if spec.mount else None
        state = replace(state, wanted=wanted)
        if state.runs:
            place = self._place(state)
            left = _mount_liblxc.left_stages(place.table) if spec.state != "present" and not state.fresh else ()
            state = replace(state, place=place, stack=place.stack, host=_mounts.table_of(), left=left)
            if wanted is not None:
                check_place(self.ref, spec, place, wanted)
                state = replace(state, obstacle=_mount_live.obstacle(state.configured, place, wanted))
        if spec.state == "ephemeral" and state.obstacle:
            raise HostError(f"{spec.target} cannot be mounted in the running {self.ref}: {state.obstacle}")
        if self._edited(state) != state.document:
            _config_file.check(self.ref, self._edited(state))
        return state

    def _place(self, state: MountState) -> _mounts.Place:
        if state.init_pid <= 0:
            place = _mounts.Place(kind=_mounts.UNKNOWN)
        else:
            place = _mounts.place(state.init_pid, self.spec.target, what=str(self.ref))
        if not state.fresh:
            return place
        # Then there is what LXC mounts at the start, and no more.
        return replace(place, stack=tuple(map(mount_point, self._parsed(state.entries, state.rootfs))))

    def _gather(self, mount: Mount, state: MountState) -> Wanted:
        persisted = self.spec.wants_persisted
        return gather_wanted(self.ref, mount, state.init_pid, state.configured, persisted=persisted)

    def _edited(self, state: MountState) -> Document:
        """The configuration with what the task wants persisted."""
        if self.spec.state == "unmounted":
            return state.document
        mount = self.spec.mount if self.spec.wants_persisted else None
        if mount and not state.entries and any(other.mount == mount for other in state.inherited):
            return state.document
        return settle(state.document, state.entries, mount, rootfs=state.rootfs)

    # ---- what should be there

    def desire(self, now: MountState) -> MountState:
        document = self._edited(now)
        entries = entries_at(document.values(ENTRY), self.spec.target, rootfs=now.rootfs)
        return replace(now, document=document, entries=entries, stack=self._stack(now), left=())

    def _stack(self, now: MountState) -> tuple[Live, ...]:
        if not now.runs or self.spec.state == "present":
            return now.stack
        if not self.spec.wants_live:
            return ()
        wanted = now.wanted
        if wanted is None or now.obstacle or self._nothing_to_mount(wanted):
            return now.stack
        found = [differences(wanted, point, now.place.table) for point in now.place.stack]
        if () in found:
            return now.stack[: found.index(()) + 1]
        if ("options",) in found and not _mount_live.must_replace():
            return (*now.stack[: found.index(("options",))], wanted.mount)
        return (wanted.mount,)

    @staticmethod
    def _nothing_to_mount(wanted: Wanted) -> bool:
        """An optional mount whose source does not exist."""
        return wanted.mount.is_bind and wanted.source is None

    # ---- the way there

    def steps(self, now: MountState, want: MountState) -> Iterator[Step]:
        if want.document != now.document:
            yield persist_step(self.ref, says=self._says_persist(now, want), old=now.document, new=want.document)
        for left in now.left:
            yield self._sweep_step(now, left)
        if want.stack != now.stack:
            yield self._live_step(now, want)

    def _says_persist(self, now: MountState, want: MountState) -> str:
        gone = [entry for entry in now.entries if entry not in want.entries]
        come = [entry for entry in want.entries if entry not in now.entries]
        where = f"the configuration of {self.ref}"
        if come and gone:
            return f"replace {ENTRY} = {' and '.join(gone)} by {' and '.join(come)} in {where}"
        if come:
            return f"add {ENTRY} = {' and '.join(come)} to {where}"
        return f"remove {ENTRY} = {' and '.join(gone or now.entries)} from {where}"

    def _sweep_step(self, now: MountState, left: str) -> Step:
        says = f"unmount what a run that was killed has left at {left} in the running {self.ref}"
        return Step(says=says, do=lambda: _mount_live.sweep(now.init_pid, now.born, left))

    def _live_step(self, now: MountState, want: MountState) -> Step:
        kept = [point for point in want.stack if isinstance(point, MountPoint)]
        made = now.wanted if len(kept) < len(want.stack) else None
        # A mount that differs in its options alone is changed where it is, and so need not be idle.
        old = now.stack[len(kept)] if made and len(kept) < len(now.stack) else None
        adjust = isinstance(old, MountPoint) and made is not None and self._differs_in_options(now, made, old)
        change = _mount_live.Change(
            ref=self.ref,
            entries=now.configured,
            init_pid=now.init_pid,
            born=now.born,
            place=now.place,
            keep=len(kept) + adjust,
            wanted=made,
            adjust=adjust,
            force=self.spec.force,
            target=self.spec.target,
        )
        self._via = change.via

        def do() -> None:
            self._via = change.apply()

        return Step(says=change.says, do=do)

    @staticmethod
    def _differs_in_options(now: MountState, wanted: Wanted, point: MountPoint) -> bool:
        return differences(wanted, point, now.place.table) == ("options",) and not _mount_live.must_replace()

    # ---- what is told of it

    def compare(self, state: MountState) -> dict[str, Any]:
        live = [self._describe(state, point) for point in state.stack] if state.runs else None
        return {"persisted": list(state.entries), "live": live, **({"left": list(state.left)} if state.left else {})}

    def _describe(self, state: MountState, point: Live) -> dict[str, Any]:
        wanted = state.wanted
        if wanted and (point is wanted.mount or self._is_wanted(state, wanted, point)):
            return goal_dict(wanted.mount)
        return live_dict(point, state.host) if isinstance(point, MountPoint) else goal_dict(point)

    @staticmethod
    def _is_wanted(state: MountState, wanted: Wanted, point: Live) -> bool:
        return isinstance(point, MountPoint) and not differences(wanted, point, state.place.table)

    def show(self, state: MountState) -> dict[str, Any]:
        own = [entry_dict(mount) for mount in self._parsed(state.entries, state.rootfs)]
        live = [self._describe(state, point) for point in state.stack]
        shown = self.spec.mount or next(iter(self._parsed(state.entries, state.rootfs)), None)
        head = entry_dict(shown) if shown else dict.fromkeys(("source", "fstype", "options"))
        return {
            **head,
            "target": self.spec.target,
            "persisted": own[-1] if own else None,
            "live": live[-1] if live else None,
            "stack": live,
            "inherited": [{**entry_dict(other.mount), "origin": other.origin} for other in state.inherited],
            "via": self._via,
        }

    @staticmethod
    def _parsed(entries: Sequence[str], rootfs: Sequence[str]) -> list[Mount]:
        return [mount for mount in (parse_entry(entry, rootfs=rootfs) for entry in entries) if mount]

    def pending(self, state: MountState) -> Sequence[str]:
        if self.spec.state != "mounted" or not state.runs or not state.obstacle or state.wanted is None:
            return ()
        if any(self._is_wanted(state, state.wanted, point) for point in state.stack):
            return ()
        return (f"{self.spec.target} is mounted when {self.ref} is started next: {state.obstacle}",)

    def exclusive(self) -> AbstractContextManager[None]:
        return _lock.exclusive(self.ref)


def build_mount(params: Mapping[str, Any]) -> MountResource:
    """From the options of a task."""
    spec = mount_spec(params)
    return MountResource(resolve(params["container"], params.get("lxc_path")), spec)
