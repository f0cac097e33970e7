# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Where a container's cgroups are, and which combinations liblxc accepts. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput

KEYS: Mapping[str, str] = {
    "dir": "lxc.cgroup.dir",
    "monitor_dir": "lxc.cgroup.dir.monitor",
    "monitor_pivot_dir": "lxc.cgroup.dir.monitor.pivot",
    "container_dir": "lxc.cgroup.dir.container",
    "container_inner_dir": "lxc.cgroup.dir.container.inner",
}
"""Option -> configuration key."""

RELATIVE = "lxc.cgroup.relative"
_FORBIDDEN = ("tasks", "notify_on_release", "release_agent")
_FILE = re.compile(r"(cgroup|cpu|cpuacct|cpuset|memory|io|blkio|pids|devices|freezer|hugetlb|rdma|misc)\.")


@dataclass(frozen=True)
class Placement:
    """The configured directories, ``""`` where none is, each relative to the hierarchy (or, with ``relative``, to the
    cgroup of whoever starts the container)."""

    dir: str = ""
    monitor_dir: str = ""
    monitor_pivot_dir: str = ""
    container_dir: str = ""
    container_inner_dir: str = ""
    relative: bool = False

    def directories(self) -> tuple[str, ...]:
        """Every directory that liblxc makes by these names, the container's before its inner one."""
        inner = f"{self.container_dir}/{self.container_inner_dir}" if self.container_inner_dir else ""
        found = (self.dir, self.monitor_dir, self.monitor_pivot_dir, self.container_dir, inner)
        return tuple(directory for directory in found if directory)


def placement_of(values: Mapping[str, str]) -> Placement:
    """From key -> value, with values of keys that are none of ours among them."""
    directories = {option: values.get(key, "") for option, key in KEYS.items()}
    return Placement(**directories, relative=values.get(RELATIVE, "0") == "1")


def check_directory(option: str, directory: str) -> str:
    """The directory without needless slashes. InvalidInput for anything that would lead elsewhere."""
    if any(character in directory for character in "\n\r\0"):
        raise InvalidInput(f"{option}: {directory!r} holds a newline or NUL, which a configuration line cannot hold")
    if directory.startswith("/"):
        raise InvalidInput(f"{option}: {directory!r} is absolute; a directory below the hierarchy's root is accepted")
    parts = [part for part in directory.split("/") if part]
    if option == "container_inner_dir" and len(parts) != 1:
        raise InvalidInput(f"{option}: {directory!r} is a path; a single directory name is accepted")
    for part in parts:
        if part in (".", ".."):
            raise InvalidInput(f"{option}: {directory!r} holds {part!r}; a directory below the root is accepted")
        if part in _FORBIDDEN or _FILE.match(part):
            raise InvalidInput(f"{option}: {directory!r}: {part!r} is a cgroup file's name; any other is accepted")
        if len(part.encode()) > 255:
            raise InvalidInput(f"{option}: {directory!r} holds a name of more than 255 bytes")
    return "/".join(parts)


def check(placement: Placement) -> None:
    """InvalidInput, in words, for every combination that liblxc would refuse when the container starts."""
    special = [name for name in ("monitor_dir", "container_dir", "container_inner_dir") if getattr(placement, name)]
    if placement.dir and special:
        raise InvalidInput(f"dir and {special[0]} exclude each other: liblxc takes one directory for all, or each")
    if special and not (placement.monitor_dir and placement.container_dir):
        absent = "container_dir" if not placement.container_dir else "monitor_dir"
        raise InvalidInput(f"{special[0]} needs {absent} too: liblxc takes monitor_dir and container_dir only together")
    if placement.monitor_dir and _within(placement.monitor_dir, placement.container_dir):
        raise InvalidInput(
            f"monitor_dir: {placement.monitor_dir!r} lies in container_dir {placement.container_dir!r}, which liblxc "
            "has to make itself; a directory beside it is accepted"
        )
    for other in ("monitor_dir", "container_dir"):
        if placement.monitor_pivot_dir and _within(placement.monitor_pivot_dir, getattr(placement, other)):
            raise InvalidInput(
                f"monitor_pivot_dir: {placement.monitor_pivot_dir!r} lies in {other} {getattr(placement, other)!r}, "
                "which could then not be removed when the container stops; a directory beside it is accepted"
            )


def _within(path: str, directory: str) -> bool:
    return bool(directory) and f"{path}/".startswith(f"{directory}/")


def limiting_group(path: str, name: str, placement: Placement, *, exact: bool, monitor: str = "") -> str:
    """The group that holds the container's limits.

    ``path``: with ``exact`` the root of init's cgroup namespace, else init's own group, in which the container's is
    looked for by name, the highest first: what a container makes below has no say. ``monitor`` is its monitor's
    group, which is never in the container's, though it may be in one of the same name that it was started in.
    """
    inner = placement.container_inner_dir
    if exact:
        above, _slash, last = path.rpartition("/")
        return (above or "/") if inner and last == inner else path
    named = groups_by_name(path, name, placement)
    return next((group for group in named if not f"{monitor}/".startswith(f"{group}/")), path)


def groups_by_name(path: str, name: str, placement: Placement) -> list[str]:
    """The groups in the path that are called as the container's, the highest first."""
    parts = path.split("/")
    if placement.container_dir:
        wanted = placement.container_dir.split("/")
        ends = [n + len(wanted) for n in range(len(parts)) if parts[n : n + len(wanted)] == wanted]
    else:
        payload = re.compile(rf"lxc\.payload\.{re.escape(name)}(-\d+)?")
        ends = [n for n, part in enumerate(parts, 1) if payload.fullmatch(part)]
    return ["/".join(parts[:end]) for end in ends]
