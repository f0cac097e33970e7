# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module's documentation says, beyond what ansible-test asks for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

PLUGINS = Path(__file__).parents[4] / "plugins"
MODULES = sorted((PLUGINS / "modules").glob("lxc_*.py"))
KINDS = {
    "lxc_cgroup_isolation": "cgroup",
    "lxc_container": "container",
    "lxc_device": "device",
    "lxc_fleet": "containers",
    "lxc_mount": "mount",
    "lxc_seccomp": "seccomp",
    "lxc_snapshot": "snapshot",
}
"""The name under which a module that declares a state returns its resource; lxc_net_* return ``nic``."""


def documents(path: Path) -> dict[str, Any]:
    """The three documents of a module, parsed."""
    return {
        node.targets[0].id: yaml.safe_load(ast.literal_eval(node.value))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("DOCUMENTATION", "EXAMPLES", "RETURN")
    }


def options(described: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, option in described.items():
        yield f"{prefix}{name}", option
        yield from options(option.get("suboptions", {}), f"{prefix}{name}.")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_module_tells_its_attributes(path: Path) -> None:
    document = documents(path)["DOCUMENTATION"]
    fragments = document["extends_documentation_fragment"]
    told = set(document.get("attributes", {}))

    # Platform and action group are the same for all, and stand in the fragment.
    assert "community.lxc._attributes" in fragments
    assert told >= {"check_mode", "diff_mode", "idempotent"} or "community.lxc._attributes.INFO_MODULE" in fragments


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_option_has_a_type_and_a_description(path: Path) -> None:
    document = documents(path)["DOCUMENTATION"]

    lacking = [
        name
        for name, option in options(document.get("options", {}))
        if not option.get("type") or not option.get("description")
    ]

    assert lacking == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_module_with_a_state_returns_the_same_things(path: Path) -> None:
    kind = "nic" if path.stem.startswith("lxc_net_") else KINDS.get(path.stem)
    if kind is None:
        assert path.stem in ("lxc_info", "lxc_console_log"), f"say in KINDS what {path.stem} returns"
        return
    returned = documents(path)["RETURN"]

    # A fleet has a log for each container that failed, beside its sentence.
    log = set() if path.stem == "lxc_fleet" else {"lxc_log"}
    assert set(returned) >= {"actions", "restart_required", kind, *log}
    assert returned["actions"]["type"] == "list"
    assert returned["restart_required"]["type"] == "bool"
    assert returned[kind]["type"] == "dict"
    assert returned[kind].get("contains") or path.stem == "lxc_fleet", "its shape is not told"
