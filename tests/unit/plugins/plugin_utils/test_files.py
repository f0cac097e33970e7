# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts that run inside containers, in every shell that a container may have for its /bin/sh."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from ansible_collections.community.lxc.plugins.plugin_utils._files import (
    NOT_THERE,
    FileSink,
    fetch_command,
    put_command,
)
from ansible_collections.community.lxc.plugins.plugin_utils._guest import Guest, enter, read_reports

SHELLS = [words for words in (["dash"], ["bash", "--posix"], ["bash"], ["busybox", "sh"]) if shutil.which(words[0])]
NAMES = ["plain", "two words", "-n", "--", "new\nline", "'\"\\$(id)`id`*", "ä"]


@pytest.fixture(params=SHELLS, ids=" ".join)
def shell(request: pytest.FixtureRequest) -> list[str]:
    found: list[str] = request.param
    return found


def run(
    shell: list[str], command: str, data: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    words = shlex.split(command)
    assert words[0] == "/bin/sh"
    return subprocess.run([*shell, *words[1:]], input=data, capture_output=True, check=False, cwd=cwd, umask=0o027)


def test_the_command_and_its_status(shell: list[str]) -> None:
    entry = enter(Guest(container="a"), "cat; echo err >&2; exit 7")
    inside = entry.argv()[-5:]
    done = subprocess.run([*shell, "-c", *inside], input=b"in", capture_output=True, check=False)
    said = read_reports(entry.key, done.stderr)
    assert (done.returncode, done.stdout, said.rest, said.words) == (7, b"in", b"err\n", {"in": "", "rc": "7"})


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_file_in_and_out(shell: list[str], name: str, tmp_path: Path) -> None:
    data = os.urandom(100_000)
    # Once by its whole name, once by one that is relative to the home directory.
    for path in (f"{tmp_path}/{name}", name):
        done = run(shell, put_command(path=path, size=len(data)), data, tmp_path)
        assert (done.returncode, done.stderr) == (0, b"")
        found = tmp_path / name
        assert found.read_bytes() == data
        assert stat.S_IMODE(found.stat().st_mode) == 0o640
        done = run(shell, fetch_command(path=path, key="k"), cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, data)
        assert read_reports("k", done.stderr).words == {"size": "100000"}
        assert os.listdir(tmp_path) == [name]
        found.unlink()


def test_a_file_that_comes_short_is_not_put(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    done = run(shell, put_command(path=f"{tmp_path}/file", size=10), b"too short")
    assert (done.returncode, done.stderr) == (1, b"only 9 of 10 bytes arrived\n")
    assert (tmp_path / "file").read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_replaced_file_keeps_its_mode_and_a_link_goes(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch(0o600)
    (tmp_path / "link").symlink_to("file")
    assert run(shell, put_command(path=f"{tmp_path}/file", size=1), b"x").returncode == 0
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    assert run(shell, put_command(path=f"{tmp_path}/link", size=1), b"y").returncode == 0
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "x"


def test_what_is_no_file(shell: list[str], tmp_path: Path) -> None:
    done = run(shell, put_command(path=str(tmp_path), size=0))
    assert (done.returncode, done.stderr) == (1, b"it is a directory\n")
    assert run(shell, fetch_command(path=str(tmp_path), key="k")).returncode == 1
    assert run(shell, fetch_command(path=f"{tmp_path}/a", key="k")).returncode == NOT_THERE
    assert os.listdir(tmp_path) == []


# ---- on the controller


def test_a_sink_keeps_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o600)
    sink = FileSink(str(path))
    sink.write(b"new")
    sink.close()
    assert (path.read_text(), os.listdir(tmp_path)) == ("old", ["file"])
    sink = FileSink(str(path))
    sink.write(b"first attempt")
    sink.rewind()
    sink.write(b"new")
    sink.keep()
    sink.close()
    assert (path.read_text(), os.listdir(tmp_path)) == ("new", ["file"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_zeros_become_holes(tmp_path: Path) -> None:
    sink = FileSink(str(tmp_path / "file"))
    for piece in (bytes(1 << 18), b"middle", bytes(1 << 18)):
        sink.write(piece)
    sink.keep()
    sink.close()
    assert (tmp_path / "file").read_bytes() == bytes(1 << 18) + b"middle" + bytes(1 << 18)
    assert (tmp_path / "file").stat().st_blocks * 512 < 1 << 17
