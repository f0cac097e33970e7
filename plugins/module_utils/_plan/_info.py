# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What there is: the host, and its containers with all their parts. Only looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import (
    HostError,
    InvalidInput,
    LxcError,
    MissingLibrary,
)
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _cgroupfs,
    _config_file,
    _init,
    _kernel,
    _liblxc,
    _survey,
)
from ansible_collections.community.lxc.plugins.module_utils._host._binding import resolve
from ansible_collections.community.lxc.plugins.module_utils._host._half_made import half_made
from ansible_collections.community.lxc.plugins.module_utils._host._process import Process
from ansible_collections.community.lxc.plugins.module_utils._host._running import Look
from ansible_collections.community.lxc.plugins.module_utils._host._states import Running, running
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef, container_ref
from ansible_collections.community.lxc.plugins.module_utils._plan import _cgroup_info, _mount_info, _seccomp, _snapshot
from ansible_collections.community.lxc.plugins.module_utils._plan._container import show_container
from ansible_collections.community.lxc.plugins.module_utils._plan._container_state import ContainerState
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_info import nics
from ansible_collections.community.lxc.plugins.module_utils._plan._pending import pending_keys

API_EXTENSIONS = (
    *("lxc_log", "lxc_config_item_is_supported", "console_log", "reboot2", "mount_injection", "mount_injection_file"),
    *("seccomp_allow_nesting", "seccomp_allow_deny_syntax", "seccomp_notify", "seccomp_notify_fd_active"),
    *("seccomp_proxy_send_notify_fd", "network_veth_routes", "network_veth_router", "network_ipvlan"),
    *("network_l2proxy", "network_gateway_device_route", "network_phys_macvlan_mtu", "network_bridge_vlan"),
    *("cgroup2", "cgroup2_devices", "cgroup2_auto_mounting", "cgroup_advanced_isolation", "cgroup_relative"),
    *("init_pidfd", "pidfd", "devpts_fd", "time_namespace", "core_scheduling"),
    *("idmapped_mounts", "idmapped_mounts_v2", "environment_runtime_hooks"),
)
"""Every one that a released liblxc knows or documents, up to 7.0."""


@dataclass(frozen=True)
class Observation:
    """A container at one moment, for the sections. ``document`` is None for one that runs and is not defined.

    ``look`` holds the running values, asked once for all containers; ``init.pid`` is -1 unless it runs. ``cgroups``
    are the host's, looked at once as well.
    """

    ref: ContainerRef
    document: Document | None
    look: Look = field(default_factory=Look)
    init: _init.Init = field(default_factory=_init.Init)
    error: str | None = None
    cgroups: _cgroupfs.Cgroups = field(default_factory=lambda: _cgroupfs.Cgroups(layout="none", hierarchies=()))


Section = Callable[[Observation], Any]

SECTIONS: tuple[tuple[str, Section], ...] = (
    ("cgroup", _cgroup_info.section),
    ("mounts", _mount_info.section),
    ("nics", lambda found: nics(found.document or Document(), found.look, found.init.pid)),
    ("seccomp", lambda found: _seccomp.section(found.ref, found.document or Document(), found.look)),
    ("snapshots", lambda found: _snapshot.section(found.ref)),
)
"""The parts of a container, each under its name in the result with what its function returns, JSON-able.

A function asks no monitor (``look`` has the answers) and enters nothing. If it raises an LxcError, that becomes the
container's ``error``, and the section is null.
"""


def gather(params: Mapping[str, Any]) -> dict[str, Any]:
    """The result of ``lxc_info``."""
    lxc_path = resolve("any-name", params["lxc_path"]).lxc_path
    return {
        "host": _host(lxc_path, params["keys"] or ()),
        "containers": [show(found) for found in observe(lxc_path, params["name"])],
    }


# ---- the host


def _host(lxc_path: str, keys: Sequence[str]) -> dict[str, Any]:
    library = _liblxc.load()
    cgroups = _cgroupfs.look()
    return {
        "lxc_version": library.version,
        "lxc_path": lxc_path,
        "api_extensions": {name: _has_extension(library, name) for name in API_EXTENSIONS},
        "keys": _survey.supported_keys(keys),
        "cgroup": {"layout": cgroups.layout, "controllers": cgroups.controllers()},
        "kernel": {**_kernel.features(), "seccomp_actions": _kernel.seccomp_actions()},
    }


def _has_extension(library: _liblxc.LibLxc, name: str) -> bool:
    # Documented, and missing from liblxc's own list in every version: the method itself has to be looked for.
    return library.has_method("init_pidfd") if name == "init_pidfd" else library.has_api_extension(name)


# ---- its containers


def observe(lxc_path: str, names: Sequence[str] | None) -> list[Observation]:
    """The named containers, or with None all of the path that are defined or run. InvalidInput for one not there."""
    for name in names or ():
        container_ref(name, lxc_path, option="name")
    defined = _survey.defined(lxc_path)
    found = running(lxc_path, names=names)
    there = sorted(defined | found.keys())
    unknown = [name for name in names or () if name not in there]
    if unknown:
        raise InvalidInput(_not_there(unknown, lxc_path, there))
    refs = [ContainerRef(name, lxc_path) for name in there if names is None or name in names]
    documents = {ref.name: _document(ref) for ref in refs}
    refusals = _survey.refusals([(ref, document) for ref in refs if (document := documents[ref.name]) is not None])
    looks = _survey.looks([ref for ref in refs if ref.name in found and _may_ask(found[ref.name], ref, refusals)])
    observations = [_observation(ref, documents[ref.name], found.get(ref.name), looks, refusals) for ref in refs]
    cgroups = _cgroupfs.look()
    return [replace(one, cgroups=cgroups) for one in observations]


def _not_there(unknown: Sequence[str], lxc_path: str, there: Sequence[str]) -> str:
    noun = "container" if len(unknown) == 1 else "containers"
    return (
        f"name: there is no {noun} {', '.join(map(repr, unknown))} in {lxc_path}; "
        f"there {'is ' + ', '.join(map(repr, there)) if there else 'are none at all'}"
    )


def _document(ref: ContainerRef) -> Document | None:
    try:
        return _config_file.read(ref)
    except HostError:
        return Document()  # liblxc cannot read it either, and its refusal says why


def _may_ask(found: Running, ref: ContainerRef, refusals: Mapping[str, str]) -> bool:
    # A monitor answers only after the start; and without a configuration that loads there is no handle to ask by.
    return found.state != "STARTING" and ref.name not in refusals


def _observation(
    ref: ContainerRef,
    document: Document | None,
    found: Running | None,
    looks: Mapping[str, Look],
    refusals: Mapping[str, str],
) -> Observation:
    look = Look()
    pid = -1
    if found is not None:
        look = looks.get(ref.name) or Look(state=found.state or "RUNNING", loads=False)
        # What the kernel shows is there even while the monitor does not answer.
        pid = found.init_pid or look.init_pid
    error = refusals.get(ref.name)
    if half_made(ref):
        error = "its creation was not finished; lxc_container creates it again or removes it"
    return Observation(ref=ref, document=document, look=look, init=_init.observe(pid), error=error)


def show(found: Observation) -> dict[str, Any]:
    """A container as ``lxc_info`` returns it."""
    document = found.document or Document()
    shown = show_container(found.ref, ContainerState(state=found.look.state, document=document, init=found.init))
    shown["cgroup_path"] = shown.pop("cgroup")
    errors = [found.error] if found.error else []
    for name, section in (("pending", _pending), *SECTIONS):
        try:
            shown[name] = section(found)
        except MissingLibrary:
            raise  # another interpreter may have it
        except (LxcError, OSError) as error:
            shown[name] = None
            errors.append(f"{name}: {error}")
    pending = shown["pending"]
    return {
        **shown,
        "defined": found.document is not None,
        "uptime": _uptime(found.init.pid),
        "drift": None if pending is None else {key: _sides(found.look, key) for key in pending},
        "error": "; ".join(errors) or None,
    }


def _pending(found: Observation) -> list[str]:
    return list(pending_keys(found.ref, found.look))


def _sides(look: Look, key: str) -> dict[str, list[str]]:
    return {"persisted": list(look.configured.get(key, ())), "live": list(look.running.get(key, ()))}


def _uptime(pid: int) -> float | None:
    if pid > 0:
        with suppress(ProcessLookupError), Process(pid) as init:
            return round(init.uptime(), 2)
    return None
