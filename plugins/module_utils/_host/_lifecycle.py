# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Start, stop, freeze and reboot a container, each in a child process with a time limit and proved afterwards."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, LxcError, TimedOut
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _child,
    _config_file,
    _config_includes,
    _monitor,
)
from ansible_collections.community.lxc.plugins.module_utils._host._binding import handle
from ansible_collections.community.lxc.plugins.module_utils._host._running import ask, has_monitor, look_of, remember
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_CALL_SECONDS = 30.0
"""For calls that finish at once where all is well."""

_POLL_SECONDS = (0.001, 0.002, 0.004, 0.01)
"""Between one look and the next; the last one from then on."""

_PROOF_SECONDS = 0.01


def start(ref: ContainerRef, *, timeout: float, document: Document | None = None) -> None:
    """Start the container and see it running. On failure nothing of the attempt is left: no monitor, no cgroup."""
    # Most tasks find the container as it should be, and do without these.
    from ansible_collections.community.lxc.plugins.module_utils._host import _cgroup_leftovers, _seccomp

    profile = _seccomp.check_before_start(document)
    digest = _config_includes.digest(document) if document is not None else ""
    groups = _monitor.group_directories(ref)
    with _cgroup_leftovers.tidy_start(ref), _spilled(document) as path, _monitor.marking() as mark:
        try:
            found = _child.run(
                lambda: _start(ref, timeout, path),
                what=f"start {ref}",
                timeout=timeout,
                log=ref,
                own_log_file=_own_log_file(document),
            ).value
        except LxcError:
            # Not the one that somebody else started in the meantime, so that our start failed.
            _monitor.end_monitors(ref, marked=mark)
            _monitor.remove_empty_groups(_monitor.group_directories(ref) - groups)
            raise
    _seccomp.remember(ref, init_pid=found["init_pid"], profile=profile)
    if document is not None:
        remember(ref, document, look_of(found["told"]), digest=digest)


def _spilled(document: Document | None) -> AbstractContextManager[str | None]:
    return nullcontext() if document is None else _config_file.spilled(document)


def _start(ref: ContainerRef, timeout: float, path: str | None) -> dict[str, Any]:
    """The pid of its init, and what the monitor tells."""
    container = handle(ref)
    # Without close_fds the monitor would keep our lock and our caller's pipes open for as long as it lives.
    if not container.start(close_fds=True):
        raise HostError(f"Failed to start {ref}")
    # True is no proof: with a dead seccomp proxy, for one, the container is gone at once.
    _await(lambda: _runs(ref, container), f"see {ref} running", timeout)
    proved = time.monotonic() + _PROOF_SECONDS
    found = {"init_pid": int(container.init_pid), "told": ask(ref, path)}
    time.sleep(max(0.0, proved - time.monotonic()))
    if container.state != "RUNNING":
        raise _stopped_at_once(ref)
    return found


def _runs(ref: ContainerRef, container: Any) -> bool:
    """Whether it runs already; HostError when it never will, since its monitor has gone."""
    if container.state == "RUNNING" and container.init_pid > 0:
        return True
    if not has_monitor(ref):
        raise _stopped_at_once(ref)
    return False


def _stopped_at_once(ref: ContainerRef) -> HostError:
    return HostError(f"Failed to start {ref}: it stopped right after its start")


def _await(done: Callable[[], Any], what: str, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    pauses = iter(_POLL_SECONDS)
    while not done():
        if time.monotonic() > deadline:
            raise TimedOut(f"Failed to {what} within {timeout:g} seconds")
        time.sleep(next(pauses, _POLL_SECONDS[-1]))


def stop(
    ref: ContainerRef, *, timeout: float, force: bool, document: Document | None = None, init_pid: int = -1
) -> None:
    """Shut down cleanly within ``timeout`` seconds; then, with ``force``, kill. A monitor that hangs is ended too.

    ``init_pid`` is that of the container's init, where it is known.
    """
    from ansible_collections.community.lxc.plugins.module_utils._host import _cgroup_leftovers

    with _cgroup_leftovers.tidy_stop(ref, init_pid=init_pid):
        try:
            _child.run(
                lambda: _stop(ref, timeout, force),
                what=f"stop {ref}",
                timeout=timeout + _CALL_SECONDS,
                log=ref,
                own_log_file=_own_log_file(document),
            )
        except TimedOut:
            if not force:
                raise
            end(ref)


def _stop(ref: ContainerRef, timeout: float, force: bool) -> None:
    """Stop it and see, through a pidfd that liblxc gives, the end of the very init that ran: no pid is used again."""
    from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc

    with _liblxc.load().container(ref.name, ref.lxc_path) as container:
        init = container.init_pidfd()
    _ask_to_stop(ref, timeout, force)
    if init >= 0:
        poller = select.poll()
        poller.register(init, select.POLLIN)
        if not poller.poll(int(_CALL_SECONDS * 1000)):
            raise HostError(f"Failed to stop {ref}: its init process is still there")


def _ask_to_stop(ref: ContainerRef, timeout: float, force: bool) -> None:
    container = handle(ref)
    # 0 would mean "do not wait" to liblxc.
    if timeout >= 1 and container.shutdown(int(timeout)):
        return _await_end(ref)
    if not force:
        raise HostError(f"Failed to stop {ref}: no shutdown within {timeout:g} seconds; force: true would kill it")
    if not container.stop():
        raise HostError(f"Failed to kill {ref}")
    return _await_end(ref)


def _await_end(ref: ContainerRef) -> None:
    # liblxc answers before the monitor has removed interfaces and cgroups; for its own end waits who called us.
    _await(lambda: not has_monitor(ref), f"see the end of {ref}", _CALL_SECONDS)


def end(ref: ContainerRef) -> None:
    """End a container whose monitor does not answer: kill the monitor and all of its processes."""
    from ansible_collections.community.lxc.plugins.module_utils._host import _cgroup_leftovers

    with _cgroup_leftovers.tidy_stop(ref):
        _monitor.end_monitors(ref)
    if has_monitor(ref):
        raise HostError(f"Failed to end {ref}: somebody still listens on its command socket")


def freeze(ref: ContainerRef) -> None:
    """Freeze all processes of the container."""
    _simple(ref, "freeze")


def unfreeze(ref: ContainerRef) -> None:
    """Thaw all processes of the container."""
    _simple(ref, "unfreeze")


def _simple(ref: ContainerRef, method: str) -> None:
    def call() -> None:
        if not getattr(handle(ref), method)():
            raise HostError(f"Failed to {method} {ref}")

    _child.run(call, what=f"{method} {ref}", timeout=_CALL_SECONDS, log=ref)


def reboot(ref: ContainerRef, *, timeout: float, document: Document | None = None) -> None:
    """Reboot by ``reboot2`` (API extension reboot2), proved by a new init process.

    HostError when init ignores ``lxc.signal.reboot`` for ``timeout`` seconds.
    """
    _child.run(
        lambda: _reboot(ref, timeout),
        what=f"reboot {ref}",
        timeout=timeout + _CALL_SECONDS,
        log=ref,
        own_log_file=_own_log_file(document),
    )


def _reboot(ref: ContainerRef, timeout: float) -> None:
    from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc

    with _liblxc.load().container(ref.name, ref.lxc_path) as container:
        before = container.init_pid()
        rebooted = container.reboot2(max(1, int(timeout)))
        if not rebooted:
            raise HostError(f"Failed to reboot {ref}: init ignored lxc.signal.reboot for {timeout:g} seconds")
        _await(
            lambda: container.init_pid() not in (before, -1) and container.state() == "RUNNING",
            f"reboot {ref}: no new init process came",
            max(1.0, timeout),
        )


def _own_log_file(document: Document | None) -> str | None:
    names = document.values("lxc.log.file") if document else ()
    return names[-1] if names and names[-1] else None
