# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What liblxc calls in a container between loading its filter and executing its init.

Only what it calls in every version and on every architecture: seen with strace, and read in start.c (do_start).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._model._seccomp import Policy

_NEEDED = ("execve", "read", "sendmsg", "sendto", "write")
_MADE = ("close", "getuid", "openat", "setsid")
_STAT = ("newfstatat", "fstat", "fstat64", "statx")


@dataclass(frozen=True)
class StartCalls:
    """Without one of ``needed`` the start fails, or hangs for ever. The others may fail, but not end the process.

    One that goes by another name in another C library is there with all its names, of which one is enough.
    """

    needed: tuple[str, ...]
    others: tuple[tuple[str, ...], ...]

    def blocked(self, policy: Policy, *, native: str) -> tuple[str, ...]:
        """Those with which the container could not start. ``native``: this machine's architecture, as LXC calls it."""
        needed = (call for call in self.needed if not policy.lets_through(call, native))
        others = (names for names in self.others if all(policy.ends(name, native) for name in names))
        return (*needed, *(" or ".join(names) for names in others))


def start_calls(settings: Mapping[str, str]) -> StartCalls:
    """``settings``: the configuration, each key with its last value."""
    needed, made = list(_NEEDED), list(_MADE)
    privileged = not settings.get("lxc.idmap")
    if privileged or settings.get("lxc.init.groups"):
        needed.append("setgroups")
    if privileged:
        made.append("capget")
    for key, call in (("lxc.init.uid", "setresuid"), ("lxc.init.gid", "setresgid")):
        if settings.get(key, "0") not in ("", "0"):
            needed.append(call)
    if settings.get("lxc.init.cwd"):
        needed.append("chdir")
    others: list[tuple[str, ...]] = [(call,) for call in made]
    if settings.get("lxc.autodev") != "0":
        # With a /dev/null, LXC looks whether that is where the standard files lead; if not, they are its console.
        others.append(_STAT)
        if settings.get("lxc.console.path") != "none" and settings.get("lxc.pty.max") != "0":
            others += [("fchown", "fchown32"), ("fchmod",)]
    return StartCalls(tuple(needed), tuple(others))
