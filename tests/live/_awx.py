# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX does with an execution environment and a credential, as far as goes without AWX."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import yaml

from ansible_collections.community.lxc.tests.live._ansible import COLLECTION
from ansible_collections.community.lxc.tests.live._host import tool

FILES = COLLECTION / "docs/awx"


def environment(requirements: Iterable[str]) -> Path:
    """The ``bin`` of a virtual environment with these packages and no others, made once and kept under their name."""
    wanted = [*requirements, sys.version]
    cache = Path.home() / ".cache/community.lxc"
    cache.mkdir(parents=True, exist_ok=True)
    directory = cache / f"ee-{hashlib.sha256(json.dumps(wanted).encode()).hexdigest()[:12]}"
    with (cache / "ee.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "complete").exists():
            shutil.rmtree(directory, ignore_errors=True)
            tool(sys.executable, "-m", "venv", str(directory), timeout=120)
            pip = [str(directory / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            tool(*pip, *wanted[:-1], timeout=600)
            (directory / "complete").touch()
    return directory / "bin"


def words_for_pip(dockerfile: Path) -> list[str]:
    """What the build will hand to pip, split as the build's shell splits it: a variable outside of quotes."""
    for line in dockerfile.read_text().splitlines():
        name, _equals, value = line.removeprefix("ARG ").partition("=")
        if name == "ANSIBLE_INSTALL_REFS":
            return shlex.split(value)[0].split()
    raise AssertionError(f"{dockerfile} installs no Ansible")


@dataclass(frozen=True)
class Injected:
    """What a credential gives to an inventory update or a job."""

    env: dict[str, str]
    extra_vars: dict[str, Any]


def inject(inputs: Mapping[str, Any], directory: Path) -> Injected:
    """Render the credential type's injectors, with its files in ``directory``."""
    injectors = yaml.safe_load((FILES / "credential-type.yml").read_text())["injectors"]
    templates = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    names = {}
    for key, template in injectors["file"].items():
        path = directory / f"credential-{key}"
        path.write_text(templates.from_string(template).render(inputs))
        path.chmod(0o600)
        names[key.removeprefix("template.")] = str(path)

    def rendered(kind: str) -> dict[str, str]:
        scope = {**inputs, "tower": {"filename": names}}
        return {name: templates.from_string(text).render(scope) for name, text in injectors[kind].items()}

    return Injected(env=rendered("env"), extra_vars=rendered("extra_vars"))
