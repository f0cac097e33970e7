# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cgroups seen with a test's own eyes, and a view of the host with cgroup v2 alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Guest
from ansible_collections.community.lxc.tests.live._host import tool, until

ROOT = Path("/sys/fs/cgroup")

UNIFIED = (
    "unshare",
    "-m",
    "sh",
    "-c",
    'umount -Rl /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"',
    "sh",
)
"""In front of a command: it sees a host with the unified hierarchy only. Devices, freezing and hugetlb work in it."""

HYBRID = (ROOT / "memory" / "cgroup.procs").exists()
"""Whether this host has memory in cgroup v1."""

UNIFIED_ROOT = ROOT / "unified" if (ROOT / "unified" / "cgroup.procs").exists() else ROOT
"""Where this host has its v2 hierarchy."""


def cgroup(guest: Guest, *, prefix: tuple[str, ...] = (), check: bool = False, **options: Any) -> dict[str, Any]:
    """Run the module on the guest."""
    arguments = {"container": guest.name, "lxc_path": guest.lxc_path, **options}
    return run_module("lxc_cgroup_isolation", arguments, prefix=prefix, check_mode=check, diff=True)


def groups(pid: int) -> dict[str, str]:
    """Controllers -> group of a process, by ``/proc``."""
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    return {names: group for _number, names, group in (line.split(":", 2) for line in lines)}


def value(controller: str, group: str, file: str) -> str:
    """The content of a control file of cgroup v1."""
    return (ROOT / controller / group.strip("/") / file).read_text().strip()


def put(controller: str, group: str, file: str, text: str) -> None:
    """What somebody else does behind the collection's back."""
    (ROOT / controller / group.strip("/") / file).write_text(text)


def monitor_pid(guest: Guest) -> int:
    """Init's parent."""
    return int(Path(f"/proc/{guest.init_pid()}/stat").read_text().rpartition(")")[2].split()[1])


def start_unified(guest: Guest) -> Guest:
    """Start it in a view with cgroup v2 alone."""
    tool(*UNIFIED, "lxc-start", "-P", guest.lxc_path, "-n", guest.name)
    until(lambda: Path(f"/proc/{guest.init_pid()}/comm").read_text() == "init\n", what=f"init of {guest.name}")
    return guest


def isolation(unique: str) -> dict[str, Any]:
    """Options that put a container's init below the group that is limited."""
    return {
        "monitor_dir": f"{unique}/mon",
        "monitor_pivot_dir": f"{unique}/piv",
        "container_dir": f"{unique}/ct",
        "container_inner_dir": "inner",
    }


def named_cgroups(unique: str) -> list[str]:
    """Every directory below a test's own directory, and that itself, in every hierarchy."""
    return sorted(str(path) for root in (ROOT, *ROOT.iterdir()) for path in root.glob(f"{unique}*") if path.is_dir())
