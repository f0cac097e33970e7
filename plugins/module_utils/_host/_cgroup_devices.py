# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Which devices a container may use, found out by trying, and changed while it runs."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Mapping

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _cgroupfs, _child, _liblxc
from ansible_collections.community.lxc.plugins.module_utils._host._cgroup_place import Place
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_devices import Key, Policy, Rule, parse_line
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

_CLONE_NEWNS = 0x00020000
_MS_REC, _MS_PRIVATE = 16384, 1 << 18
_SECONDS = 10.0

# Any directory serves: what is mounted there is mounted for the child alone.
_WORKSHOP = "/sys"


def probe(place: Place, numbers: Mapping[str, Key]) -> dict[str, str]:
    """Text of the rule -> the letters of ``rwm`` that the container's device controller allows for its number.

    A child puts itself into the container's group and tries. Neither ``access`` nor ``mknod`` wakes a driver up.
    """
    answer = _child.run(lambda: _try(place, numbers), what="try the container's devices", timeout=_SECONDS)
    return {str(text): str(letters) for text, letters in answer.value.items()}


def _try(place: Place, numbers: Mapping[str, Key]) -> dict[str, str]:
    libc = ctypes.CDLL(None, use_errno=True)
    entrances = _entrances(place)
    if libc.unshare(_CLONE_NEWNS) != 0 or libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if libc.mount(b"none", _WORKSHOP.encode(), b"tmpfs", 0, b"size=1m") != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    nodes = {text: _make(f"{_WORKSHOP}/n{index}", key) for index, (text, key) in enumerate(numbers.items())}
    _enter(entrances)
    return {text: _letters(node, numbers[text]) for text, node in nodes.items()}


def _entrances(place: Place) -> list[int]:
    """Open ``cgroup.procs`` of the limiting group, and of those below it, for where v2 wants processes in leaves."""
    groups = dict.fromkeys((place.limit, place.namespace or place.limit, place.init))
    return [os.open(f"{place.hierarchy.directory(group)}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for group in groups]


def _enter(entrances: list[int]) -> None:
    for entrance in entrances:
        try:
            os.write(entrance, b"0")
        except OSError as error:
            if error.errno != errno.EBUSY or entrance == entrances[-1]:
                raise
        else:
            return


def _make(path: str, key: Key) -> str:
    kind = stat.S_IFCHR if key[0] == "c" else stat.S_IFBLK
    os.mknod(path, 0o600 | kind, os.makedev(int(key[1]), int(key[2])))
    return path


def _letters(node: str, key: Key) -> str:
    letters = "r" if os.access(node, os.R_OK) else ""
    letters += "w" if os.access(node, os.W_OK) else ""
    try:
        _make(f"{node}m", key)
    except PermissionError:
        return letters
    return f"{letters}m"


def listed(place: Place) -> Policy | None:
    """The policy as v1 shows it. None where it does not: v2, and v1 where all is allowed but some exceptions."""
    if place.hierarchy.version != 1:
        return None
    policy = Policy(allow=False)
    for line in _cgroupfs.read(place.file("devices.list")) or ():
        rule = parse_line("allow", line)
        if rule is None or rule.key is None:
            return None
        policy = policy.then(rule)
    return policy.reduced()


def can_switch(place: Place) -> bool:
    """Whether the default can be changed live: v1 refuses it for a group that has groups below it."""
    return place.hierarchy.version == 2 or not _cgroupfs.children(place.hierarchy.directory(place.limit))


def apply(ref: ContainerRef, place: Place, rule: Rule) -> None:
    """One rule for the running container."""
    what = f"{'allow' if rule.allow else 'deny'} {rule.text} for {ref}"
    if place.hierarchy.version == 2:
        _child.run(lambda: _tell_monitor(ref, rule, what), what=what, timeout=_SECONDS, log=ref)
        return
    groups = dict.fromkeys((place.limit, place.namespace or place.limit))
    # What is denied above is denied below; what is allowed has to be allowed from above downwards.
    for group in groups:
        try:
            _cgroupfs.write(f"{place.hierarchy.directory(group)}/{rule.verb}", [rule.text])
        except OSError as error:
            raise _cgroupfs.explain(error, what) from error


def _tell_monitor(ref: ContainerRef, rule: Rule, what: str) -> None:
    with _liblxc.load().container(ref.name, ref.lxc_path) as container:
        if not container.set_cgroup_item(rule.verb, rule.text):
            raise HostError(f"Failed to {what}")
