# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Configuration files on disk: read them, have liblxc check them, replace them whole.

``write`` must run under ``_lock.exclusive``. A reader, or the next boot, finds the old file or the new one.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, parse
from ansible_collections.community.lxc.plugins.module_utils._config._rules import refuse_dangerous
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import _assumed, _child, _config_includes, _items
from ansible_collections.community.lxc.plugins.module_utils._host._binding import NOWHERE, binding
from ansible_collections.community.lxc.plugins.module_utils._host._items import Items
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef

LOG_FILE = "lxc.log.file"
_CHECK_SECONDS = 20.0

_NEEDS = {
    "lxc.environment.runtime": "environment_runtime_hooks (LXC 7.0)",
    "lxc.environment.hooks": "environment_runtime_hooks (LXC 7.0)",
    "lxc.sched.core": "core_scheduling (LXC 5.0)",
    "lxc.cgroup.relative": "cgroup_relative",
    "lxc.time.offset.boot": "time_namespace (LXC 4.0)",
    "lxc.time.offset.monotonic": "time_namespace (LXC 4.0)",
}
"""Keys that came with an extension which not every liblxc has."""

_checked: dict[str, Items] = {}
"""Digests of what liblxc has loaded in this process, and what it made of it: a plan is made twice, a check once."""


def read(ref: ContainerRef) -> Document | None:
    """The configuration as it stands; None where the container is not defined."""
    assumption = _assumed.of(ref)
    if assumption is not None:
        return assumption.document
    try:
        with open(ref.config_file, "rb") as stream:
            return parse(stream.read().decode("utf-8", errors="surrogateescape"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise HostError(f"Failed to read the configuration of {ref}: {error}") from error


def check(ref: ContainerRef, document: Document) -> None:
    """Have liblxc load the text from a throw-away file. InvalidInput names the line that it refuses.

    Touches nothing of the container.
    """
    digest = _config_includes.digest(document)
    if digest in _checked:
        return
    refuse_dangerous(_config_includes.expand(document, _config_includes.read(document)))
    _refuse_log_files(document)
    if document.values("lxc.sched.core")[-1:] == ("1",) and not _has_core_scheduling():
        raise InvalidInput(
            "lxc.sched.core: the kernel has no core scheduling (CONFIG_SCHED_CORE), or no processor several threads, "
            "so that the container would not start"
        )
    with spilled(document) as path:
        version = str(binding().version)
        try:
            told = _child.run(
                lambda: _load(ref, path), what=f"check the configuration of {ref}", timeout=_CHECK_SECONDS, log=ref
            ).value
        except HostError as error:
            raise refusal(error.lxc_log, version) or error from error
    log = log_files(document)[-1:]
    _checked[digest] = {**_items.items(told), **({LOG_FILE: log} if any(log) else {})}


def checked(digest: str) -> Items | None:
    """What liblxc made of the configuration of that digest, if ``check`` has had it loaded in this process."""
    return _checked.get(digest)


def log_files(document: Document) -> tuple[str, ...]:
    """The values of the lines that name a log file, also those of included files; the last one counts."""
    entries = _config_includes.expand(document, _config_includes.read(document))
    return tuple(value for key, value in entries if key == LOG_FILE)


def spill(document: Document, path: str) -> None:
    """Write a throw-away copy for liblxc to load.

    liblxc opens a log file as it reads the line that names one, and makes it with all its directories: here it is given
    ``path`` with a suffix.
    """
    if len(log_files(document)) > len(document.values(LOG_FILE)):
        document = _config_includes.inlined(document)
    logs = [f"{path}.log" if value else "" for value in document.values(LOG_FILE)]
    with open(path, "wb") as stream:
        stream.write(document.replace(LOG_FILE, logs).render().encode("utf-8", errors="surrogateescape"))


@contextmanager
def spilled(document: Document) -> Iterator[str]:
    """The path of a throw-away copy for liblxc to load, by which children of this process find it too."""
    if any(log_files(document)):
        with tempfile.TemporaryDirectory(prefix="community.lxc-") as scratch:
            spill(document, f"{scratch}/config")
            yield f"{scratch}/config"
        return
    # In memory: that is there and gone faster than a directory.
    with open(os.memfd_create("community.lxc", os.MFD_CLOEXEC), "wb") as stream:
        path = f"/proc/{os.getpid()}/fd/{stream.fileno()}"
        spill(document, path)
        yield path


def _refuse_log_files(document: Document) -> None:
    for value in filter(None, log_files(document)):
        place = value
        while place and not os.path.lexists(place):
            place = os.path.dirname(place)
        if not os.path.isabs(value) or os.path.isdir(value) or (place != value and not os.path.isdir(place)):
            raise InvalidInput(
                f"{LOG_FILE}: {value!r} is refused; the absolute path of a file, or of none, is accepted"
            )


def _load(ref: ContainerRef, path: str) -> dict[str, list[str]]:
    container = binding().Container(ref.name, config_path=NOWHERE)
    told = loaded(container, path)
    if told is None:
        raise HostError(f"liblxc refuses the configuration of {ref}")
    return told


def loaded(container: Any, path: str) -> dict[str, list[str]] | None:
    """What liblxc makes of the file, as ``_items`` tells it; None where it refuses it. To be called in a child.

    A MAC address with an ``x`` in it is told as the file has it.
    """
    if not container.load_config(path):
        return None
    with open(path, "rb") as stream:
        document = parse(stream.read().decode("utf-8", errors="surrogateescape"))
    return {**_items.configured(container), **_config_includes.address_templates(document)}


def refusal(log: Sequence[str], version: str) -> InvalidInput | None:
    """The sentence for what liblxc logged."""
    unknown = line = why = ""
    for entry in log:
        # LXC 5 and later, and LXC 4.
        match = re.search(r'(?:Unsupported config|Unknown configuration) key "([^"]*)"', entry)
        unknown = match[1] if match else unknown
        match = re.search(r'Failed to parse config file ".*" at line "(.*)"$', entry)
        if match:
            line = match[1]
        elif not match and entry.startswith("ERROR"):
            why = entry.split(" - ", 2)[-1]
    if unknown:
        needs = f", which needs the API extension {_NEEDS[unknown]}" if unknown in _NEEDS else ""
        return InvalidInput(f"config: liblxc {version} does not know the key {unknown}{needs}", lxc_log=log)
    if line:
        return InvalidInput(f"config: liblxc {version} refuses '{line}'{': ' + why if why else ''}", lxc_log=log)
    return None


def write(ref: ContainerRef, document: Document) -> None:
    """Replace the configuration: checked by liblxc, temporary file, fsync, rename. Mode, owner and xattrs are kept."""
    check(ref, document)
    path = os.path.realpath(ref.config_file)
    directory = os.path.dirname(path)
    # The file's own name in it: several containers may have links to files in one directory.
    prefix = f".{os.path.basename(path)}.community.lxc."
    _sweep(directory, prefix)
    fd, temporary = tempfile.mkstemp(prefix=prefix, dir=directory)
    try:
        with os.fdopen(fd, "wb") as stream:
            stream.write(document.render().encode("utf-8", errors="surrogateescape"))
            stream.flush()
            _inherit(stream.fileno(), path)
            os.fsync(stream.fileno())
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _sync_directory(directory)


def _sweep(directory: str, prefix: str) -> None:
    """Remove what a killed run left. Under the lock no other run can be writing one."""
    for name in os.listdir(directory):
        if name.startswith(prefix):
            os.unlink(f"{directory}/{name}")


def _inherit(fd: int, path: str) -> None:
    try:
        old = os.stat(path)
    except FileNotFoundError:
        os.fchmod(fd, 0o640)
        return
    os.fchown(fd, old.st_uid, old.st_gid)
    os.fchmod(fd, stat.S_IMODE(old.st_mode))
    for name in _xattrs(path):
        os.setxattr(fd, name, os.getxattr(path, name))


def _xattrs(path: str) -> list[str]:
    try:
        return os.listxattr(path)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return []
        raise


def _sync_directory(directory: str) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _has_core_scheduling() -> bool:
    # Hardly anyone asks for it, and everyone would pay for the import.
    from ansible_collections.community.lxc.plugins.module_utils._host import _kernel

    return _kernel.core_scheduling()
