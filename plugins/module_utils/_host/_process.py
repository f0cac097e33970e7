# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Processes as /proc shows them. What is read stays that of one process, even if its pid is given to another."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

_TICKS = os.sysconf("SC_CLK_TCK")


class Process:
    """A process, held by its directory in /proc. To be used in a ``with`` statement.

    Raises ``ProcessLookupError`` if there is none, or it ended meanwhile; every method does.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        try:
            self._fd = os.open(f"/proc/{pid}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise ProcessLookupError(f"there is no process {pid}") from None

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)

    def read(self, path: str) -> str:
        """The content of a file below the process's directory."""
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._fd)
            # A container's root may name a cgroup with a carriage return, and that is no end of a line.
            with open(fd, encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
                return stream.read()
        except FileNotFoundError:
            raise ProcessLookupError(f"process {self.pid} has no {path}") from None

    def owner(self) -> int:
        """The uid that it acts as."""
        return self._stat(".").st_uid

    def namespace(self, kind: str) -> int:
        """The identity (inode number) of its namespace of a kind: ``pid``, ``net``, ``time``, ..."""
        return self._stat(f"ns/{kind}").st_ino

    def executable(self) -> tuple[int, int]:
        """Device and inode of the program that it runs."""
        found = self._stat("exe")
        return found.st_dev, found.st_ino

    def _stat(self, path: str) -> os.stat_result:
        try:
            return os.stat(path, dir_fd=self._fd)
        except FileNotFoundError:
            raise ProcessLookupError(f"process {self.pid} has no {path}") from None

    def stat(self) -> list[str]:
        """The fields of ``stat`` after the command name: state, parent, ..., as proc(5) numbers them from 3 on."""
        return self.read("stat").rpartition(")")[2].split()

    def parent(self) -> int:
        return int(self.stat()[1])

    def born(self) -> int:
        """When it was started, in clock ticks since boot."""
        return int(self.stat()[19])

    def uptime(self) -> float:
        """Seconds since it was started."""
        started = self.born() / _TICKS
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - started)

    def title(self) -> str:
        """The command line's first argument, or what the process wrote there."""
        return self.read("cmdline").partition("\0")[0]

    def children(self) -> list[int]:
        """The pids of its children (of its main thread's, where the kernel tells them)."""
        try:
            return [int(pid) for pid in self.read(f"task/{self.pid}/children").split()]
        except ProcessLookupError:
            # The file needs CONFIG_PROC_CHILDREN.
            return [pid for pid in pids() if _parent_or_none(pid) == self.pid]

    def sockets(self) -> frozenset[int]:
        """The inode numbers of the sockets that it holds."""
        found = []
        try:
            directory = os.open("fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._fd)
        except FileNotFoundError:
            raise ProcessLookupError(f"process {self.pid} has ended") from None
        try:
            for name in os.listdir(directory):
                try:
                    target = os.readlink(name, dir_fd=directory)
                except OSError:
                    continue  # closed meanwhile
                if target.startswith("socket:["):
                    found.append(int(target[8:-1]))
        finally:
            os.close(directory)
        return frozenset(found)


def born(pid: int) -> int:
    """When the process was started, in clock ticks since boot; -1 where there is none.

    A pid comes to another process some day, with another time: one that is still the same was the same all the while.
    """
    try:
        with Process(pid) as process:
            return process.born()
    except ProcessLookupError:
        return -1


def _parent_or_none(pid: int) -> int | None:
    try:
        with Process(pid) as process:
            return process.parent()
    except ProcessLookupError:
        return None


def pids() -> Iterator[int]:
    """All processes of this pid namespace and those below it."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            yield int(name)
