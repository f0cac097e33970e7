# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What a host cannot do of what a task asks for: refused beforehand, in words."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Protocol

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import _cgroupfs, _liblxc
from ansible_collections.community.lxc.plugins.module_utils._host._cgroupfs import Cgroups, Hierarchy
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_limit as limit
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_mount as mount
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_dialect import Dialect
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_limit import Limits
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_spec import CgroupSpec
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_value import (
    MAX,
    Value,
    split_numbers,
)


class Library(Protocol):
    """What is asked of liblxc here."""

    @property
    def version(self) -> str: ...

    def config_item_is_supported(self, key: str) -> bool: ...


_HUGE_PAGES = "/sys/kernel/mm/hugepages"
_UNITS = {"KB": 1, "MB": 1024, "GB": 1024**2}


def check(spec: CgroupSpec, cgroups: Cgroups, dialect: Dialect) -> None:
    """InvalidInput for what this liblxc, these hierarchies or this hardware cannot do."""
    library = _liblxc.load()
    if cgroups.layout == "none":
        raise InvalidInput("This host has no cgroup file system at /sys/fs/cgroup")
    for option, directory in spec.directories.items():
        if directory and option != "dir":
            _need(library, "cgroup_advanced_isolation", option)
    if spec.relative:
        _need(library, "cgroup_relative", "relative")
    if spec.mount_form:
        mount.check(spec.mount_form, extension=library.has_api_extension(mount.EXTENSION))
    if spec.limits or spec.rules:
        check_keys(library, cgroups, dialect)
    if spec.rules and not dialect.unified and cgroups.of_controller("devices") is None:
        raise InvalidInput("devices: the cgroup controller 'devices' is not there on this host")
    for name in spec.limits:
        _check_controller(name, cgroups, dialect)
    check_values({name: value for name, value in spec.limits.items() if value is not None}, cgroups, dialect)


def _need(library: _liblxc.LibLxc, extension: str, what: str) -> None:
    if not library.has_api_extension(extension):
        raise InvalidInput(f"{what}: liblxc {library.version} lacks the API extension {extension}")


def check_keys(library: Library, cgroups: Cgroups, dialect: Dialect) -> None:
    """InvalidInput where this liblxc has no keys for limits in this host's layout."""
    key = dialect.prefix.rstrip(".")
    if library.config_item_is_supported(key):
        return
    raise InvalidInput(
        f"limits and devices: this host's cgroup layout is {cgroups.layout}, which needs the keys {key}.*, and liblxc "
        f"{library.version} has them no more; boot the host with systemd.unified_cgroup_hierarchy=1"
    )


def _check_controller(name: str, cgroups: Cgroups, dialect: Dialect) -> None:
    files = dialect.files_of(name)
    if not files:
        dialect.files({name: limit.default(name)})  # raises, and says that v1 has nothing like it
    controller = dialect.controller(name)
    hierarchy = cgroups.of_controller(controller) or cgroups.of_controller(limit.controller(name))
    if hierarchy is None:
        raise InvalidInput(f"limits: {name}: the cgroup controller {controller!r} is not there on this host")
    if hierarchy.version == 2 and not dialect.unified:
        raise InvalidInput(
            f"limits: {name}: on this hybrid host the cgroup controller {limit.controller(name)!r} is in the v2 "
            "hierarchy, where liblxc sets no limits"
        )
    _check_files(name, files, hierarchy)


def _check_files(name: str, files: Iterable[str], hierarchy: Hierarchy) -> None:
    size = limit.huge_page_size(name)
    if size and not os.path.isdir(f"{_HUGE_PAGES}/hugepages-{int(size[:-2]) * _UNITS[size[-2:]]}kB"):
        raise InvalidInput(f"limits: {name}: this host has no huge pages of {size}")
    for file in files:
        if _cgroupfs.knows_file(hierarchy, file) is False:
            raise InvalidInput(f"limits: {name}: this kernel has no file {file} in {hierarchy.path}")


def check_values(limits: Limits, cgroups: Cgroups, dialect: Dialect) -> None:
    """Values that only this host's kernel would refuse."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if limits.get(name):
            _check_numbers(name, limits[name], cgroups, dialect)
    for name in ("io.max", "io.weight", "io.bfq.weight"):
        for line in limits.get(name, ()):
            _check_block_device(name, line.split()[0])
    check_burst(limits)


def check_burst(limits: Limits) -> None:
    """InvalidInput for a burst above the quota. What is not understood, and is in the configuration already, passes."""
    quota = limits.get("cpu.max", (f"{MAX} 100000",))[0].split()[0]
    burst = limits.get("cpu.max.burst", ("0",))[0]
    if quota.isdigit() and burst.isdigit() and int(burst) > int(quota):
        raise InvalidInput(f"limits: cpu.max.burst: {burst} is more than the quota of cpu.max, {quota}")


def _check_numbers(name: str, value: Value, cgroups: Cgroups, dialect: Dialect) -> None:
    hierarchy = cgroups.of_controller("cpuset")
    if hierarchy is None:
        return
    file = f"{name}.effective" if dialect.unified else name
    there = ",".join(_cgroupfs.read(f"{hierarchy.path}/{file}") or ())
    if there and not split_numbers(value[0]) <= split_numbers(there):
        raise InvalidInput(f"limits: {name}: {value[0]} is not accepted; this host has {there}")


def _check_block_device(name: str, device: str) -> None:
    if device == "default":
        return
    path = f"/sys/dev/block/{device}"
    if not os.path.exists(path):
        raise InvalidInput(f"limits: {name}: there is no block device {device} on this host")
    if os.path.exists(f"{path}/partition"):
        raise InvalidInput(f"limits: {name}: {device} is a partition; the kernel limits whole disks only")
