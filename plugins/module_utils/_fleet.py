# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Many containers in one execution, through the very same resources and runner as the single modules."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import LxcError, Unforeseen
from ansible_collections.community.lxc.plugins.module_utils._fleet_parts import PartsBuilder
from ansible_collections.community.lxc.plugins.module_utils._host import _fleet
from ansible_collections.community.lxc.plugins.module_utils._host._workers import Workers
from ansible_collections.community.lxc.plugins.module_utils._model._container import ContainerSpec
from ansible_collections.community.lxc.plugins.module_utils._model._fleet import Schedule
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._model._source import Source, Storage
from ansible_collections.community.lxc.plugins.module_utils._plan import _foretold
from ansible_collections.community.lxc.plugins.module_utils._plan._container import ContainerResource
from ansible_collections.community.lxc.plugins.module_utils._runner import Outcome, converge

Result = dict[str, Any]

_MOST_PROCESSES = 64
"""However many are asked for: each takes memory, and past the processors they only wait for each other."""


@dataclass(frozen=True)
class Part:
    """A part of a container: its name in the description, and what builds its resources for a container.

    ``live_only``: it is about the running container alone.
    """

    name: str
    build: PartsBuilder
    live_only: bool = False


@dataclass(frozen=True)
class Job:
    """One container to converge. ``after`` names the containers that must have been converged before."""

    ref: ContainerRef
    spec: ContainerSpec
    parts: tuple[Part, ...] = ()
    after: tuple[str, ...] = ()
    batch: int = 0
    shared: Source | None = None
    """What the container is really made from; ``spec.source`` is what was asked for."""


@dataclass(frozen=True)
class Fleet:
    """The whole task."""

    jobs: tuple[Job, ...]
    parallel: int
    abort_on_failures: int = 0
    report: Callable[[str], None] = field(default=lambda line: None)

    @property
    def processes(self) -> int:
        """How many work at once."""
        return max(1, min(self.parallel, len(self.jobs), _MOST_PROCESSES))


def share_sources(jobs: Sequence[Job], shares: Sequence[str]) -> tuple[Job, ...]:
    """Have the jobs with the same source share one base container, which comes first. ``shares`` goes with ``jobs``.

    There is no base for containers that exist already, or that are to go.
    """
    bases: dict[str, Job] = {}
    done = []
    for job, share in zip(jobs, shares):
        source = job.spec.source
        makes = job.spec.state != "absent" and not _fleet.exists(job.ref)
        if share == "none" or source is None or source.kind not in ("template", "tarball") or not makes:
            done.append(job)
            continue
        idmap = job.spec.config.get("lxc.idmap", ())
        name = _fleet.base_name(source, idmap, share)
        base = ContainerSpec(
            state="stopped",
            source=replace(source, storage=Storage(type="btrfs" if share == "btrfs" else "dir")),
            config={"lxc.idmap": idmap} if idmap else {},
            mark="community.lxc fleet base",
        )
        bases[name] = Job(ContainerRef(name, job.ref.lxc_path), base)
        title = f"{source}, by {share} of {name}"
        kind, storage = ("reflink", "dir") if share == "reflink" else ("clone", share)
        shared = Source(kind, name, snapshot=kind == "clone", storage=Storage(type=storage), title=title)
        spec = replace(job.spec, source=replace(source, title=title))
        done.append(replace(job, spec=spec, shared=shared, after=(*job.after, name)))
    return (*bases.values(), *done)


def run_fleet(fleet: Fleet, *, apply: bool) -> dict[str, Result]:
    """Converge every job; results by container name, in the fleet's order.

    A failure never stops the others, but for those that require the container, a later batch, or abort_on_failures.
    """
    places = {job.ref.name: place for place, job in enumerate(fleet.jobs)}
    schedule = Schedule(
        requires=[[places[name] for name in job.after] for job in fleet.jobs],
        batches=[job.batch for job in fleet.jobs],
        abort_on_failures=fleet.abort_on_failures,
    )
    results: dict[int, Result] = {}
    workers = Workers(lambda place: _work(fleet, fleet.jobs[place], apply=apply), fleet.processes)
    try:
        for place, result in _drive(schedule, workers):
            results[place] = result
            fleet.report(f"{len(results)} of {len(fleet.jobs)}: {fleet.jobs[place].ref.name} {_word(result)}")
    finally:
        workers.close()
    for place, reason in schedule.skipped.items():
        results[place] = {**_NOTHING, "skipped": True, "msg": reason}
    return {job.ref.name: results[place] for place, job in enumerate(fleet.jobs)}


_NOTHING: Result = {"changed": False, "failed": False, "actions": [], "restart_required": False}


def _word(result: Result) -> str:
    return "failed" if result["failed"] else "changed" if result["changed"] else "ok"


def _drive(schedule: Schedule, workers: Workers) -> Iterator[tuple[int, Result]]:
    while not schedule.finished:
        place = schedule.next() if workers.idle() else None
        if place is not None:
            workers.give(place)
            continue
        for ended, answer in workers.take():
            result = answer or {**_NOTHING, "failed": True, "msg": "the process that worked on it died", "lxc_log": []}
            schedule.end(ended, worked=not result["failed"])
            yield ended, result


def _work(fleet: Fleet, job: Job, *, apply: bool) -> Result:
    """One container, in a worker process."""
    found: list[tuple[str, Outcome[Any]]] = []
    try:
        if not apply:
            _foretell_origin(fleet, job)
        for one in _outcomes(job, apply=apply):
            found.append(one)
        return _result(found)
    except LxcError as error:
        return _failure(found, error, apply=apply)
    except Exception as error:  # the others go on, and this one still ends in a sentence
        return _failure(found, Unforeseen(error), apply=apply)


def _foretell_origin(fleet: Fleet, job: Job) -> None:
    """In check mode: what the container is to be cloned from may be there only once its own job is done."""
    source = job.spec.source
    if source is None or source.kind != "clone" or source.value not in job.after or _fleet.exists(job.ref):
        return
    origin = next(other for other in fleet.jobs if other.ref.name == source.value)
    if _fleet.foretold(origin.ref):
        return
    _foretell_origin(fleet, origin)
    for _outcome in _outcomes(origin, apply=False):
        pass


def _outcomes(job: Job, *, apply: bool) -> Iterator[tuple[str, Outcome[Any]]]:
    """What became of the container and of its parts, or would: then each is planned on what those before it leave."""
    for name, resource in _resources(job, apply=apply):
        outcome = converge(resource, apply=apply)
        if not apply:
            _assume(job, name, outcome)
        yield name, outcome


def _assume(job: Job, name: str, outcome: Outcome[Any]) -> None:
    want = outcome.want
    if name != "container":
        _foretold.assume_part(job.ref, outcome.resource, want)
        return
    if want.exists and not outcome.before.exists:
        want = replace(want, document=job.spec.apply(_fleet.first_document(job.ref, job.spec.source)))
    _foretold.assume_container(job.ref, want)


def _failure(found: Sequence[tuple[str, Outcome[Any]]], error: LxcError, *, apply: bool) -> Result:
    done = [*(action for _name, outcome in found for action in outcome.actions), *error.actions]
    more: Result = {"exception": traceback.format_exc()} if isinstance(error, Unforeseen) else {}
    if found:
        more["diff"] = _diff(found)
    return {
        **_NOTHING,
        "failed": True,
        "changed": bool(done) and apply,
        "msg": error.msg,
        "lxc_log": list(error.lxc_log),
        "actions": done,
        **more,
    }


def _resources(job: Job, *, apply: bool) -> Iterator[tuple[str, Any]]:
    exists = _fleet.exists(job.ref)
    spec = replace(job.spec, source=job.shared) if job.shared and apply and not exists else job.spec
    if not job.parts or spec.state == "absent":
        yield "container", ContainerResource(job.ref, spec)
        return
    if not exists:
        # Made and configured first, completed by its parts, and only then started.
        yield "container", ContainerResource(job.ref, replace(spec, state="present", wait_for="none"))
    yield from _part_resources(job, live_only=False)
    yield "container", ContainerResource(job.ref, job.spec)
    # What lasts no longer than the container runs.
    yield from _part_resources(job, live_only=True)


def _part_resources(job: Job, *, live_only: bool) -> Iterator[tuple[str, Any]]:
    for part in job.parts:
        if part.live_only == live_only:
            for resource in part.build(job.ref):
                yield part.name, resource


def _result(found: Sequence[tuple[str, Outcome[Any]]]) -> Result:
    final = [outcome for name, outcome in found if name == "container"][-1]
    pending = list(final.resource.pending(final.after))
    result: Result = {
        **_NOTHING,
        "changed": any(outcome.changed for _name, outcome in found),
        "actions": [action for _name, outcome in found for action in outcome.actions] + pending,
        "restart_required": bool(pending),
        "container": final.resource.show(final.after),
        "diff": _diff(found),
    }
    for name, outcome in found:
        if name != "container":
            result.setdefault(name, []).append(outcome.resource.show(outcome.after))
    return result


def _diff(found: Sequence[tuple[str, Outcome[Any]]]) -> Result:
    return {"before": _view(found, "before"), "after": _view(found, "want")}


def _view(found: Sequence[tuple[str, Outcome[Any]]], side: str) -> Mapping[str, Any]:
    view: dict[str, Any] = {}
    for number, (name, outcome) in enumerate(found):
        shown = outcome.resource.compare(getattr(outcome, side))
        if name != "container":
            view[f"{name} {number}"] = shown
        elif side == "want" or name not in view:
            view[name] = shown
    return view
