# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Which liblxc it is, and whether it is one that the collection works with."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError

OLDEST = (4, 0, 5)


@dataclass(frozen=True)
class Version:
    """A version of liblxc as ``lxc_get_version`` tells it: ``5.0.2``, ``7.0.0``, ``6.0.0-devel``."""

    text: str
    info: tuple[int, int, int]
    released: bool

    def has(self, since: tuple[int, int, int]) -> bool:
        """Whether what came with ``since`` is in there. A version before the release of ``since`` counts as without."""
        return self.info > since or (self.info == since and self.released)


def parse_version(text: str) -> Version:
    """Raise ``HostError`` for what is no version, or one older than 4.0.5."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?(.*)\Z", text, re.DOTALL)
    if not found:
        raise HostError(f"liblxc tells {text!r} as its version, which is not one")
    major, minor, patch = (int(part or 0) for part in found.group(1, 2, 3))
    version = Version(text=text, info=(major, minor, patch), released=not found.group(4))
    if not version.has(OLDEST):
        raise HostError(f"liblxc {text} is too old, {'.'.join(map(str, OLDEST))} or later is needed")
    return version
