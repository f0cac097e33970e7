# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet's bounds, and what becomes of defects."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.module_utils._fleet import Fleet, Job, Part, run_fleet
from ansible_collections.community.lxc.plugins.module_utils._fleet_task import summary
from ansible_collections.community.lxc.plugins.module_utils._model._container import ContainerSpec
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Resource


@pytest.mark.parametrize(
    ("containers", "parallel", "processes"), [(500, 2, 2), (3, 100, 3), (500, 100000, 64), (0, 4, 1)]
)
def test_how_many_work_at_once_is_bounded(containers: int, parallel: int, processes: int) -> None:
    jobs = tuple(Job(ContainerRef(f"c{number}", "/x"), ContainerSpec()) for number in range(containers))
    assert Fleet(jobs=jobs, parallel=parallel).processes == processes


def test_what_nobody_foresaw_is_a_sentence_too(tmp_path: Path) -> None:
    def broken(_ref: ContainerRef) -> Iterable[Resource[Any]]:
        raise ZeroDivisionError("a defect")

    jobs = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config").touch()
        jobs.append(Job(ContainerRef(name, str(tmp_path)), ContainerSpec(), (Part("mounts", broken),)))
    results = run_fleet(Fleet(jobs=tuple(jobs), parallel=1), apply=True)
    for name in ("a", "b"):
        assert results[name]["failed"] is True
        assert results[name]["changed"] is False
        assert results[name]["msg"].endswith("please report it: ZeroDivisionError: a defect")
        assert "broken" in results[name]["exception"]
    whole = summary(results, diff=True)
    assert (whole["failed"], whole["changed"], whole["diff"]) == (True, False, [])
    assert {"exception", "lxc_log"}.isdisjoint(whole)
    assert "broken" in whole["containers"]["a"]["exception"]
