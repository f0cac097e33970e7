# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ctypes
import os
import random
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._mount import (
    Mount,
    check_fstype,
    check_source,
    check_target,
    escape,
    parse_entry,
    render_entry,
    unescape,
)
from ansible_collections.community.lxc.plugins.module_utils._model._mount_options import (
    ACCESS_TIMES,
    MOUNT_FLAGS,
    PROPAGATIONS,
    SUPERBLOCK_FLAGS,
    check_options,
    parse_options,
)

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\n\r"), min_size=1)
NAME = TEXT.filter(lambda text: "/" not in text and text not in (".", ".."))
PATH = st.lists(NAME, min_size=1, max_size=4).map(lambda names: "/" + "/".join(names))
WORD = st.sampled_from(
    [*MOUNT_FLAGS, *SUPERBLOCK_FLAGS, *ACCESS_TIMES, *PROPAGATIONS, "rw", "suid", "dev", "exec", "defaults", "async"]
)
DATA = st.sampled_from(["size=1m", "size=2m", "mode=0700", "uid=1", "huge=never", "inode64"])


def read_back(entry: str) -> list[str]:
    """The fields as getmntent(3) of the C library reads them, which is what liblxc uses."""

    class MntEnt(ctypes.Structure):
        _fields_ = (
            *((name, ctypes.c_char_p) for name in ("fsname", "dir", "type", "opts")),
            ("freq", ctypes.c_int),
            ("passno", ctypes.c_int),
        )

    libc = ctypes.CDLL(None)
    libc.setmntent.restype = ctypes.c_void_p
    libc.getmntent.restype = ctypes.POINTER(MntEnt)
    with tempfile.NamedTemporaryFile() as table:
        table.write(entry.encode() + b"\n")
        table.flush()
        stream = ctypes.c_void_p(libc.setmntent(os.fsencode(table.name), b"r"))
        try:
            found = libc.getmntent(stream)
            assert found
            names = ("fsname", "dir", "type", "opts")
            return [getattr(found.contents, name).decode() for name in names]
        finally:
            libc.endmntent(stream)


@given(source=PATH, target=PATH, words=st.lists(WORD, max_size=5))
def test_an_entry_is_read_back_as_it_was_by_us_and_by_the_c_library(source: str, target: str, words: list[str]) -> None:
    mount = Mount(source=source, target=target, options=parse_options(["bind", *words]))
    entry = render_entry(mount)
    again = parse_entry(entry)
    assert again is not None
    assert again.options == mount.options
    assert render_entry(again) == entry
    fsname, directory, fstype, options = read_back(entry)
    assert (fsname, directory, fstype) == (source, target.lstrip("/"), "none")
    assert parse_options(options.split(",")) == mount.options


@given(TEXT)
def test_escapes_leave_no_blank_and_come_back(text: str) -> None:
    assert not set(escape(text)) & {" ", "\t"}
    assert unescape(escape(text)) == text


@given(words=st.lists(WORD | DATA, max_size=6, unique_by=lambda word: word), seed=st.integers())
def test_the_order_of_options_that_do_not_contradict_each_other_does_not_matter(words: list[str], seed: int) -> None:
    apart = [word for word in words if word in (*MOUNT_FLAGS, *SUPERBLOCK_FLAGS)]
    shuffled = random.Random(seed).sample(apart, len(apart))
    assert parse_options(apart) == parse_options([",".join(shuffled)])


@given(st.lists(WORD | DATA, max_size=6))
def test_what_was_parsed_is_rendered_and_parsed_the_same(words: list[str]) -> None:
    parsed = parse_options(words)
    assert parse_options(parsed.words()) == parsed


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ro", "rw"], []),
        (["rw", "ro"], ["ro"]),
        (["nosuid,nodev"], ["nodev", "nosuid"]),
        (["suid", "nosuid", "suid"], []),
        (["noatime", "relatime"], ["relatime"]),
        (["noatime", "atime"], []),
        (["relatime", "atime"], ["relatime"]),
        (["defaults"], []),
        (["bind", "rbind"], ["rbind"]),
        (["rbind", "bind"], ["rbind"]),
        (["rslave", "rprivate"], ["rprivate"]),
        (["size=1m", "size=2m"], ["size=2m"]),
        (["sync", "async"], []),
        (["create=dir", "optional", "idmap=container"], ["create=dir", "optional", "idmap=container"]),
        (["mode=0700", "ro", "rprivate", "noatime", "dirsync"], ["ro", "noatime", "dirsync", "rprivate", "mode=0700"]),
    ],
)
def test_options_are_split_and_the_last_of_those_that_contradict_holds(words: list[str], expected: list[str]) -> None:
    assert list(parse_options(words).words()) == expected


def test_each_option_goes_where_it_belongs() -> None:
    parsed = parse_options(["rbind,ro,nosuid,noatime,sync,rslave,size=1m,create=file,optional,idmap=container,dynamic"])
    assert parsed.recursive
    assert parsed.flags == {"ro", "nosuid"}
    assert parsed.access_time == "noatime"
    assert parsed.superblock == {"sync"}
    assert parsed.propagation == "rslave"
    assert parsed.data == ("size=1m",)
    assert (parsed.create, parsed.optional, parsed.idmap) == ("file", True, "container")
    assert parsed.lxc_words == {"dynamic"}


@pytest.mark.parametrize(
    ("text", "source", "target", "fstype"),
    [
        ("/a b none bind 0 0", "/a", "/b", "bind"),
        ("/a b none bind", "/a", "/b", "bind"),
        ("  /a\t\tb   bind    bind,ro  1  2 ", "/a", "/b", "bind"),
        ("/a/ b//c/ none bind", "/a", "/b/c", "bind"),
        ("/a /root/fs/b none bind", "/a", "/b", "bind"),
        ("/a /root/fs//b/. none bind", "/a", "/b", "bind"),
        ("tmpfs run tmpfs size=1m 0 0", "tmpfs", "/run", "tmpfs"),
        ("/a\\040b c\\011d none bind", "/a b", "/c\td", "bind"),
    ],
)
def test_entries_as_people_write_them(text: str, source: str, target: str, fstype: str) -> None:
    mount = parse_entry(text, rootfs=["/root/fs", "/other"])
    assert mount is not None
    assert (mount.source, mount.target, mount.fstype) == (source, target, fstype)


@pytest.mark.parametrize(
    "text", ["", "  ", "# /a b none bind", "  # x", "/a", "/a /outside none bind", "/a /root/fs none bind"]
)
def test_lines_that_are_no_mount(text: str) -> None:
    assert parse_entry(text, rootfs=["/root/fs"]) is None


@pytest.mark.parametrize("target", ["", "a", "./a", "/", "//", "/.", "/a/..", "/../a", "/a\nb", "/a\0b"])
def test_targets_that_are_refused(target: str) -> None:
    with pytest.raises(InvalidInput, match=r"^target: "):
        check_target(target)


def test_a_target_is_made_normal() -> None:
    assert check_target("//a//./b/") == "/a/b"


@pytest.mark.parametrize("source", ["", "a", "#a", "/a\n"])
def test_sources_that_are_refused(source: str) -> None:
    with pytest.raises(InvalidInput, match=r"^source: "):
        check_source(source, bind=True)


@pytest.mark.parametrize("fstype", ["", "none", "auto", "a b", "../x", "a,b"])
def test_file_systems_that_are_refused(fstype: str) -> None:
    with pytest.raises(InvalidInput, match=r"^fstype: "):
        check_fstype(fstype)


@pytest.mark.parametrize(
    "word", ["size=1m", "colour", "sync", "create=dir", "idmap=container", "optional", "relative", "dynamic", "remount"]
)
def test_options_that_a_bind_mount_cannot_have(word: str) -> None:
    with pytest.raises(InvalidInput, match=r"^options: "):
        check_options([word], bind=True)


def test_a_bind_mount_is_one_even_if_the_word_is_not_given() -> None:
    assert check_options([], bind=True).bind == "bind"
    assert check_options(["rbind"], bind=True).bind == "rbind"
    assert check_options(["size=1m"], bind=False).bind == ""
