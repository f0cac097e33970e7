# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""How cgroup limits are written on this host: by their own names, or in the files of cgroup v1. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_limit as limit
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_v1 as v1
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_limit import Limits
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_value import Value


@dataclass(frozen=True)
class Dialect:
    """How limits are written on this host. ``page``: the size of a memory page in bytes."""

    unified: bool
    page: int

    @property
    def prefix(self) -> str:
        return "lxc.cgroup2." if self.unified else "lxc.cgroup."

    @property
    def devices(self) -> str:
        return f"{self.prefix}devices."

    def files(self, limits: Limits) -> dict[str, Value]:
        """The control files, and what they are to hold. InvalidInput for what cgroup v1 has no equal of."""
        return dict(limits) if self.unified else v1.to_v1(limits)

    def limits(self, files: Mapping[str, Value]) -> dict[str, Value]:
        """The limits that control files hold."""
        if not self.unified:
            return v1.from_v1(files, page=self.page)
        return {name: limit.or_kept(name, lines, page=self.page) for name, lines in files.items() if limit.find(name)}

    def files_of(self, name: str) -> tuple[str, ...]:
        return (name,) if self.unified else v1.files_of(name)

    def name_of(self, file: str) -> str | None:
        return (file if limit.find(file) else None) if self.unified else v1.name_of(file)

    def controller(self, name: str) -> str:
        """The controller that a limit belongs to here."""
        return limit.controller(name) if self.unified else v1.controller(name)

    def writes(self, file: str, now: Value, want: Value) -> tuple[str, ...]:
        """The texts to write to the file, one for each write(2)."""
        return limit.writes(file, now, want) if self.unified else v1.file_writes(file, now, want)

    def holds_lines(self, file: str) -> bool:
        """Whether each line of the file is a limit of its own."""
        found = limit.find(self.name_of(file) or "")
        return found is not None and found.lines

    def with_partners(self, limits: Limits, whole: Limits) -> dict[str, Value]:
        """The limits, and of ``whole`` what else is needed to translate them: v1 counts swap together with memory."""
        partner = {"memory.max": whole["memory.max"]} if "memory.swap.max" in limits and "memory.max" in whole else {}
        return {**partner, **limits}

    def settle(self, limits: Limits, whole: Limits) -> dict[str, Value]:
        """The limits as they would be read back: on v1 not every value of v2 has one of its own."""
        if self.unified:
            return dict(limits)
        back = self.limits(self.files(self.with_partners(limits, {**whole, **limits})))
        return {name: back.get(name, lines) for name, lines in limits.items()}
