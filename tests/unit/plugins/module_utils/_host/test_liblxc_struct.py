# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which fields liblxc's structures have, by version, and which versions are refused."""

from __future__ import annotations

from ctypes import sizeof

import pytest

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc_base, _liblxc_struct
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_version import parse_version

# What a C compiler says for the lxccontainer.h of each version, on a 64-bit machine.
_TAIL = {"umount": 528, "seccomp_notify_fd": 536, "seccomp_notify_fd_active": 544, "init_pidfd": 552, "devpts_fd": 560}
_MEASURED = {
    "4.0.6": (568, _TAIL),
    "5.0.2": (568, _TAIL),
    "6.0.4": (584, {**_TAIL, "rcv_timeout": 568, "set_timeout": 576}),
    "7.0.0": (584, {**_TAIL, "rcv_timeout": 568, "set_timeout": 576}),
}


@pytest.mark.parametrize("version", sorted(_MEASURED))
def test_the_tail_lies_where_the_header_has_it(version: str) -> None:
    struct = _liblxc_struct.container_struct(parse_version(version))
    size, offsets = _MEASURED[version]
    assert sizeof(struct) == size
    assert {name: getattr(struct, name).offset for name in offsets} == offsets


@pytest.mark.parametrize(
    ("text", "info", "has_timeout"),
    [
        ("4.0.5", (4, 0, 5), False),
        ("4.0.12", (4, 0, 12), False),
        ("5.0", (5, 0, 0), False),
        ("5.0.3", (5, 0, 3), False),
        ("6.0.0", (6, 0, 0), True),
        ("6.0.4", (6, 0, 4), True),
        ("7.0.0", (7, 0, 0), True),
        # Neither release: the field may have come between it and the release.
        ("6.0.0-devel", (6, 0, 0), False),
        ("6.0.0~alpha", (6, 0, 0), False),
        ("6.0.1-devel", (6, 0, 1), True),
    ],
)
def test_a_version_has_the_fields_that_came_with_it(text: str, info: tuple[int, int, int], has_timeout: bool) -> None:
    version = parse_version(text)
    names = [name for name, _type in _liblxc_struct.fields(version)]
    assert version.info == info
    assert names[-1] == ("set_timeout" if has_timeout else "devpts_fd")
    assert ("rcv_timeout" in names) is has_timeout


@pytest.mark.parametrize("text", ["4.0.4", "4.0.0", "3.2.1", "2.0.11", "4.0.5-devel"])
def test_older_versions_are_refused(text: str) -> None:
    with pytest.raises(HostError) as error:
        parse_version(text)
    assert error.value.msg == f"liblxc {text} is too old, 4.0.5 or later is needed"


@pytest.mark.parametrize("text", ["", "five", "5", "v5.0.2"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(HostError, match="which is not one"):
        parse_version(text)


def test_a_nul_character_does_not_cut_a_value_short() -> None:
    with pytest.raises(InvalidInput, match="NUL"):
        _liblxc_base.encode("web\0lxc.hook.start-host=/bin/sh")


def test_bytes_that_are_no_utf_8_survive() -> None:
    assert _liblxc_base.encode("/srv/\udcff") == b"/srv/\xff"


def test_argument_vectors_end_in_null() -> None:
    assert _liblxc_base.argv_of([]) is None
    argv = _liblxc_base.argv_of(["/bin/sh", ""])
    assert argv is not None
    assert list(argv) == [b"/bin/sh", b"", None]
