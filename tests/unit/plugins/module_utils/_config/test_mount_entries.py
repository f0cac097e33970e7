# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._config._document import parse
from ansible_collections.community.lxc.plugins.module_utils._config._mount_entries import ENTRY, entries_at, settle
from ansible_collections.community.lxc.plugins.module_utils._model._mount import Mount, parse_entry
from ansible_collections.community.lxc.plugins.module_utils._model._mount_options import parse_options

A = Mount("/a", "/mnt", "bind", parse_options(["bind"]))
B = Mount("/b", "/mnt", "bind", parse_options(["bind", "ro"]))
TEXT = """\
# mine
lxc.uts.name = web
lxc.mount.entry = /x other none bind 0 0

   lxc.mount.entry=/a mnt none defaults,bind
lxc.include = /etc/common.conf
lxc.mount.entry = /y another none bind 0 0
"""
LINE = "   lxc.mount.entry=/a mnt none defaults,bind\n"


def settled(text: str, mount: Mount | None) -> str:
    document = parse(text)
    old = entries_at(document.values(ENTRY), "/mnt", rootfs=())
    return settle(document, old, mount, rootfs=()).render()


def test_the_same_mount_stays_as_it_is_written() -> None:
    assert settled(TEXT, A) == TEXT


def test_another_takes_its_place_and_all_else_stays() -> None:
    changed = settled(TEXT, B)
    assert changed == TEXT.replace(LINE, "lxc.mount.entry = /b mnt none bind,ro 0 0\n")


def test_none_takes_only_its_line_away() -> None:
    assert settled(TEXT, None) == TEXT.replace(LINE, "")


def test_a_new_one_comes_last() -> None:
    text = TEXT.replace(LINE, "")
    assert settled(text, A) == text + "lxc.mount.entry = /a mnt none bind 0 0\n"
    assert settled(settled(text, A), None) == text


def test_of_several_the_last_that_is_right_is_left() -> None:
    lines = [
        f"lxc.mount.entry = {entry}\n" for entry in ("/b mnt none bind", "/a mnt none bind", "/b mnt none bind,ro")
    ]
    assert settled("".join(lines), A) == lines[1]
    assert settled("".join(lines), B) == lines[2]
    assert settled("".join(lines), None) == ""
    twice = lines[1] * 2
    assert settled(twice, A) == lines[1]


def test_a_b_a_ends_at_a() -> None:
    text = settled(TEXT, B)
    canonical = settled(text, A)
    assert settled(settled(canonical, B), A) == canonical


@given(
    st.lists(
        st.sampled_from(
            ["# x", "", "lxc.uts.name = a", "lxc.mount.entry = /a mnt none bind", "lxc.mount.entry = /b mnt none bind"]
        )
    ),
    st.sampled_from([A, B, None]),
)
def test_afterwards_there_is_exactly_what_is_wanted_and_doing_it_again_changes_nothing(
    lines: list[str], mount: Mount | None
) -> None:
    text = "".join(f"{line}\n" for line in lines)
    once = settled(text, mount)
    found = [parse_entry(value) for value in entries_at(parse(once).values(ENTRY), "/mnt", rootfs=())]
    assert found == ([] if mount is None else [mount])
    assert settled(once, mount) == once
    foreign = [line for line in lines if "mnt" not in line]
    assert [line for line in once.split("\n")[:-1] if "mnt" not in line] == foreign
