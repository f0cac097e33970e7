# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What has to be known of the host before a mount can be judged, and what is refused for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, Entry
from ansible_collections.community.lxc.plugins.module_utils._config._mount_entries import ENTRY, FSTAB
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import _config_includes, _mount_tree, _mounts
from ansible_collections.community.lxc.plugins.module_utils._model._mount import Mount, parse_entry
from ansible_collections.community.lxc.plugins.module_utils._model._mount_live import Wanted, final_access_time
from ansible_collections.community.lxc.plugins.module_utils._model._mount_spec import MountSpec
from ansible_collections.community.lxc.plugins.module_utils._model._mountinfo import MountPoint
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef


@dataclass(frozen=True)
class Inherited:
    """A mount from elsewhere than the container's own lines. ``origin`` is ``include``, or the fstab's path."""

    mount: Mount
    origin: str


def rootfs_prefixes(ref: ContainerRef, entries: Sequence[Entry]) -> tuple[str, ...]:
    """What an absolute target of an entry may begin with, as liblxc takes it: the root file system's path."""
    values = [value for key, value in entries if key == "lxc.rootfs.path"]
    paths = [value.partition(":")[2] if ":" in value else value for value in values]
    return (*(path for path in paths if path.startswith("/")), f"{ref.directory}/rootfs")


def all_entries(document: Document) -> tuple[Entry, ...]:
    """The configuration with what it includes."""
    return _config_includes.expand(document, _config_includes.read(document))


def inherited(
    document: Document, entries: Sequence[Entry], target: str | None, *, rootfs: Sequence[str]
) -> tuple[Inherited, ...]:
    """The mounts at a target (None: at any) that an include or an ``lxc.mount.fstab`` makes.

    ``entries`` are all of the configuration, with those included.
    """
    rest = Counter(value for key, value in entries if key == ENTRY) - Counter(document.values(ENTRY))
    found = [(value, "include") for value in rest.elements()]
    for path in (value for key, value in entries if key == FSTAB and value):
        found += [(line, path) for line in _mounts.fstab_lines(path)]
    parsed = ((parse_entry(text, rootfs=rootfs), origin) for text, origin in found)
    return tuple(Inherited(mount, origin) for mount, origin in parsed if mount and target in (None, mount.target))


def known(mount: Mount, init_pid: int) -> Wanted:
    """The mount with what the host knows of it. ``init_pid`` is -1 unless the container runs."""
    if mount.is_bind:
        return Wanted(mount=mount, source=_mounts.source(mount.source))
    device = "" if mount.fstype in _mounts.without_device() else _mounts.device_number(mount.source) or ""
    return Wanted(
        mount=mount, device=device, more=_owner(mount, init_pid), memory=_mounts.memory(), page=_mounts.page_size()
    )


def mount_point(mount: Mount) -> MountPoint:
    """What the mount's entry will make at a start, as far as that can be told before."""
    source = _mounts.source(mount.source) if mount.is_bind else None
    device, root = source.identity if source else ("", "/")
    words = mount.options.words()
    return MountPoint(
        id=-1,
        parent=-1,
        device=device,
        root=root,
        target=mount.target,
        options=words,
        tags=(),
        fstype=mount.fstype,
        source=mount.source,
        super_options=(),
    )


def gather_wanted(
    ref: ContainerRef, mount: Mount, init_pid: int, entries: Sequence[Entry], *, persisted: bool
) -> Wanted:
    """As ``known``. Refuses a source, a file system or an idmap that cannot be: InvalidInput.

    ``entries`` are all of the configuration; ``persisted`` is whether a start is to make the mount as well.
    """
    options = mount.options
    own_ids = any(key == "lxc.idmap" and value for key, value in entries)
    if options.idmap and not own_ids:
        raise InvalidInput(f"idmap: {ref} has no lxc.idmap, and so no user namespace of its own to map ids to")
    if not mount.is_bind:
        _mount_tree.check_file_system(mount)
    wanted = known(mount, init_pid)
    if own_ids and persisted:
        _check_start(ref, wanted)
    if options.optional:
        return wanted
    if mount.is_bind and wanted.source is None:
        raise InvalidInput(f"source: {mount.source} does not exist on the host; optional: true allows that")
    if not mount.is_bind and not wanted.device and mount.fstype not in _mounts.without_device():
        raise InvalidInput(f"source: {mount.source} is not a block device of the host, which {mount.fstype} needs")
    return wanted


def _check_start(ref: ContainerRef, wanted: Wanted) -> None:
    """Refuse what the kernel would not let the container's own user namespace mount when it starts."""
    mount = wanted.mount
    if wanted.device:
        raise InvalidInput(
            f"fstype: {ref} has a user namespace of its own, which cannot mount {mount.fstype} from a device at its "
            "start; state: ephemeral mounts it live"
        )
    asked = mount.options.access_time
    plain = replace(wanted, mount=replace(mount, options=replace(mount.options, access_time="")))
    if mount.is_bind and asked and not mount.options.idmap and asked != final_access_time(plain):
        raise InvalidInput(
            f"options: {asked!r} is not how {mount.source} is mounted on the host, and {ref} has a user namespace of "
            "its own, which cannot change that when it mounts at its start"
        )
    below = sorted(wanted.source.below) if wanted.source else []
    if below and not mount.options.recursive and not mount.options.idmap:
        raise InvalidInput(
            f"source: {mount.source} has mounts below it ({', '.join(below)}), and {ref} has a user namespace of its "
            "own, which can bind it only with options: [rbind]"
        )


def _owner(mount: Mount, init_pid: int) -> tuple[str, ...]:
    """A tmpfs belongs to the container's root, as one does that LXC mounts at start."""
    if mount.fstype != "tmpfs" or init_pid <= 0:
        return ()
    given = {word.partition("=")[0] for word in mount.options.data}
    try:
        if not _mounts.has_own_user_namespace(init_pid):
            return ()
        uid, gid = _mounts.root_ids(init_pid)
    except OSError as error:
        raise HostError(f"The container's init process {init_pid} has ended meanwhile") from error
    return tuple(word for word in (f"uid={uid}", f"gid={gid}") if word.partition("=")[0] not in given)


def check_place(ref: ContainerRef, spec: MountSpec, place: _mounts.Place, wanted: Wanted) -> None:
    """Refuse a target that the running container cannot have the mount at. Raises InvalidInput."""
    create = wanted.mount.options.create
    if place.kind == _mounts.UNKNOWN:
        return
    if place.path == "?":
        raise InvalidInput(f"target: {spec.target} in {ref} passes through a symbolic link that leads nowhere")
    if place.path and spec.wants_persisted:
        raise InvalidInput(
            f"target: {spec.target} in {ref} passes through a symbolic link, which liblxc refuses at the container's "
            f"start; give {place.path}"
        )
    if not spec.wants_live or (wanted.mount.is_bind and wanted.source is None):
        return
    if place.kind and place.kind != wanted.kind:
        raise InvalidInput(
            f"target: {spec.target} in {ref} is a {_KINDS[place.kind]}, and what is to be mounted there is a "
            f"{_KINDS[wanted.kind]}"
        )
    if not place.kind and not create:
        raise InvalidInput(f"target: {spec.target} does not exist in {ref}; create: {wanted.kind} makes it")
    if not place.kind and create != wanted.kind:
        raise InvalidInput(f"create: {create} makes a {_KINDS[create]}, and the source is a {_KINDS[wanted.kind]}")


_KINDS = {"dir": "directory", "file": "file"}
