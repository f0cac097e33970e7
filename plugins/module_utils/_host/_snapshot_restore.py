# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A snapshot put in its container's own place, so that a failure at any instant loses nothing.

liblxc would destroy the container first and then copy. Here the copy is made beside the container, then both root
file systems change places by renameat2(2), then the configuration is written, and only then the old one is removed.
A journal tells the next run how far a killed one came, and everything is put back; but not under a container that
runs, and not where that would throw away what was written since.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import functools
import json
import os
import shutil
import struct
import subprocess
import sys
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, parse
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _child,
    _config_file,
    _lock,
    _mounts,
    _snapshots,
)
from ansible_collections.community.lxc.plugins.module_utils._host._running import has_monitor
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_PARTS = ("rootfs", "overlay")
_AT_FDCWD = -100
_EXCHANGE = 2
_GET_GENERATION, _BTRFS_INO_LOOKUP, _BTRFS_FIRST = 0x80087601, 0xD0009412, 256
_LOOKUP = struct.pack("=QQ4080x", 0, _BTRFS_FIRST)
_SECONDS = 3600.0


def beside(ref: ContainerRef) -> str:
    """Where the copy is made. Hidden, so that liblxc does not take it for a container."""
    return f"{ref.lxc_path}/.{ref.name}.restoring"


def is_unfinished(ref: ContainerRef) -> bool:
    """Whether a killed run has left something."""
    return os.path.isdir(beside(ref))


def refuse_unfinished(ref: ContainerRef) -> None:
    """HostError for a start: a killed run has left the container between what it was and what the snapshot is."""
    journal = _journal(ref)
    if journal is None or not os.path.isdir(ref.directory) or _lock.is_busy(ref):
        return
    if _identity(ref.directory) == journal["container"]:
        raise HostError(
            f"{ref} is not started, since a restore of a snapshot of it was killed half-way; lxc_snapshot puts "
            "everything back first, whatever its task"
        )


def check_recovery(ref: ContainerRef) -> None:
    """HostError where what a killed restore had begun cannot be undone, or not without a loss."""
    scratch, journal = beside(ref), _journal(ref)
    # What another run is at work on is looked at again once it has come to its end.
    if journal is None or _lock.is_busy(ref):
        return
    if _identity(ref.directory) != journal["container"]:
        raise HostError(
            f"{scratch} holds what a killed restore has left of another container of that name; look into it"
        )
    if has_monitor(ref):
        raise HostError(
            f"{ref} runs, and a restore of a snapshot of it was killed half-way; nothing is put back under a running "
            "container, so stop it first"
        )
    if _is_used(ref, journal):
        raise HostError(
            f"A restore of a snapshot of {ref} was killed half-way, and {ref} has been changed since; what it was "
            f"before is in {scratch}: take from there what is needed, and remove it"
        )


def restored_config(ref: ContainerRef, name: str) -> Document:
    """The snapshot's configuration, as it is to stand in the container."""
    snapshot = _snapshots.config_of(ref, name)
    old, new = f"{_snapshots.directory(ref, name)}/", f"{ref.directory}/"
    text = "".join(line.raw.replace(old, new) if line.key else line.raw for line in snapshot.lines)
    return parse(text)


def check(ref: ContainerRef, name: str, document: Document) -> None:
    """InvalidInput where the container's storage cannot be exchanged."""
    kinds = {_snapshots.storage(document), _snapshots.storage(_snapshots.config_of(ref, name))}
    values = document.values("lxc.rootfs.path")
    place = values[-1].rpartition(":")[2] if values else ""
    if len(kinds) > 1 or not kinds <= {"dir", "overlay", "btrfs"} or not place.startswith(f"{ref.directory}/"):
        raise InvalidInput(
            f"state: a snapshot can be restored in place for storage of the types dir, overlay and btrfs in the "
            f"container's own directory, and that of {ref} is {values[-1] if values else 'none'}; use new_name"
        )
    _refuse_mounts(ref.directory)
    _snapshots.require_tools(document, in_place=True)


def _refuse_mounts(directory: str) -> None:
    """HostError where something is mounted in what is going to be removed: its files would go as well."""
    inside = _mounts.below(directory)
    if inside:
        raise HostError(f"{', '.join(inside)} is mounted in {directory}, which a restore replaces; unmount it first")


def restore(ref: ContainerRef, name: str, document: Document) -> None:
    """Put the snapshot in the container's place. HostError: everything is as it was."""
    recover(ref)
    scratch, restored = beside(ref), restored_config(ref, name)
    try:
        os.mkdir(scratch, 0o700)
        parts = _copy(ref, name, scratch, _snapshots.storage(document))
        _write_journal(scratch, ref, parts, document, restored)
        for part in parts:
            _exchange(f"{ref.directory}/{part}", f"{scratch}/{part}")
        _config_file.write(ref, restored)
    except OSError as error:
        recover(ref)
        raise HostError(f"Failed to restore snapshot {name} of {ref}; nothing of it is changed: {error}") from error
    except BaseException:
        recover(ref)
        raise
    os.unlink(f"{scratch}/journal")
    recover(ref)


def _copy(ref: ContainerRef, name: str, scratch: str, kind: str) -> tuple[str, ...]:
    source = _snapshots.directory(ref, name)
    parts = tuple(part for part in _PARTS if os.path.isdir(f"{source}/{part}"))
    for part in parts:
        if kind == "btrfs" and part == "rootfs":
            command = ["btrfs", "subvolume", "snapshot", f"{source}/{part}", f"{scratch}/{part}"]
        else:
            command = ["rsync", "-aAXHS", "--numeric-ids", f"{source}/{part}/", f"{scratch}/{part}/"]
        # A child of our own has the lock until the copying ends, also where this run is killed.
        _child.run(functools.partial(_run, command), what=f"restore snapshot {name} of {ref}", timeout=_SECONDS)
        if not os.path.isdir(f"{ref.directory}/{part}"):
            raise OSError(f"{ref.directory}/{part} is not there")
    return parts


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{command[0]}: {done.stderr.strip() or done.returncode}")


def _write_journal(
    scratch: str, ref: ContainerRef, parts: tuple[str, ...], document: Document, restored: Document
) -> None:
    journal = {
        "container": _identity(ref.directory),
        "directories": {part: _identity(f"{ref.directory}/{part}") for part in parts},
        "config": document.render(),
        "restored_config": restored.render(),
    }
    with open(f"{scratch}/.journal", "w", encoding="utf-8", errors="surrogateescape") as stream:
        json.dump(journal, stream)
        stream.flush()
        os.fsync(stream.fileno())
    os.rename(f"{scratch}/.journal", f"{scratch}/journal")


def _journal(ref: ContainerRef) -> dict[str, Any] | None:
    """None where a killed restore had changed nothing yet, or had come to its end."""
    try:
        with open(f"{beside(ref)}/journal", encoding="utf-8", errors="surrogateescape") as stream:
            journal: dict[str, Any] = json.load(stream)
    except FileNotFoundError:
        return None
    return journal


def _exchanged(ref: ContainerRef, journal: dict[str, Any]) -> list[str]:
    return [
        part for part, identity in journal["directories"].items() if _identity(f"{ref.directory}/{part}") != identity
    ]


def _is_used(ref: ContainerRef, journal: dict[str, Any]) -> bool:
    """Whether anybody has changed what the restore had already put in the container's place."""
    exchanged = _exchanged(ref, journal)
    since = os.stat(f"{beside(ref)}/journal").st_mtime_ns
    if any(_is_changed(f"{ref.directory}/{part}", since) for part in exchanged):
        return True
    now = _config_file.read(ref)
    texts = (journal["config"], journal["restored_config"])
    return bool(exchanged) and now is not None and now.render() not in texts


def _is_changed(top: str, since: int) -> bool:
    # The exchange itself changes ctime of the top, and nothing else.
    if os.stat(top).st_mtime_ns > since:
        return True
    return any(
        os.lstat(f"{directory}/{name}").st_ctime_ns > since
        for directory, directories, files in os.walk(top)
        for name in (*directories, *files)
    )


def recover(ref: ContainerRef) -> None:
    """Undo what a failed or killed restore had begun, and remove what is left of it; as far as may be."""
    scratch = beside(ref)
    if not os.path.isdir(scratch):
        return
    check_recovery(ref)
    journal = _journal(ref)
    if journal is not None:
        for part in _exchanged(ref, journal):
            _exchange(f"{ref.directory}/{part}", f"{scratch}/{part}")
        now = _config_file.read(ref)
        if now is None or now.render() == journal["restored_config"]:
            _config_file.write(ref, parse(journal["config"]))
        os.unlink(f"{scratch}/journal")
    _remove(ref)


def _remove(ref: ContainerRef) -> None:
    _refuse_mounts(beside(ref))
    shutil.rmtree(beside(ref))


def forget(ref: ContainerRef) -> None:
    """Remove what a killed restore has left of a container that is no more."""
    if is_unfinished(ref):
        _remove(ref)


def _identity(directory: str) -> list[int]:
    """Inode, its generation (numbers are used again) and, of btrfs, subvolume: each one's top has the same inode.

    The device's number would tell subvolumes apart as well, until the file system is mounted anew.
    """
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return [os.fstat(fd).st_ino, _asked(fd, _GET_GENERATION, bytes(8)), _asked(fd, _BTRFS_INO_LOOKUP, _LOOKUP)]
    finally:
        os.close(fd)


def _asked(fd: int, request: int, arguments: bytes) -> int:
    """The first number of the answer; 0 from a file system that has none."""
    answer = bytearray(arguments)
    with contextlib.suppress(OSError):
        fcntl.ioctl(fd, request, answer)
    return int.from_bytes(answer[:8], sys.byteorder)


def _exchange(one: str, other: str) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{one} and {other} cannot be exchanged: {os.strerror(number)}")
