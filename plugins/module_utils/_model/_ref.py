# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Which container: a name in an lxc path."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]*")
_NAME_MAX = 200


@dataclass(frozen=True)
class ContainerRef:
    """A container's identity. Two containers of one name in two lxc paths have nothing in common."""

    name: str
    lxc_path: str

    @property
    def directory(self) -> str:
        """Where liblxc keeps the container's configuration and, mostly, its root file system."""
        return f"{self.lxc_path}/{self.name}"

    @property
    def config_file(self) -> str:
        return f"{self.directory}/config"

    def __str__(self) -> str:
        return f"container {self.name!r} in {self.lxc_path}"


def container_ref(name: str, lxc_path: str, *, option: str = "container") -> ContainerRef:
    """A checked reference; ``option`` is the name under which the user gave the name."""
    if not _NAME.fullmatch(name) or len(name) > _NAME_MAX:
        raise InvalidInput(
            f"{option}: {name!r} is not a container name; letters, digits and _ . : @ + - are accepted, "
            f"a letter, digit or _ first, {_NAME_MAX} characters at most"
        )
    if not lxc_path.startswith("/") or any(c in lxc_path for c in "\n\r\0"):
        raise InvalidInput(f"lxc_path: {lxc_path!r} is not an absolute path")
    # The command socket's name holds the path as text, so that one spelling must be used throughout.
    return ContainerRef(name=name, lxc_path="/" + posixpath.normpath(lxc_path).lstrip("/"))
