# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Where a container that does not exist yet comes from, and on which storage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput

_SIZE = re.compile(r"(\d+)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


@dataclass(frozen=True)
class Storage:
    """A backing store's type and its parameters, in liblxc's ``bdev_specs`` terms. ``fssize`` in bytes, 0: default."""

    type: str | None = None
    fstype: str | None = None
    fssize: int = 0
    zfsroot: str | None = None
    vg: str | None = None
    lv: str | None = None
    thinpool: str | None = None
    dir: str | None = None
    rbdname: str | None = None
    rbdpool: str | None = None


@dataclass(frozen=True)
class Source:
    """``kind`` is template, tarball, clone, rootfs or reflink; ``value`` its name or path.

    ``title`` is what people read where the source is not the one that they named.
    """

    kind: str
    value: str
    args: tuple[str, ...] = ()
    snapshot: bool = False
    storage: Storage = field(default_factory=Storage)
    title: str = ""

    def __str__(self) -> str:
        if self.title:
            return self.title
        kinds = {"clone": "container", "rootfs": "root file system"}
        return f"{kinds.get(self.kind, self.kind)} {self.value}"


def size_in_bytes(text: str, *, option: str) -> int:
    """``8G``, ``512M``, ``1048576``: powers of 1024, as liblxc reads them."""
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise InvalidInput(f"{option}: {text!r} is not a size; accepted are bytes or a number with K, M, G or T")
    return int(match[1]) * _UNITS[match[2].upper()]


def template_arguments(args: Any) -> tuple[str, ...]:
    """A list as it is; a dict as long options, where true gives a flag and a list repeats the option.

    ``{"release": "bookworm", "no-validate": true}`` gives ``--release bookworm --no-validate``.
    """
    if args is None:
        return ()
    if isinstance(args, list):
        return tuple(_word(arg) for arg in args)
    if not isinstance(args, Mapping):
        raise InvalidInput(f"template_args: {args!r} is neither a list of words nor a dictionary of long options")
    words: list[str] = []
    for name, value in args.items():
        for item in value if isinstance(value, list) else [value]:
            if item is False or item is None:
                continue
            words += [f"--{name}"] if item is True else [f"--{name}", _word(item)]
    return tuple(words)


def _word(value: Any) -> str:
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value)
    raise InvalidInput(f"template_args: {value!r} is no word; words and numbers are accepted")
