# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Changing the mounts at one target of a running container, in one go."""

from __future__ import annotations

import errno
import posixpath
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ansible_collections.community.lxc.plugins.module_utils._config._document import Entry
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, LxcError
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _mount_enter,
    _mount_liblxc,
    _mount_orders,
    _mount_tree,
    _mounts,
)
from ansible_collections.community.lxc.plugins.module_utils._host import _mount_syscalls as sys_
from ansible_collections.community.lxc.plugins.module_utils._host._mount_orders import Adjust, Unmount, target, unmount
from ansible_collections.community.lxc.plugins.module_utils._host._mount_program import Program
from ansible_collections.community.lxc.plugins.module_utils._model import _mountinfo
from ansible_collections.community.lxc.plugins.module_utils._model._mount_live import (
    NAMESPACED,
    Wanted,
    final_access_time,
    final_flags,
)
from ansible_collections.community.lxc.plugins.module_utils._model._mountinfo import MountPoint
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan._mount_show import live_dict

LIBLXC = "liblxc"
KERNEL = "kernel"

_PROPAGATIONS = {
    "shared": sys_.MS_SHARED,
    "slave": sys_.MS_SLAVE,
    "private": sys_.MS_PRIVATE,
    "unbindable": sys_.MS_UNBINDABLE,
}


def obstacle(entries: Sequence[Entry], place: _mounts.Place, wanted: Wanted) -> str:
    """Why this cannot be mounted in the running container, in words; empty if it can."""
    if wanted.mount.fstype in NAMESPACED:
        return f"a {wanted.mount.fstype} that is mounted from outside would show the host's namespaces"
    lacks = _mount_tree.kernel_lacks()
    if not lacks or (_liblxc_can(wanted) and _offered(entries, place)):
        return ""
    return f"{lacks}, and the container was not started with lxc.mount.auto = shmounts:... on a shared mount"


def must_replace() -> bool:
    """Whether this kernel cannot change a mount where it is."""
    return bool(_mount_tree.kernel_lacks())


def _liblxc_can(wanted: Wanted) -> bool:
    """It knows no idmap, and the mounts below an ``rbind`` it unmounts again together with its own traces."""
    below = wanted.source.below if wanted.source and wanted.mount.options.recursive else {}
    return not wanted.mount.options.idmap and not below


def _offered(entries: Sequence[Entry], place: _mounts.Place) -> bool:
    return _mount_liblxc.offered(entries, place.table, _mounts.table_of())


def sweep(init_pid: int, born: int, stage: str) -> None:
    """Unmount what a run that was killed has left at such a place."""
    with _mount_enter.namespaces(init_pid, born) as spaces:
        _mount_enter.run(lambda: Program(namespaces=spaces, stage=stage), what=f"unmount {stage}")


@dataclass(frozen=True)
class Change:
    """Take the stack at ``target`` down to its lowest ``keep`` mounts, then mount what is ``wanted``, if anything.

    With ``adjust`` the last one that is kept is the wanted one but for its options, which are then set.
    """

    ref: ContainerRef
    entries: Sequence[Entry]
    init_pid: int
    born: int
    place: _mounts.Place
    keep: int
    wanted: Wanted | None
    force: bool
    target: str
    adjust: bool = False

    @property
    def going(self) -> Sequence[MountPoint]:
        return self.place.stack[self.keep :]

    @property
    def says(self) -> str:
        where = f"at {self.target} in the running {self.ref}"
        host = _mounts.table_of()
        old = " and ".join(str(live_dict(point, host)["source"]) for point in reversed(self.going))
        if self.wanted is None:
            return f"unmount {old} {where}"
        mount = self.wanted.mount
        if self.adjust:
            words = ",".join(mount.options.words())
            return (f"unmount {old} and " if old else "") + f"set the options {words} of {mount.source} {where}"
        kind = f"{mount.source} ({','.join(mount.options.words())})" if mount.is_bind else f"a {mount.fstype}"
        return f"mount {kind} {where}" + (f" in the place of {old}" if old else "")

    @property
    def via(self) -> str:
        """The way that will be tried first."""
        offered = _offered(self.entries, self.place)
        if self.wanted is None:
            return LIBLXC if offered and self._liblxc_may_unmount() else KERNEL
        return LIBLXC if offered and not self.adjust and _liblxc_can(self.wanted) else KERNEL

    def _liblxc_may_unmount(self) -> bool:
        """liblxc unmounts by path, so only where no directory of the path can be swapped for a link meanwhile.

        Such a swap would have it unmount something else, such as what protects /proc/sys.
        """
        if len(self.going) != 1 or self._unmounts()[1:]:
            return False
        path = posixpath.dirname(self.going[0].target)
        while path != "/":
            if not _mountinfo.stack_at(self.place.table, path):
                return False
            path = posixpath.dirname(path)
        return True

    def apply(self) -> str:
        """Do it, and return which way was taken. Raises HostError; then all is as it was."""
        if self.wanted is None:
            return self._unmount()
        if self.via == LIBLXC:
            stage = _mount_liblxc.stage()
            mount, kind = self.wanted.mount, self.wanted.kind
            try:
                _mount_liblxc.inject(self.ref, mount, kind=kind, stage=stage, more=self.wanted.more)
                self._run(stage=stage)
            except LxcError:
                with suppress(LxcError):
                    sweep(self.init_pid, self.born, stage)
                raise
            return LIBLXC
        self._run()
        return KERNEL

    def _unmount(self) -> str:
        if self.via == LIBLXC and _mount_liblxc.unmount(self.ref, self.going[0].target, lazy=False):
            return LIBLXC
        # Whatever kept liblxc from it, the kernel says it in an error number.
        self._run()
        return KERNEL

    def _run(self, stage: str = "") -> None:
        unmounts = self._unmounts()
        makes = None if self.adjust else self.wanted
        with _mount_enter.namespaces(self.init_pid, self.born) as spaces:

            def prepare() -> Program:
                return Program(
                    namespaces=spaces,
                    unmounts=unmounts,
                    lazy=self.force,
                    stage=stage,
                    tree=-1 if makes is None or stage else self._tree(makes, spaces.user),
                    where=target(self.target, makes.mount.options.create) if makes else None,
                    adjust=self._adjustment(),
                    propagation=_propagation(self.wanted),
                )

            try:
                report = _mount_enter.run(prepare, what=self.says)
            except _mount_enter.Unfinished as error:
                if makes is not None and error.made:
                    undo = (target(self.target, makes.mount.options.create), error.made)
                    with suppress(LxcError):
                        _mount_enter.run(lambda: Program(namespaces=spaces, undo=undo), what="tidy up")
                raise
        if report.step == _mount_orders.ADJUST and report.error == errno.EPERM:
            # The kernel locks the options of what came from outside of the container's user namespace.
            replace(self, adjust=False, keep=self.keep - 1)._run()
        elif report.step != _mount_orders.DONE:
            raise HostError(f"Failed to {self.says}: {self._why(report, unmounts)}")

    @staticmethod
    def _tree(wanted: Wanted, user_namespace: int) -> int:
        mount = wanted.mount
        if not mount.is_bind:
            return _mount_tree.file_system_tree(mount, more=wanted.more)
        idmap = user_namespace if mount.options.idmap else -1
        return _mount_tree.bind_tree(mount.source, mount.options, user_namespace=idmap)

    def _adjustment(self) -> Adjust | None:
        if not self.adjust or self.wanted is None:
            return None
        point = self.place.stack[self.keep - 1]
        set_, clear = _mount_tree.all_attributes(final_flags(self.wanted), final_access_time(self.wanted))
        return Adjust(
            mount=unmount(point.target, point.id),
            set_=set_,
            clear=clear,
            recursive=self.wanted.mount.options.recursive,
        )

    def _unmounts(self) -> tuple[Unmount, ...]:
        """The topmost first. What ``rbind`` brought along goes with it; what the container mounted itself does not."""
        host = {point.device for point in _mounts.table_of()}
        found: dict[int, Unmount] = {}
        going = self.going[::-1]
        for point, below in zip(going, _mountinfo.descents(self.place.table, going)):
            brought = [child for child in reversed(below) if child.device in host]
            for each in (*brought, point):
                found.setdefault(each.id, unmount(each.target, each.id, kind=_kind(each)))
        return tuple(found.values())

    def _why(self, report: _mount_enter.Outcome, unmounts: Sequence[Unmount]) -> str:
        error = report.text
        if report.step == _mount_orders.UNMOUNT:
            path = unmounts[report.index].path.decode(errors="replace")
            if report.error == errno.EBUSY:
                return (
                    f"{path} is busy; nothing was changed; force: true detaches it, so that it ends with its last user"
                )
            if report.error == errno.EINVAL:
                return f"{path} is locked: the container got it from another user namespace"
            return f"{path} cannot be unmounted: {error}"
        if report.step == _mount_orders.ENTER:
            return f"the container's namespaces cannot be entered: {error}"
        return f"{_STEPS.get(report.step, 'failed')}: {error}"


_STEPS = {
    _mount_orders.RESOLVE: "the target cannot be reached",
    _mount_orders.CREATE: "the mount point cannot be made",
    _mount_orders.TAKE: "what liblxc mounted is not to be found",
    _mount_orders.ATTACH: "the kernel refuses it there",
    _mount_orders.ADJUST: "the options cannot be set",
    _mount_orders.PROPAGATE: "the propagation cannot be set",
}


def _kind(point: MountPoint) -> int:
    """The propagation of a mount that is not shared: what is attached below a shared one becomes so."""
    if "unbindable" in point.tags:
        return sys_.MS_UNBINDABLE
    if point.peer("shared") is not None:
        return 0
    return sys_.MS_PRIVATE if point.peer("master") is None else sys_.MS_SLAVE


def _propagation(wanted: Wanted | None) -> tuple[int, bool]:
    word = wanted.mount.options.propagation if wanted else ""
    recursive = word.startswith("r")
    return (_PROPAGATIONS[word[1:] if recursive else word], recursive) if word else (0, False)
