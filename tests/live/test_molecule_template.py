# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide for authors of roles: its template tests a real role, by Molecule, in a container of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.community.lxc.tests.live._ansible import COLLECTION, COLLECTIONS
from ansible_collections.community.lxc.tests.live._bed import Bed
from ansible_collections.community.lxc.tests.live._connections import debian_tarball

pytestmark = pytest.mark.timeout(900)
CONVERGE = """---
- name: Converge
  hosts: all
  gather_facts: false
  roles:
    - role: web
"""
VERIFY = """---
- name: Verify
  hosts: all
  gather_facts: false
  tasks:
    - name: Ask the web server
      ansible.builtin.uri:
        url: http://127.0.0.1:8080/
        return_content: true
      register: page
      until: page is succeeded
      retries: 30
      delay: 1
      failed_when: page.content | default('') != expected
      vars:
        expected: "served from a container\\n"
"""


def test_a_role_is_tested_by_the_template(bed: Bed, tmp_path: Path) -> None:
    role = tmp_path / "web"
    shutil.copytree(COLLECTION / "extensions/molecule/connections/roles/web", role)
    scenario = role / "molecule/default"
    shutil.copytree(COLLECTION / "docs/molecule_template", scenario)
    (scenario / "converge.yml").write_text(CONVERGE)
    (scenario / "verify.yml").write_text(VERIFY)
    # One container for each platform, with no other change.
    settings = yaml.safe_load((scenario / "molecule.yml").read_text())
    settings["platforms"].append({"name": "molecule-second"})
    (scenario / "molecule.yml").write_text(yaml.safe_dump(settings))
    output = molecule("test", role, bed, tmp_path)
    for step in ("create", "converge", "idempotence", "verify", "destroy"):
        assert f"default > {step}: Executed: Successful" in output
    for platform in settings["platforms"]:
        assert len(re.findall(rf"^{platform['name']} +: ok=[1-9]", output, re.MULTILINE)) >= 3
    assert os.listdir(bed.lxc_path) == []


def molecule(command: str, role: Path, bed: Bed, directory: Path) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "MOLECULE_"))}
    settings = {
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_HOME": str(directory / "home"),
        "MOLECULE_TARBALL": str(debian_tarball()),
        "MOLECULE_LXC_PATH": bed.lxc_path,
        "NO_COLOR": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        [str(Path(sys.executable).with_name("molecule")), command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=800,
        check=False,
        cwd=role,
        env={**inherited, **settings},
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout
    return done.stdout
