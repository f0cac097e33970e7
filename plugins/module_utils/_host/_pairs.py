# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Which names the configurations of this host give to the host's ends of veth pairs, and this host's identity."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from ansible_collections.community.lxc.plugins.module_utils._config._document import parse
from ansible_collections.community.lxc.plugins.module_utils._host import _config_includes, _states
from ansible_collections.community.lxc.plugins.module_utils._host._binding import binding
from ansible_collections.community.lxc.plugins.module_utils._host._files import read_regular
from ansible_collections.community.lxc.plugins.module_utils._host._process import Process, pids
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_TITLE = "[lxc monitor] "
_KEY = re.compile(r"lxc\.net\.(?P<index>[0-9]+)\.veth\.pair")


def of_container(ref: ContainerRef) -> tuple[tuple[int, str], ...]:
    """Index and ``veth.pair`` of each interface that has one."""
    return _in_file(ref.config_file)


def owner(name: str, ref: ContainerRef) -> ContainerRef | None:
    """Another container whose configuration claims the name.

    LXC keeps no list of its paths: this one, the default one and those of running containers are looked into. One of
    the same name elsewhere passes for a copy, which is not meant to run beside this one.
    """
    looked: set[str] = set()
    for path in (ref.lxc_path, str(binding().default_config_path), *_paths_in_use()):
        real = os.path.realpath(path)
        if real not in looked:
            looked.add(real)
            for found in sorted(_listed(path) - {ref.name}):
                other = ContainerRef(name=found, lxc_path=path)
                if any(claimed == name for _index, claimed in of_container(other)):
                    return other
    return None


def _listed(path: str) -> set[str]:
    try:
        return set(os.listdir(path))
    except OSError:
        return set()


def _paths_in_use() -> Iterator[str]:
    """The LXC paths of the monitors that run."""
    for pid in pids():
        try:
            with Process(pid) as process:
                title = process.title()
        except (ProcessLookupError, PermissionError):
            continue
        path = title[len(_TITLE) :].rpartition(" ")[0] if title.startswith(_TITLE) else ""
        if path and _states.titled_container(pid, path) is not None:
            yield path


def _in_file(path: str) -> tuple[tuple[int, str], ...]:
    try:
        text = read_regular(path).decode(errors="surrogateescape")
    except OSError:
        return ()
    if ".veth.pair" not in text and _config_includes.KEY not in text:
        return ()
    document = parse(text)
    pairs: dict[int, str] = {}
    for key, value in _config_includes.expand(document, _config_includes.read(document)):
        match = _KEY.fullmatch(key)
        if match:
            pairs[int(match["index"])] = value
    return tuple((index, name) for index, name in sorted(pairs.items()) if name)


def machine_id() -> str:
    """What tells this host from another one."""
    try:
        with open("/etc/machine-id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return os.uname().nodename
