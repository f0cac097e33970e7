# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A running container seen through its init process's ``/proc`` entry: no command socket, no namespace entered."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import TimedOut
from ansible_collections.community.lxc.plugins.module_utils._host import _addresses, _config_file
from ansible_collections.community.lxc.plugins.module_utils._host._addresses import Network
from ansible_collections.community.lxc.plugins.module_utils._host._running import settled_look
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Init:
    """``pid`` is -1 for a container that does not run. ``ips`` are its global addresses, IPv4 first.

    ``time_offset`` in nanoseconds by clock (``boottime``, ``monotonic``). ``cgroup`` is the path in the unified
    hierarchy, else in the first one.
    """

    pid: int = -1
    network: Network = field(default_factory=Network)
    cgroup: str | None = None
    time_offset: tuple[tuple[str, int], ...] = ()

    def has(self, awaited: str) -> bool:
        """Whether what ``wait_for`` names has come."""
        if awaited in ("ipv4", "ipv6"):
            return bool(self.network.ipv4 if awaited == "ipv4" else self.network.ipv6)
        return self.pid > 0

    @property
    def ips(self) -> tuple[str, ...]:
        return (*self.network.ipv4, *self.network.ipv6)

    def show(self) -> dict[str, Any]:
        return {
            "init_pid": self.pid if self.pid > 0 else None,
            "ips": list(self.ips),
            "interfaces": [interface.name for interface in self.network.interfaces],
            "addresses": {
                found.name: [*found.ipv4, *found.ipv6] for found in self.network.interfaces if found.name != "lo"
            },
            "cgroup": self.cgroup,
            "time_offset": {clock: _seconds(offset) for clock, offset in self.time_offset},
        }


def _seconds(nanoseconds: int) -> int | float:
    return nanoseconds // 10**9 if nanoseconds % 10**9 == 0 else nanoseconds / 10**9


def observe(pid: int) -> Init:
    """What ``/proc/<pid>`` tells. A process that ends meanwhile gives what was read until then."""
    if pid <= 0:
        return Init()
    try:
        # Through this descriptor a reused process id is never read: it stays bound to the process that it was.
        proc = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return Init()
    try:
        return Init(
            pid=pid,
            network=_addresses.parse(
                dev=_read(proc, "net/dev"),
                fib_trie=_read(proc, "net/fib_trie"),
                route=_read(proc, "net/route"),
                if_inet6=_read(proc, "net/if_inet6"),
            ),
            cgroup=_cgroup(_read(proc, "cgroup")),
            time_offset=_time_offset(_read(proc, "timens_offsets")),
        )
    finally:
        os.close(proc)


def _read(proc: int, name: str) -> str:
    try:
        fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    except OSError:
        return ""
    try:
        with os.fdopen(fd, encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
            return stream.read()
    except OSError:
        return ""


def _cgroup(text: str) -> str | None:
    # Only this ends a line: a container's root may name its groups by whatever else Python takes for an end.
    rows = [line.split(":", 2) for line in text.split("\n") if line]
    unified = [path for number, _controllers, path in rows if number == "0"]
    others = [path for number, _controllers, path in rows if number != "0"]
    paths = [path for path in [*unified, *others] if path != "/"]
    return paths[0] if paths else None


def _time_offset(text: str) -> tuple[tuple[str, int], ...]:
    rows = (line.split() for line in text.splitlines())
    return tuple((clock, int(seconds) * 10**9 + int(nanoseconds)) for clock, seconds, nanoseconds in rows)


def wait(ref: ContainerRef, awaited: str, *, timeout: float) -> Init:
    """Until the container has what ``awaited`` names (init, ipv4, ipv6). TimedOut tells what there was instead."""
    deadline = time.monotonic() + timeout
    look = settled_look(ref, _config_file.read(ref))
    while True:
        init = observe(look.init_pid)
        if init.has(awaited):
            return init
        if time.monotonic() > deadline:
            look = settled_look(ref, _config_file.read(ref))
            raise TimedOut(
                f"{ref} has no {awaited} after {timeout:g} seconds: its state is {look.state}, "
                f"its addresses are {', '.join(init.ips) or 'none'}"
            )
        time.sleep(_POLL_SECONDS)
        if init.pid < 0:
            look = settled_look(ref, _config_file.read(ref))
