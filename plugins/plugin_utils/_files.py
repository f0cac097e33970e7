# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is PRIVATE to the collection: it may change at any time.

"""Files on their way into a container and out of it: streamed, counted, and under their final name only when whole."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from typing import BinaryIO

from ansible_collections.community.lxc.plugins.plugin_utils._guest import shell_words
from ansible_collections.community.lxc.plugins.plugin_utils._pump import CHUNK

_ZEROS = bytes(CHUNK)

# Inside the container. $1 the file, $2 its size. The file is written next to its place and renamed: a reader sees all
# or nothing, and a link under the final name is replaced, never followed.
_PUT = r"""
d=$1 t=
case $d in /*) ;; *) d=./$d ;; esac
die() { printf '%s\n' "$1" >&2; [ -z "$t" ] || rm -f -- "$t"; exit 1; }
[ ! -d "$d" ] || die 'it is a directory'
trap 'die "interrupted"' HUP INT TERM
m=0$(umask) t=${d%/*}/.lxc-@KEY@
umask 077
set -C
cat > "$t" || die 'it could not be written'
set +C
s=$(stat -c %s -- "$t" 2>/dev/null) || s=$(wc -c < "$t")
[ "$s" -eq "$2" ] || die "only $s of $2 bytes arrived"
if [ -f "$d" ] && [ ! -L "$d" ] && o=$(stat -c '%u:%g %a' -- "$d" 2>/dev/null); then
  chown "${o% *}" "$t" 2>/dev/null; chmod "${o#* }" "$t"
else
  chmod "$(printf '%o' $((0666 & ~m)))" "$t"
fi || die 'its mode could not be set'
mv -f -- "$t" "$d" || die 'it could not be renamed into its place'
"""

# Inside the container. $1 the file.
_FETCH = r"""
f=$1
case $f in /*) ;; *) f=./$f ;; esac
[ -e "$f" ] || { echo 'it is not there' >&2; exit 2; }
[ -f "$f" ] || { echo 'it is not a regular file' >&2; exit 1; }
s=$(stat -L -c %s -- "$f" 2>/dev/null) || s=$(wc -c < "$f") || exit 1
printf '@KEY@:size:%s\n' "$s" >&2
exec cat < "$f"
"""
NOT_THERE = 2


def put_command(*, path: str, size: int) -> str:
    """The command that takes ``size`` bytes from its stdin."""
    return shell_words(["/bin/sh", "-c", _PUT.replace("@KEY@", secrets.token_hex(8)), "sh", path, str(size)])


def fetch_command(*, path: str, key: str) -> str:
    """The command that writes the file to stdout, and its size, in a line that begins with ``key``, to stderr."""
    return shell_words(["/bin/sh", "-c", _FETCH.replace("@KEY@", key), "sh", path])


class FileSource:
    """A regular file of this host, as long as it was when it was opened."""

    def __init__(self, path: str) -> None:
        self._file: BinaryIO = open(path, "rb", buffering=0)  # noqa: SIM115
        found = os.fstat(self._file.fileno())
        if not stat.S_ISREG(found.st_mode):
            self._file.close()
            raise ValueError(f"{path} is not a regular file")
        self.size = found.st_size
        self._left = self.size

    def rewind(self) -> None:
        self._file.seek(0)
        self._left = self.size

    def read(self) -> bytes:
        piece = self._file.read(min(CHUNK, self._left))
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._file.close()


class FileSink:
    """A new file beside ``path``, which takes its place when ``keep`` is called, and goes away otherwise.

    Nothing that lies at ``path`` is followed or opened. Blocks of zeros become holes.
    """

    def __init__(self, path: str) -> None:
        directory, name = os.path.split(os.path.abspath(path))
        if not name or os.path.isdir(path):
            raise IsADirectoryError(f"{path} is a directory")
        self._path = path
        self._temporary = os.path.join(directory, f".lxc-{secrets.token_hex(8)}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(self._temporary, flags, 0o600)
        self.size = 0

    def rewind(self) -> None:
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self.size = 0

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if len(data) >= 4096 and not data[0] and not data[-1] and data == _ZEROS[: len(data)]:
            os.lseek(self._descriptor, len(data), os.SEEK_CUR)
            return
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]

    def keep(self) -> None:
        """Put the file into its place, with the mode that the umask gives or that of the file it replaces."""
        os.ftruncate(self._descriptor, self.size)
        os.fchmod(self._descriptor, self._mode())
        os.rename(self._temporary, self._path)
        self._temporary = ""

    def _mode(self) -> int:
        with contextlib.suppress(FileNotFoundError):
            there = os.lstat(self._path)
            if stat.S_ISREG(there.st_mode):
                return stat.S_IMODE(there.st_mode) & 0o777
        umask = os.umask(0o077)
        os.umask(umask)
        return 0o666 & ~umask

    def close(self) -> None:
        os.close(self._descriptor)
        if self._temporary:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._temporary)
