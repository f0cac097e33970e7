# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the administrator allows: a JSON file, checked as a whole before any of it is used."""

from __future__ import annotations

import errno
import json
import posixpath
import re
from dataclasses import dataclass
from typing import Any

DEVICES = ("c 1:3", "c 1:5", "c 1:7", "c 1:8", "c 1:9", "c 5:0", "c 5:1", "c 5:2")
"""null, zero, full, random, urandom, tty, console and ptmx: all that may ever be made for a container."""

_MKNOD = ("mknod", "mknodat")
_WORD = re.compile(r"[A-Za-z0-9_.-]+")


class BadRules(Exception):
    """The file cannot be used; the text says where and why."""


@dataclass(frozen=True)
class Mount:
    """A file system that may be mounted. ``source`` is the string in the request, and a path of the host's."""

    fstype: str
    source: str | None
    target: str | None
    options: frozenset[str]
    read_only: bool
    idmap: bool


@dataclass(frozen=True)
class Rule:
    """The first rule that matches decides. ``action``: allow, errno or emulate."""

    syscalls: frozenset[str]
    action: str
    errno: int = errno.EPERM
    cookie: str | None = None
    devices: frozenset[str] = frozenset()
    mounts: tuple[Mount, ...] = ()


@dataclass(frozen=True)
class Rules:
    rules: tuple[Rule, ...]
    default: Rule

    def matching(self, syscall: str, cookie: str) -> list[Rule]:
        """Those that may apply, in order, the default last."""
        found = [r for r in self.rules if syscall in r.syscalls and r.cookie in (None, cookie)]
        return [*found, self.default]


def load(path: str) -> Rules:
    try:
        with open(path, "rb") as stream:
            return parse(stream.read())
    except OSError as error:
        raise BadRules(f"{path} cannot be read: {error}") from error


def parse(text: bytes) -> Rules:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise BadRules(f"not JSON: {error}") from error
    _known(data, "the file", {"rules", "default"})
    rules = data.get("rules", [])
    if not isinstance(rules, list):
        raise BadRules("rules is not a list")
    default = data.get("default", {"action": "errno", "errno": errno.EPERM})
    _known(default, "default", {"action", "errno"})
    if default.get("action") not in ("allow", "errno"):
        raise BadRules("default: the action is allow or errno")
    return Rules(
        rules=tuple(_rule(rule, f"rule {number}") for number, rule in enumerate(rules, 1)),
        default=Rule(frozenset(), default["action"], errno=_errno(default, "default")),
    )


def _known(data: Any, where: str, names: set[str]) -> None:
    if not isinstance(data, dict):
        raise BadRules(f"{where} is not an object")
    unknown = sorted(set(data) - names)
    if unknown:
        raise BadRules(f"{where}: {', '.join(unknown)} is unknown; {', '.join(sorted(names))} are known")


def _rule(data: Any, where: str) -> Rule:
    _known(data, where, {"syscalls", "action", "errno", "cookie", "devices", "mounts"})
    syscalls = _words(data, "syscalls", where)
    action = data.get("action")
    if not syscalls:
        raise BadRules(f"{where}: syscalls is empty")
    if action not in ("allow", "errno", "emulate"):
        raise BadRules(f"{where}: the action is allow, errno or emulate, not {action!r}")
    if action != "emulate" and ("devices" in data or "mounts" in data):
        raise BadRules(f"{where}: devices and mounts belong to the action emulate")
    cookie = data.get("cookie")
    if cookie is not None and not isinstance(cookie, str):
        raise BadRules(f"{where}: the cookie is not a string")
    rule = Rule(
        syscalls=frozenset(syscalls),
        action=action,
        errno=_errno(data, where),
        cookie=cookie,
        devices=_devices(data, where),
        mounts=tuple(_mount(m, f"{where}, mount {n}") for n, m in enumerate(_list(data, "mounts", where), 1)),
    )
    if action == "emulate":
        _check_emulate(rule, where)
    return rule


def _check_emulate(rule: Rule, where: str) -> None:
    foreign = sorted(rule.syscalls - {*_MKNOD, "mount"})
    if foreign:
        raise BadRules(f"{where}: {', '.join(foreign)} cannot be emulated; mknod, mknodat and mount can")
    if rule.syscalls & set(_MKNOD) and not rule.devices:
        raise BadRules(f"{where}: devices says which nodes may be made, and is empty")
    if "mount" in rule.syscalls and not rule.mounts:
        raise BadRules(f"{where}: mounts says which file systems may be mounted, and is empty")


def _list(data: dict[str, Any], name: str, where: str) -> list[Any]:
    value = data.get(name, [])
    if not isinstance(value, list):
        raise BadRules(f"{where}: {name} is not a list")
    return value


def _words(data: dict[str, Any], name: str, where: str) -> list[str]:
    words = _list(data, name, where)
    for word in words:
        if not isinstance(word, str) or not _WORD.fullmatch(word):
            raise BadRules(f"{where}: {word!r} in {name} is not a word")
    return words


def _errno(data: dict[str, Any], where: str) -> int:
    value = data.get("errno", errno.EPERM)
    number = getattr(errno, value, None) if isinstance(value, str) and value.startswith("E") else value
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 4096:
        raise BadRules(f"{where}: {value!r} is no errno; a number from 1 to 4095 or a name such as EPERM is accepted")
    return number


def _devices(data: dict[str, Any], where: str) -> frozenset[str]:
    devices = _list(data, "devices", where)
    for device in devices:
        if device not in DEVICES:
            raise BadRules(f"{where}: the device {device!r} is never made for a container; {', '.join(DEVICES)} can be")
    return frozenset(devices)


def _mount(data: Any, where: str) -> Mount:
    _known(data, where, {"fstype", "source", "target", "options", "read_only", "idmap"})
    fstype = data.get("fstype")
    if not isinstance(fstype, str) or not _WORD.fullmatch(fstype):
        raise BadRules(f"{where}: fstype names a file system type")
    for name in ("source", "target"):
        value = data.get(name)
        if value is not None and not (isinstance(value, str) and value.startswith("/") and "\0" not in value):
            raise BadRules(f"{where}: {name} is an absolute path")
    for name in ("read_only", "idmap"):
        if not isinstance(data.get(name, False), bool):
            raise BadRules(f"{where}: {name} is true or false")
    return Mount(
        fstype=fstype,
        source=data.get("source"),
        target=posixpath.normpath(data["target"]) if data.get("target") else None,
        options=frozenset(_words(data, "options", where)),
        read_only=data.get("read_only", False),
        idmap=data.get("idmap", True),
    )
