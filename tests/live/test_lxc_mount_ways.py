# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_mount: the kernel's and liblxc's way into a running container, and what happens where neither is open."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, run_module, tool, until
from ansible_collections.community.lxc.tests.live._mounting import (
    ERRNO_FILTER,
    busy,
    entries,
    injectable,
    lines_at,
    mount,
    table,
    tmpfs,
    unprivileged,
)

Way = Callable[[], AbstractContextManager[Guest]]


@pytest.fixture
def room(bed: Bed) -> Path:
    """A directory that the root of an unprivileged container can reach."""
    directory = Path(bed.lxc_path) / "room"
    directory.mkdir(mode=0o755)
    return directory


@pytest.fixture
def source(room: Path) -> Path:
    directory = room / "source"
    directory.mkdir()
    (directory / "file").write_text("from the host\n")
    return directory


@pytest.fixture(params=["kernel", "liblxc", "kernel unprivileged", "liblxc unprivileged"])
def way(request: pytest.FixtureRequest, bed: Bed, room: Path) -> tuple[str, Way]:
    name, own_ids = request.param.split()[0], "unprivileged" in request.param

    @contextmanager
    def by_kernel() -> Iterator[Guest]:
        yield unprivileged(bed) if own_ids else bed.guest(start=True)

    def by_liblxc() -> AbstractContextManager[Guest]:
        return injectable(bed, room / "shared", own_ids=own_ids)

    return name, by_kernel if name == "kernel" else by_liblxc


def test_a_directory(way: tuple[str, Way], source: Path) -> None:
    name, open_ = way
    with open_() as guest:
        arguments = {"source": source, "target": "/mnt/data", "create": "dir"}
        assert mount(guest, check_mode=True, arguments=arguments)["mount"]["via"] == name
        result = mount(guest, arguments=arguments)
        assert result["mount"]["via"] == name
        assert len(lines_at(guest, "/mnt/data")) == 1
        assert guest.attach("cat", "/mnt/data/file").stdout == "from the host\n"
        assert not mount(guest, arguments=arguments)["changed"]
        assert guest.attach("ls", "-A", "/mnt").stdout == "data\n"
        assert not [path for path in guest.attach("ls", "-A", "/dev").stdout.split() if "community" in path]
        # Below a directory that could be swapped for a link, liblxc does not get to unmount.
        assert mount(guest, target="/mnt/data", state="unmounted")["mount"]["via"] == "kernel"
        assert lines_at(guest, "/mnt/data") == []


def test_unmounting_where_the_path_is_sure(way: tuple[str, Way], source: Path) -> None:
    name, open_ = way
    with open_() as guest:
        mount(guest, source=source, target="/data", create="dir")
        result = mount(guest, target="/data", state="absent")
        assert result["mount"]["via"] == name
        assert lines_at(guest, "/data") == []


def test_a_file(way: tuple[str, Way], source: Path) -> None:
    name, open_ = way
    with open_() as guest:
        arguments = {"source": source / "file", "target": "/etc/deep/er", "create": "file", "options": ["ro"]}
        assert mount(guest, arguments=arguments)["mount"]["via"] == name
        assert guest.attach("cat", "/etc/deep/er").stdout == "from the host\n"
        assert not mount(guest, arguments=arguments)["changed"]
        assert mount(guest, target="/etc/deep/er", state="absent")["changed"]
        assert guest.attach("wc", "-c", "/etc/deep/er").stdout.split()[0] == "0"


def test_flags(way: tuple[str, Way], source: Path) -> None:
    name, open_ = way
    with open_() as guest:
        options = ["ro", "nosuid", "nodev", "noexec", "noatime"]
        arguments = {"source": source, "target": "/mnt/data", "create": "dir", "options": options, "state": "ephemeral"}
        assert mount(guest, arguments=arguments)["mount"]["via"] == name
        (line,) = lines_at(guest, "/mnt/data")
        assert set(options) <= line.options
        failed = guest.attach("touch", "/mnt/data/new", check=False)
        assert "Read-only file system" in failed.stderr
        assert not mount(guest, arguments=arguments)["changed"]
        assert mount(guest, arguments={**arguments, "options": ["nosuid"]})["changed"]
        (line,) = lines_at(guest, "/mnt/data")
        assert {"nosuid"} == line.options & set(options)


def test_ro_is_read_only_from_the_first_moment_on(way: tuple[str, Way], source: Path) -> None:
    """A writer in the container tries all the time, before the mount, while it is made and after it."""
    _name, open_ = way
    with open_() as guest:
        source.chmod(0o777)
        guest.attach("mkdir", "-m", "0777", "/mnt/data")
        write = "n=0; while :; do n=$(((n+1)%50)); echo > /mnt/data/w$n; done 2>/dev/null"
        command = ["lxc-attach", "-P", guest.lxc_path, "-n", guest.name, "--clear-env", "--", "/bin/sh", "-c", write]
        with subprocess.Popen(command) as writer:
            try:
                until((guest.rootfs / "mnt/data/w1").exists)
                for _round in range(5):
                    mount(guest, source=source, target="/mnt/data", options=["ro"], state="ephemeral")
                    mount(guest, target="/mnt/data", state="unmounted", force=True)
                assert writer.poll() is None
            finally:
                guest.stop()
                writer.kill()
        assert [path.name for path in source.iterdir()] == ["file"]


SAME = (
    {"options": ["ro", "nosuid", "nodev", "noexec"]},
    {"options": ["rbind", "ro"]},
    {"options": ["shared"]},
    {"source": None, "fstype": "tmpfs", "options": ["size=1m", "mode=0750", "ro"]},
    {"source": None, "fstype": "tmpfs", "options": ["size=1%", "nosuid", "noatime"]},
)
# liblxc 5.0.2 sets no flag of a bind mount at start unless ro is among them, and makes all mounts shared at the end.
NOT_SET = (["nosuid", "noexec"], ["noatime"], ["rprivate"], ["unbindable"])
OWN_IDS = [
    (own_ids, options) for own_ids in (False, True) for options in NOT_SET if not own_ids or "noatime" not in options
]


@pytest.mark.parametrize("wish", SAME)
@pytest.mark.parametrize("own_ids", [False, True])
def test_liblxc_mounts_the_same_at_the_next_start(bed: Bed, source: Path, own_ids: bool, wish: dict[str, Any]) -> None:
    guest = unprivileged(bed) if own_ids else bed.guest(start=True)
    (source / "sub").mkdir()
    with ExitStack() as stack:
        if "rbind" in wish["options"]:
            stack.enter_context(tmpfs(source / "sub", propagation="shared", options="mode=0777"))
        arguments = {"source": source, "target": "/mnt/data", "create": "dir", **wish}
        assert mount(guest, arguments=arguments)["changed"]
        guest.stop()
        guest.start()
        assert not mount(guest, arguments=arguments)["changed"]
        guest.stop()


@pytest.mark.parametrize(("own_ids", "options"), OWN_IDS)
def test_what_liblxc_does_not_set_at_start_is_set_where_the_mount_is(
    bed: Bed, source: Path, own_ids: bool, options: list[str]
) -> None:
    guest = unprivileged(bed) if own_ids else bed.guest(start=True)
    arguments = {"source": source, "target": "/mnt/data", "create": "dir", "options": options}
    mount(guest, arguments=arguments)
    guest.stop()
    guest.start()
    (before,) = lines_at(guest, "/mnt/data")
    with busy(guest, "/mnt/data"):
        result = mount(guest, arguments=arguments)
    assert result["changed"]
    assert result["mount"]["via"] == "kernel"
    assert result["actions"][0].startswith("set the options")
    (after,) = lines_at(guest, "/mnt/data")
    assert after.id == before.id
    assert set(options) - {"rprivate"} <= after.options | after.tags
    assert not mount(guest, arguments=arguments)["changed"]


@pytest.mark.parametrize("own_ids", [False, True])
def test_options_are_changed_where_the_mount_is_and_what_is_on_top_goes(bed: Bed, source: Path, own_ids: bool) -> None:
    guest = unprivileged(bed) if own_ids else bed.guest(start=True)
    arguments = {"source": source, "target": "/mnt/data", "create": "dir"}
    mount(guest, arguments=arguments)
    (before,) = lines_at(guest, "/mnt/data")
    guest.attach("mount", "-t", "tmpfs", "none", "/mnt/data")
    foretold = mount(guest, arguments={**arguments, "options": ["ro", "nodev"]}, check_mode=True)
    result = mount(guest, arguments={**arguments, "options": ["ro", "nodev"]})
    assert result["actions"] == foretold["actions"]
    (after,) = lines_at(guest, "/mnt/data")
    assert after.id == before.id
    assert {"ro", "nodev"} <= after.options
    mount(guest, arguments=arguments)
    (again,) = lines_at(guest, "/mnt/data")
    assert again.id == before.id
    assert not {"ro", "nodev"} & again.options


def test_a_file_that_is_being_written_to_keeps_its_mount_from_becoming_read_only(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    arguments = {"source": source, "target": "/mnt/data", "create": "dir"}
    mount(guest, arguments=arguments)
    text = guest.config.read_text()
    command = ["lxc-attach", "-P", guest.lxc_path, "-n", guest.name, "--clear-env", "--", "/bin/sh", "-c"]
    with subprocess.Popen([*command, "exec 3>/mnt/data/open; exec sleep 300"]) as writer:
        try:
            until((source / "open").exists)
            failed = mount(guest, fails=True, arguments={**arguments, "options": ["ro"]})
            assert "the options cannot be set" in failed["msg"]
            assert guest.config.read_text() == text
            assert "rw" in lines_at(guest, "/mnt/data")[0].options
        finally:
            guest.stop()
            writer.kill()


def test_what_the_containers_own_user_namespace_cannot_mount_at_its_start_is_refused(bed: Bed, source: Path) -> None:
    guest = unprivileged(bed)
    with tmpfs(source / "sub"):
        arguments = {"source": source, "target": "/mnt/data", "create": "dir"}
        for state in ("mounted", "present"):
            failed = mount(guest, fails=True, arguments=arguments, state=state)
            assert "has mounts below it (sub)" in failed["msg"]
        assert entries(guest) == []
        noatime = {**arguments, "options": ["rbind", "noatime"]}
        assert "cannot change that" in mount(guest, fails=True, arguments=noatime)["msg"]
        assert mount(guest, arguments=noatime, state="ephemeral")["changed"]
        assert mount(guest, arguments=arguments, state="ephemeral")["changed"]
        assert mount(guest, arguments={**arguments, "options": ["rbind"], "state": "mounted"})["changed"]
        guest.stop()
        guest.start()
        assert len(lines_at(guest, "/mnt/data")) == 1
        guest.stop()


def test_a_tmpfs_with_its_own_options(way: tuple[str, Way]) -> None:
    name, open_ = way
    with open_() as guest:
        arguments = {
            "target": "/mnt/t",
            "fstype": "tmpfs",
            "create": "dir",
            "options": ["size=1m", "mode=0700", "nodev"],
        }
        assert mount(guest, arguments=arguments)["mount"]["via"] == name
        (line,) = lines_at(guest, "/mnt/t")
        assert line.fstype == "tmpfs"
        assert {"size=1024k", "mode=700"} <= line.super_options
        assert {"nodev"} <= line.options
        assert guest.attach("stat", "-c", "%u:%g %a", "/mnt/t").stdout == "0:0 700\n"
        assert guest.attach("touch", "/mnt/t/mine").returncode == 0
        assert not mount(guest, arguments=arguments)["changed"]
        assert mount(guest, arguments={**arguments, "options": ["size=2m", "mode=0700"]})["changed"]
        assert {"size=2048k"} <= lines_at(guest, "/mnt/t")[0].super_options


def test_rbind_takes_the_mounts_below_along_and_ro_holds_for_them(way: tuple[str, Way], source: Path) -> None:
    _name, open_ = way
    with tmpfs(source / "sub", options="mode=0777"), open_() as guest:
        (source / "sub/deep").write_text("deep\n")
        arguments = {"source": source, "target": "/mnt/data", "create": "dir", "options": ["rbind", "ro"]}
        # liblxc's way loses the mounts below when it cleans up.
        assert mount(guest, arguments=arguments)["mount"]["via"] == "kernel"
        assert guest.attach("cat", "/mnt/data/sub/deep").stdout == "deep\n"
        assert guest.attach("touch", "/mnt/data/sub/new", check=False).returncode != 0
        assert len(lines_at(guest, "/mnt/data/sub")) == 1
        assert not mount(guest, arguments=arguments)["changed"]
        assert mount(guest, target="/mnt/data", state="absent")["changed"]
        assert lines_at(guest, "/mnt/data/sub") == []
        mount(guest, source=source, target="/mnt/plain", create="dir", state="ephemeral")
        assert lines_at(guest, "/mnt/plain/sub") == []


def test_what_is_made_for_the_mount_belongs_to_the_containers_root(way: tuple[str, Way], source: Path) -> None:
    _name, open_ = way
    with open_() as guest:
        mount(guest, source=source, target="/mnt/a/b/c", create="dir", state="ephemeral")
        shown = guest.attach("stat", "-c", "%u:%g %a", "/mnt/a", "/mnt/a/b")
        assert shown.stdout == "0:0 755\n0:0 755\n"


def test_liblxc_leaves_what_is_at_the_target(bed: Bed, source: Path, room: Path) -> None:
    with injectable(bed, room / "shared") as guest:
        guest.attach("/bin/sh", "-c", "echo mine > /mnt/f; mkdir -m 0751 /mnt/empty")
        mount(guest, source=source / "file", target="/mnt/f", state="ephemeral")
        mount(guest, source=source, target="/mnt/empty", state="ephemeral")
        assert guest.attach("cat", "/mnt/f").stdout == "from the host\n"
        mount(guest, target="/mnt/f", state="unmounted")
        mount(guest, target="/mnt/empty", state="unmounted")
        assert guest.attach("cat", "/mnt/f").stdout == "mine\n"
        assert guest.attach("stat", "-c", "%a", "/mnt/empty").stdout == "751\n"


def test_the_configuration_says_shmounts_and_the_container_was_started_without(bed: Bed, source: Path) -> None:
    guest = bed.guest(start=True)
    with guest.config.open("a") as config:
        config.write("lxc.mount.auto = shmounts:/var/tmp\n")
    assert mount(guest, source=source, target="/mnt/data", create="dir")["mount"]["via"] == "kernel"


# ---- where the kernel is too old

_MOUNT_SETATTR = "442"
_ALL_NEW = "428,429,430,431,432,437,442"


def on_old_kernel(guest: Guest, missing: str, **arguments: object) -> dict[str, object]:
    prefix = ["/usr/bin/python3", "-c", ERRNO_FILTER, missing]
    where = {"container": guest.name, "lxc_path": guest.lxc_path}
    return run_module("lxc_mount", {**where, **arguments}, prefix=prefix)


@pytest.mark.parametrize("missing", [_MOUNT_SETATTR, _ALL_NEW])
def test_without_either_way_the_mount_waits_for_a_restart(bed: Bed, source: Path, missing: str) -> None:
    guest = bed.guest(start=True)
    arguments = {"source": str(source), "target": "/mnt/data", "create": "dir"}
    for changed in (True, False):
        result = on_old_kernel(guest, missing, **arguments)
        assert result["changed"] is changed
        assert result["restart_required"]
        (reason,) = [action for action in result["actions"] if "next" in action]  # type: ignore[attr-defined]
        assert "(2); 5.12 or later is needed" in reason
        assert "shmounts" in reason
    assert len(entries(guest)) == 1
    assert lines_at(guest, "/mnt/data") == []
    failed = on_old_kernel(guest, missing, **arguments, state="ephemeral")
    assert "5.12 or later is needed" in str(failed["msg"])
    # Where it is live already, nothing waits.
    mount(guest, arguments=arguments)
    assert not on_old_kernel(guest, missing, **arguments)["restart_required"]


def test_liblxcs_way_needs_no_new_kernel(bed: Bed, source: Path, room: Path) -> None:
    with injectable(bed, room / "shared") as guest:
        arguments = {"source": str(source), "target": "/mnt/data", "create": "dir", "options": ["ro", "rslave"]}
        result = on_old_kernel(guest, _MOUNT_SETATTR, **arguments)
        assert result["changed"]
        assert not result["restart_required"]
        (line,) = lines_at(guest, "/mnt/data")
        assert "ro" in line.options
        assert "shared" not in line.tags


@pytest.mark.parametrize("fstype", ["proc", "sysfs", "mqueue"])
def test_what_would_show_the_hosts_namespaces_waits_for_a_restart(bed: Bed, fstype: str) -> None:
    guest = bed.guest(start=True)
    arguments = {"target": "/mnt/ns", "fstype": fstype, "create": "dir"}
    result = mount(guest, arguments=arguments)
    assert result["restart_required"]
    assert "would show the host's namespaces" in result["actions"][-1]
    assert lines_at(guest, "/mnt/ns") == []
    failed = mount(guest, fails=True, arguments={**arguments, "state": "ephemeral"})
    assert "would show the host's namespaces" in failed["msg"]
    guest.stop()
    guest.start()
    (line,) = lines_at(guest, "/mnt/ns")
    assert line.fstype == fstype
    again = mount(guest, arguments=arguments)
    assert not again["changed"]
    assert not again["restart_required"]


# ---- propagation


@pytest.mark.parametrize(
    ("option", "has", "has_not"),
    [
        ("rprivate", set(), {"shared", "master"}),
        ("private", set(), {"shared", "master"}),
        ("rslave", {"master"}, {"shared"}),
        ("shared", {"shared"}, set()),
        ("unbindable", {"unbindable"}, {"shared"}),
    ],
)
def test_propagation(bed: Bed, room: Path, option: str, has: set[str], has_not: set[str]) -> None:
    guest = bed.guest(start=True)
    with tmpfs(room / "shared", propagation="shared") as source:
        arguments = {"source": source, "target": "/mnt/data", "create": "dir", "options": [option]}
        mount(guest, arguments=arguments)
        (line,) = lines_at(guest, "/mnt/data")
        assert has <= line.tags
        assert not has_not & line.tags
        assert not mount(guest, arguments=arguments)["changed"]
        assert f",{option}," in entries(guest)[0].split(" ")[3] + ","


def test_the_container_receives_later_mounts_and_gives_nothing_back(bed: Bed, room: Path) -> None:
    guest = bed.guest(start=True)
    with tmpfs(room / "shared", propagation="shared", options="mode=0755") as source:
        (source / "late").mkdir()
        (source / "inside").mkdir()
        mount(guest, source=source, target="/mnt/data", create="dir")
        tool("mount", "-t", "tmpfs", "none", str(source / "late"))
        assert len(lines_at(guest, "/mnt/data/late")) == 1
        guest.attach("mount", "-t", "tmpfs", "none", "/mnt/data/inside")
        assert [line for line in table("self") if line.target == str(source / "inside")] == []


# ---- ids and devices


def test_idmap_keeps_the_owners(bed: Bed, source: Path) -> None:
    guest = unprivileged(bed)
    plain = {"source": source, "target": "/mnt/plain", "create": "dir"}
    mount(guest, arguments=plain)
    assert guest.attach("stat", "-c", "%u", "/mnt/plain/file").stdout == "65534\n"
    mapped = {"source": source, "target": "/mnt/mapped", "create": "dir", "idmap": "container"}
    result = mount(guest, arguments=mapped)
    assert result["mount"]["via"] == "kernel"
    assert "idmapped" in lines_at(guest, "/mnt/mapped")[0].options
    assert guest.attach("stat", "-c", "%u", "/mnt/mapped/file").stdout == "0\n"
    guest.attach("touch", "/mnt/mapped/new")
    assert (source / "new").stat().st_uid == 0
    assert not mount(guest, arguments=mapped)["changed"]
    # The one is not the other.
    assert mount(guest, arguments={**mapped, "target": "/mnt/plain"})["changed"]
    assert guest.attach("stat", "-c", "%u", "/mnt/plain/file").stdout == "0\n"
    guest.stop()
    guest.start()
    assert guest.attach("stat", "-c", "%u", "/mnt/mapped/file").stdout == "0\n"
    assert not mount(guest, arguments=mapped)["changed"]


def test_a_file_system_on_a_device(bed: Bed, room: Path) -> None:
    image = room / "image"
    with image.open("wb") as stream:
        stream.truncate(4 * 1024 * 1024)
    tool("mke2fs", "-q", "-t", "ext4", str(image))
    device = tool("losetup", "--show", "-f", str(image)).stdout.strip()
    guest = bed.guest()
    try:
        guest.start()
        arguments = {"source": device, "target": "/mnt/disk", "fstype": "ext4", "create": "dir", "options": ["ro"]}
        assert mount(guest, arguments=arguments)["changed"]
        (line,) = lines_at(guest, "/mnt/disk")
        assert line.fstype == "ext4"
        assert not mount(guest, arguments=arguments)["changed"]
        assert guest.attach("ls", "/mnt/disk").stdout == "lost+found\n"
        assert mount(guest, target="/mnt/disk", state="absent")["changed"]
        other = unprivileged(bed)
        failed = mount(other, fails=True, arguments=arguments)
        assert "cannot mount ext4 from a device at its start" in failed["msg"]
        assert mount(other, arguments=arguments, state="ephemeral")["changed"]
        assert len(lines_at(other, "/mnt/disk")) == 1
        other.stop()
    finally:
        guest.stop()
        tool("losetup", "-d", device)
