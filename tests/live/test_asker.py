# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The child that asks monitors: one for many questions, and no trouble of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput, TimedOut
from ansible_collections.community.lxc.plugins.module_utils._host import _asker, _lock
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.tests.live._bed import in_child, until


def answer(what: str) -> int:
    if what == "hang":
        time.sleep(600)
    if what == "die":
        os._exit(3)
    if what == "refuse":
        raise InvalidInput("This is refused")
    if what == "fail":
        raise OSError("no such thing")
    return os.getpid()


def ask(what: str = "", *, timeout: float = 30) -> int:
    pid: int = _asker.ask(answer, what, what="ask", timeout=timeout)
    return pid


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    _asker.close()
    yield
    _asker.close()


def test_one_child_answers_many_questions() -> None:
    assert ask() == ask() != os.getpid()


def test_one_that_hangs_is_ended_and_replaced() -> None:
    first = ask()
    with pytest.raises(TimedOut, match=r"^Failed to ask: not done after 0\.2 seconds"):
        ask("hang", timeout=0.2)
    assert not Path(f"/proc/{first}").exists()
    assert ask() != first


def test_one_that_dies_is_told_and_replaced() -> None:
    first = ask()
    with pytest.raises(HostError, match="Failed to ask: the child process died without an answer"):
        ask("die")
    assert ask() != first


def test_one_that_was_killed_meanwhile_is_told() -> None:
    first = ask()
    os.kill(first, 9)
    until(lambda: Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[0] == "Z", what="its death")
    with pytest.raises(HostError, match="Failed to ask: the child process died without an answer"):
        ask()
    assert ask() != first


def test_its_errors_are_told_and_it_goes_on() -> None:
    first = ask()
    with pytest.raises(HostError, match=r"^This is refused$"):
        ask("refuse")
    with pytest.raises(HostError, match=r"^Failed to ask: no such thing$"):
        ask("fail")
    assert ask() == first


def test_a_lock_is_not_held_for_longer_by_it(tmp_path: Path) -> None:
    ref = ContainerRef("any", str(tmp_path))
    try:
        with _lock.exclusive(ref):
            first = ask()
        with _lock.exclusive(ref, timeout=0):
            assert ask() == first
    finally:
        os.unlink(_lock.beside(ref, "lock"))


def test_a_forked_process_has_one_of_its_own() -> None:
    first = ask()
    assert in_child(ask) != first
    assert ask() == first


def test_it_ends_with_its_process() -> None:
    pid = in_child(ask)
    until(lambda: not Path(f"/proc/{pid}").exists(), what="its end")
