# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the survey makes of configuration files and of processes that call themselves monitors."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.plugin_utils._survey import LxcHost, Question, SurveyError, ask
from ansible_collections.community.lxc.plugins.plugin_utils._survey_program import survey


def define(path: Path, name: str, text: str) -> None:
    (path / name).mkdir()
    (path / name / "config").write_text(text)


def config(path: Path, *keys: str) -> dict[str, Any]:
    found = survey({"lxc_path": [str(path)], "keys": list(keys)})["containers"]
    return {one["name"]: one["config"] for one in found}


def test_keys_are_read_as_liblxc_reads_them(tmp_path: Path) -> None:
    common = tmp_path / "common.conf"
    common.write_text("lxc.group = included\nlxc.start.auto = 1\n")
    define(
        tmp_path,
        "a",
        f'lxc.group = gone\nlxc.group =\n\tlxc.group\t=  "quoted"  \r\n#lxc.group = comment\nlxc.include = {common}\n'
        "lxc.groups = another key\n lxc.start.order=5\n",
    )
    assert config(tmp_path, "lxc.start.") == {
        "a": {"lxc.group": ["quoted", "included"], "lxc.start.auto": ["1"], "lxc.start.order": ["5"]}
    }


def test_includes_of_directories_and_of_themselves(tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / "2.conf").write_text("lxc.group = second\n")
    (parts / "1.conf").write_text(f"lxc.group = first\nlxc.include = {parts}\n")
    (parts / "3.disabled").write_text("lxc.group = not read\n")
    define(tmp_path, "a", f"lxc.include = {parts}\nlxc.include = /nonexistent\n")
    assert config(tmp_path) == {"a": {"lxc.group": ["first", "second"]}}


def test_what_is_no_container(tmp_path: Path) -> None:
    define(tmp_path, "a", "")
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    define(tmp_path, "bad\x07name", "")
    found = survey({"lxc_path": [str(tmp_path), str(tmp_path / "nowhere")], "keys": []})
    assert [one["name"] for one in found["containers"]] == ["a"]
    assert any("not printable" in problem for problem in found["problems"])
    assert any("nowhere cannot be read" in problem for problem in found["problems"])


def test_who_owns_the_path_may_run_its_monitors(tmp_path: Path) -> None:
    """A user's containers, asked for by root; only root can be both, so that without root there is but one user."""
    define(tmp_path, "a", "")
    owner = 12345 if os.geteuid() == 0 else os.geteuid()
    title = f"[lxc monitor] {tmp_path} a"
    states = {}
    for owns in (False, True) if os.geteuid() == 0 else (True,):
        os.chown(tmp_path, owner if owns else os.geteuid(), -1)
        with subprocess.Popen([title], executable="/bin/cat", stdin=subprocess.PIPE, user=owner) as monitor:
            try:
                while title not in Path(f"/proc/{monitor.pid}/cmdline").read_text().replace("\0", " "):
                    time.sleep(0.01)
                (found,) = survey({"lxc_path": [str(tmp_path)], "keys": []})["containers"]
                states[owns] = found["state"]
            finally:
                monitor.kill()
    assert states.pop(True) == "STARTING"
    assert set(states.values()) <= {"STOPPED"}


def test_an_answer_that_is_none(tmp_path: Path) -> None:
    broken = tmp_path / "python3"
    broken.write_text("#!/bin/sh\ncat >/dev/null; echo '<survey>no JSON</survey>'\n")
    broken.chmod(0o755)
    with pytest.raises(SurveyError, match="its answer cannot be read"):
        ask(LxcHost(name="here"), Question(interpreter=str(broken)))
