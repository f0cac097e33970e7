# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module's documentation says, beyond what ansible-test asks for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.community.lxc.plugins.module_utils._model import _nic_options
from ansible_collections.community.lxc.plugins.module_utils._model._fleet import PARTS

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

KEYS = {
    "lxc_cgroup_isolation": {
        "dir": ["lxc.cgroup.dir"],
        "monitor_dir": ["lxc.cgroup.dir.monitor"],
        "monitor_pivot_dir": ["lxc.cgroup.dir.monitor.pivot"],
        "container_dir": ["lxc.cgroup.dir.container"],
        "container_inner_dir": ["lxc.cgroup.dir.container.inner"],
        "relative": ["lxc.cgroup.relative"],
        "limits": ["lxc.cgroup2.NAME", "lxc.cgroup.FILE"],
        "devices": ["lxc.cgroup2.devices.allow", "lxc.cgroup2.devices.deny", "lxc.cgroup.devices.allow"],
        "cgroup_mount": ["lxc.mount.auto"],
    },
    "lxc_container": {
        "rootfs": ["lxc.rootfs.path"],
        "time_offset.boot": ["lxc.time.offset.boot"],
        "time_offset.monotonic": ["lxc.time.offset.monotonic"],
    },
    "lxc_device": {"target": ["lxc.mount.entry", "lxc.cgroup2.devices.allow", "lxc.cgroup.devices.allow"]},
    "lxc_mount": {"target": ["lxc.mount.entry"]},
    "lxc_seccomp": {
        "profile": ["lxc.seccomp.profile"],
        "policy": ["lxc.seccomp.profile"],
        "allow_nesting": ["lxc.seccomp.allow_nesting"],
        "notify.proxy": ["lxc.seccomp.notify.proxy"],
        "notify.cookie": ["lxc.seccomp.notify.cookie"],
    },
    **{
        f"lxc_net_{kind}": {option.name: [f"lxc.net.N.{option.key}"] for option in _nic_options.options_of(kind)}
        for kind in ("veth", "ipvlan", "macvlan", "vlan", "phys")
    },
}
"""The keys that options write, which their documentation names."""

_UNIT = re.compile(r"\b(bytes|seconds|how many|so many|numeric|number|VLAN)\b", re.IGNORECASE)


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


def all_options(path: Path) -> dict[str, dict[str, Any]]:
    """A module's options by name, also those that stand in a fragment."""
    document = documents(path)["DOCUMENTATION"]
    found = dict(options(document.get("options", {})))
    for fragment in document["extends_documentation_fragment"]:
        found.update(options(fragment_options(fragment)))
    return found


def said(option: dict[str, Any]) -> str:
    return str(option["description"])


def fragment_options(fragment: str) -> dict[str, Any]:
    name, _dot, section = fragment.removeprefix("community.lxc.").partition(".")
    tree = ast.parse((PLUGINS / f"doc_fragments/{name}.py").read_text())
    (text,) = [
        ast.literal_eval(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == (section or "DOCUMENTATION")
    ]
    found: dict[str, Any] = yaml.safe_load(text).get("options", {})
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_option_that_writes_a_key_names_it(path: Path) -> None:
    told = {name: said(option) for name, option in all_options(path).items()}
    keys = [(name, key) for name, keys in KEYS.get(path.stem, {}).items() for key in keys]

    assert [f"{name}: {key}" for name, key in keys if f"C({key}" not in told[name]] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_number_says_of_what(path: Path) -> None:
    numbers = {name: said(o) for name, o in all_options(path).items() if o["type"] in ("int", "float")}

    assert [name for name, text in numbers.items() if not _UNIT.search(text)] == []


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


def test_what_a_fleet_returns_for_each_container_is_told() -> None:
    returned = next(documents(path)["RETURN"]["containers"] for path in MODULES if path.stem == "lxc_fleet")
    told = " ".join(returned["description"])
    keys = ("changed", "failed", "actions", "restart_required", "container", "msg", "lxc_log", "exception", "skipped")
    assert [key for key in (*keys, "diff", *PARTS) if f"C({key})" not in told] == []
