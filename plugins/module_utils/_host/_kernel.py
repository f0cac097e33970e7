# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What the kernel can do for containers. No probe loads a module, makes an interface or changes anything.

A feature is True or False, or None where the host keeps no record of its kernel's configuration and the feature
cannot be seen without using it.
"""

from __future__ import annotations

import ctypes
import errno
import gzip
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_MOUNT_SETATTR = 442  # the same on every architecture that LXC runs on
_PR_SCHED_CORE = 62
_PR_SCHED_CORE_GET = 0


@dataclass(frozen=True)
class Records:
    """What there is to read about the running kernel. ``options``: CONFIG_X -> ``y`` or ``m``; None: no such record.

    ``modules`` are the names (with ``_``) of the modules that are loaded, built in or can be loaded; ``listed`` says
    whether the host has a list of the latter two, so that absence means something.
    """

    options: Mapping[str, str] | None = None
    modules: frozenset[str] = field(default_factory=frozenset)
    listed: bool = False

    def has(self, option: str, module: str) -> bool | None:
        """Whether a feature is there that is built in, or whose module is at hand."""
        if module in self.modules or (self.options is not None and self.options.get(option) == "y"):
            return True
        if self.listed or (self.options is not None and option not in self.options):
            return False
        # A module by the kernel's configuration, and the host has no list of them: it may not be installed.
        return None


def features() -> dict[str, bool | None]:
    """Each feature that ``lxc_info`` tells about."""
    records = read_records()
    return {
        "ipvlan": records.has("CONFIG_IPVLAN", "ipvlan"),
        "vlan": os.path.exists("/proc/net/vlan") or records.has("CONFIG_VLAN_8021Q", "8021q"),
        "bridge_vlan": _bridge_vlan(records),
        "time_namespace": os.path.exists("/proc/self/ns/time"),
        "user_namespace": _user_namespace(),
        "idmapped_mounts": _syscall_errno(_MOUNT_SETATTR, -1, None, 0, None, 0) != errno.ENOSYS,
        "core_scheduling": core_scheduling(),
    }


def seccomp_actions() -> list[str]:
    """The kernel's words for what a filter may answer: ``kill_process``, ``errno``, ``user_notif``, ... Empty: none."""
    return _text(Path("/proc/sys/kernel/seccomp/actions_avail")).split()


def _bridge_vlan(records: Records) -> bool | None:
    bridges = list(Path("/sys/class/net").glob("*/bridge"))
    if any((bridge / "vlan_filtering").exists() for bridge in bridges):
        return True
    if records.options is None:
        return None
    return records.options.get("CONFIG_BRIDGE_VLAN_FILTERING") == "y"


def _user_namespace() -> bool:
    # That root may make one: kernel.unprivileged_userns_clone, where there is such a thing, restrains only others.
    limit = _text(Path("/proc/sys/user/max_user_namespaces")).strip()
    return os.path.exists("/proc/self/ns/user") and limit != "0"


def core_scheduling() -> bool:
    """As liblxc asks: whether the own cookie can be read. It cannot without CONFIG_SCHED_CORE, nor without SMT."""
    cookie = ctypes.c_uint64()
    library = ctypes.CDLL(None, use_errno=True)
    arguments = (ctypes.c_ulong(_PR_SCHED_CORE_GET), ctypes.c_ulong(0), ctypes.c_ulong(0))
    return bool(library.prctl(_PR_SCHED_CORE, *arguments, ctypes.byref(cookie)) == 0)


def _syscall_errno(number: int, *arguments: int | None) -> int:
    """Make a system call that cannot succeed, and return its errno."""
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    values = [ctypes.c_void_p(None) if value is None else ctypes.c_long(value) for value in arguments]
    return ctypes.get_errno() if library.syscall(ctypes.c_long(number), *values) == -1 else 0


def read_records(*, root: Path = Path("/"), release: str | None = None) -> Records:
    """``root`` is for hosts that lie elsewhere; ``release`` is as ``uname -r`` tells it."""
    release = release or os.uname().release
    directories = [root / "lib/modules" / release, root / "usr/lib/modules" / release]
    lists = [text for text in (_text(path / name) for path in directories for name in _LISTS) if text]
    loaded = (path.name for path in (root / "sys/module").glob("*"))
    return Records(
        options=_options(root, release),
        modules=frozenset([*_module_names(lists), *loaded]),
        listed=bool(lists),
    )


_LISTS = ("modules.builtin", "modules.dep")


def _module_names(lists: Iterable[str]) -> Iterable[str]:
    for text in lists:
        for line in text.splitlines():
            # kernel/drivers/net/ipvlan/ipvlan.ko.xz: kernel/net/...
            name = line.partition(":")[0].rpartition("/")[2].partition(".ko")[0]
            yield name.replace("-", "_")


def _options(root: Path, release: str) -> dict[str, str] | None:
    try:
        text = gzip.decompress((root / "proc/config.gz").read_bytes()).decode(errors="replace")
    except (OSError, EOFError):
        places = ("boot/config-{0}", "lib/modules/{0}/config", "usr/lib/modules/{0}/config")
        texts = (_text(root / place.format(release)) for place in places)
        text = next((found for found in texts if found), "")
    if not text:
        return None
    pairs = (line.partition("=") for line in text.splitlines() if line.startswith("CONFIG_"))
    return {name: value for name, _equals, value in pairs if value in ("y", "m")}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
