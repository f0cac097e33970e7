# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Observe, desire, steps, apply, observe again: for every resource, and nowhere else.

The upper half (``converge``) knows nothing of Ansible. The lower half (``run_module``, ``run_info``)
turns outcomes and errors into ``exit_json`` and ``fail_json``.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ansible_collections.community.lxc.plugins.module_utils._errors import (
    HostError,
    LxcError,
    MissingLibrary,
    NotConverged,
    Unforeseen,
)
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Resource, Step

if TYPE_CHECKING:
    from typing import NoReturn

    from ansible.module_utils.basic import AnsibleModule

S = TypeVar("S")


@dataclass(frozen=True)
class Outcome(Generic[S]):
    """What a convergence found and did. ``after`` is the goal itself where nothing was applied."""

    resource: Resource[S]
    before: S
    want: S
    after: S
    actions: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return bool(self.actions)

    def result(self, *, diff: bool) -> dict[str, Any]:
        """The module's result: ``changed``, ``actions``, ``restart_required``, the resource, and ``diff`` if asked."""
        pending = list(self.resource.pending(self.after))
        result: dict[str, Any] = {
            "changed": self.changed,
            "actions": [*self.actions, *pending],
            "restart_required": bool(pending),
            self.resource.kind: self.resource.show(self.after),
        }
        if diff:
            result["diff"] = {
                "before": self.resource.compare(self.before),
                "after": self.resource.compare(self.want),
            }
        return result


def converge(resource: Resource[S], *, apply: bool) -> Outcome[S]:
    """Bring the resource to where it should be; with ``apply=False`` only tell what would be done."""
    now, want, steps = _plan(resource)
    if not steps:
        _prove(resource, want=want, found=now, actions=())
        return Outcome(resource=resource, before=now, want=want, after=now, actions=())
    if not apply:
        return Outcome(resource=resource, before=now, want=want, after=want, actions=_sentences(steps))
    with resource.exclusive():
        # Another run may have been at work between the first look and the lock.
        now, want, steps = _plan(resource)
        actions = perform(steps)
        after = _observe_again(resource, actions=actions)
    _prove(resource, want=want, found=after, actions=actions)
    return Outcome(resource=resource, before=now, want=want, after=after, actions=actions)


def _plan(resource: Resource[S]) -> tuple[S, S, tuple[Step, ...]]:
    now = resource.observe()
    want = resource.desire(now)
    return now, want, tuple(resource.steps(now, want))


def _observe_again(resource: Resource[S], *, actions: Sequence[str]) -> S:
    try:
        return resource.observe()
    except LxcError as error:
        error.actions = tuple(actions)
        raise
    except OSError as error:
        what = f"Failed to look at the {resource.kind} again after all steps: {error}"
        raise HostError(what, actions=actions) from error
    except Exception as error:
        defect = Unforeseen(error)
        defect.actions = tuple(actions)
        raise defect from error


def _prove(resource: Resource[S], *, want: S, found: S, actions: Sequence[str]) -> None:
    fields = _differing(resource.compare(want), resource.compare(found))
    if fields:
        details = "; ".join(f"{name} is {found_!r}, not {want_!r}" for name, want_, found_ in fields)
        raise NotConverged(f"The {resource.kind} is not where it should be after all steps: {details}", actions=actions)


def _differing(want: Mapping[str, Any], found: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    names = sorted(set(want) | set(found))
    return [(name, want.get(name), found.get(name)) for name in names if want.get(name) != found.get(name)]


def perform(steps: Iterable[Step]) -> tuple[str, ...]:
    """Do the steps in order. On failure take back those done that can be, and raise with the ones that stay."""
    done: list[Step] = []
    for step in steps:
        try:
            step.do()
        except LxcError as error:
            _give_up(done, error)
        except OSError as error:
            _give_up(done, HostError(f"Failed at: {step.says}: {error}"), cause=error)
        except Exception as error:
            _give_up(done, Unforeseen(error), cause=error)
        done.append(step)
    return _sentences(done)


def _sentences(steps: Iterable[Step]) -> tuple[str, ...]:
    return tuple(step.says for step in steps if not step.waits)


def _give_up(done: Sequence[Step], error: LxcError, *, cause: BaseException | None = None) -> NoReturn:
    stays: list[str] = []
    for step in reversed(done):
        if step.undo is None:
            stays.extend(_sentences([step]))
            continue
        try:
            step.undo()
        except Exception as undo_error:
            stays.append(f"{step.says} (taking it back failed: {undo_error})")
    error.actions = tuple(reversed(stays))
    raise error from cause


def run_module(module: AnsibleModule, factory: Callable[[], Resource[Any]]) -> NoReturn:
    """Converge the resource that ``factory`` builds, and end the module.

    The factory runs in here, since building a resource can fail (bad input, missing library).
    """

    def work() -> dict[str, Any]:
        outcome = converge(factory(), apply=not module.check_mode)
        return outcome.result(diff=bool(module._diff))

    _end(module, work)


def run_info(module: AnsibleModule, gather: Callable[[], Mapping[str, Any]]) -> NoReturn:
    """Return what ``gather`` finds, and end the module."""
    _end(module, lambda: {"changed": False, **gather()})


def run_many(module: AnsibleModule, work: Callable[[bool], dict[str, Any]]) -> NoReturn:
    """End the module with what ``work`` returns, which is told whether to apply; ``failed`` in it fails the task."""
    _end(module, lambda: work(not module.check_mode))


def run_action(module: AnsibleModule, act: Callable[[bool], Mapping[str, Any]]) -> NoReturn:
    """Do something that is no state to converge to, and end the module. ``act(True)`` only tells what it would do."""
    _end(module, lambda: dict(act(bool(module.check_mode))))


def _end(module: AnsibleModule, work: Callable[[], dict[str, Any]]) -> NoReturn:
    try:
        result = work()
    except MissingLibrary as error:
        respawn_with(error.library)
        result = {"failed": True, "msg": error.msg, "lxc_log": [], "actions": list(error.actions)}
    except LxcError as error:
        result = _failure(error)
    except Exception as error:  # the last fence: a defect of ours still ends in a sentence
        result = _failure(Unforeseen(error))
    result = encodable(result)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


def _failure(error: LxcError) -> dict[str, Any]:
    done = list(error.actions)
    more = {"exception": traceback.format_exc()} if isinstance(error, Unforeseen) else {}
    return {
        "failed": True,
        "msg": error.msg,
        "lxc_log": list(error.lxc_log),
        "actions": done,
        "changed": bool(done),
        **more,
    }


_SURROGATE = re.compile("[\ud800-\udfff]")


def encodable(value: Any) -> Any:
    """The same with every byte that is no UTF-8 spelt out, as in ``\\xff``: Ansible refuses a result that holds one.

    Names of files and interfaces are bytes, which a container's root chooses. Python has them as lone surrogates.
    """
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub(_spelt, value)
    if isinstance(value, Mapping):
        return {encodable(key): encodable(one) for key, one in value.items()}
    return [encodable(one) for one in value] if isinstance(value, (list, tuple)) else value


def _spelt(match: re.Match[str]) -> str:
    byte = ord(match[0]) - 0xDC00
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else "\N{REPLACEMENT CHARACTER}"


_INTERPRETERS = (
    "/usr/bin/python3",
    "/usr/libexec/platform-python",
    *(f"/usr/bin/python3.{minor}" for minor in range(15, 8, -1)),
    "/usr/local/bin/python3",
)


def respawn_with(library: str) -> None:
    """Run this module again under an interpreter that has the library; return if there is none."""
    from ansible.module_utils.common.respawn import (
        has_respawned,
        probe_interpreters_for_module,
        respawn_module,
    )

    if has_respawned():
        return
    # Whoever lacks pyroute2 needs the binding too: look for both together first.
    wanted = [library] if library == "lxc" else [f"lxc, {library}", library]
    for names in wanted:
        interpreter = probe_interpreters_for_module(list(_INTERPRETERS), names)
        if interpreter:
            respawn_module(interpreter)
