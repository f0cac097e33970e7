# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources keep to the rooms, and to what every file of the project has in common."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

from ansible_collections.community.lxc.tests.unit import _rooms

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "plugins"
PACKAGE = "ansible_collections.community.lxc.plugins"

SOURCES = sorted(path for part in ("plugins", "tests", "scripts") for path in (ROOT / part).rglob("*.py"))
ON_MANAGED_HOSTS = [path for room in ("modules", "module_utils") for path in sorted((PLUGINS / room).rglob("*.py"))]
HEADER = """\
# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
DOCUMENTATION = ("DOCUMENTATION", "EXAMPLES", "RETURN")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


# ---- arrows


def test_arrows_go_down_only() -> None:
    assert _rooms.violations(PLUGINS) == []


ALLOWED = [
    ("module_utils/_errors.py", "from collections.abc import Sequence"),
    ("module_utils/_model/_mount.py", f"from {PACKAGE}.module_utils._errors import InvalidInput"),
    ("module_utils/_model/_mount.py", "from pathlib import PurePosixPath"),
    ("module_utils/_model/_mount.py", "from os.path import normpath"),
    ("module_utils/_host/_cgroup.py", "import os\nimport lxc\nwith open('/proc/self/cgroup') as stream: pass"),
    ("module_utils/_plan/_mount.py", f"from {PACKAGE}.module_utils._host import _mount"),
    ("module_utils/_runner.py", "from ansible.module_utils.basic import AnsibleModule"),
    ("modules/lxc_mount.py", f"from {PACKAGE}.module_utils._runner import run_module"),
    ("modules/lxc_mount.py", "AnsibleModule(argument_spec={}, supports_check_mode=True)"),
    ("plugin_utils/_attach.py", f"import os\nfrom {PACKAGE}.module_utils._model._ref import ContainerRef"),
    (
        "connection/lxc.py",
        f"import ansible.errors\nfrom {PACKAGE}.plugin_utils._attach import Attach",
    ),
]
FORBIDDEN = [
    (
        "module_utils/_errors.py",
        f"from {PACKAGE}.module_utils._argspec import LXC_PATH",
        "_errors may not import _argspec",
    ),
    ("module_utils/_model/_mount.py", f"import {PACKAGE}.module_utils._host._mount", "_model may not import _host"),
    ("module_utils/_model/_mount.py", f"from {PACKAGE}.module_utils import _host", "_model may not import _host"),
    ("module_utils/_model/_mount.py", "import os", "so it may not import os"),
    ("module_utils/_model/_mount.py", "import os.path", "so it may not import os.path"),
    ("module_utils/_model/_mount.py", "from pathlib import Path", "so it may not import pathlib.Path"),
    ("module_utils/_config/_document.py", "def f():\n    import subprocess", "so it may not import subprocess"),
    ("module_utils/_config/_document.py", "text = open('/etc/lxc/lxc.conf').read()", "so it may not call open()"),
    (
        "module_utils/_host/_cgroup.py",
        f"from {PACKAGE}.module_utils._plan._mount import x",
        "_host may not import _plan",
    ),
    ("module_utils/_host/_cgroup.py", "from ansible.module_utils.basic import x", "knows nothing of Ansible"),
    ("module_utils/_host/_cgroup.py", "def f(module): module.fail_json(msg='')", "may not speak of fail_json"),
    ("module_utils/_plan/_mount.py", "def f(module): return module.check_mode", "may not speak of check_mode"),
    ("module_utils/_plan/_mount.py", "from socket import socket", "so it may not import socket.socket"),
    ("module_utils/_plan/_mount.py", f"from {PACKAGE}.module_utils._runner import x", "_plan may not import _runner"),
    ("module_utils/_runner.py", f"from {PACKAGE}.modules.lxc_mount import x", "_runner may not import modules"),
    ("module_utils/_helpers.py", "", "_helpers is not a room"),
    ("modules/lxc_mount.py", f"from {PACKAGE}.module_utils._host import _mount", "modules may not import _host"),
    ("modules/lxc_mount.py", f"from {PACKAGE}.modules.lxc_info import x", "modules may not import modules"),
    (
        "modules/lxc_mount.py",
        "def main(m): m.exit_json(changed=m.check_mode)",
        "leaves exit_json to the runner",
    ),
    ("modules/lxc_mount.py", "from ..module_utils._runner import run_module", "imports are absolute"),
    ("plugin_utils/_attach.py", f"from {PACKAGE}.module_utils._host import x", "plugin_utils may not import _host"),
    ("connection/lxc.py", f"from {PACKAGE}.module_utils._runner import x", "connection may not import _runner"),
    (
        "module_utils/_plan/_mount.py",
        f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {PACKAGE}.module_utils._runner import x",
        "_plan may not import _runner",
    ),
]


def plant(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(("name", "text"), ALLOWED)
def test_an_arrow_that_points_down_is_allowed(tmp_path: Path, name: str, text: str) -> None:
    plant(tmp_path, name, text)

    assert _rooms.violations(tmp_path) == []


@pytest.mark.parametrize(("name", "text", "complaint"), FORBIDDEN)
def test_what_does_not_belong_there_is_found(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    plant(tmp_path, name, text)

    found = _rooms.violations(tmp_path)

    assert found
    assert all(line.startswith(f"{name}:") for line in found)
    assert any(complaint in line for line in found)


def test_a_circle_is_found(tmp_path: Path) -> None:
    plant(tmp_path, "module_utils/_model/_a.py", f"from {PACKAGE}.module_utils._config._b import x")
    plant(tmp_path, "module_utils/_config/_b.py", f"from {PACKAGE}.module_utils._model import _c")
    plant(tmp_path, "module_utils/_model/_c.py", f"import {PACKAGE}.module_utils._model._a")

    (found,) = _rooms.violations(tmp_path)

    assert "in a circle" in found
    assert all(name in found for name in ("_model._a", "_config._b", "_model._c"))


# ---- what all files have in common


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_every_file_says_whose_it_is_and_postpones_annotations(path: Path) -> None:
    text = path.read_text()
    statements = [node for node in ast.parse(text).body if ast.get_docstring(ast.Module([node], [])) is None]

    assert text.removeprefix("#!/usr/bin/python\n").startswith(HEADER)
    assert not statements or ast.unparse(statements[0]) == "from __future__ import annotations"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_is_named_by_an_underscore_alone(path: Path) -> None:
    # ansible-test says so too, but only after a minute.
    names = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name) and node.id == "_"]

    assert [f"line {node.lineno}: name it dummy" for node in names] == []


@pytest.mark.parametrize("path", ON_MANAGED_HOSTS, ids=name_of)
def test_the_oldest_python_of_managed_hosts_can_read_it(path: Path) -> None:
    ast.parse(path.read_text(), str(path), feature_version=(3, 9))


def code_lines(text: str) -> int:
    """Lines without the three documents of a plugin."""
    documents = [
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in DOCUMENTATION
    ]
    return len(text.splitlines()) - sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in documents)


def long_functions(text: str, limit: int) -> list[str]:
    return [
        f"{node.name}: {lines}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > limit
    ]


# About 300 lines a file and 40 a function are the aim; beyond these a room is missing.
@pytest.mark.parametrize("path", [path for path in SOURCES if path.is_relative_to(PLUGINS)], ids=name_of)
def test_no_file_and_no_function_has_outgrown_its_room(path: Path) -> None:
    text = path.read_text()

    assert code_lines(text) <= 320
    assert long_functions(text, 45) == []


def test_the_measures_measure() -> None:
    text = 'DOCUMENTATION = """\na\nb\n"""\n\n\ndef f():\n    x = 1\n    return x\n'

    assert code_lines(text) == 5
    assert long_functions(text, 2) == ["f: 3"]
    assert long_functions(text, 3) == []


def test_files_of_module_utils_are_private_and_packages_need_no_init() -> None:
    assert [name_of(path) for path in (PLUGINS / "module_utils").rglob("*.py") if not path.name.startswith("_")] == []
    assert [name_of(path) for path in PLUGINS.rglob("__init__.py")] == []


def test_the_action_group_holds_every_module() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
    modules = sorted(path.stem for path in (PLUGINS / "modules").glob("[!_]*.py"))

    assert sorted(runtime["action_groups"]["lxc"]) == modules


def test_the_readme_names_every_plugin_and_role() -> None:
    text = (ROOT / "README.md").read_text()
    kinds = ("modules", "connection", "inventory")
    plugins = [path for kind in kinds for path in (PLUGINS / kind).glob("[!_]*.py")]
    names = [path.stem for path in [*plugins, *(ROOT / "roles").glob("[!_.]*")]]

    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_there_is_no_sanity_ignore_file() -> None:
    assert sorted(ROOT.glob("tests/sanity/ignore*")) == []
