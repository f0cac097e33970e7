# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What a fleet asks of the host: which containers carry its mark, and what they are made from."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Sequence

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, parse
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import _assumed, _config_file
from ansible_collections.community.lxc.plugins.module_utils._host._binding import binding
from ansible_collections.community.lxc.plugins.module_utils._host._half_made import half_made
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._model._source import Source

__all__ = [
    "base_name",
    "exists",
    "first_document",
    "foretold",
    "marked",
    "processors",
    "reporter",
]


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def exists(ref: ContainerRef) -> bool:
    """Whether the container is defined, and not what a killed run left of its creation."""
    return os.path.exists(ref.config_file) and not half_made(ref)


def foretold(ref: ContainerRef) -> bool:
    """Whether this process, in check mode, has planned what becomes of the container."""
    return _assumed.of(ref) is not None


def document(ref: ContainerRef) -> Document:
    """The configuration as it stands in the file; an empty one if there is none."""
    return _config_file.read(ref) or Document()


def marked(lxc_path: str, mark: Callable[[str], str]) -> tuple[str, ...]:
    """The names of the containers of an lxc path whose configuration carries their mark: ``mark(name)``."""
    names = sorted(os.listdir(lxc_path)) if os.path.isdir(lxc_path) else []
    return tuple(name for name in names if document(ContainerRef(name, lxc_path)).has_comment(mark(name)))


def base_name(source: Source, idmap: Sequence[str], share: str) -> str:
    """The name of the container that all those share which come from this source: another archive, another name."""
    words = [share, source.kind, source.value, *source.args, *idmap]
    if source.kind == "tarball" and os.path.exists(source.value):
        found = os.stat(source.value)
        words += [str(found.st_size), str(found.st_mtime_ns)]
    digest = hashlib.sha256("\0".join(words).encode(errors="surrogateescape")).hexdigest()
    return f"fleet-base-{digest[:12]}"


def first_document(ref: ContainerRef, source: Source | None) -> Document:
    """What a new container's configuration begins with: its origin's, or liblxc's default. A template may add to it."""
    if source is not None and source.kind == "clone":
        return _config_file.read(ContainerRef(source.value, ref.lxc_path)) or Document()
    default = str(binding().get_global_config_item("lxc.default_config") or "")
    try:
        with open(default, encoding="utf-8", errors="surrogateescape") as stream:
            return parse(stream.read())
    except OSError:
        return Document()


def reporter(path: str, *, apply: bool) -> Callable[[str], None]:
    """What appends a line to the file, for a reader who polls it; without ``apply``, what leaves it alone.

    A lock on the file says that somebody is at work, and is gone with the last process that is: this one, and its
    workers. InvalidInput if the file cannot be written.
    """
    if not apply:
        _check_writable(path)
        return lambda line: None
    try:
        stream = open(path, "a", encoding="utf-8")  # noqa: SIM115
    except OSError as error:
        raise InvalidInput(f"progress_file: {error}") from error
    fcntl.flock(stream, fcntl.LOCK_SH)

    def report(line: str) -> None:
        stream.write(line + "\n")
        stream.flush()

    return report


def _check_writable(path: str) -> None:
    """As far as can be seen without making it."""
    try:
        if os.path.lexists(path):
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        else:
            os.close(os.open(os.path.dirname(path) or ".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
    except OSError as error:
        error.filename = path
        raise InvalidInput(f"progress_file: {error}") from error
