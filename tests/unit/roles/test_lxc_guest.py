# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role hands everything on: an option that a module gains must not get lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ansible_collections.community.lxc.plugins.module_utils._argspec import CONTAINER_OPTIONS, FLEET
from ansible_collections.community.lxc.plugins.module_utils._model._fleet import PARTS

ROLE = Path(__file__).parents[3] / "roles" / "lxc_guest"

OPTIONS: dict[str, Any] = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"][
    "options"
]

SOURCES = {"template", "template_args", "tarball", "clone_from", "clone_snapshot", "rootfs", "storage"}
"""What stands in ``source``."""

FOR_ALL = {"lxc_path", "restart"}
"""What the role says for all containers together."""

OWN = {"requires", "share_source", *PARTS}
"""What lxc_fleet knows of a container beside the options of lxc_container; purge_nics goes with lxc_guest_purge."""


def test_a_container_can_be_described_whole() -> None:
    described = set(OPTIONS["lxc_guest_containers"]["options"])
    assert described == (set(CONTAINER_OPTIONS.options) | OWN | {"source"}) - SOURCES - FOR_ALL


def test_defaults_and_choices_are_those_of_the_module() -> None:
    described = OPTIONS["lxc_guest_containers"]["options"]
    for name, option in CONTAINER_OPTIONS.options.items():
        # Waiting for init is what makes a rolling change worth its name; a restart is no state to come to.
        if name in described and name not in ("wait_for", "config"):
            assert described[name].get("default") == option.get("default"), name
            assert set(option.get("choices", ())) - {"restarted"} == set(described[name].get("choices", ())), name


def test_every_option_of_the_fleet_is_handed_on() -> None:
    task = yaml.safe_load((ROLE / "tasks/main.yml").read_text())[0]
    given = task["community.lxc.lxc_fleet"]
    # The action plugin follows progress.
    assert set(given) == set(FLEET.options) - {"progress_file"}
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    documented = {name: option.get("default") for name, option in OPTIONS.items() if "default" in option}
    assert defaults == documented
