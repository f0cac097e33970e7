# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""From one run state of a container to another: start, stop, reboot, freeze, thaw."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, LxcError
from ansible_collections.community.lxc.plugins.module_utils._host import _config_file, _lifecycle
from ansible_collections.community.lxc.plugins.module_utils._host._running import UNRESPONSIVE
from ansible_collections.community.lxc.plugins.module_utils._model._container import ContainerSpec
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan._container_state import ContainerState
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Step


def steps(
    ref: ContainerRef, spec: ContainerSpec, now: ContainerState, want: ContainerState, *, restarts: bool
) -> Iterator[Step]:
    """``restarts`` says that the container, which runs, is to be stopped and started again, or rebooted."""
    if want.runs and (restarts or not now.runs):
        # Imported where something is started: most tasks find that nothing is to be done.
        from ansible_collections.community.lxc.plugins.module_utils._host import _snapshot_restore

        _snapshot_restore.refuse_unfinished(ref)
    runs, frozen = now.runs, now.state == "FROZEN"
    if runs and restarts:
        unlike = now.edited_pending or now.reboot_loses
        if spec.state == "restarted" and not unlike and now.state == "RUNNING":
            yield Step(f"reboot {ref}", lambda: _reboot(ref, spec, want.document))
        else:
            yield from stop_steps(ref, spec, now)
            yield Step(f"start {ref}", lambda: _start_again(ref, spec, now, want))
            frozen = False
    elif runs and not want.runs:
        yield from stop_steps(ref, spec, now)
    elif want.runs and not runs:
        yield _start_step(ref, spec, want)
    if want.state == "FROZEN" and not frozen:
        yield Step(f"freeze {ref}", lambda: _lifecycle.freeze(ref))
    if want.state == "RUNNING" and frozen and not restarts:
        yield Step(f"thaw {ref}", lambda: _lifecycle.unfreeze(ref))


def _start_step(ref: ContainerRef, spec: ContainerSpec, want: ContainerState) -> Step:
    return Step(f"start {ref}", lambda: _start(ref, spec, want.document))


def _start(ref: ContainerRef, spec: ContainerSpec, document: Document) -> None:
    _lifecycle.start(ref, timeout=max(spec.timeout, 1.0), document=document)


def _start_again(ref: ContainerRef, spec: ContainerSpec, now: ContainerState, want: ContainerState) -> None:
    """Start what was stopped only to be started again: where that fails, with the configuration that it had."""
    try:
        _start(ref, spec, want.document)
    except LxcError as error:
        error.msg = f"{error.msg}; {_put_back(ref, spec, now, want)}"
        raise


def _put_back(ref: ContainerRef, spec: ContainerSpec, now: ContainerState, want: ContainerState) -> str:
    """What became of it, for the message."""
    if now.document.render() == want.document.render():
        return "it was stopped to be started again, and is stopped now"
    try:
        # Here, and not only when the step that wrote it is taken back: the start reads the file.
        _config_file.write(ref, now.document)
        _start(ref, spec, now.document)
        if now.state == "FROZEN":
            _lifecycle.freeze(ref)
    except LxcError as error:
        return f"it is stopped, since it does not start with the configuration that it had either: {error.msg}"
    return "it runs again with the configuration that it had"


def stop_steps(ref: ContainerRef, spec: ContainerSpec, now: ContainerState) -> Iterator[Step]:
    """End a container that runs. HostError where only force would, and is not given."""
    if now.state == UNRESPONSIVE:
        if not spec.force:
            raise HostError(f"The monitor of {ref} does not answer; only force: true ends it")
        yield Step(f"end {ref}, whose monitor does not answer", lambda: _lifecycle.end(ref))
        return
    if now.state == "FROZEN":
        yield Step(f"thaw {ref}", lambda: _lifecycle.unfreeze(ref))
    yield Step(f"stop {ref}", lambda: _stop(ref, spec, now))


def _stop(ref: ContainerRef, spec: ContainerSpec, now: ContainerState) -> None:
    _lifecycle.stop(ref, timeout=spec.timeout, force=spec.force, document=now.document, init_pid=now.init.pid)


def _reboot(ref: ContainerRef, spec: ContainerSpec, document: Document) -> None:
    try:
        _lifecycle.reboot(ref, timeout=max(spec.timeout, 1.0), document=document)
    except HostError:
        if not spec.force:
            raise
        _lifecycle.stop(ref, timeout=0, force=True)
        _start(ref, spec, document)
