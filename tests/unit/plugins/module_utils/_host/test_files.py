# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that may be anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.community.lxc.plugins.module_utils._host._files import read_regular


def test_a_regular_file_and_a_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff\n")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(str(tmp_path / "file")) == read_regular(str(tmp_path / "link")) == b"\xff\n"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", ["fifo", "directory", "device", "nothing"])
def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    with pytest.raises(OSError, match=r"not a regular file|No such file"):
        read_regular(str(path))
