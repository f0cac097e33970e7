# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Make a container: from a template, a tarball, an existing root file system, or another container.

A marker file stands in the container's directory from before the first act until the configuration is complete. Where
it is found again, a run was killed half-way: the container never ran, and is removed and made anew.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput, LxcError
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _assumed,
    _child,
    _config_file,
    _lock,
    _lxc_path,
    _removal,
    _tarball,
)
from ansible_collections.community.lxc.plugins.module_utils._host._binding import binding, handle
from ansible_collections.community.lxc.plugins.module_utils._host._half_made import MARKER, half_made
from ansible_collections.community.lxc.plugins.module_utils._host._running import has_monitor
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef, container_ref
from ansible_collections.community.lxc.plugins.module_utils._model._source import Source, Storage

_CREATE_SECONDS = 3600.0
"""A template may download a distribution."""

_TOOLS = {"zfs": "zfs", "lvm": "lvcreate", "rbd": "rbd", "btrfs": "btrfs"}
_CLONE_SNAPSHOT = 4
_FORMATTED = ("lvm", "rbd", "loop")
_PLACES = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"


@dataclass(frozen=True)
class Plan:
    """What to make: the source, and the configuration entries that must be known before the files are made."""

    source: Source
    idmap: tuple[str, ...] = ()


def create(ref: ContainerRef, plan: Plan, configure: Callable[[], None]) -> None:
    """Make the container and have ``configure`` complete its configuration. On any failure nothing is left behind."""
    with making(ref):
        _make(ref, plan)
        configure()


@contextlib.contextmanager
def making(ref: ContainerRef) -> Iterator[None]:
    """Around the making of a container: on any failure nothing is left, and the next run knows of a killed one."""
    if half_made(ref):
        _removal.remove_half_made(ref)
    made = _lxc_path.begin(ref.lxc_path, lambda: _begin(ref))
    try:
        yield
        os.unlink(f"{ref.directory}/{MARKER}")
    except BaseException as error:
        try:
            _removal.remove_half_made(ref)
            _lxc_path.remove_empty(made)
        except (LxcError, OSError) as left:
            raise HostError(f"{error}; and what there is of {ref} could not be removed: {left}") from error
        raise


def refuse_occupied(ref: ContainerRef) -> None:
    """HostError for a directory without a configuration that holds what is somebody else's."""
    if half_made(ref) or not os.path.lexists(ref.directory):
        return
    if not os.path.isdir(ref.directory) or os.listdir(ref.directory):
        raise HostError(
            f"{ref.directory} exists, holds no configuration and is not empty; community.lxc does not touch it"
        )


def _begin(ref: ContainerRef) -> None:
    try:
        os.mkdir(ref.directory, mode=0o770)
    except FileExistsError:
        # A directory without a configuration: only an empty one is taken over.
        refuse_occupied(ref)
    fd = os.open(
        f"{ref.directory}/{MARKER}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
    )
    os.fsync(fd)
    os.close(fd)


def _make(ref: ContainerRef, plan: Plan) -> None:
    source = plan.source
    what = f"create {ref} from {source}"
    with _untouched_origin(ref, source):
        _make_from(ref, plan, what)
    if not os.path.exists(ref.config_file):
        raise HostError(f"Failed to {what}: liblxc reports success, and there is no {ref.config_file}")


@contextlib.contextmanager
def _untouched_origin(ref: ContainerRef, source: Source) -> Iterator[None]:
    """Nobody starts, changes or removes meanwhile what is copied; others may copy it too."""
    if source.kind not in ("clone", "reflink"):
        yield
        return
    with _lock.shared(ContainerRef(name=source.value, lxc_path=ref.lxc_path)):
        _check_clone(ref, source)
        yield


def _make_from(ref: ContainerRef, plan: Plan, what: str) -> None:
    source = plan.source
    if source.kind == "clone":
        _child.run(lambda: _clone(ref, source), what=what, timeout=_CREATE_SECONDS, log=ref)
    elif source.kind == "rootfs":
        _child.run(lambda: _adopt(ref, plan), what=what, timeout=_CREATE_SECONDS, log=ref)
    elif source.kind == "tarball":
        _from_tarball(ref, plan, what)
    elif source.kind == "reflink":
        _from_script(ref, plan, what, _tarball.reflink_script(_rootfs_of(ref, source.value)))
    else:
        _child.run(
            lambda: _from_template(ref, plan, source.value, source.args), what=what, timeout=_CREATE_SECONDS, log=ref
        )


def _from_tarball(ref: ContainerRef, plan: Plan, what: str) -> None:
    try:
        fd = os.open(plan.source.value, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidInput(f"tarball: {plan.source.value} cannot be read: {error.strerror}") from error
    with os.fdopen(fd, "rb") as stream, tempfile.TemporaryDirectory(prefix="community.lxc-") as scratch:
        script = _tarball.write_template(scratch, stream, mapped=bool(plan.idmap))
        _child.run(
            lambda: _from_template(ref, plan, script, ()),
            what=what,
            timeout=_CREATE_SECONDS,
            log=ref,
            stdin=stream.fileno(),
        )


def _from_script(ref: ContainerRef, plan: Plan, what: str, script: str) -> None:
    with tempfile.TemporaryDirectory(prefix="community.lxc-") as scratch:
        path = _tarball.write_script(scratch, script)
        _child.run(lambda: _from_template(ref, plan, path, ()), what=what, timeout=_CREATE_SECONDS, log=ref)


def _rootfs_of(ref: ContainerRef, name: str) -> str:
    origin = container_ref(name, ref.lxc_path, option="clone_from")
    path = str(handle(origin).get_config_item("lxc.rootfs.path") or "")
    kind, colon, rest = path.partition(":")
    if colon and kind != "dir":
        raise InvalidInput(f"{origin} has its root file system on storage of type {kind!r}; reflinks need a directory")
    return rest if colon else path


def _from_template(ref: ContainerRef, plan: Plan, template: str, args: Sequence[str]) -> None:
    from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc
    from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_stored import BdevSpecs

    storage = plan.source.storage
    specs = BdevSpecs(**{name: value for name, value in asdict(storage).items() if name != "type"})
    with _liblxc.load().container(ref.name, ref.lxc_path) as container:
        _prepare(container, ref, plan.idmap)
        if not container.create(template=template, bdevtype=storage.type, specs=specs, argv=list(args)):
            raise HostError(f"Failed to create {ref} from {plan.source}")


def _prepare(container: Any, ref: ContainerRef, idmap: Sequence[str]) -> None:
    """The default configuration, the maps (the files are made under them) and the name, as ``lxc-create`` has them."""
    default = str(binding().get_global_config_item("lxc.default_config") or "")
    if default and os.path.exists(default) and not container.load_config(default):
        raise HostError(f"liblxc cannot load its default configuration {default}")
    if idmap:
        container.clear_config_item("lxc.idmap")
    for value in idmap:
        if not container.set_config_item("lxc.idmap", value):
            raise InvalidInput(f"lxc.idmap: liblxc refuses {value!r}")
    container.set_config_item("lxc.uts.name", ref.name)


def _adopt(ref: ContainerRef, plan: Plan) -> None:
    from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc

    path = plan.source.value
    with _liblxc.load().container(ref.name, ref.lxc_path) as container:
        _prepare(container, ref, plan.idmap)
        # liblxc 5 detects no plain block device; its type lvm is the one that mounts a device as it is.
        kind = "dir" if os.path.isdir(path) else "lvm"
        items = {"lxc.rootfs.path": path if ":" in path else f"{kind}:{path}"}
        # LXC's own word for "not mine": destroy leaves the root file system alone.
        items["lxc.rootfs.managed"] = "0"
        for key, value in items.items():
            if not container.set_config_item(key, value):
                raise HostError(f"liblxc refuses {key} = {value}")
        if not container.save_config(None):
            raise HostError(f"Failed to write {ref.config_file}")


def _clone(ref: ContainerRef, source: Source) -> None:
    origin = ContainerRef(name=source.value, lxc_path=ref.lxc_path)
    flags = _CLONE_SNAPSHOT if source.snapshot else 0
    made = handle(origin).clone(
        ref.name, config_path=ref.lxc_path, flags=flags, bdevtype=source.storage.type, newsize=source.storage.fssize
    )
    if not made:
        raise HostError(f"Failed to clone {origin} to {ref}")


def check_source(ref: ContainerRef, source: Source) -> None:
    """Refuse what cannot work before anything is made. InvalidInput names the option."""
    checks: dict[str, Callable[[], None]] = {
        "template": lambda: _check_template(source.value),
        "tarball": lambda: _check_file("tarball", source.value),
        "rootfs": lambda: _check_rootfs(source.value),
        "clone": lambda: _check_clone(ref, source),
        "reflink": lambda: _check_clone(ref, source),
    }
    checks[source.kind]()
    _check_storage(source.storage)


def _check_storage(storage: Storage) -> None:
    tools = [_TOOLS.get(storage.type or "dir")]
    if storage.type in _FORMATTED:
        tools.append(f"mkfs.{storage.fstype or 'ext3'}")  # liblxc's own default
    for tool in tools:
        if tool is None or shutil.which(tool, path=_PLACES):
            continue
        raise InvalidInput(f"storage: this host has no {tool!r}, which storage of type {storage.type!r} needs")


def _check_template(template: str) -> None:
    path = template if template.startswith("/") else f"/usr/share/lxc/templates/lxc-{template}"
    if not os.path.isfile(path) or not os.access(path, os.X_OK):
        have = sorted(n[4:] for n in _listing("/usr/share/lxc/templates") if n.startswith("lxc-"))
        raise InvalidInput(f"template: there is no executable {path}; this host has: {', '.join(have) or 'none'}")


def _listing(directory: str) -> list[str]:
    return os.listdir(directory) if os.path.isdir(directory) else []


def _check_file(option: str, path: str) -> None:
    if not os.path.isfile(path):
        raise InvalidInput(f"{option}: {path} is not a file on the managed host")


def _check_rootfs(path: str) -> None:
    plain = path.partition(":")[2] if ":" in path else path
    if not os.path.isabs(plain) or not os.path.exists(plain):
        raise InvalidInput(f"rootfs: {path} is no existing directory or block device of the managed host")


def _check_clone(ref: ContainerRef, source: Source) -> None:
    origin = container_ref(source.value, ref.lxc_path, option="clone_from")
    assumption = _assumed.of(origin)
    if _config_file.read(origin) is None:
        raise InvalidInput(f"clone_from: there is no {origin}")
    if assumption.runs if assumption else has_monitor(origin):
        raise InvalidInput(f"clone_from: {origin} is running; LXC copies only stopped containers")
    if not os.path.exists(origin.config_file):
        return  # It is still to be made, and so where its root file system will be is not known.
    try:
        rootfs = str(handle(origin).get_config_item("lxc.rootfs.path") or "")
    except LxcError as error:
        raise InvalidInput(f"clone_from: {error.msg}") from error
    in_files = (
        rootfs.startswith(("dir:", "/"))
        and source.kind == "clone"
        and not source.snapshot
        and source.storage.type in (None, "dir")
    )
    if in_files and not shutil.which("rsync"):
        raise InvalidInput("clone_from: liblxc copies a directory with rsync, which this host lacks")
