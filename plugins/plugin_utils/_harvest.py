# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is PRIVATE to the collection: it may change at any time.

"""From the options of the inventory plugin to questions, and from the hosts' answers to inventory hosts. Pure."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.community.lxc.plugins.plugin_utils._survey import Answer, LxcHost, Question

LOCAL = ("localhost", "127.0.0.1", "::1")
_ENTRY = tuple(field.name for field in fields(LxcHost) if field.name not in ("address",))


class BadOption(Exception):
    """The inventory file asks for something that cannot be; the text says what."""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which containers are wanted; empty for all."""

    states: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    lxc_groups: tuple[str, ...] = ()

    def want(self, container: Mapping[str, Any]) -> bool:
        groups = container["config"].get("lxc.group", [])
        return (
            (not self.states or container["state"] in {state.upper() for state in self.states})
            and (not self.names or any(fnmatchcase(container["name"], pattern) for pattern in self.names))
            and (not self.lxc_groups or any(group in self.lxc_groups for group in groups))
        )


@dataclass(frozen=True, kw_only=True)
class Found:
    """A host of the inventory."""

    name: str
    variables: dict[str, Any]
    groups: tuple[str, ...]


def hosts_from(entries: Sequence[Any], options: Mapping[str, Any]) -> list[LxcHost]:
    """The LXC hosts that ``entries`` name; what an entry leaves out comes from ``options``.

    :raises BadOption: an entry makes no sense.
    """
    hosts = [_host(entry, options) for entry in entries]
    names = [host.name for host in hosts]
    for name in names:
        if names.count(name) > 1:
            raise BadOption(f"two hosts are called {name!r}; give one of them another 'name'")
    return hosts


def _host(entry: Any, options: Mapping[str, Any]) -> LxcHost:
    given = {"host": entry} if isinstance(entry, str) else entry
    if not isinstance(given, Mapping) or not isinstance(given.get("host"), str) or not given["host"]:
        raise BadOption(f"an entry of 'hosts' must be a name or a dictionary with 'host', not {entry!r}")
    unknown = sorted(set(given) - {"host", *_ENTRY})
    if unknown:
        raise BadOption(f"an entry of 'hosts' has no {', '.join(unknown)}; it has host, {', '.join(_ENTRY)}")
    # A destination with its user in front, as ssh takes it.
    user, _at, address = given["host"].rpartition("@")
    if not address or address.startswith("-") or any(char.isspace() for char in given["host"]):
        raise BadOption(f"{given['host']!r} cannot be an ssh destination")

    def setting(name: str) -> Any:
        return given[name] if name in given else options.get(name)

    port = setting("port")
    if port is not None and not (str(port).isdigit() and 0 < int(port) < 65536):
        raise BadOption(f"the port of {given['host']!r} must be a number from 1 to 65535, not {port!r}")
    return LxcHost(
        name=str(given.get("name", address)),
        address="" if address in LOCAL and port is None and not user else address,
        user=str(given.get("user") or user or options.get("user") or ""),
        port=None if port is None else int(port),
        private_key_file=str(setting("private_key_file") or ""),
        lxc_path=tuple(_paths(setting("lxc_path"))),
        become=_boolean(setting("become")),
        become_password=str(setting("become_password") or ""),
    )


def _paths(value: Any) -> Iterator[str]:
    for path in [value] if isinstance(value, str) else value or []:
        if not isinstance(path, str) or not path.startswith("/") or not path.isprintable():
            raise BadOption(f"lxc_path must be a list of absolute paths; {path!r} is none")
        yield path


def _boolean(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("yes", "no", "true", "false", "on", "off", "1", "0"):
        return value.lower() in ("yes", "true", "on", "1")
    if value not in (None, True, False):
        raise BadOption(f"become must be true or false, not {value!r}")
    return bool(value)


def question_from(options: Mapping[str, Any]) -> Question:
    """What all hosts are asked.

    :raises BadOption: the arguments for ssh are no words of a shell.
    """
    try:
        ssh_args = shlex.split(options["ssh_args"] or "")
    except ValueError as error:
        raise BadOption(f"ssh_args cannot be split as a shell does: {error}") from error
    return Question(
        keys=tuple(options["config_keys"]),
        interpreter=options["python_interpreter"],
        ssh_args=tuple(ssh_args),
        host_key_checking=options["host_key_checking"],
        timeout=options["timeout"],
    )


def harvest(answers: Iterable[Answer], filters: Filters, options: Mapping[str, Any]) -> list[Found]:
    """One inventory host for each container that is wanted; no two of the same name."""
    taken: set[str] = set()
    found = []
    for answer in answers:
        for container in answer.found.get("containers", ()):
            if filters.want(container):
                name = _free(container["name"], answer.host.name, taken)
                taken.add(name)
                found.append(_found(name, container, answer, options))
    return found


def _free(name: str, host: str, taken: set[str]) -> str:
    numbered = (f"{name}.{host}.{number}" for number in itertools.count(2))
    candidates = itertools.chain((name, f"{name}.{host}"), numbered)
    return next(candidate for candidate in candidates if candidate not in taken)


def _found(name: str, container: Mapping[str, Any], answer: Answer, options: Mapping[str, Any]) -> Found:
    interfaces = container["interfaces"]
    groups = container["config"].get("lxc.group", [])
    variables = {
        "lxc_name": container["name"],
        "lxc_host": answer.host.name,
        "lxc_path": container["lxc_path"],
        "lxc_state": container["state"],
        "lxc_init_pid": container["init_pid"],
        "lxc_ipv4": [address for interface in interfaces for address in interface["ipv4"]],
        "lxc_ipv6": [address for interface in interfaces for address in interface["ipv6"]],
        "lxc_interfaces": interfaces,
        "lxc_groups": groups,
        "lxc_config": {key: value for key, value in container["config"].items() if _wanted(key, options)},
        "lxc_version": answer.found.get("lxc_version", ""),
        **_connection(container, answer.host, options),
    }
    memberships = [f"lxc_{container['state'].lower()}", f"lxc_host_{answer.host.name}"]
    return Found(name=name, variables=variables, groups=(*memberships, *(f"lxc_group_{group}" for group in groups)))


def _wanted(key: str, options: Mapping[str, Any]) -> bool:
    return any(key == want or (want.endswith(".") and key.startswith(want)) for want in options["config_keys"])


def _connection(container: Mapping[str, Any], host: LxcHost, options: Mapping[str, Any]) -> dict[str, Any]:
    variables: dict[str, Any] = {
        "ansible_connection": "community.lxc.lxc_ssh" if host.address else "community.lxc.lxc",
        "ansible_lxc_container": container["name"],
        "ansible_lxc_path": container["lxc_path"],
    }
    if host.become:
        variables["ansible_lxc_become"] = True
    if host.address:
        checking = _host_key_checking(options)
        if checking is not None:
            variables["ansible_host_key_checking"] = checking
        ssh = {
            "ansible_host": host.address,
            "ansible_user": host.user,
            "ansible_port": host.port,
            "ansible_ssh_private_key_file": host.private_key_file,
            "ansible_ssh_common_args": options["ssh_args"],
        }
        variables.update({key: value for key, value in ssh.items() if value})
    return variables


def _host_key_checking(options: Mapping[str, Any]) -> bool | None:
    """What the connection has to be told, or None: there as here Ansible's own setting holds.

    Where it is off, the builtin plugin puts its ``no`` before the arguments, and ssh takes the first: for the arguments
    to decide, it has to be on.
    """
    if "stricthostkeychecking" in (options["ssh_args"] or "").lower():
        return True
    checking: bool | None = options["host_key_checking"]
    return checking
