# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How lxc_info puts a container together: its sections, and one that fails."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.module_utils._config._document import parse
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, MissingLibrary
from ansible_collections.community.lxc.plugins.module_utils._host._running import Look
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan import _info
from ansible_collections.community.lxc.plugins.module_utils._plan._info import Observation

_REF = ContainerRef("web", "/srv/lxc")


def _fails(_found: Observation) -> Any:
    raise HostError("the disk is gone")


def _lacks(_found: Observation) -> Any:
    raise MissingLibrary("pyroute2", packages="python3-pyroute2")


def test_each_section_gets_what_was_observed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_info, "SECTIONS", (("parts", lambda found: [found.ref.name, found.look.state]),))
    shown = _info.show(Observation(ref=_REF, document=parse("lxc.uts.name = web\n")))
    assert shown["parts"] == ["web", "STOPPED"]
    assert shown["error"] is None
    assert shown["config"] == {"lxc.uts.name": ["web"]}


def test_a_section_that_fails_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_info, "SECTIONS", (("bad", _fails), ("good", lambda _found: 1)))
    shown = _info.show(Observation(ref=_REF, document=parse(""), error="it does not parse"))
    assert (shown["bad"], shown["good"]) == (None, 1)
    assert shown["error"] == "it does not parse; bad: the disk is gone"


def test_a_library_that_is_missing_is_left_to_the_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_info, "SECTIONS", (("nics", _lacks),))
    with pytest.raises(MissingLibrary):
        _info.show(Observation(ref=_REF, document=parse("")))


def test_drift_shows_both_sides_of_each_pending_key() -> None:
    look = Look(
        state="RUNNING",
        running={"lxc.tty.max": ("1",), "lxc.uts.name": ("web",)},
        configured={"lxc.tty.max": ("4",), "lxc.uts.name": ("web",), "lxc.pty.max": ("5",)},
    )
    shown = _info.show(Observation(ref=_REF, document=parse(""), look=look))
    assert shown["pending"] == ["lxc.pty.max", "lxc.tty.max"]
    assert shown["drift"] == {
        "lxc.pty.max": {"persisted": ["5"], "live": []},
        "lxc.tty.max": {"persisted": ["4"], "live": ["1"]},
    }


def test_what_waits_may_be_past_finding_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_info, "pending_keys", lambda _ref, _look: _fails(Observation(ref=_REF, document=None)))
    shown = _info.show(Observation(ref=_REF, document=parse("")))
    assert (shown["pending"], shown["drift"]) == (None, None)
    assert shown["error"] == "pending: the disk is gone"


def test_every_section_has_a_name_of_its_own() -> None:
    shown = _info.show(Observation(ref=_REF, document=None))
    names = [name for name, _section in _info.SECTIONS]
    assert len(set(names)) == len(names)
    assert shown["defined"] is False
