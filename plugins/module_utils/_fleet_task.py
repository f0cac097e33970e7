# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The options of ``lxc_fleet`` into a fleet, and what became of it into a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._argspec import CONTAINER_OPTIONS
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._fleet import Fleet, Job, Part, run_fleet, share_sources
from ansible_collections.community.lxc.plugins.module_utils._fleet_parts import part_builder, validated
from ansible_collections.community.lxc.plugins.module_utils._host import _fleet
from ansible_collections.community.lxc.plugins.module_utils._host._binding import resolve
from ansible_collections.community.lxc.plugins.module_utils._model._container import ContainerSpec, container_spec
from ansible_collections.community.lxc.plugins.module_utils._model._fleet import Member, members
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef


def converge_fleet(params: Mapping[str, Any], *, apply: bool, diff: bool) -> dict[str, Any]:
    """The module's whole work: its result, with ``failed`` where a container failed."""
    fleet = build_fleet(params)
    return _summary(run_fleet(fleet, apply=apply), diff=diff)


def build_fleet(params: Mapping[str, Any]) -> Fleet:
    """Every description is checked before the first container is touched. Raises InvalidInput."""
    for option in ("parallel", "serial", "abort_on_failures"):
        if params[option] < 0:
            raise InvalidInput(f"{option}: {params[option]} is negative; 0 and more are accepted")
    team = members(params["containers"], params["defaults"])
    mark = f"community.lxc fleet: {_mark_name(params['fleet'])}"
    jobs = [_job(member, params["lxc_path"], mark) for member in team]
    path = params["progress_file"]
    return Fleet(
        jobs=(*share_sources(jobs, [member.share_source for member in team]), *_purges(params, jobs, mark)),
        parallel=params["parallel"] or _fleet.processors(),
        serial=params["serial"],
        abort_on_failures=params["abort_on_failures"],
        report=(lambda line: _fleet.append_line(path, line)) if path else (lambda line: None),
    )


def _mark_name(name: str) -> str:
    if not name or not name.isprintable() or name != name.strip():
        raise InvalidInput(f"fleet: {name!r} is no name; printable characters without blanks around are accepted")
    return name


def _job(member: Member, lxc_path: str | None, mark: str) -> Job:
    if "lxc_path" in member.options:
        raise InvalidInput(f"{member.name}: lxc_path belongs to the whole fleet, not to one container")
    options = validated(CONTAINER_OPTIONS, member.options, where=member.name)
    ref = resolve(member.name, lxc_path, option="name")
    try:
        spec = replace(container_spec(options), mark=mark)
    except InvalidInput as error:
        raise InvalidInput(f"{member.name}: {error.msg}") from error
    parts = tuple(Part(name, part_builder(name, given, ref)) for name, given in member.parts)
    return Job(ref, spec, parts, after=member.requires)


def _purges(params: Mapping[str, Any], jobs: list[Job], mark: str) -> list[Job]:
    """Containers that carry this fleet's mark and that it no longer names; they go when all else has come."""
    if not params["purge"]:
        return []
    named = {job.ref.name for job in jobs}
    lxc_path = resolve("any", params["lxc_path"]).lxc_path
    spec = ContainerSpec(state="absent")
    names = [name for name in _fleet.marked(lxc_path, mark) if name not in named]
    return [Job(ContainerRef(name, lxc_path), spec) for name in names]


def _summary(results: Mapping[str, dict[str, Any]], *, diff: bool) -> dict[str, Any]:
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
