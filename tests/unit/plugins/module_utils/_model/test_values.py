# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Spellings of configuration values."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._values import config_values, same_values


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("lxc.console.buffer.size", ["64KB"], ["65536"]),
        ("lxc.console.size", ["1MB"], ["1048576"]),
        ("lxc.time.offset.boot", ["1h"], ["3600 s"]),
        ("lxc.time.offset.monotonic", ["-1s"], ["-1000ms"]),
        ("lxc.signal.halt", ["SIGUSR1"], ["10"]),
        ("lxc.signal.halt", ["PWR"], ["SIGPWR"]),
        ("lxc.cap.drop", ["a b"], ["a", "b"]),
        ("lxc.mount.auto", ["proc sys:ro"], ["sys:ro", "proc"]),
        ("lxc.log.level", ["info"], ["INFO"]),
        ("lxc.uts.name", ["x"], ["x"]),
    ],
)
def test_the_same(key: str, one: list[str], other: list[str]) -> None:
    for pair in ((one, other), (other, one)):
        assert same_values(key, *pair)


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("lxc.console.buffer.size", ["64KB"], ["64"]),
        ("lxc.time.offset.boot", ["1h"], ["1m"]),
        ("lxc.time.offset.boot", ["7d"], ["604800s"]),
        ("lxc.signal.halt", ["SIGUSR1"], ["12"]),
        ("lxc.cap.drop", ["a b"], ["b a"]),
        ("lxc.cap.drop", ["", "a"], ["a"]),
        ("lxc.mount.auto", [], [""]),
        ("lxc.mount.entry", ["a", "b"], ["b", "a"]),
        ("lxc.uts.name", ["x"], ["X"]),
        ("lxc.uts.name", [], [""]),
    ],
)
def test_not_the_same(key: str, one: list[str], other: list[str]) -> None:
    assert not same_values(key, one, other)


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (None, ()),
        ([], ()),
        ("", ("",)),
        ("x", ("x",)),
        (1, ("1",)),
        (1.5, ("1.5",)),
        (True, ("1",)),
        (False, ("0",)),
        (["", "a", 2], ("", "a", "2")),
    ],
)
def test_yaml_becomes_lines(value: Any, lines: tuple[str, ...]) -> None:
    assert config_values("lxc.x", value) == lines


@pytest.mark.parametrize("value", [{"a": 1}, [["a"]], [None]])
def test_what_is_no_value(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"config: lxc\.x has a value of type"):
        config_values("lxc.x", value)
