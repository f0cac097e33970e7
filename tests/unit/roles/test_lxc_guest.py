# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role hands every option on: one that a module gains must not get lost on the way."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

COLLECTION = "ansible_collections.community.lxc"
ROLE = Path(__file__).parents[3] / "roles" / "lxc_guest"

TASKS: list[dict[str, Any]] = [
    *yaml.safe_load((ROLE / "tasks" / "present.yml").read_text()),
    *yaml.safe_load((ROLE / "tasks" / "compose.yml").read_text()),
]

# What present.yml leaves to the tasks that run the container.
ELSEWHERE = {"lxc_container": {"restart", "timeout", "force", "force_destroy", "wait_for", "wait_timeout"}}


def documented(module: str) -> set[str]:
    """The options of a module, with those of its documentation fragments."""
    text = importlib.import_module(f"{COLLECTION}.plugins.modules.{module}").DOCUMENTATION
    documentation = yaml.safe_load(text)
    options = set(documentation.get("options", {}))
    for name in documentation["extends_documentation_fragment"]:
        fragment = importlib.import_module(f"{COLLECTION}.plugins.doc_fragments.{name.rpartition('.')[2]}")
        options |= set(yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION).get("options", {}))
    return options


def calls() -> list[tuple[str, set[str]]]:
    """Each module that the role composes a container with, and the options that it is given."""
    found = []
    for task in TASKS:
        for key, arguments in task.items():
            if key.startswith("community.lxc."):
                found.append((key.rpartition(".")[2], set(arguments)))
    return found


@pytest.mark.parametrize(("module", "given"), calls())
def test_every_option_is_handed_on(module: str, given: set[str]) -> None:
    assert given == documented(module) - ELSEWHERE.get(module, set())


def test_all_parts_of_a_container_are_composed() -> None:
    kinds = ("veth", "ipvlan", "macvlan", "vlan", "phys")
    parts = {
        "lxc_container",
        "lxc_mount",
        "lxc_cgroup_isolation",
        "lxc_seccomp",
        *(f"lxc_net_{kind}" for kind in kinds),
    }
    assert {module for module, _given in calls()} == parts
