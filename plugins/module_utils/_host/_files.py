# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Files that a configuration names: it may name anything, also a pipe that nobody ever writes to."""

from __future__ import annotations

import errno
import os
import stat


def read_regular(path: str) -> bytes:
    """The content of a regular file. OSError for one that cannot be read, and for what is none: it never blocks."""
    # Without O_NONBLOCK the mere opening of a pipe would wait for its other end.
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", path)
    with open(fd, "rb") as stream:
        return stream.read()
