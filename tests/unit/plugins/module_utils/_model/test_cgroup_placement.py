# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories and their combinations, and the cgroup words of ``lxc.mount.auto``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_mount as mount
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_placement as placement
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_placement import Placement


@pytest.mark.parametrize(
    ("directory", "words"),
    [
        ("/a", "absolute"),
        ("../a", "holds '..'"),
        ("a/../b", "holds '..'"),
        ("a/..", "holds '..'"),
        ("./a", "holds '.'"),
        ("a\nlxc.hook.start-host = /bin/evil", "newline"),
        ("a\0b", "NUL"),
        ("tasks", "cgroup file"),
        ("a/cgroup.procs", "cgroup file"),
        ("memory.max", "cgroup file"),
        ("a" * 256, "255 bytes"),
    ],
)
def test_a_bad_directory_is_refused(directory: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        placement.check_directory("monitor_dir", directory)
    assert caught.value.msg.startswith("monitor_dir: ")


def test_the_inner_directory_is_a_single_name() -> None:
    assert placement.check_directory("container_inner_dir", "inner") == "inner"
    with pytest.raises(InvalidInput, match="single directory name"):
        placement.check_directory("container_inner_dir", "a/b")


def test_needless_slashes_go() -> None:
    assert placement.check_directory("dir", "a//b/") == "a/b"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Placement(monitor_dir="m"), "monitor_dir needs container_dir"),
        (Placement(container_dir="c"), "container_dir needs monitor_dir"),
        (Placement(container_inner_dir="i"), "container_inner_dir needs container_dir"),
        (Placement(dir="d", container_dir="c", monitor_dir="m"), "dir and monitor_dir exclude"),
        (Placement(dir="d", container_inner_dir="i"), "dir and container_inner_dir exclude"),
        (Placement(monitor_dir="m", container_dir="m"), "lies in container_dir"),
        (Placement(monitor_dir="c/m", container_dir="c"), "lies in container_dir"),
        (Placement(monitor_dir="m", container_dir="c", monitor_pivot_dir="c/p"), "lies in container_dir"),
        (Placement(monitor_dir="m", container_dir="c", monitor_pivot_dir="m"), "lies in monitor_dir"),
    ],
)
def test_a_combination_that_liblxc_refuses_is_refused_in_words(found: Placement, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        placement.check(found)


@pytest.mark.parametrize(
    "found",
    [
        Placement(),
        Placement(dir="d", relative=True),
        Placement(dir="d", monitor_pivot_dir="p"),
        Placement(monitor_pivot_dir="p"),
        Placement(monitor_dir="x/m", container_dir="x/c", container_inner_dir="i", monitor_pivot_dir="x/p"),
        Placement(monitor_dir="c2", container_dir="c"),
    ],
)
def test_a_combination_that_liblxc_takes_is_taken(found: Placement) -> None:
    placement.check(found)


def test_the_directories_in_order() -> None:
    found = Placement(monitor_dir="x/m", container_dir="x/c", container_inner_dir="i")
    assert found.directories() == ("x/m", "x/c", "x/c/i")


@pytest.mark.parametrize("form", ["cgroup:full", "cgroup2:rw", "cgroup2:mixed", "proc", "cgroup\n", "cgroup cgroup2"])
def test_an_unknown_form_is_refused(form: str) -> None:
    with pytest.raises(InvalidInput, match="not a form"):
        mount.check(form, extension=True)


def test_a_form_that_needs_the_extension() -> None:
    assert mount.check("cgroup:rw:force", extension=False) == "cgroup:rw:force"
    with pytest.raises(InvalidInput, match="cgroup2_auto_mounting"):
        mount.check("cgroup2:ro", extension=False)


WORDS = st.sampled_from(["proc:mixed", "sys:ro", "shmounts:/x", *mount.FORMS])
LINES = st.lists(st.lists(WORDS, max_size=4).map(" ".join), max_size=3)


@given(LINES, st.sampled_from(["", *mount.FORMS]))
def test_the_form_is_set_and_every_other_word_stays(lines: list[str], form: str) -> None:
    new = mount.with_form(lines, form)
    assert mount.form_of(new) == form
    others = [word for line in lines for word in line.split() if not mount.is_cgroup_word(word)]
    assert [word for line in new for word in line.split() if not mount.is_cgroup_word(word)] == others


@pytest.mark.parametrize(
    ("form", "hybrid", "unified"),
    [
        ("", "none", "none"),
        ("cgroup", "none", "cgroup2:rw"),
        ("cgroup:ro", "none", "cgroup2:ro"),
        ("cgroup:force", "cgroup:rw", "cgroup2:rw"),
        ("cgroup:ro:force", "cgroup:ro", "cgroup2:ro"),
        ("cgroup-full:rw:force", "cgroup:rw", "cgroup2:rw"),
        ("cgroup2", "cgroup2:rw", "cgroup2:rw"),
        ("cgroup2:ro:force", "cgroup2:ro", "cgroup2:ro"),
    ],
)
def test_what_a_container_sees(form: str, hybrid: str, unified: str) -> None:
    assert mount.view_of(form, unified=False) == hybrid
    assert mount.view_of(form, unified=True) == unified
