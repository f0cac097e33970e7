# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Which keys of a running container wait for its restart.

Default: the value that it was started with is not the one that a start would give it now. For the keys of parts
that can be changed live, a judge has the last word, since liblxc's running values never follow a live change.
And the seccomp profile, which is a file's name, also waits where the file's content is no longer that of the start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._host._running import Look
from ansible_collections.community.lxc.plugins.module_utils._model import _ether
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef


@dataclass(frozen=True)
class Case:
    """A key whose configured values are not those of the start."""

    ref: ContainerRef
    look: Look
    key: str
    running: tuple[str, ...]
    configured: tuple[str, ...]


_PROFILE = "lxc.seccomp.profile"

Judge = Callable[[Case], bool]
"""True: the configured value is nevertheless in force in the running container."""


def _filled_in_by_liblxc(case: Case) -> bool:
    return not case.configured


def _completed_by_liblxc(case: Case) -> bool:
    """Whether what it was started with could have been made from the configured template, as it is at each start."""
    if not case.running or not case.configured:
        return False
    running, template = case.running[-1].lower(), case.configured[-1].lower()
    return _ether.is_template(template) and _ether.matches(running, template)


def _read_when_needed(case: Case) -> bool:
    # By whoever starts it at boot, stops it, reboots it or removes it, and from the file each time.
    return True


# A judge brings half of the collection along, which is imported only where there is something to judge.


def _cgroup(case: Case) -> bool:
    from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup_judge import in_force

    return in_force(case)


def _mount(case: Case) -> bool:
    from ansible_collections.community.lxc.plugins.module_utils._plan._mount_judge import in_force

    return in_force(case)


def _mounted_by_liblxc(case: Case) -> bool:
    from ansible_collections.community.lxc.plugins.module_utils._plan._mount_judge import started_with

    return started_with(case)


def _nic(case: Case) -> bool:
    from ansible_collections.community.lxc.plugins.module_utils._plan._nic_judge import in_force

    return in_force(case)


JUDGES: tuple[tuple[str, str, Judge], ...] = (
    # prefix and suffix of the keys, and who judges them
    ("lxc.cgroup", "", _cgroup),
    ("lxc.mount.entry", "", _mount),
    ("lxc.net.", ".name", _filled_in_by_liblxc),
    ("lxc.net.", ".veth.pair", _filled_in_by_liblxc),
    ("lxc.net.", ".hwaddr", _completed_by_liblxc),
    ("lxc.net.", "", _nic),
    ("lxc.start.", "", _read_when_needed),
    ("lxc.group", "", _read_when_needed),
    ("lxc.signal.halt", "", _read_when_needed),
    ("lxc.signal.reboot", "", _read_when_needed),
    ("lxc.rootfs.managed", "", _read_when_needed),
)


_REBOOT_JUDGES = (
    ("lxc.mount.entry", "", _mounted_by_liblxc),
    *(row for row in JUDGES if row[2] in (_filled_in_by_liblxc, _completed_by_liblxc, _read_when_needed)),
)
"""For a reboot, which starts with what the monitor was started with: what was changed live since is lost."""


def pending_keys(ref: ContainerRef, look: Look) -> tuple[str, ...]:
    """The keys whose configured value or content is not in force, sorted. Empty for one that does not run."""
    return _keys(ref, look, JUDGES)


def lost_by_reboot(ref: ContainerRef, look: Look) -> tuple[str, ...]:
    """The keys whose configured value a reboot would not bring, sorted, in force or not."""
    return _keys(ref, look, _REBOOT_JUDGES)


def _keys(ref: ContainerRef, look: Look, judges: Sequence[tuple[str, str, Judge]]) -> tuple[str, ...]:
    keys = sorted(set(look.running) | set(look.configured))
    cases = (Case(ref, look, key, look.running.get(key, ()), look.configured.get(key, ())) for key in keys)
    return tuple(case.key for case in cases if _differs(case) and not _in_force(case, judges))


def _differs(case: Case) -> bool:
    if case.running != case.configured or case.key != _PROFILE:
        return case.running != case.configured
    from ansible_collections.community.lxc.plugins.module_utils._host import _seccomp

    return _seccomp.is_outdated(case.ref, case.look.init_pid, "".join(case.running[-1:]))


def _in_force(case: Case, judges: Sequence[tuple[str, str, Judge]]) -> bool:
    return any(
        judge(case) for prefix, suffix, judge in judges if case.key.startswith(prefix) and case.key.endswith(suffix)
    )
