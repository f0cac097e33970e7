# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A whole container: there or not, its configuration, its run state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _assumed,
    _config_file,
    _config_includes,
    _init,
    _lock,
)
from ansible_collections.community.lxc.plugins.module_utils._host._binding import resolve
from ansible_collections.community.lxc.plugins.module_utils._host._half_made import foreign_creation, half_made
from ansible_collections.community.lxc.plugins.module_utils._host._running import UNRESPONSIVE, settled_look
from ansible_collections.community.lxc.plugins.module_utils._model._container import ContainerSpec, container_spec
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan._container_state import ContainerState
from ansible_collections.community.lxc.plugins.module_utils._plan._pending import lost_by_reboot, pending_keys
from ansible_collections.community.lxc.plugins.module_utils._plan._persist import persist_step
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Step

# What creates, removes, starts and stops is imported where it is needed: most tasks find that there is nothing to do.

_GOALS = {"started": "RUNNING", "restarted": "RUNNING", "frozen": "FROZEN", "stopped": "STOPPED"}


class ContainerResource:
    """The resource behind ``lxc_container``."""

    kind = "container"

    def __init__(self, ref: ContainerRef, spec: ContainerSpec) -> None:
        self.ref = ref
        self.spec = spec

    # ---- what is there

    def observe(self) -> ContainerState:
        if half_made(self.ref):
            state = ContainerState(half_made=True)
        else:
            document = _config_file.read(self.ref)
            state = ContainerState() if document is None else self._observe_defined(document)
        self._refuse(state)
        return state

    def _observe_defined(self, document: Document) -> ContainerState:
        edited = document if self.spec.state == "absent" else self.spec.apply(document)
        if edited != document:
            _config_file.check(self.ref, edited)
        now = settled_look(self.ref, document)
        then = now if edited == document or not now.running else settled_look(self.ref, edited)
        return ContainerState(
            state=now.state,
            document=document,
            pending=pending_keys(self.ref, _assumed.settle(self.ref, now)),
            edited=edited,
            edited_pending=pending_keys(self.ref, _assumed.settle(self.ref, then)),
            reboot_loses=lost_by_reboot(self.ref, then) if self.spec.state == "restarted" else (),
            loads=now.loads,
            init=_init.observe(now.init_pid),
        )

    def _refuse(self, state: ContainerState) -> None:
        spec = self.spec
        if spec.state == "absent":
            return self._refuse_removal(state)
        if state.state == UNRESPONSIVE and spec.state not in ("stopped", "restarted"):
            raise HostError(f"The monitor of {self.ref} does not answer; state: stopped or state: restarted ends it")
        if foreign_creation(self.ref):
            # liblxc would destroy it at the first look.
            raise HostError(f"{self.ref} is incomplete: another program is creating it, or was killed while it did")
        if not state.exists:
            if spec.source is None:
                raise InvalidInput(
                    f"There is no {self.ref}; to create it, name one of template, tarball, clone_from and rootfs"
                )
            from ansible_collections.community.lxc.plugins.module_utils._host import _creation

            _creation.check_source(self.ref, spec.source)
            _config_file.check(self.ref, spec.apply(Document()))
        return None

    def _refuse_removal(self, state: ContainerState) -> None:
        if not state.exists:
            return
        from ansible_collections.community.lxc.plugins.module_utils._host import _removal

        names = _removal.snapshot_names(self.ref)
        if names and not self.spec.force_destroy:
            raise InvalidInput(f"{self.ref} has snapshots ({', '.join(names)}); force_destroy: true removes them too")
        clones = _removal.dependants(self.ref)
        if clones:
            raise InvalidInput(f"{self.ref} cannot be removed: its snapshot clones stand on it ({', '.join(clones)})")
        if not state.runs:
            # What its own hooks have mounted goes when it stops.
            _removal.refuse_mounts(self.ref, state.document)
        stays = _removal.foreign_rootfs(self.ref, state.document)
        if stays and _removal.is_inside(self.ref, stays):
            raise InvalidInput(
                f"{self.ref} cannot be removed: its root file system {stays} is not managed by LXC "
                "(lxc.rootfs.managed = 0), and lies in the container's directory"
            )

    # ---- what should be there

    def desire(self, now: ContainerState) -> ContainerState:
        if self.spec.state == "absent":
            return ContainerState()
        base = replace(now, half_made=False, document=now.edited, pending=now.edited_pending)
        if not now.exists:
            base = replace(base, state="STOPPED", document=self.spec.apply(Document()), pending=())
        goal = replace(base, state=_GOALS.get(self.spec.state, base.state))
        fresh = not goal.runs or not now.runs or self._restarts(now)
        return replace(goal, pending=(), init=_init.Init()) if fresh else goal

    def _restarts(self, now: ContainerState) -> bool:
        """Whether the running container is to be stopped and started again (or rebooted)."""
        if not now.runs or self.spec.state not in ("started", "present", "frozen", "restarted"):
            return False
        return self.spec.state == "restarted" or bool(now.edited_pending and self.spec.restart == "if_required")

    # ---- the way there

    def steps(self, now: ContainerState, want: ContainerState) -> Iterator[Step]:
        if not want.exists:
            yield from self._removal_steps(now)
            return
        if not now.exists:
            yield self._create_step(now)
        elif want.document != now.document:
            says = f"change the configuration of {self.ref}: {self._difference(now, want)}"
            yield persist_step(self.ref, says=says, old=now.document, new=want.document)
        if now.state != want.state or self._restarts(now):
            from ansible_collections.community.lxc.plugins.module_utils._plan import _container_run

            yield from _container_run.steps(self.ref, self.spec, now, want, restarts=self._restarts(now))
        if self.spec.wait_for != "none" and want.state == "RUNNING" and not self._awaited(now, want):
            yield Step(says=f"wait for {self.spec.wait_for}", do=self._wait, waits=True)

    def _removal_steps(self, now: ContainerState) -> Iterator[Step]:
        from ansible_collections.community.lxc.plugins.module_utils._host import _removal

        if now.half_made:
            yield Step(f"remove what a killed run left of {self.ref}", lambda: _removal.remove_half_made(self.ref))
        if not now.exists:
            return
        outside = _removal.foreign_rootfs(self.ref, now.document)
        stays = f"; its root file system {outside} lies outside of its directory and stays" if outside else ""
        if not now.loads:
            says = f"reduce the configuration of {self.ref}, which does not parse, to what its removal needs"
            yield Step(says, lambda: _removal.reduce(self.ref, now.document, with_rootfs=not outside))
        if now.runs:
            from ansible_collections.community.lxc.plugins.module_utils._plan import _container_run

            yield from _container_run.stop_steps(self.ref, self.spec, now)
        yield Step(
            f"remove {self.ref}{stays}",
            lambda: _removal.destroy(self.ref, now.document, force=self.spec.force_destroy),
        )

    def _create_step(self, now: ContainerState) -> Step:
        from ansible_collections.community.lxc.plugins.module_utils._host import _creation

        source = self.spec.source
        if source is None:
            raise InvalidInput(f"There is no {self.ref}, and no source to create it from")
        plan = _creation.Plan(source=source, idmap=self.spec.config.get("lxc.idmap", ()))
        again = " again, after a run that was killed half-way," if now.half_made else ""
        return Step(
            f"create {self.ref}{again} from {source}", lambda: _creation.create(self.ref, plan, self._configure)
        )

    def _configure(self) -> None:
        made = _config_file.read(self.ref) or Document()
        wanted = self.spec.apply(made.with_comment(self.spec.mark) if self.spec.mark else made)
        _config_file.check(self.ref, wanted)
        if wanted != made:
            _config_file.write(self.ref, wanted)

    def _awaited(self, now: ContainerState, want: ContainerState) -> bool:
        return now.state == want.state and not self._restarts(now) and now.init.has(self.spec.wait_for)

    def _wait(self) -> None:
        _init.wait(self.ref, self.spec.wait_for, timeout=self.spec.wait_timeout)

    def _difference(self, now: ContainerState, want: ContainerState) -> str:
        before, after = self.spec.view(now.document), self.spec.view(want.document)
        parts = []
        for key in after:
            if before[key] != after[key]:
                parts.append(f"set {key} to {', '.join(after[key])!r}" if after[key] else f"remove {key}")
        return "; ".join(parts)

    # ---- what is told

    def compare(self, state: ContainerState) -> dict[str, Any]:
        return {"state": state.state, "config": self.spec.view(state.document)}

    def pending(self, state: ContainerState) -> tuple[str, ...]:
        return tuple(f"{key} of {self.ref} takes effect at its next start" for key in state.pending)

    def show(self, state: ContainerState) -> dict[str, Any]:
        return show_container(self.ref, state)

    def exclusive(self) -> AbstractContextManager[None]:
        return _lock.exclusive(self.ref)


def show_container(ref: ContainerRef, state: ContainerState) -> dict[str, Any]:
    """A container as ``lxc_container`` and ``lxc_info`` return it."""
    return {
        "name": ref.name,
        "lxc_path": ref.lxc_path,
        "state": state.state,
        "config": state.document.as_dict(),
        "pending": list(state.pending),
        "rootfs": _config_includes.last_value(state.document, "lxc.rootfs.path") or None,
        **state.init.show(),
    }


def build_container(params: Mapping[str, Any]) -> ContainerResource:
    """The resource that the options of ``lxc_container`` describe."""
    ref = resolve(params["name"], params["lxc_path"], option="name")
    return ContainerResource(ref, container_spec(params))
