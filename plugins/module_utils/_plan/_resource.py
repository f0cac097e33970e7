# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What the runner runs: a resource, and the steps that bring it to its goal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

S = TypeVar("S")


@dataclass(frozen=True)
class Step:
    """One change: the sentence that announces it, the deed, and what takes it back if a later step fails."""

    says: str
    do: Callable[[], None]
    undo: Callable[[], None] | None = None
    waits: bool = False
    """Only waits for something: no change, and no action."""


class Resource(Protocol[S]):
    """Something that a task declares. ``S`` is a frozen dataclass of all that was or should be there."""

    kind: str
    """The name under which the resource is returned: ``container``, ``mount``, ..."""

    def observe(self) -> S:
        """What is there, persisted and live. Touches nothing; refuses bad input that needs the host to judge."""

    def desire(self, now: S) -> S:
        """What should be there after the run: exactly what ``observe`` is to find then. Pure."""

    def steps(self, now: S, want: S) -> Iterable[Step]:
        """What leads from one to the other, in order. Building a step touches nothing."""

    def compare(self, state: S) -> dict[str, Any]:
        """What has to agree with the goal: the diff's content, and the proof's. Nothing volatile (pids, counters)."""

    def show(self, state: S) -> dict[str, Any]:
        """The resource as the module returns it."""

    def pending(self, state: S) -> Sequence[str]:
        """One sentence for each thing that waits for a restart; empty: none is required."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Held while the steps are made and done, so that two runs never interleave."""
