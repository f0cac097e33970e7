# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What can go wrong, in words for the person who wrote the playbook."""

from __future__ import annotations

from collections.abc import Sequence


class LxcError(Exception):
    """An error whose text is the one sentence that the user reads.

    ``lxc_log`` holds the lines that liblxc logged during the failed operation, oldest first.
    ``actions`` holds the sentences of the steps that were done before the failure.
    """

    def __init__(self, msg: str, *, lxc_log: Sequence[str] = (), actions: Sequence[str] = ()) -> None:
        super().__init__(msg)
        self.msg = msg
        self.lxc_log = tuple(lxc_log)
        self.actions = tuple(actions)


class InvalidInput(LxcError):
    """The task asks for something that cannot be: refused before anything is touched."""


class HostError(LxcError):
    """liblxc, the kernel or a tool on the host refused or failed."""


class TimedOut(HostError):
    """An operation did not finish within its time limit and was ended."""


class NotConverged(LxcError):
    """Every step went through, and still the resource is not where it should be."""


class Unforeseen(LxcError):
    """A defect of the collection itself. Raised ``from`` the exception that showed it."""

    def __init__(self, error: Exception) -> None:
        kind = type(error).__name__
        super().__init__(f"An error that community.lxc did not foresee, please report it: {kind}: {error}")


class MissingLibrary(LxcError):
    """A Python library is absent from this interpreter; another interpreter of the host may have it.

    ``library`` is the import name, ``packages`` says what to install, in words.
    """

    def __init__(self, library: str, *, packages: str) -> None:
        super().__init__(
            f"The Python library {library!r} was not found by any Python interpreter of this host; install {packages}"
        )
        self.library = library
        self.packages = packages
