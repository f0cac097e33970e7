# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner, on a resource in memory: what is proved here holds for every module."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.lxc.plugins.module_utils._errors import (
    HostError,
    InvalidInput,
    LxcError,
    NotConverged,
    Unforeseen,
)
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Step
from ansible_collections.community.lxc.plugins.module_utils._runner import (
    converge,
    encodable,
    perform,
    run_info,
    run_module,
)


@dataclass
class Shelf:
    """A resource that holds a number; ``broken`` says at which step something goes wrong."""

    value: int = 0
    goal: int = 0
    lies: bool = False
    changes_before_the_lock: int | None = None
    waits: int = 0
    breaks_after: Exception | None = None
    log: list[str] = field(default_factory=list)
    kind: str = "shelf"

    def observe(self) -> int:
        self.log.append("observe")
        if self.breaks_after and any(line not in ("observe", "lock") for line in self.log):
            raise self.breaks_after
        return self.value

    def desire(self, now: int) -> int:
        return self.goal

    def steps(self, now: int, want: int) -> Iterator[Step]:
        if now != want:
            yield Step(f"set {now} to {want}", self._set, lambda: self._put(now))
        for _dummy in range(self.waits):
            yield Step("wait", lambda: self.log.append("wait"), waits=True)

    def _set(self) -> None:
        if not self.lies:
            self._put(self.goal)

    def _put(self, value: int) -> None:
        self.log.append(f"put {value}")
        self.value = value

    def compare(self, state: int) -> dict[str, Any]:
        return {"value": state}

    def show(self, state: int) -> dict[str, Any]:
        return {"value": state, "volatile": len(self.log)}

    def pending(self, state: int) -> Sequence[str]:
        return ["seven waits for a restart"] if state == 7 else []

    def exclusive(self) -> AbstractContextManager[None]:
        @contextmanager
        def lock() -> Iterator[None]:
            if self.changes_before_the_lock is not None:
                self.value = self.changes_before_the_lock
            self.log.append("lock")
            yield
            self.log.append("unlock")

        return lock()


def test_nothing_to_do_takes_no_lock() -> None:
    shelf = Shelf(value=3, goal=3)
    outcome = converge(shelf, apply=True)
    assert (outcome.changed, outcome.actions, shelf.log) == (False, (), ["observe"])


def test_check_mode_tells_what_a_real_run_does() -> None:
    told = converge(Shelf(value=1, goal=7), apply=False).result(diff=True)
    shelf = Shelf(value=1, goal=7)
    done = converge(shelf, apply=True).result(diff=True)
    for part in ("changed", "actions", "restart_required", "diff"):
        assert told[part] == done[part]
    assert told["diff"] == {"before": {"value": 1}, "after": {"value": 7}}
    assert told["actions"] == ["set 1 to 7", "seven waits for a restart"]
    assert shelf.log == ["observe", "lock", "observe", "put 7", "observe", "unlock"]


def test_check_mode_touches_nothing() -> None:
    shelf = Shelf(value=1, goal=7)
    converge(shelf, apply=False)
    assert (shelf.value, shelf.log) == (1, ["observe"])


def test_a_restart_is_required_on_the_second_run_too() -> None:
    result = converge(Shelf(value=7, goal=7), apply=True).result(diff=False)
    assert (result["changed"], result["restart_required"]) == (False, True)


def test_a_plan_is_made_again_under_the_lock() -> None:
    shelf = Shelf(value=1, goal=7, changes_before_the_lock=7)
    assert converge(shelf, apply=True).changed is False


def test_steps_that_lie_are_found_out() -> None:
    with pytest.raises(NotConverged, match=r"The shelf is not where .*: value is 1, not 7") as caught:
        converge(Shelf(value=1, goal=7, lies=True), apply=True)
    assert caught.value.actions == ("set 1 to 7",)


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (OSError(28, "No space left on device"), HostError, "Failed to look at the shelf again after all steps: "),
        (KeyError("x"), Unforeseen, "An error that community.lxc did not foresee"),
        (HostError("The monitor does not answer"), HostError, "The monitor does not answer"),
    ],
)
def test_what_was_done_is_told_when_the_second_look_fails(
    error: Exception, kind: type[LxcError], sentence: str
) -> None:
    shelf = Shelf(goal=1, breaks_after=error)
    with pytest.raises(kind, match=sentence) as caught:
        converge(shelf, apply=True)
    assert caught.value.actions == ("set 0 to 1",)


def test_waiting_is_no_change() -> None:
    shelf = Shelf(value=1, goal=1, waits=2)
    outcome = converge(shelf, apply=True)
    assert (outcome.changed, outcome.actions, shelf.log.count("wait")) == (False, (), 2)
    assert "wait" not in Shelf(value=1, goal=1, waits=2).log


def failing(error: Exception) -> Step:
    def fail() -> None:
        raise error

    return Step("fail", fail)


def test_a_failure_takes_back_what_can_be_and_names_what_stays() -> None:
    log: list[str] = []
    steps = [
        Step("first", lambda: log.append("first")),
        Step("second", lambda: log.append("second"), lambda: log.append("undo second")),
        Step("third", lambda: log.append("third"), lambda: log.append("undo third")),
        failing(HostError("no luck", lxc_log=["ERROR x"])),
        Step("never", lambda: log.append("never")),
    ]
    with pytest.raises(HostError, match="no luck") as caught:
        perform(steps)
    assert log == ["first", "second", "third", "undo third", "undo second"]
    assert (caught.value.actions, caught.value.lxc_log) == (("first",), ("ERROR x",))


def test_a_failing_undo_is_told() -> None:
    def fail() -> None:
        raise OSError("disk full")

    with pytest.raises(LxcError) as caught:
        perform([Step("one", lambda: None, fail), failing(OSError("gone"))])
    assert caught.value.msg == "Failed at: fail: gone"
    assert caught.value.actions == ("one (taking it back failed: disk full)",)


def test_a_defect_in_a_step_takes_back_what_can_be_as_well() -> None:
    log: list[str] = []
    steps = [
        Step("first", lambda: log.append("first")),
        Step("second", lambda: log.append("second"), lambda: log.append("undo second")),
        failing(ZeroDivisionError("seven")),
    ]
    with pytest.raises(LxcError, match="did not foresee, please report it: ZeroDivisionError: seven") as caught:
        perform(steps)
    assert (log, caught.value.actions) == (["first", "second", "undo second"], ("first",))


# ---- the half that knows Ansible


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> AnsibleModule:
    from ansible.module_utils import basic

    args = json.dumps({"ANSIBLE_MODULE_ARGS": {"_ansible_diff": True}}).encode()
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", args)
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    return AnsibleModule({}, supports_check_mode=True)


def ended(call: Any, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    with pytest.raises(SystemExit):
        call()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def test_an_outcome_becomes_a_result(module: AnsibleModule, capsys: pytest.CaptureFixture[str]) -> None:
    result = ended(lambda: run_module(module, lambda: Shelf(value=1, goal=2)), capsys)
    assert (result["changed"], result["actions"], result["shelf"]["value"]) == (True, ["set 1 to 2"], 2)
    assert result["diff"]["before"] == {"value": 1}


def test_an_error_becomes_a_sentence(module: AnsibleModule, capsys: pytest.CaptureFixture[str]) -> None:
    def factory() -> Shelf:
        raise InvalidInput("name: 'a/b' is not a name", lxc_log=["WARN x"])

    result = ended(lambda: run_module(module, factory), capsys)
    assert (result["failed"], result["msg"]) == (True, "name: 'a/b' is not a name")
    assert (result["lxc_log"], result["actions"]) == (["WARN x"], [])


def test_a_defect_is_no_traceback_either(module: AnsibleModule, capsys: pytest.CaptureFixture[str]) -> None:
    result = ended(lambda: run_module(module, lambda: Shelf(value=1, goal=1 // 0)), capsys)
    assert result["failed"] is True
    assert result["msg"].startswith("An error that community.lxc did not foresee, please report it: ZeroDivisionError")


def test_info_never_changes(module: AnsibleModule, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(lambda: run_info(module, lambda: {"x": 1}), capsys)["changed"] is False


def test_bytes_that_are_no_utf8_are_spelt_out_wherever_they_stand() -> None:
    """Ansible refuses a result that holds one."""
    found = {
        "a\udcffb": ["\u00e9\udc80", ("\ud83d", 1, None, True)],
        "plain": {"x": b"\xe2".decode(errors="surrogateescape")},
    }
    told = encodable(found)
    assert told == {"a\\xffb": ["\u00e9\\x80", ["\ufffd", 1, None, True]], "plain": {"x": "\\xe2"}}
    json.dumps(told, ensure_ascii=False).encode()
