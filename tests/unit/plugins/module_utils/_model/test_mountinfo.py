# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._model import _mountinfo
from ansible_collections.community.lxc.plugins.module_utils._model._mountinfo import MountPoint

TABLE = _mountinfo.parse(
    """\
20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,discard
30 20 0:20 / /mnt rw - tmpfs one rw,size=1k
31 30 0:21 /sub /mnt ro,nosuid master:7 shared:8 - tmpfs two rw
32 31 0:22 / /mnt/deep rw unbindable - tmpfs three rw
33 31 0:23 / /mnt/deep/er rw - tmpfs four rw
34 32 0:24 / /mnt/deep/er rw - tmpfs five rw
40 20 8:2 /a\\040b\\011c\\134d /x\\040y rw - ext4 /dev/sd\\040b rw
"""
)
ROOT, ONE, TWO, THREE, FOUR, FIVE, ODD = TABLE


def test_fields() -> None:
    assert (ROOT.id, ROOT.parent, ROOT.device, ROOT.root, ROOT.target) == (20, 1, "8:1", "/", "/")
    assert ROOT.options == ("rw", "relatime")
    assert ROOT.super_options == ("rw", "discard")
    assert (TWO.peer("shared"), TWO.peer("master"), TWO.peer("other")) == (8, 7, None)
    assert THREE.tags == ("unbindable",)
    assert (ODD.root, ODD.target, ODD.source) == ("/a b\tc\\d", "/x y", "/dev/sd b")
    assert [point.read_only for point in (ONE, TWO)] == [False, True]


def test_lines_that_are_none_are_left_out() -> None:
    assert _mountinfo.parse("\nnonsense\n1 2 3 - a\n") == ()


def test_the_machines_own_table_is_read_whole() -> None:
    text = Path("/proc/self/mountinfo").read_text()
    assert len(_mountinfo.parse(text)) == len(text.splitlines())


def test_stacks() -> None:
    assert _mountinfo.stack_at(TABLE, "/mnt") == (ONE, TWO)
    assert _mountinfo.stack_below(TABLE, TWO) == (ONE, TWO)
    assert _mountinfo.stack_at(TABLE, "/mnt/deep") == (THREE,)
    assert _mountinfo.stack_at(TABLE, "/nothing") == ()
    assert _mountinfo.stack_at(TABLE, "/") == (ROOT,)
    assert _mountinfo.stacks(TABLE) == {point.target: _mountinfo.stack_at(TABLE, point.target) for point in TABLE}


def test_a_table_of_the_length_that_a_container_may_have_is_done_with_at_once() -> None:
    """With work that grows by the square of its length, this would take hours."""
    count = 100_000
    tower = [MountPoint(n, n - 1, "0:1", "/", "/x", (), (), "tmpfs", "none", ()) for n in range(1, count // 2)]
    chain = [MountPoint(n, n - 1, "0:1", "/", f"/x/{n}", (), (), "tmpfs", "none", ()) for n in range(count // 2, count)]
    table = [*tower, *chain]

    assert _mountinfo.stack_at(table, "/x") == _mountinfo.stack_below(table, tower[-1]) == tuple(tower)
    assert _mountinfo.stacks(table)["/x"] == tuple(tower)
    assert _mountinfo.children(table, tower[0]) == tuple(chain)
    assert [len(found) for found in _mountinfo.descents(table, tower[::-1])] == [len(chain)] + [0] * len(tower[1:])


def test_children_come_after_their_parents_and_without_what_is_stacked_on_top() -> None:
    assert _mountinfo.children(TABLE, TWO) == (THREE, FOUR, FIVE)
    assert TWO not in _mountinfo.children(TABLE, ONE)
    assert set(_mountinfo.children(TABLE, ROOT)) == {ONE, TWO, THREE, FOUR, FIVE, ODD}
    assert _mountinfo.descents(TABLE, [TWO, ONE, ROOT]) == [(THREE, FOUR, FIVE), (), (ONE, ODD)]


def test_children_of_a_table_in_any_order() -> None:
    assert set(_mountinfo.children(TABLE[::-1], TWO)) == {THREE, FOUR, FIVE}


def test_a_parent_that_is_its_own_or_missing_ends_the_search() -> None:
    odd = MountPoint(1, 1, "0:1", "/", "/x", (), (), "tmpfs", "none", ())
    assert _mountinfo.stack_below((odd,), odd) == (odd,)
    assert _mountinfo.children((odd,), odd) == ()


def test_which_mount_a_path_lies_in_and_what_a_bind_mount_of_it_shows() -> None:
    assert _mountinfo.holding(TABLE, "/mnt/deep/x") == THREE
    assert _mountinfo.holding(TABLE, "/etc/passwd") == ROOT
    assert _mountinfo.identity_of(ROOT, "/etc/passwd") == ("8:1", "/etc/passwd")
    assert _mountinfo.identity_of(TWO, "/mnt/a/b") == ("0:21", "/sub/a/b")
    assert _mountinfo.identity_of(TWO, "/mnt") == ("0:21", "/sub")


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    for point in _mountinfo.parse(text):
        assert point.target


def escaped(text: str) -> str:
    """As the kernel does it."""
    return "".join(f"\\{ord(c):03o}" if c in " \t\n\\#" else c for c in text)


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1))
def test_what_the_kernel_escapes_comes_back(text: str) -> None:
    assert _mountinfo.unescape(escaped(text)) == text
