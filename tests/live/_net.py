# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks at interfaces with iproute2's and busybox's eyes, and pings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Guest
from ansible_collections.community.lxc.tests.live._host import tool, unique_name, until


def host_link(name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(tool("ip", "-d", "-j", "link", "show", "dev", name).stdout)
    return found[0]


def inside(guest: Guest, *arguments: str) -> Any:
    """``ip -j`` of the host, in the container's network namespace: busybox's ip knows no JSON."""
    return json.loads(tool("nsenter", "-t", str(guest.init_pid()), "-n", "ip", "-d", "-j", *arguments).stdout or "[]")


def change_inside(guest: Guest, *arguments: str) -> None:
    tool("nsenter", "-t", str(guest.init_pid()), "-n", "ip", *arguments)


def link_inside(guest: Guest, name: str) -> dict[str, Any] | None:
    return next((link for link in inside(guest, "link", "show") if link["ifname"] == name), None)


def addresses(guest: Guest, name: str) -> set[str]:
    """Global addresses with their prefixes."""
    return {
        f"{address['local']}/{address['prefixlen']}"
        for link in inside(guest, "address", "show", "dev", name)
        for address in link.get("addr_info", ())
        if address["scope"] == "global"
    }


def default_route(guest: Guest, family: int = 4) -> dict[str, Any] | None:
    return next(iter(inside(guest, f"-{family}", "route", "show", "default")), None)


def host_routes(name: str, family: int = 4) -> set[str]:
    routes = json.loads(tool("ip", "-j", f"-{family}", "route", "show", "dev", name).stdout or "[]")
    return {route["dst"] for route in routes if route.get("protocol") != "kernel"}


def proxies(name: str) -> set[str]:
    text = (
        tool("ip", "neigh", "show", "proxy", "dev", name).stdout
        + tool("ip", "-6", "neigh", "show", "proxy", "dev", name).stdout
    )
    return {line.split()[0] for line in text.splitlines() if line.strip()}


def host_end(guest: Guest, name: str) -> str:
    """The host's end of the pair, found by the index that the inside tells."""
    link = link_inside(guest, name)
    assert link is not None, f"no {name} in the container"
    for other in json.loads(tool("ip", "-d", "-j", "link", "show", "type", "veth").stdout):
        if other["ifindex"] == link["link_index"]:
            return str(other["ifname"])
    raise AssertionError(f"the host has no end of {name}")


def ping_in(guest: Guest, address: str) -> None:
    """From the container."""
    _until_it_answers(address, lambda *command: guest.attach(*command, check=False))


def ping_out(address: str) -> None:
    """From the host."""
    _until_it_answers(address, lambda *command: tool(*command, check=False))


def _until_it_answers(address: str, run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    # Its neighbour has to be found first, and a proxy takes its time to answer for one.
    until(lambda: run("ping", "-c", "1", "-W", "1", address).returncode == 0, seconds=60, what=f"ping {address}")


def plain(address: str) -> str:
    return address.partition("/")[0]


_OTHER_HOST = """
mkdir -p /run/clx-cgroup && mount -t tmpfs none /run/clx-cgroup && mount --rbind /sys/fs/cgroup /run/clx-cgroup
mount -t sysfs sysfs /sys && mount --rbind /run/clx-cgroup /sys/fs/cgroup && umount -l /run/clx-cgroup
exec "$@"
"""


@dataclass(frozen=True)
class OtherHost:
    """A network namespace that plays the host, so that a test may change settings that hold for a whole host."""

    netns: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """Runs a command there, with the view of sysfs that goes with it."""
        return ("nsenter", f"--net=/run/netns/{self.netns}", "unshare", "-m", "sh", "-ec", _OTHER_HOST, "sh")

    def run(self, *command: str, check: bool = True) -> str:
        return tool(*self.prefix, *command, check=check).stdout

    def sysctl(self, name: str, value: str) -> None:
        self.run("sh", "-c", f"echo {value} > /proc/sys/{name}")


@contextmanager
def other_host() -> Iterator[OtherHost]:
    name = unique_name()
    tool("ip", "netns", "add", name)
    try:
        host = OtherHost(name)
        host.run("ip", "link", "set", "lo", "up")
        yield host
    finally:
        tool("ip", "netns", "del", name)


@dataclass(frozen=True)
class FarGuest(Guest):
    """A container of another host: its monitor's socket is found only from there."""

    host: OtherHost | None = None

    def _tool(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        prefix = self.host.prefix if self.host else ()
        return tool(*prefix, command[0], "-P", self.lxc_path, "-n", self.name, *command[1:], check=check)

    def start(self) -> FarGuest:
        self._tool("lxc-start")
        until(lambda: self.state() == "RUNNING", what="the start")
        return self

    def stop(self) -> None:
        self._tool("lxc-stop", "-k")

    def info(self, *options: str) -> str:
        return self._tool("lxc-info", "-H", *options).stdout.strip()

    def attach(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self._tool("lxc-attach", "--clear-env", "--", *command, check=check)


@dataclass(frozen=True)
class Module:
    """One of the lxc_net modules, for one container."""

    guest: Guest
    type: str = "veth"
    environment: tuple[tuple[str, str], ...] = ()
    prefix: tuple[str, ...] = ()

    def __call__(self, name: str, *, check_mode: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
        arguments = {"container": self.guest.name, "lxc_path": self.guest.lxc_path, "name": name, **options}
        return run_module(
            f"lxc_net_{self.type}",
            arguments,
            check_mode=check_mode,
            diff=diff,
            environment=self.environment,
            prefix=self.prefix,
        )

    def changes(self, name: str, **options: Any) -> dict[str, Any]:
        """Check mode tells what the run then does, and a second run does nothing."""
        told = self(name, check_mode=True, diff=True, **options)
        done = self(name, diff=True, **options)
        again = self(name, diff=True, **options)
        for result in (told, done, again):
            assert result["rc"] == 0, result
        assert done["changed"], "nothing was done"
        for field in ("changed", "actions", "restart_required"):
            assert told[field] == done[field], f"check mode tells another {field}"
        assert told["diff"]["after"] == done["diff"]["after"], "check mode tells another diff"
        assert not again["changed"], f"the second run did {again['actions']}"
        assert again["restart_required"] == done["restart_required"]
        return done

    def refuses(self, name: str, **options: Any) -> str:
        """The message, after a look that nothing was written."""
        before = self.guest.config.read_bytes()
        for check_mode in (True, False):
            result = self(name, check_mode=check_mode, **options)
            assert result["rc"] != 0, f"was not refused: {result}"
        assert self.guest.config.read_bytes() == before, "the configuration was changed"
        message: str = result["msg"]
        assert "did not foresee" not in message
        return message
