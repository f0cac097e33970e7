# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has been read from the ring buffer is gone there: it must be returned whatever fails."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.module_utils._config._document import parse
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _config_file
from ansible_collections.community.lxc.plugins.module_utils._host import _console as console_host
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan import _console

PARAMS = {
    "container": "web",
    "lxc_path": "/srv/lxc",
    "source": "ring",
    "read": True,
    "clear": True,
    "max_bytes": 5,
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A ring buffer that can be read and not cleared, and what is asked for, in order."""
    order: list[str] = []

    def ring(ref: ContainerRef, *, read: bool, clear: bool, max_bytes: int) -> bytes:
        order.append("read" if read else "clear")
        if clear:
            raise HostError("Failed to clear the console's ring buffer", lxc_log=("ERROR gone",))
        return b"first"

    def terminals(ref: ContainerRef) -> list[int]:
        order.append("terminals")
        return [0]

    monkeypatch.setattr(_config_file, "read", lambda _ref: parse(""))
    monkeypatch.setattr(_console, "resolve", ContainerRef)
    monkeypatch.setattr(_console, "has_monitor", lambda _ref: True)
    monkeypatch.setattr(console_host, "ring", ring)
    monkeypatch.setattr(console_host, "terminals", terminals)
    return order


def test_what_was_read_is_returned_though_the_clearing_fails(asked: list[str]) -> None:
    result: dict[str, Any] = _console.read_console(PARAMS, pretend=False)

    assert (result["failed"], result["changed"]) == (True, True)
    assert result["console_log"]["content"] == "first"
    assert (result["msg"], result["lxc_log"]) == ("Failed to clear the console's ring buffer", ["ERROR gone"])
    assert len(result["actions"]) == 1
    assert "clear" not in result["actions"][0]


def test_all_that_can_fail_is_asked_before_the_reading(asked: list[str]) -> None:
    _console.read_console(PARAMS, pretend=False)

    assert asked == ["terminals", "read", "clear"]
