# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What liblxc would swallow at load and choke on, or worse, at start."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, Entry
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput


def refuse_dangerous(entries: Sequence[Entry]) -> None:
    """InvalidInput for values that load and then hang or break the container's start. ``entries`` with the included."""
    for key, value in entries:
        if key == "lxc.mount.auto":
            _check_mount_auto(value)
        elif key in ("lxc.namespace.keep", "lxc.namespace.clone") and value:
            _check_mount_namespace(key, value)
    _check_idmap([value for key, value in entries if key == "lxc.idmap"])


def _check_mount_auto(value: str) -> None:
    for word in value.split():
        if word.startswith("shmounts") and not word.partition(":")[2].startswith("/"):
            raise InvalidInput(
                f"lxc.mount.auto: {word!r} names no host directory, and start() would hang for ever; "
                "shmounts:/absolute/directory is accepted"
            )


def _check_mount_namespace(key: str, value: str) -> None:
    # Seen: the host's /proc and /dev lay under the container's until they were unmounted by hand.
    if ("mnt" in value.split()) == (key == "lxc.namespace.keep"):
        raise InvalidInput(
            f"{key}: with {value!r} the container would have no mount namespace of its own, and LXC would mount "
            "its /proc and /dev over the host's"
        )


def _check_idmap(values: Sequence[str]) -> None:
    kinds: set[str] = set()
    for value in values:
        fields = value.split()
        kinds = kinds | set(fields[:1]) if fields else set()
    for one, other in (("u", "g"), ("g", "u")):
        if one in kinds and not kinds & {other, "b"}:
            raise InvalidInput(f"lxc.idmap: there is a map for {one!r} and none for {other!r}; liblxc needs both")


_WHERE = ("lxc.rootfs.path", "lxc.rootfs.managed", "lxc.uts.name", "lxc.hook.destroy", "lxc.signal.halt")


def salvage(entries: Sequence[Entry], *, with_rootfs: bool) -> Document:
    """What is needed to stop a container and remove its files, from a configuration of which the rest may not parse.

    ``entries`` are all of it, with the included ones.
    Without the root file system's keys, liblxc removes the rest and leaves that alone. (With ``lxc.rootfs.managed = 0``
    its ``destroy`` reports success and removes nothing at all.)
    """
    kept = [(key, value) for key, value in entries if key in _WHERE and value]
    return Document().append(entry for entry in kept if with_rootfs or not entry[0].startswith("lxc.rootfs."))
