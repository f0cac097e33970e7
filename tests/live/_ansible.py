# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules as the processes that Ansible runs, and Ansible itself."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ansible
from ansible.release import __version__ as ansible_version

COLLECTION = Path(__file__).parents[2]
COLLECTIONS = COLLECTION.parents[2]
"""The directory that holds ``ansible_collections``."""

# What the wrapper does that Ansible sends to a managed host, with a directory in the place of its zip file.
_WRAPPER = """
import sys
directory, name = sys.argv[1:3]
sys.argv = sys.argv[:1]
sys.path = [directory, *(path for path in sys.path if path not in ("", "."))]
from ansible.module_utils._internal._ansiballz import _loader
_loader.run_module(
    json_params=sys.stdin.buffer.read(), profile="legacy", module_fqn=name, modlib_path=directory, extensions={}
)
"""


PYTHON = os.environ.get("LXC_TEST_PYTHON", "/usr/bin/python3")
"""The managed host's interpreter, which has the ``lxc`` binding."""


@functools.cache
def library() -> str:
    """A directory with what AnsiballZ would have packed: ansible-core and the collection, and nothing else."""
    directory = Path(tempfile.mkdtemp(prefix="community.lxc-modules-"))
    atexit.register(shutil.rmtree, directory)
    (directory / "ansible").symlink_to(Path(ansible.__file__).parent)
    (directory / "ansible_collections").symlink_to(COLLECTIONS / "ansible_collections")
    return str(directory)


def module_command(
    name: str,
    arguments: Mapping[str, Any],
    *,
    check_mode: bool = False,
    diff: bool = False,
    python: str = PYTHON,
    options: Sequence[str] = (),
) -> tuple[list[str], str]:
    """The command that runs a module of the collection, and its standard input. ``options`` are the interpreter's."""
    internals = {
        "_ansible_check_mode": check_mode,
        "_ansible_diff": diff,
        "_ansible_module_name": f"community.lxc.{name}",
        "_ansible_remote_tmp": tempfile.gettempdir(),
        "_ansible_version": ansible_version,
    }
    module = f"ansible_collections.community.lxc.plugins.modules.{name}"
    given = json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, **internals}}, default=os.fspath)
    return [python, *options, "-c", _WRAPPER, library(), module], given


def module_environment() -> dict[str, str]:
    """What such a command sees: nothing of the tests' own interpreter."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return {**inherited, "LC_ALL": "C.UTF-8"}


def spawn_module(
    name: str,
    arguments: Mapping[str, Any],
    *,
    check_mode: bool = False,
    diff: bool = False,
    python: str = PYTHON,
    prefix: Sequence[str] = (),
    environment: Iterable[tuple[str, str]] = (),
) -> subprocess.Popen[str]:
    """A module of the collection as the process that Ansible would run, for tests that kill it or run many at once.

    ``prefix`` is a command in front of the interpreter (``unshare -m ...``). The process sees the collection and
    ansible-core, and otherwise its own interpreter's libraries alone. What it prints goes to ``parse_result``.
    """
    command, given = module_command(name, arguments, check_mode=check_mode, diff=diff, python=python)
    with tempfile.TemporaryFile("w+") as stdin:
        stdin.write(given)
        stdin.seek(0)
        return subprocess.Popen(
            [*prefix, *command],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**module_environment(), **dict(environment)},
        )


def run_module(
    name: str,
    arguments: Mapping[str, Any],
    *,
    check_mode: bool = False,
    diff: bool = False,
    python: str = PYTHON,
    prefix: Sequence[str] = (),
    environment: Iterable[tuple[str, str]] = (),
    timeout: float = 120,
) -> dict[str, Any]:
    """What the module returned, and its exit code as ``rc``. A failed task is a result like any other."""
    process = spawn_module(
        name,
        arguments,
        check_mode=check_mode,
        diff=diff,
        python=python,
        prefix=prefix,
        environment=environment,
    )
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    result = parse_result(stdout, stderr, process.returncode)
    print(name, dict(arguments), "->", json.dumps(result, indent=1), file=sys.stderr)
    return result


def parse_result(stdout: str, stderr: str, rc: int) -> dict[str, Any]:
    """The module's one line of JSON, with ``rc``; anything else is a defect of the module."""
    try:
        result = json.loads(stdout)
    except ValueError:
        raise AssertionError(f"no JSON came back (rc {rc}):\n{stdout}\n{stderr}") from None
    if not isinstance(result, dict):
        raise AssertionError(f"no JSON object came back (rc {rc}):\n{stdout}\n{stderr}")
    return {**result, "rc": rc}


@dataclass(frozen=True)
class Play:
    """An ansible-playbook that has ended: exit code, all that it printed, and each task's result in order."""

    rc: int
    output: str
    tasks: Sequence[Mapping[str, Any]]

    @property
    def changed(self) -> int:
        """How many tasks changed something."""
        return sum(bool(task["result"].get("changed")) for task in self.tasks)

    def result(self, name: str) -> Mapping[str, Any]:
        """The result of the last task of that name."""
        found = [task["result"] for task in self.tasks if task["task"] == name]
        if not found:
            raise KeyError(f"no task named {name!r} has run:\n{self.output}")
        answer: Mapping[str, Any] = found[-1]
        return answer


@dataclass(frozen=True)
class RunPlaybook:
    """Runs real playbooks against this machine, with the collection as it stands here."""

    directory: Path

    def __call__(
        self,
        playbook: str,
        *,
        check_mode: bool = False,
        diff: bool = False,
        extra_vars: Mapping[str, Any] | None = None,
        args: Sequence[str] = (),
        timeout: float = 300,
    ) -> Play:
        """``playbook`` is the text of one; its hosts are ``localhost`` or ``all``. Never raises on failed tasks."""
        with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            book, record = Path(scratch, "playbook.yml"), Path(scratch, "tasks.json")
            book.write_text(playbook)
            record.touch()
            command = str(Path(sys.executable).with_name("ansible-playbook"))
            argv = [command, "-i", "localhost,", "-c", "local", str(book), *args]
            argv += ["-e", json.dumps({"ansible_python_interpreter": PYTHON, **(extra_vars or {})})]
            argv += ["--check"] * check_mode + ["--diff"] * diff
            done = subprocess.run(
                argv, capture_output=True, text=True, timeout=timeout, cwd=scratch, env=self._env(record), check=False
            )
            tasks = [json.loads(line) for line in record.read_text().splitlines()]
        return Play(rc=done.returncode, output=done.stdout + done.stderr, tasks=tasks)

    def _env(self, record: Path) -> dict[str, str]:
        return {
            **os.environ,
            "ANSIBLE_CONFIG": str(COLLECTION / "tests" / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_HOME": str(self.directory / "ansible"),
            "ANSIBLE_CALLBACK_PLUGINS": str(COLLECTION / "tests" / "live" / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "COMMUNITY_LXC_RECORD": str(record),
            "ANSIBLE_NOCOLOR": "1",
        }
