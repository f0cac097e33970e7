# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide about AWX: its execution environment, its credential, its inventory source and its job, all run."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from ansible_collections.community.lxc.tests.live._ansible import COLLECTION
from ansible_collections.community.lxc.tests.live._awx import FILES, environment, inject, words_for_pip
from ansible_collections.community.lxc.tests.live._bed import Bed
from ansible_collections.community.lxc.tests.live._connections import Sshd, debian_guest, sudoer
from ansible_collections.community.lxc.tests.live._host import tool

PASSWORD = "host secret"
pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Ee:
    """An execution environment without its container: what ansible-builder would put into the image, and only that."""

    bin: Path
    collections: Path
    home: Path

    def run(self, *command: str, **variables: str) -> str:
        """The output of a program of the environment; it must succeed."""
        settings = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            # As AWX has it.
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
        }
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=self.home,
            env={**settings, **variables},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``ansible-builder create`` makes of the execution environment's definition."""
    made = tmp_path_factory.mktemp("context")
    builder = environment(["ansible-builder>=3.1,<4"]) / "ansible-builder"
    definition = str(FILES / "execution-environment.yml")
    tool(str(builder), "create", "--file", definition, "--context", str(made), "--output-filename", "Dockerfile")
    return made


@pytest.fixture(scope="module")
def ee(context: Path, tmp_path_factory: pytest.TempPathFactory) -> Ee:
    directory = tmp_path_factory.mktemp("ee")
    tool("ansible-galaxy", "collection", "build", "--output-path", str(directory), cwd=COLLECTION)
    (archive,) = directory.glob("community-lxc-*.tar.gz")
    collections = directory / "collections"
    install = ["ansible-galaxy", "collection", "install", "--offline", "--collections-path", str(collections)]
    # Or the checkout would count as installed.
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    tool(*install, str(archive), env={**alone, "ANSIBLE_COLLECTIONS_PATH": str(collections)})
    own = (collections / "ansible_collections/community/lxc/meta/ee-requirements.txt").read_text().splitlines()
    wanted = [*words_for_pip(context / "Dockerfile"), *(line for line in own if line and not line.startswith("#"))]
    home = directory / "home"
    home.mkdir()
    return Ee(environment(wanted), collections, home)


def test_the_build_gets_requirements_that_pip_understands(context: Path) -> None:
    words = words_for_pip(context / "Dockerfile")
    assert [Requirement(word).name for word in words] == ["ansible-core", "ansible-runner"]
    galaxy = yaml.safe_load((context / "_build/requirements.yml").read_text())
    assert galaxy == {"collections": [{"name": "community.lxc"}]}


def test_the_collection_says_that_it_wants_ssh_and_no_library(context: Path, ee: Ee) -> None:
    python = environment(["ansible-builder>=3.1,<4"]) / "python"
    script = context / "_build/scripts/introspect.py"
    found = yaml.safe_load(tool(str(python), str(script), "introspect", str(ee.collections)).stdout)
    assert found["python"] == []
    packages = [line.split(" ")[0] for line in found["system"]]
    assert packages == ["openssh-client", "openssh-clients"]


def test_an_inventory_update_and_a_job(ee: Ee, bed: Bed, sshd: Sshd, tmp_path: Path) -> None:
    """Two runs, as AWX has them: each with a key file of its own, the second with what was kept of the first."""
    guest = debian_guest(bed)
    bed.guest(name="stopped")
    probe = "import importlib.util as u; print([n for n in ('lxc', 'pyroute2') if u.find_spec(n)])"
    assert ee.run("python", "-c", probe) == "[]\n"
    with sudoer("ALL=(root) ALL", password=PASSWORD) as (user, _uid):
        inputs = {"username": user, "ssh_key_data": sshd.key.read_text(), "become": True, "become_password": PASSWORD}
        kept = updated(ee, source(bed, sshd, tmp_path), inputs, tmp_path)
        assert set(kept["_meta"]["hostvars"]) == {guest.name}
        assert PASSWORD not in json.dumps(kept)
        answers = {"lxc_target": "lxc_running", "notice": "from the survey"}
        assert set(answers) == {one["variable"] for one in json.loads((FILES / "survey.json").read_text())["spec"]}
        run_job(ee, kept, inputs, answers, tmp_path)
    assert (guest.rootfs / "etc/motd").read_text() == "from the survey\n"


def source(bed: Bed, sshd: Sshd, directory: Path) -> Path:
    """The guide's inventory file, with this test's host in the place of the examples'."""
    options = yaml.safe_load((FILES / "containers.lxc.yml").read_text())
    assert all(host.endswith("example.com") for host in options["hosts"])
    options["hosts"] = [{"host": "127.0.0.1", "port": sshd.port}]
    options["lxc_path"] = [bed.lxc_path]
    # No file of this machine's user is read or written.
    options["ssh_args"] = f"-F /dev/null -o UserKnownHostsFile={directory}/known_hosts"
    path = directory / "containers.lxc.yml"
    path.write_text(yaml.safe_dump(options))
    return path


def updated(ee: Ee, source: Path, inputs: Mapping[str, Any], directory: Path) -> dict[str, Any]:
    """What an inventory update writes down."""
    place = directory / "update"
    place.mkdir()
    injected = inject(inputs, place)
    listed = ee.run("ansible-inventory", "-i", str(source), "--list", "--export", **injected.env)
    for path in place.glob("credential-*"):
        path.unlink()
    found: dict[str, Any] = json.loads(listed)
    return found


def run_job(
    ee: Ee, inventory: Mapping[str, Any], inputs: Mapping[str, Any], answers: Mapping[str, str], directory: Path
) -> None:
    place = directory / "job"
    for part in ("project", "inventory", "env"):
        (place / part).mkdir(parents=True)
    injected = inject(inputs, place)
    (place / "project/site.yml").write_text((FILES / "site.yml").read_text())
    (place / "env/extravars").write_text(json.dumps({**answers, **injected.extra_vars}))
    (place / "env/envvars").write_text(json.dumps(injected.env))
    # A program that prints what was kept: that is how AWX hands an inventory to a job.
    kept = place / "kept"
    kept.write_text(json.dumps(inventory))
    script = place / "inventory/hosts"
    script.write_text(f"#!/bin/sh\nexec cat {shlex.quote(str(kept))}\n")
    script.chmod(0o700)
    ee.run("ansible-runner", "run", str(place), "--playbook", "site.yml", "--ident", "job")
    assert (place / "artifacts/job/rc").read_text() == "0"
    assert PASSWORD not in (place / "artifacts/job/stdout").read_text()
