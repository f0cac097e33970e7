# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The directory that containers are in, which comes with the first of them; several may be made in it at once."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence

_ATTEMPTS = 100


def begin(lxc_path: str, work: Callable[[], None]) -> list[str]:
    """Make what there is not yet of the path and do ``work``, which makes something in it.

    Returns the directories made, the outermost first: whoever has made them removes them again when he fails.
    """
    made: list[str] = []
    for left in reversed(range(_ATTEMPTS)):
        try:
            made += _make(lxc_path)
            work()
            break
        except FileNotFoundError:
            # Another one who has made them has failed meanwhile, before there was anything of ours in them.
            if not left:
                raise
    return made


def _make(lxc_path: str) -> list[str]:
    missing: list[str] = []
    made = []
    while not os.path.isdir(lxc_path):
        missing.insert(0, lxc_path)
        lxc_path = os.path.dirname(lxc_path)
    for directory in missing:
        try:
            # The root of an unprivileged container has to get through, and to see nothing.
            os.mkdir(directory, mode=0o711)
            made.append(directory)
        except FileExistsError:
            if not os.path.isdir(directory):
                raise
    return made


def remove_empty(directories: Sequence[str]) -> None:
    """Remove those that ``begin`` has made, as far as nothing is in them."""
    for directory in reversed(directories):
        with contextlib.suppress(OSError):
            os.rmdir(directory)
