# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is PRIVATE to the collection: it may change at any time.

"""Ask LXC hosts what containers they have: one ssh, or one local process, for each host."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ansible_collections.community.lxc.plugins.plugin_utils import _survey_program

_MARK = "# ---- survey\n"
# Whatever sudo left of its password is before the mark.
_BOOT = f"import sys; exec(sys.stdin.buffer.read().decode().partition({_MARK!r})[2])"
_BEGIN, _END = "<survey>", "</survey>"


class SurveyError(Exception):
    """A host could not be asked; the text says why."""


@dataclass(frozen=True, kw_only=True)
class LxcHost:
    """An LXC host, and how to reach it. Without ``address`` it is the local one."""

    name: str
    address: str = ""
    user: str = ""
    port: int | None = None
    private_key_file: str = ""
    lxc_path: tuple[str, ...] = ()
    become: bool = False
    become_password: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of every host."""

    keys: tuple[str, ...] = ()
    interpreter: str = "python3"
    ssh_executable: str = "ssh"
    ssh_args: tuple[str, ...] = ()
    host_key_checking: bool = True
    timeout: float = 30.0
    """Seconds for a host's whole answer."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A host's answer (shaped as ``_survey_program.survey`` returns it), or why there is none."""

    host: LxcHost
    found: dict[str, Any]
    failure: str = ""


def ask_all(hosts: Sequence[LxcHost], question: Question, *, parallel: int) -> list[Answer]:
    """Ask all hosts, ``parallel`` at a time; in their order."""

    def ask_one(host: LxcHost) -> Answer:
        try:
            return Answer(host=host, found=ask(host, question))
        except SurveyError as error:
            return Answer(host=host, found={}, failure=str(error))

    with ThreadPoolExecutor(max_workers=max(1, min(parallel, len(hosts)))) as pool:
        return list(pool.map(ask_one, hosts))


def ask(host: LxcHost, question: Question) -> dict[str, Any]:
    """One round trip.

    :raises SurveyError: the host cannot be reached, or has no answer.
    """
    argv, stdin = command(host, question), told(host, question).encode()
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, timeout=question.timeout, check=False)
    except subprocess.TimeoutExpired:
        raise SurveyError(f"there was no answer within {question.timeout:g} s") from None
    except OSError as error:
        raise SurveyError(f"{argv[0]} cannot be run: {error.strerror}") from error
    stdout = done.stdout.decode(errors="replace")
    _before, begun, answer = stdout.partition(_BEGIN)
    answer, ended, _after = answer.rpartition(_END)
    if not begun or not ended:
        raise SurveyError(_reason(done))
    try:
        found: dict[str, Any] = json.loads(answer)
    except ValueError as error:
        raise SurveyError(f"its answer cannot be read: {error}") from error
    return found


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    text = done.stderr.decode(errors="replace").strip()
    last = text.splitlines()[-1].strip() if text else ""
    return f"{last or 'it said nothing'} (status {done.returncode})"


def command(host: LxcHost, question: Question) -> list[str]:
    """What to run here to have the program run there."""
    there = [question.interpreter, "-I", "-S", "-c", _BOOT]
    if host.become:
        prompt = ["-S", "-p", ""] if host.become_password else ["-n"]
        there = ["sudo", "-H", *prompt, "--", *there]
    if not host.address:
        return there
    ssh = [question.ssh_executable, "-T", "-o", "BatchMode=yes", *question.ssh_args]
    for option, value in (("-l", host.user), ("-p", host.port), ("-i", os.path.expanduser(host.private_key_file))):
        if value:
            ssh += [option, str(value)]
    if not question.host_key_checking:
        # Of two settings ssh takes the first: one among the arguments wins.
        ssh += ["-o", "StrictHostKeyChecking=no"]
    # Whatever the destination is called, it is no option.
    return [*ssh, "--", host.address, shlex.join(there)]


@cache
def _source() -> str:
    return Path(_survey_program.__file__).read_text(encoding="utf-8")


def told(host: LxcHost, question: Question) -> str:
    """What the command gets by its stdin: sudo's password, and the text that runs on the host."""
    request = json.dumps({"lxc_path": list(host.lxc_path), "keys": list(question.keys)})
    output = f"sys.stdout.write({_BEGIN!r} + json.dumps(survey(json.loads({request!r}))) + {_END!r})"
    return f"{host.become_password}\n{_MARK}{_source()}\nimport json\n{output}\n"
