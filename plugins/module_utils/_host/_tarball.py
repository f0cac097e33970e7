# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A root file system archive as a template for liblxc's own ``create``.

As a template it gets liblxc's storage handling for nothing, and runs inside the user namespace of an unprivileged
container, so that owners, ACLs and file capabilities come out shifted by the kernel itself.
"""

from __future__ import annotations

import os
import shlex
from typing import IO

_MAGIC = (
    (b"\x1f\x8b", "--gzip"),
    (b"\xfd7zXZ\x00", "--xz"),
    (b"\x28\xb5\x2f\xfd", "--zstd"),
    (b"BZh", "--bzip2"),
)

_HEAD = """#!/bin/sh
set -e
while [ $# -gt 0 ]; do
  case $1 in
    --rootfs=*) rootfs=${1#--rootfs=} ;;
    --rootfs) rootfs=$2; shift ;;
  esac
  shift
done
"""

_UNPACK = """\
# The archive comes on standard input: its path need not be reachable for the container's root.
exec tar --extract --file - --directory "$rootfs" --numeric-owner --same-owner --preserve-permissions \\
  --xattrs --xattrs-include='*' --acls @OPTIONS@
"""


def write_template(directory: str, archive: IO[bytes], *, mapped: bool) -> str:
    """Write the template into ``directory`` and return its path. ``mapped``: it will run in a user namespace."""
    # Without moving the descriptor's position: tar reads from it too.
    head = os.pread(archive.fileno(), 6, 0)
    options = [option for magic, option in _MAGIC if head.startswith(magic)]
    if mapped:
        # No device nodes can be made in a user namespace; liblxc fills /dev itself.
        # --anchored counts for what follows it: a "dev" further down is nobody's but the archive's.
        options += ["--anchored", *(f"--exclude='{prefix}dev/*'" for prefix in ("", "./", "/"))]
    return write_script(directory, _UNPACK.replace("@OPTIONS@", " ".join(options)))


def reflink_script(rootfs: str) -> str:
    """Copy a root file system by sharing its blocks (btrfs, xfs); refused by the kernel where that is not to be had."""
    return f'exec cp --archive --reflink=always -- {shlex.quote(rootfs)}/. "$rootfs"\n'


def write_script(directory: str, work: str) -> str:
    """An executable template in ``directory`` that does ``work`` with ``$rootfs``; its path."""
    path = f"{directory}/lxc-script"
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(_HEAD + work)
    # Mapped root is a stranger on the host: it must be able to read and run the script, which holds no secret.
    os.chmod(path, 0o755)
    os.chmod(directory, 0o755)
    return path
