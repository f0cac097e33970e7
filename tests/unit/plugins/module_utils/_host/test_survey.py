# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many items in one child process, of which some fail, crash it or hang."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput, TimedOut
from ansible_collections.community.lxc.plugins.module_utils._host import _survey


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_survey, "_PATIENCE_SECONDS", 0.5)


def test_one_child_for_all() -> None:
    pids = _survey.each(lambda _item: os.getpid(), [1, 2, 3], what="count")
    assert len(set(pids)) == 1
    assert os.getpid() not in pids


def test_not_more_than_so_many_in_one_child() -> None:
    pids = _survey.each(lambda _item: os.getpid(), list(range(5)), what="count", at_once=2)
    assert len(pids) == 5
    assert len(set(pids)) == 3


def test_nothing_to_do() -> None:
    assert _survey.each(lambda item: item, [], what="count") == []


def test_an_item_that_fails_does_not_end_the_child() -> None:
    def work(item: int) -> int:
        if item == 2:
            raise InvalidInput("two is one too many")
        if item == 3:
            raise OSError("no three")
        return item

    first, second, third, last = _survey.each(work, [1, 2, 3, 4], what="count")
    assert (first, last) == (1, 4)
    assert isinstance(second, HostError)
    assert (str(second), str(third)) == ("two is one too many", "no three")


def test_items_that_hang_or_crash_are_told_and_the_others_done(tmp_path: Path) -> None:
    def work(item: str) -> str:
        if item == "hangs":
            time.sleep(60)
        if item == "crashes":
            os.kill(os.getpid(), signal.SIGKILL)
        if item == "raises":
            raise ValueError("a defect")
        (tmp_path / item).touch(exist_ok=False)
        return item

    items = ["a", "hangs", "b", "crashes", "c", "hangs", "raises", "d"]
    results = _survey.each(work, items, what="count")
    assert [found for found in results if isinstance(found, str)] == ["a", "b", "c", "d"]
    assert [type(found) for found in results if not isinstance(found, str)] == [
        TimedOut,
        HostError,
        TimedOut,
        HostError,
    ]
    assert "not done after" in str(results[1])
