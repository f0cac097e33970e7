# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""How a container sees its cgroups: the cgroup words of ``lxc.mount.auto``. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput

KEY = "lxc.mount.auto"
EXTENSION = "cgroup2_auto_mounting"

_V1_MODES = ("", ":mixed", ":ro", ":rw")
FORMS = (
    *(f"{kind}{mode}{force}" for kind in ("cgroup", "cgroup-full") for mode in _V1_MODES for force in ("", ":force")),
    "cgroup2",
    "cgroup2:ro",
    "cgroup2:force",
    "cgroup2:ro:force",
)
"""Every form that liblxc knows."""

NOTHING = "none"
"""LXC mounts no cgroup file system: what there is, the container's own init has mounted."""


def check(form: str, *, extension: bool) -> str:
    """The form. InvalidInput for an unknown one, and for ``cgroup2`` where liblxc lacks the API extension."""
    if form and form not in FORMS:
        raise InvalidInput(f"cgroup_mount: {form!r} is not a form of lxc.mount.auto; accepted are {', '.join(FORMS)}")
    if form.startswith("cgroup2") and not extension:
        raise InvalidInput(f"cgroup_mount: {form!r} needs the API extension {EXTENSION}, which this liblxc lacks")
    return form


def is_cgroup_word(word: str) -> bool:
    return word.split(":")[0] in ("cgroup", "cgroup-full", "cgroup2")


def form_of(lines: Sequence[str]) -> str:
    """The form that the configuration's lines amount to: the last word wins, an empty line forgets; ``""`` for none."""
    form = ""
    for line in lines:
        if not line.split():
            form = ""
        for word in line.split():
            form = word if is_cgroup_word(word) else form
    return form


def with_form(lines: Sequence[str], form: str) -> list[str]:
    """The lines of ``lxc.mount.auto`` with this form (``""``: none) and all their other words as they were."""
    kept = []
    for line in lines:
        words = [word for word in line.split() if not is_cgroup_word(word)]
        if words or not line.split():
            kept.append(" ".join(words) if len(words) != len(line.split()) else line)
    return [*kept, form] if form else kept


def view_of(form: str, *, unified: bool) -> str:
    """What a container sees that was started with this form: ``none``, or ``cgroup2`` or ``cgroup`` with the mode."""
    if not form:
        return NOTHING
    words = form.split(":")
    mode = "ro" if "ro" in words else "rw"
    if unified or words[0] == "cgroup2":
        return f"cgroup2:{mode}"
    # With cgroup namespaces LXC leaves v1 to the container's init unless it is forced.
    return f"cgroup:{mode}" if "force" in words else NOTHING
