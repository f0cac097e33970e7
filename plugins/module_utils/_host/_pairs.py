# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Which names the configurations of an LXC path give to the host's ends of veth pairs, and this host's identity."""

from __future__ import annotations

import os
import re

from ansible_collections.community.lxc.plugins.module_utils._host._files import read_regular
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_PAIR = re.compile(r"^\s*lxc\.net\.(?P<index>[0-9]+)\.veth\.pair\s*=\s*[\"']?(?P<name>[^\s\"']+)", re.MULTILINE)


def of_container(ref: ContainerRef) -> tuple[tuple[int, str], ...]:
    """Index and ``veth.pair`` of each interface that has one."""
    return _in_file(ref.config_file)


def owner(name: str, ref: ContainerRef) -> str | None:
    """Another container of the same LXC path whose configuration claims the name."""
    try:
        neighbours = sorted(entry for entry in os.listdir(ref.lxc_path) if entry != ref.name)
    except OSError:
        return None
    for neighbour in neighbours:
        if any(claimed == name for _index, claimed in _in_file(f"{ref.lxc_path}/{neighbour}/config")):
            return neighbour
    return None


def _in_file(path: str) -> tuple[tuple[int, str], ...]:
    try:
        text = read_regular(path).decode(errors="surrogateescape")
    except OSError:
        return ()
    if ".veth.pair" not in text:
        return ()
    return tuple((int(match["index"]), match["name"]) for match in _PAIR.finditer(text))


def machine_id() -> str:
    """What tells this host from another one."""
    try:
        with open("/etc/machine-id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return os.uname().nodename
