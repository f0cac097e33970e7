# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""One run at a time for each container."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.community.lxc.plugins.module_utils._errors import TimedOut
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

LOCK_DIRECTORY = "/run/community.lxc"
"""Root's own, and gone with a reboot. In the container's directory a lock would vanish with the container."""

_POLL_SECONDS = 0.02

_held: set[ContainerRef] = set()


@contextmanager
def exclusive(ref: ContainerRef, *, timeout: float = 600.0) -> Iterator[None]:
    """Hold the container's lock; TimedOut after ``timeout`` seconds of waiting for another run.

    A child of this process inherits the lock, so that work which outlives a killed parent still excludes others.
    """
    with _locked(ref, fcntl.LOCK_EX, timeout):
        try:
            _held.add(ref)
            yield
        finally:
            _held.discard(ref)


@contextmanager
def shared(ref: ContainerRef, *, timeout: float = 600.0) -> Iterator[None]:
    """As ``exclusive``, for whoever only reads what nobody may change meanwhile: others may hold it likewise."""
    with _locked(ref, fcntl.LOCK_SH, timeout):
        yield


@contextmanager
def _locked(ref: ContainerRef, kind: int, timeout: float) -> Iterator[None]:
    os.makedirs(LOCK_DIRECTORY, mode=0o700, exist_ok=True)
    fd = os.open(_path(ref), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _wait_for(fd, kind, ref, timeout)
        yield
    finally:
        os.close(fd)


def is_held(ref: ContainerRef) -> bool:
    """Whether this process holds the container's lock."""
    return ref in _held


def is_busy(ref: ContainerRef) -> bool:
    """Whether another run holds the container's lock. Touches nothing."""
    if ref in _held:
        return False
    try:
        fd = os.open(_path(ref), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def beside(ref: ContainerRef, suffix: str) -> str:
    """A file of the container's that lasts until the host is booted again."""
    name = hashlib.sha256(ref.directory.encode(errors="surrogateescape")).hexdigest()[:24]
    return f"{LOCK_DIRECTORY}/{name}.{suffix}"


def _path(ref: ContainerRef) -> str:
    return beside(ref, "lock")


def _wait_for(fd: int, kind: int, ref: ContainerRef, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimedOut(f"Another run has been changing {ref} for more than {timeout:.0f} seconds") from None
            time.sleep(_POLL_SECONDS)
        else:
            return
