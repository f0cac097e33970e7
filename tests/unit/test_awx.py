# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of the guide about AWX keep to AWX's rules and fit each other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta
import yaml

ROOT = Path(__file__).parents[2]
FILES = ROOT / "docs/awx"


def loaded(name: str) -> Any:
    return yaml.safe_load((FILES / name).read_text())


def inventory_plugin() -> str:
    return (ROOT / "plugins/inventory/lxc.py").read_text()


def guide() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the guide says about host keys in the inventory file, and the tasks of its playbook."""
    text = (ROOT / "docs/docsite/rst/awx.rst").read_text()
    blocks = re.findall(r"\.\. code-block:: yaml\n\n((?:    .*\n|\n)+)", text)
    options, playbook = (yaml.safe_load(re.sub(r"(?m)^    ", "", block)) for block in blocks)
    return options, playbook[0]["tasks"]


def test_the_guide_has_host_keys_checked_by_jobs_too() -> None:
    """Not in the arguments alone: the builtin ssh plugin's own come first. What ssh makes of it: the live tests."""
    options, _tasks = guide()
    assert options["host_key_checking"] is True
    documentation = yaml.safe_load(re.findall(r'DOCUMENTATION = r"""(.*?)"""', inventory_plugin(), re.DOTALL)[0])
    assert set(options) <= set(documentation["options"])


def test_the_credential_type_is_one_that_awx_takes() -> None:
    kind = loaded("credential-type.yml")
    fields = {field["id"]: field for field in kind["inputs"]["fields"]}
    assert kind["kind"] in ("cloud", "net")
    assert set(kind["inputs"]["required"]) <= set(fields)
    assert all(field["type"] in ("string", "boolean") and field["label"] for field in fields.values())
    assert all(fields[name].get("secret") for name in ("ssh_key_data", "become_password"))
    # These names are AWX's own.
    assert not [name for name in kind["injectors"]["env"] if name.startswith("ANSIBLE_")]
    used: set[str] = set()
    for injector in kind["injectors"].values():
        for template in injector.values():
            used |= jinja2.meta.find_undeclared_variables(jinja2.Environment().parse(template))
    assert used == {*fields, "tower"}


def test_the_inventory_knows_all_that_the_credential_says() -> None:
    for name in loaded("credential-type.yml")["injectors"]["env"]:
        assert f"name: {name}\n" in inventory_plugin()


def test_the_survey_is_one_that_awx_takes_and_the_playbook_asks_for() -> None:
    survey = json.loads((FILES / "survey.json").read_text())
    assert all(survey[key] for key in ("name", "description", "spec"))
    playbook = (FILES / "site.yml").read_text()
    for question in survey["spec"]:
        assert question["type"] in ("text", "textarea", "password", "integer", "float", "multiplechoice", "multiselect")
        assert question["question_name"]
        assert isinstance(question["required"], bool)
        assert re.search(rf"{{{{ {question['variable']}\b", playbook)


def test_the_guides_playbook_makes_what_it_names() -> None:
    _options, tasks = guide()
    made = {
        module.rpartition(".")[2]: arguments for task in tasks for module, arguments in task.items() if module != "name"
    }
    kind = loaded("credential-type.yml")
    fields = {field["id"] for field in kind["inputs"]["fields"]}
    inputs = made["credential"]["inputs"]
    assert set(kind["inputs"]["required"]) <= set(inputs) <= fields
    assert made["credential"]["credential_type"] == kind["name"]
    source, job = made["inventory_source"], made["job_template"]
    assert (FILES / source["source_path"]).is_file()
    assert (FILES / job["playbook"]).is_file()
    assert source["credential"] == made["credential"]["name"]
    assert job["credentials"] == [made["credential"]["name"]]
    assert source["inventory"] == job["inventory"] == made["inventory"]["name"]
    assert source["source_project"] == job["project"] == made["project"]["name"]
    assert source["execution_environment"] == job["execution_environment"] == made["execution_environment"]["name"]
    assert job["survey_enabled"] is True
