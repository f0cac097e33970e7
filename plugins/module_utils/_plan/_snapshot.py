# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A container's snapshots: made, removed, restored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _config_file,
    _creation,
    _lock,
    _removal,
    _snapshot_restore,
    _snapshots,
)
from ansible_collections.community.lxc.plugins.module_utils._host._binding import resolve
from ansible_collections.community.lxc.plugins.module_utils._host._half_made import half_made
from ansible_collections.community.lxc.plugins.module_utils._host._running import has_monitor
from ansible_collections.community.lxc.plugins.module_utils._host._snapshots import Snapshot
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef, container_ref
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Step


@dataclass(frozen=True)
class SnapshotSpec:
    """``name`` or ``comment`` says which; ``new_name`` is for restoring beside the container."""

    state: str
    name: str | None = None
    comment: str | None = None
    new_name: str | None = None


@dataclass(frozen=True)
class SnapshotState:
    """``new`` says whether the container that is to be made from the snapshot is there."""

    document: Document
    snapshots: tuple[Snapshot, ...]
    new: bool = False
    unfinished: bool = False
    half_made: str = ""
    chosen: Snapshot | None = field(default=None, compare=False)


class SnapshotResource:
    """The resource behind ``lxc_snapshot``."""

    kind = "snapshot"

    def __init__(self, ref: ContainerRef, spec: SnapshotSpec, new: ContainerRef | None) -> None:
        self.ref = ref
        self.spec = spec
        self.new = new
        self._restored = False

    # ---- what is there

    def observe(self) -> SnapshotState:
        document = _config_file.read(self.ref)
        if document is None:
            raise InvalidInput(f"There is no {self.ref}; lxc_container creates containers")
        state = SnapshotState(
            document=document,
            snapshots=_snapshots.snapshots(self.ref),
            new=self.new is not None and _config_file.read(self.new) is not None and not half_made(self.new),
            unfinished=_snapshot_restore.is_unfinished(self.ref),
            half_made=_snapshots.half_made(self.ref),
        )
        state = replace(state, chosen=self._choose(state.snapshots))
        self._refuse(state)
        return state

    def _choose(self, found: tuple[Snapshot, ...]) -> Snapshot | None:
        spec = self.spec
        if spec.name is not None:
            matching = [snapshot for snapshot in found if snapshot.name == spec.name]
        else:
            matching = [snapshot for snapshot in found if snapshot.comment == spec.comment]
        if len(matching) > 1 and spec.state != "present":
            names = ", ".join(snapshot.name for snapshot in matching)
            raise InvalidInput(f"comment: {names} of {self.ref} all have this comment; say which by name")
        return matching[0] if matching else None

    def _refuse(self, state: SnapshotState) -> None:
        spec = self.spec
        if state.unfinished:
            _snapshot_restore.check_recovery(self.ref)
        if spec.state == "absent" or (spec.state == "present" and state.chosen):
            return
        if spec.state == "restored":
            if state.new:
                return
            if state.chosen is None:
                names = ", ".join(snapshot.name for snapshot in state.snapshots) or "none"
                raise InvalidInput(f"{self.ref} has no such snapshot; it has {names}")
            if not state.chosen.created:
                raise InvalidInput(
                    f"{state.chosen.name} of {self.ref} is not finished: it is just being made, or whoever made it was "
                    "killed; it can be removed by state: absent"
                )
            if self.new is None:
                self._refuse_in_place(state, state.chosen)
                return
            _creation.refuse_occupied(self.new)
        elif has_monitor(self.ref):
            raise InvalidInput(f"{self.ref} runs, and liblxc makes snapshots of stopped containers only; stop it first")
        _snapshots.require_tools(state.document)

    def _refuse_in_place(self, state: SnapshotState, chosen: Snapshot) -> None:
        if self._restored:
            return
        if has_monitor(self.ref):
            raise InvalidInput(f"{self.ref} runs; stop it first, or restore the snapshot with new_name")
        clones = _removal.dependants(self.ref)
        if clones:
            raise InvalidInput(f"{self.ref} cannot be replaced: snapshot clones stand on it ({', '.join(clones)})")
        _snapshot_restore.check(self.ref, chosen.name, state.document)

    # ---- what should be there

    def desire(self, now: SnapshotState) -> SnapshotState:
        want = replace(now, unfinished=False, half_made="")
        if self.spec.state == "absent":
            return replace(want, snapshots=tuple(s for s in now.snapshots if s != now.chosen))
        if self.spec.state == "restored":
            if self.new is not None:
                return replace(want, new=True)
            chosen = now.chosen
            return replace(want, document=_snapshot_restore.restored_config(self.ref, chosen.name)) if chosen else want
        if now.chosen is not None:
            return want
        made = Snapshot(_snapshots.next_name(self.ref), self.spec.comment or "", "")
        return replace(want, snapshots=(*now.snapshots, made), chosen=made)

    # ---- the way there

    def steps(self, now: SnapshotState, want: SnapshotState) -> Iterator[Step]:
        ref, chosen, new = self.ref, now.chosen, self.new
        if now.unfinished:
            says = f"put {ref} back to where a killed restore has found it"
            yield Step(says, lambda: _snapshot_restore.recover(ref))
        if now.half_made:
            says = f"remove snapshot {now.half_made} of {ref}, which a killed run has left half made"
            yield Step(says, lambda: _snapshots.drop_half_made(ref))
        if self.spec.state == "absent" and chosen:
            yield Step(f"remove snapshot {chosen.name} of {ref}", lambda: _snapshots.destroy(ref, chosen.name))
        elif self.spec.state == "present" and not chosen and want.chosen:
            name = want.chosen.name
            yield Step(
                f"make snapshot {name} of {ref}",
                lambda: _snapshots.create(ref, self.spec.comment or "", expected=name),
            )
        elif self.spec.state == "restored" and chosen and new and not now.new:
            says = f"restore snapshot {chosen.name} of {ref} as {new.name!r}"
            yield Step(says, lambda: self._restore_beside(chosen.name, new))
        elif self.spec.state == "restored" and chosen and not new:
            says = f"restore snapshot {chosen.name} of {ref} in its place"
            yield Step(says, lambda: self._restore(chosen.name, now.document))

    def _restore_beside(self, name: str, new: ContainerRef) -> None:
        with _creation.making(new):
            _snapshots.restore_as(self.ref, name, new)

    def _restore(self, name: str, document: Document) -> None:
        _snapshot_restore.restore(self.ref, name, document)
        self._restored = True

    # ---- what is told

    def compare(self, state: SnapshotState) -> dict[str, Any]:
        told: dict[str, Any] = {"snapshots": [{"name": s.name, "comment": s.comment} for s in state.snapshots]}
        if self.new is not None:
            told["new_container"] = state.new
        elif self.spec.state == "restored":
            told["config"] = state.document.render()
        return told

    def pending(self, state: SnapshotState) -> tuple[str, ...]:
        return ()

    def show(self, state: SnapshotState) -> dict[str, Any]:
        found = self._choose(state.snapshots)
        return {
            "name": found.name if found else None,
            "comment": found.comment if found else None,
            "created": (found.created or None) if found else None,
            "container": self.ref.name,
            "new_name": self.spec.new_name,
            "snapshots": show_snapshots(state.snapshots),
        }

    def exclusive(self) -> AbstractContextManager[None]:
        return self._exclusive()

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        refs = [self.ref, *([self.new] if self.new else [])]
        with ExitStack() as stack:
            # In one order everywhere, so that two runs never wait for each other.
            for ref in sorted(set(refs), key=lambda ref: ref.directory):
                stack.enter_context(_lock.exclusive(ref))
            yield


def show_snapshots(found: tuple[Snapshot, ...]) -> list[dict[str, Any]]:
    """As ``lxc_snapshot`` and ``lxc_info`` return them."""
    return [{"name": s.name, "comment": s.comment or None, "created": s.created or None} for s in found]


def section(ref: ContainerRef) -> list[dict[str, Any]]:
    """What ``lxc_info`` shows."""
    return show_snapshots(_snapshots.snapshots(ref))


def build_snapshot(params: Mapping[str, Any]) -> SnapshotResource:
    """The resource that the options of ``lxc_snapshot`` describe."""
    ref = resolve(params["container"], params["lxc_path"])
    state, name, comment, new_name = (params[key] for key in ("state", "name", "comment", "new_name"))
    if state == "present" and name is not None:
        raise InvalidInput("name: liblxc names snapshots itself; a new one is known by its comment")
    if state == "present" and not comment:
        raise InvalidInput("comment: it is what a snapshot is known by, and cannot be empty")
    if comment is not None and ("\0" in comment or comment != comment.strip("\n")):
        raise InvalidInput(f"comment: {comment!r} holds a NUL, or begins or ends with a newline")
    if name is not None and ("/" in name or name.startswith(".") or not name):
        raise InvalidInput(f"name: {name!r} is not the name of a snapshot, such as snap0")
    if new_name is not None and state != "restored":
        raise InvalidInput("new_name: only for state: restored")
    new = container_ref(new_name, ref.lxc_path, option="new_name") if new_name is not None else None
    return SnapshotResource(ref, SnapshotSpec(state, name, comment, new_name), new)
