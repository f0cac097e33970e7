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

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import LxcError, Unforeseen
from ansible_collections.community.lxc.plugins.module_utils._fleet_parts import PartsBuilder
from ansible_collections.community.lxc.plugins.module_utils._host import _fleet
from ansible_collections.community.lxc.plugins.module_utils._host._workers import Workers
from ansible_collections.community.lxc.plugins.module_utils._model._container import ContainerSpec
from ansible_collections.community.lxc.plugins.module_utils._model._fleet import Schedule
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._model._source import Source, Storage
from ansible_collections.community.lxc.plugins.module_utils._plan._container import ContainerResource
from ansible_collections.community.lxc.plugins.module_utils._runner import Outcome, converge

Result = dict[str, Any]

_MOST_PROCESSES = 64
"""However many are asked for: each takes memory, and past the processors they only wait for each other."""


@dataclass(frozen=True)
class Part:
    """A part of a container: its name in the description, and what builds its resources for a container."""

    name: str
    build: PartsBuilder


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
    workers = Workers(lambda place: _work(fleet.jobs[place], apply=apply), fleet.processes)
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


def _work(job: Job, *, apply: bool) -> Result:
    """One container, in a worker process."""
    found: list[tuple[str, Outcome[Any]]] = []
    try:
        for name, resource in _resources(job, apply=apply):
            if callable(resource):
                found += resource()
            else:
                found.append((name, converge(resource, apply=apply)))
        return _result(found)
    except LxcError as error:
        return _failure(found, error, apply=apply)
    except Exception as error:  # the others go on, and this one still ends in a sentence
        return _failure(found, Unforeseen(error), apply=apply)


def _failure(found: Sequence[tuple[str, Outcome[Any]]], error: LxcError, *, apply: bool) -> Result:
    done = [*(action for _name, outcome in found for action in outcome.actions), *error.actions]
    more = {"exception": traceback.format_exc()} if isinstance(error, Unforeseen) else {}
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
    whole = ContainerResource(job.ref, spec)
    if not job.parts or spec.state == "absent":
        yield "container", whole
        return
    if not exists and not apply:
        yield "", lambda: _foretell(job, whole)
        return
    if not exists:
        # Made and configured first, completed by its parts, and only then started.
        yield "container", ContainerResource(job.ref, replace(spec, state="present", wait_for="none"))
    parts = job.parts
    if not apply:
        # They come first, and one's index depends on the ones before it.
        nics = [part for part in parts if part.name == "nics"]
        parts = tuple(part for part in parts if part.name != "nics")
        yield "", lambda: _foretell_nics(job.ref, nics)
    for part in parts:
        for resource in part.build(job.ref):
            yield part.name, resource
    yield "container", ContainerResource(job.ref, job.spec)


def _foretell(job: Job, whole: ContainerResource) -> list[tuple[str, Outcome[Any]]]:
    """What check mode says of a container that does not exist yet: its parts are tried on a scratch copy."""
    made = converge(ContainerResource(job.ref, replace(job.spec, state="present", wait_for="none")), apply=False)
    final = converge(whole, apply=False)
    document = job.spec.apply(_fleet.first_document(job.ref, job.spec.source))
    found = [("container", made), *_foretell_parts(job.ref, document, job.parts)]
    rest = tuple(action for action in final.actions if action not in made.actions)
    return [*found, ("container", replace(final, actions=rest))]


def _foretell_nics(ref: ContainerRef, nics: Sequence[Part]) -> list[tuple[str, Outcome[Any]]]:
    """What check mode says of interfaces: each takes it that those before it are in the configuration already."""
    if nics and not _fleet.has_monitor(ref):
        return _foretell_parts(ref, _fleet.document(ref), nics)
    found: list[tuple[str, Outcome[Any]]] = []
    for part in nics:
        for resource in part.build(ref):
            if found:
                resource.assumed = found[-1][1].want.document
            found.append((part.name, converge(resource, apply=False)))
    return found


def _foretell_parts(ref: ContainerRef, document: Document, parts: Sequence[Part]) -> list[tuple[str, Outcome[Any]]]:
    found = []
    with _fleet.scratch_copy(ref, document) as scratch:
        for part in parts:
            for resource in part.build(scratch):
                outcome = converge(resource, apply=True)
                actions = tuple(action.replace(scratch.lxc_path, ref.lxc_path) for action in outcome.actions)
                found.append((part.name, replace(outcome, actions=actions)))
    return found


def _result(found: Sequence[tuple[str, Outcome[Any]]]) -> Result:
    last = {id(outcome): outcome for name, outcome in found if name == "container"}
    final = list(last.values())[-1]
    pending = list(final.resource.pending(final.after))
    result: Result = {
        **_NOTHING,
        "changed": any(outcome.changed for _name, outcome in found),
        "actions": [action for _name, outcome in found for action in outcome.actions] + pending,
        "restart_required": bool(pending),
        "container": final.resource.show(final.after),
        "diff": {"before": _view(found, "before"), "after": _view(found, "want")},
    }
    for name, outcome in found:
        if name != "container":
            result.setdefault(name, []).append(outcome.resource.show(outcome.after))
    return result


def _view(found: Sequence[tuple[str, Outcome[Any]]], side: str) -> Mapping[str, Any]:
    view: dict[str, Any] = {}
    for number, (name, outcome) in enumerate(found):
        shown = outcome.resource.compare(getattr(outcome, side))
        if name != "container":
            view[f"{name} {number}"] = shown
        elif side == "want" or name not in view:
            view[name] = shown
    return view
