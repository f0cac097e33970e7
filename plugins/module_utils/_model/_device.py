# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What a task says about a device node of a container."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._mount import check_target

_MOST_ID = 2**32 - 2


@dataclass(frozen=True)
class DeviceSpec:
    """``path`` is the host's node, ``target`` the container's, its identity. ``owner`` and ``group`` as seen inside."""

    target: str
    path: str = ""
    present: bool = True
    owner: int = 0
    group: int = 0
    mode: int | None = None
    access: str = "rwm"
    live: bool = True


@dataclass(frozen=True)
class Node:
    """A device node. ``kind`` is ``b`` or ``c``; ``owner`` and ``group`` are the host's numbers."""

    kind: str
    major: int
    minor: int
    owner: int
    group: int
    mode: int

    @property
    def device(self) -> str:
        return f"{self.kind} {self.major}:{self.minor}"


def device_spec(params: Mapping[str, Any]) -> DeviceSpec:
    """The options of ``lxc_device``, checked as far as no host is needed."""
    path, target = params["path"], params["target"] or params["path"]
    if path is not None and (not path.startswith("/") or any(c in path for c in "\n\r\0")):
        raise InvalidInput(f"path: {path!r} is not an absolute path")
    if not target:
        raise InvalidInput("target: one of path and target is needed")
    for name in ("owner", "group"):
        if not 0 <= params[name] <= _MOST_ID:
            raise InvalidInput(f"{name}: {params[name]} is not a numeric id; 0 to {_MOST_ID} is accepted")
    if params["state"] == "present" and not path:
        raise InvalidInput("path: the host's device node is needed for state: present")
    return DeviceSpec(
        target=check_target(target),
        path=path or "",
        present=params["state"] == "present",
        owner=params["owner"],
        group=params["group"],
        mode=_mode(params["mode"]),
        access=_access(params["access"]),
        live=params["live"],
    )


def _mode(value: str | None) -> int | None:
    if value is None:
        return None
    if not re.fullmatch(r"0?[0-7]{3}", value):
        raise InvalidInput(f"mode: {value!r} is refused; three octal digits such as '0660' are accepted, as a text")
    return int(value, 8)


def _access(value: str) -> str:
    if not value or set(value) - set("rwm") or len(set(value)) < len(value):
        raise InvalidInput(f"access: {value!r} is refused; some of r, w and m are accepted")
    return "".join(letter for letter in "rwm" if letter in value)


def host_id(number: int, kind: str, idmap: Iterable[str], *, option: str) -> int:
    """The host's number for a user (``u``) or group (``g``) of the container. ``idmap``: values of ``lxc.idmap``."""
    maps = [fields for fields in (value.split() for value in idmap) if len(fields) == 4 and fields[0] in (kind, "b")]
    if not maps:
        return number
    for _kind, inside, outside, count in maps:
        if int(inside) <= number < int(inside) + int(count):
            return int(outside) + number - int(inside)
    raise InvalidInput(f"{option}: {number} is not an id of the container; its lxc.idmap does not map it")
