# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.community.lxc.plugins.module_utils._model import _mountinfo
from ansible_collections.community.lxc.plugins.module_utils._model._mount import Mount
from ansible_collections.community.lxc.plugins.module_utils._model._mount_live import (
    Source,
    Wanted,
    differences,
    host_path,
)
from ansible_collections.community.lxc.plugins.module_utils._model._mount_options import parse_options

BIND = "50 20 8:1 /srv/www /mnt rw,relatime shared:5 - ext4 /dev/sda1 rw"
TMPFS = "60 20 0:60 / /t rw,relatime - tmpfs tmpfs rw,size=1024k,mode=700"


def bind(*words: str, source: Source | None = None) -> Wanted:
    found = source or Source("dir", ("8:1", "/srv/www"), inherited=frozenset(("rw", "relatime")))
    return Wanted(Mount("/srv/www", "/mnt", "bind", parse_options(["bind", *words])), source=found)


def tmpfs(*words: str) -> Wanted:
    return Wanted(Mount("tmpfs", "/t", "tmpfs", parse_options(words)), memory=4096 * 1024)


def told(wanted: Wanted, line: str, *more: str) -> tuple[str, ...]:
    table = _mountinfo.parse("\n".join([line, *more]))
    return differences(wanted, table[0], table)


@pytest.mark.parametrize(
    ("words", "line", "expected"),
    [
        ([], BIND, ()),
        (["rw"], BIND, ()),
        (["relatime"], BIND, ()),
        (["ro"], BIND, ("options",)),
        (["ro"], BIND.replace("rw,relatime", "ro,relatime"), ()),
        ([], BIND.replace("rw,relatime", "ro,relatime"), ("options",)),
        (["nosuid"], BIND.replace("rw,", "rw,nosuid,noexec,"), ("options",)),
        (["noatime"], BIND, ("options",)),
        ([], BIND.replace("relatime", "noatime"), ("options",)),
        (["strictatime"], BIND, ("options",)),
        (["strictatime"], BIND.replace(",relatime", ""), ()),
        (["shared"], BIND, ()),
        (["rprivate"], BIND, ("options",)),
        (["rslave"], BIND.replace("shared:5", "master:5"), ()),
        (["private"], BIND.replace("shared:5", "master:5"), ("options",)),
        (["unbindable"], BIND, ("options",)),
        (["unbindable"], BIND.replace("shared:5", "unbindable"), ()),
        (["idmap=container"], BIND, ("idmap",)),
        (["idmap=container"], BIND.replace("relatime", "relatime,idmapped"), ()),
        ([], BIND.replace("relatime", "relatime,idmapped"), ("idmap",)),
        ([], BIND.replace("8:1", "8:2"), ("source",)),
        ([], BIND.replace("/srv/www", "/srv/www2"), ("source",)),
        ([], BIND.replace("/srv/www", "/srv/www//deleted"), ("source",)),
        # What the file system is mounted with is not the bind mount's.
        ([], BIND.replace("sda1 rw", "sda1 ro"), ()),
    ],
)
def test_bind_mounts(words: list[str], line: str, expected: tuple[str, ...]) -> None:
    assert told(bind(*words), line) == expected


def test_what_a_bind_mount_takes_over_from_its_source_is_no_difference() -> None:
    source = Source("dir", ("8:1", "/srv/www"), inherited=frozenset(("ro", "nodev", "relatime")))
    assert told(bind(source=source), BIND.replace("rw,", "ro,nodev,")) == ()
    assert told(bind(source=source), BIND) == ("options",)


def test_rbind_needs_the_mounts_below_and_bind_does_not_mind_them() -> None:
    source = Source("dir", ("8:1", "/srv/www"), frozenset(("rw", "relatime")), below={"sub": ("0:9", "/")})
    below = "51 50 0:9 / /mnt/sub rw - tmpfs none rw"
    assert told(bind("rbind", source=source), BIND) == ("source",)
    assert told(bind("rbind", source=source), BIND, below) == ()
    assert told(bind("rbind", source=source), BIND, below.replace("0:9", "0:8")) == ("source",)
    assert told(bind(source=source), BIND, below) == ()


def test_a_source_that_does_not_exist_is_nowhere() -> None:
    assert told(replace(bind(), source=None), BIND) == ("source",)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["size=1m", "mode=0700"], ()),
        (["size=1048576", "mode=700"], ()),
        (["size=1024k", "mode=0700", "ro"], ("options",)),
        (["size=2m", "mode=0700"], ("data",)),
        (["size=2m", "mode=0700", "ro"], ("data", "options")),
        (["size=25%", "mode=0700"], ()),
        (["size=50%", "mode=0700"], ("data",)),
        # In whole pages, rounded up.
        (["size=1048575", "mode=0700"], ()),
        (["size=1048577", "mode=0700"], ("data",)),
        # The default that is not shown.
        (["size=1m"], ("data",)),
        (["size=1m", "mode=1777"], ("data",)),
        (["size=1m", "mode=0700", "uid=5"], ("data",)),
        (["size=1m", "mode=0700", "uid=0"], ()),
        (["mode=0700"], ("data",)),
        (["nr_blocks=256", "mode=0700"], ()),
        (["nr_blocks=1k", "mode=0700"], ("data",)),
        (["size=1m", "mode=0700", "nr_inodes=10"], ("data",)),
        (["size=1m", "mode=0700", "nr_inodes=512"], ()),
        (["size=1m", "mode=0700", "noswap"], ("data",)),
        (["size=1m", "mode=0700", "huge=always"], ("data",)),
        (["size=1m", "mode=0700", "huge=never"], ()),
    ],
)
def test_a_tmpfs(words: list[str], expected: tuple[str, ...]) -> None:
    assert told(tmpfs(*words), TMPFS) == expected


def test_a_tmpfs_that_shows_nothing_has_the_defaults() -> None:
    line = TMPFS.replace(",size=1024k,mode=700", "")
    assert told(tmpfs(), line) == ()
    assert told(tmpfs("mode=0700"), line) == ("data",)
    assert told(tmpfs("size=1m"), line) == ("data",)
    # Half of the memory, and an inode for each two pages.
    assert told(tmpfs("size=50%"), line) == ()
    assert told(tmpfs("size=2m", "nr_inodes=512"), line) == ()
    # Of itself, and as the host's kernel was told to have it.
    assert told(tmpfs(), line.replace("tmpfs rw", "tmpfs rw,huge=always,inode64")) == ()
    assert told(tmpfs("inode64"), line.replace("tmpfs rw", "tmpfs rw,inode64")) == ()


@pytest.mark.parametrize("more", ["size=1024k", "nr_inodes=10", "noswap", "uid=5", "size=0k"])
def test_what_a_tmpfs_shows_and_nobody_wants(more: str) -> None:
    assert told(tmpfs("mode=0700"), TMPFS.replace("size=1024k", more)) == ("data",)


def test_file_systems() -> None:
    assert told(tmpfs("mode=0700"), TMPFS.replace("- tmpfs", "- ramfs")) == ("fstype",)
    assert told(tmpfs("mode=0700"), TMPFS.replace(" / /t", " /sub /t")) == ("source",)
    disk = Wanted(Mount("/dev/vdb", "/t", "ext4"), device="254:16")
    line = "60 20 254:16 / /t rw - ext4 /dev/vdb rw"
    assert told(disk, line) == ()
    assert told(disk, line.replace("254:16", "254:32").replace("vdb", "vdc")) == ("source",)
    # A file system may have a device number of its own, as btrfs does.
    assert told(disk, line.replace("254:16", "0:40")) == ()
    share = Wanted(Mount("server:/export", "/t", "nfs"))
    line = "60 20 0:70 / /t rw - nfs server:/export rw,vers=4.2"
    assert told(share, line) == ()
    assert told(share, line.replace("server:/export", "server:/other")) == ("source",)


def test_ro_of_a_file_system_may_be_the_mounts_or_its_own() -> None:
    disk = Wanted(Mount("/dev/vdb", "/t", "ext4", parse_options(["ro"])), device="254:16")
    assert told(disk, "60 20 254:16 / /t ro - ext4 /dev/vdb rw") == ()
    assert told(disk, "60 20 254:16 / /t rw - ext4 /dev/vdb ro") == ()
    assert told(disk, "60 20 254:16 / /t rw - ext4 /dev/vdb rw") == ("options",)


def test_where_on_the_host_something_can_be_seen() -> None:
    table = _mountinfo.parse("20 1 8:1 / / rw - ext4 /dev/sda1 rw\n21 20 8:2 /data /srv rw - ext4 /dev/sdb rw")
    assert host_path(table, ("8:1", "/etc")) == "/etc"
    assert host_path(table, ("8:1", "/")) == "/"
    assert host_path(table, ("8:2", "/data/www")) == "/srv/www"
    assert host_path(table, ("8:2", "/data")) == "/srv"
    assert host_path(table, ("8:2", "/database")) == ""
    assert host_path(table, ("8:3", "/")) == ""
