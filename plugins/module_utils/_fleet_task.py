# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The options of ``lxc_fleet`` into a fleet, and what became of it into a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._argspec import CONTAINER_OPTIONS
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._fleet import Fleet, Job, Part, run_fleet, share_sources
from ansible_collections.community.lxc.plugins.module_utils._fleet_parts import (
    is_live_only,
    nic_purger,
    part_builder,
    validated,
)
from ansible_collections.community.lxc.plugins.module_utils._host import _fleet
from ansible_collections.community.lxc.plugins.module_utils._host._binding import resolve
from ansible_collections.community.lxc.plugins.module_utils._model._container import ContainerSpec, container_spec
from ansible_collections.community.lxc.plugins.module_utils._model._fleet import Member, members
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._runner import respawn_with


def converge_fleet(params: Mapping[str, Any], *, apply: bool, diff: bool) -> dict[str, Any]:
    """The module's whole work: its result, with ``failed`` where a container failed."""
    fleet = build_fleet(params, apply=apply)
    _prefer_netlink(fleet)
    return summary(run_fleet(fleet, apply=apply), diff=diff)


def build_fleet(params: Mapping[str, Any], *, apply: bool) -> Fleet:
    """Every description is checked before the first container is touched. Raises InvalidInput."""
    for option in ("parallel", "serial", "abort_on_failures"):
        if params[option] < 0:
            raise InvalidInput(f"{option}: {params[option]} is negative; 0 and more are accepted")
    team = members(params["containers"], params["defaults"])
    fleet, serial = _checked_name(params["fleet"]), params["serial"] or len(team) + 1
    jobs = [replace(_job(member, params["lxc_path"], fleet), batch=n // serial) for n, member in enumerate(team)]
    path = params["progress_file"]
    return Fleet(
        jobs=(*share_sources(jobs, [member.share_source for member in team]), *_purges(params, jobs, fleet)),
        parallel=params["parallel"] or _fleet.processors(),
        abort_on_failures=params["abort_on_failures"],
        report=_fleet.reporter(path, apply=apply) if path else (lambda line: None),
    )


def _prefer_netlink(fleet: Fleet) -> None:
    """Workers cannot change to an interpreter that has pyroute2, as a single module does: if there is one, all do."""
    if not any(part.name == "nics" for job in fleet.jobs for part in job.parts):
        return
    from ansible_collections.community.lxc.plugins.module_utils._host import _netlink

    if not _netlink.is_installed():
        respawn_with("pyroute2")


def _checked_name(name: str) -> str:
    if not name or not name.isprintable() or name != name.strip():
        raise InvalidInput(f"fleet: {name!r} is no name; printable characters without blanks around are accepted")
    return name


def _mark(fleet: str, name: str) -> str:
    """With the container's name: a copy that someone makes of it has the comment too, and is not the fleet's."""
    return f"community.lxc fleet {fleet!r}: {name}"


def _job(member: Member, lxc_path: str | None, fleet: str) -> Job:
    if "lxc_path" in member.options:
        raise InvalidInput(f"{member.name}: lxc_path belongs to the whole fleet, not to one container")
    options = validated(CONTAINER_OPTIONS, member.options, where=member.name)
    ref = resolve(member.name, lxc_path, option="name")
    try:
        spec = replace(container_spec(options), mark=_mark(fleet, member.name))
    except InvalidInput as error:
        raise InvalidInput(f"{member.name}: {error.msg}") from error
    return Job(ref, spec, tuple(_parts(member, ref)), after=member.after)


def _parts(member: Member, ref: ContainerRef) -> Iterator[Part]:
    if member.purge_nics:
        yield Part("nics", nic_purger({str(given.get("name")) for part, given in member.parts if part == "nics"}))
    for name, given in member.parts:
        yield Part(name, part_builder(name, given, ref), live_only=is_live_only(name, given))


def _purges(params: Mapping[str, Any], jobs: list[Job], fleet: str) -> list[Job]:
    """Containers that carry this fleet's mark and that it no longer names. With ``serial`` they go at the very end."""
    if not params["purge"]:
        return []
    lxc_path = resolve("any", params["lxc_path"]).lxc_path
    known = {job.ref.name for job in jobs}
    names = [name for name in _fleet.marked(lxc_path, lambda name: _mark(fleet, name)) if name not in known]
    known.update(names)
    batch = max((job.batch for job in jobs), default=0) + 1 if params["serial"] else 0
    purged = []
    if names:
        from ansible_collections.community.lxc.plugins.module_utils._host import _removal
    for name in names:
        ref = ContainerRef(name, lxc_path)
        # Snapshot clones stand on it, and have to go before; new clones have to be made before.
        after = [other for other in _removal.dependants(ref) if other in known]
        after += [job.ref.name for job in jobs if _is_new_clone(job, name) and job.ref.name not in after]
        purged.append(Job(ref, ContainerSpec(state="absent"), after=tuple(after), batch=batch))
    return purged


def _is_new_clone(job: Job, origin: str) -> bool:
    source = job.spec.source
    return source is not None and (source.kind, source.value) == ("clone", origin) and not _fleet.exists(job.ref)


def summary(results: Mapping[str, dict[str, Any]], *, diff: bool) -> dict[str, Any]:
    """The results of all as that of the module. What only one has, such as its log, stays with it."""
    diffs = []
    for name, result in results.items():
        found = result.pop("diff", None)
        if found and result["changed"]:
            diffs.append({**found, "before_header": name, "after_header": name})
        if found and diff:
            result["diff"] = found
    failed = {name: result for name, result in results.items() if result["failed"] or result.get("skipped")}
    summary: dict[str, Any] = {
        "changed": any(result["changed"] for result in results.values()),
        "actions": [action for result in results.values() for action in result["actions"]],
        "restart_required": any(result["restart_required"] for result in results.values()),
        "containers": dict(results),
    }
    if diff:
        summary["diff"] = diffs
    if failed:
        sentences = "; ".join(f"{name}: {result['msg']}" for name, result in failed.items())
        summary["failed"] = True
        summary["msg"] = f"{len(failed)} of {len(results)} containers failed or were not begun: {sentences}"
    return summary
