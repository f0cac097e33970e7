# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Seccomp profiles: files of anybody's, and those that are written for a container."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Sequence

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host._files import read_regular
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_OWN_FILE = re.compile(r"seccomp-[0-9a-f]{16}\.policy")


def content(path: str) -> bytes | None:
    """A profile's content; None where there is no such file."""
    try:
        return read_regular(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostError(f"Failed to read the seccomp profile {path}: {error}") from error


def digest(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


def own_files(ref: ContainerRef) -> tuple[str, ...]:
    """The policies that this module has written for the container."""
    try:
        names = os.listdir(ref.directory)
    except OSError:
        return ()
    return tuple(sorted(f"{ref.directory}/{name}" for name in names if _OWN_FILE.fullmatch(name)))


def own_path(ref: ContainerRef, text: bytes) -> str:
    """Where a policy belongs: its name tells its content, so that a running container's profile tells what it has."""
    return f"{ref.directory}/seccomp-{hashlib.sha256(text).hexdigest()[:16]}.policy"


def used_by_snapshots(ref: ContainerRef, paths: Iterable[str]) -> frozenset[str]:
    """Those of the files that a snapshot's configuration names."""
    used = set()
    for name in _snapshots(ref):
        text = content(f"{ref.directory}/snaps/{name}/config") or b""
        used |= {path for path in paths if os.fsencode(path) in text}
    return frozenset(used)


def _snapshots(ref: ContainerRef) -> Sequence[str]:
    try:
        return os.listdir(f"{ref.directory}/snaps")
    except OSError:
        return ()


def write(path: str, text: bytes) -> None:
    """A policy file, whole or not at all."""
    fd, temporary = tempfile.mkstemp(prefix=".seccomp.", dir=os.path.dirname(path))
    try:
        with os.fdopen(fd, "wb") as stream:
            stream.write(text)
            stream.flush()
            os.fchmod(stream.fileno(), 0o644)
            os.fsync(stream.fileno())
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def remove(path: str) -> None:
    os.unlink(path)
