# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_container: where new containers come from."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.module_utils._host import _creation, _lock
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.tests.live._ansible import parse_result, run_module, spawn_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, in_child, make_rootfs
from ansible_collections.community.lxc.tests.live._host import tool, until

IDMAP = ["u 0 300000 65536", "g 0 300000 65536"]
NO_NET = {"lxc.net.0.type": "empty", "lxc.net.0.link": None, "lxc.net.0.flags": None}
SIGNALS = {"lxc.signal.halt": "SIGUSR1", "lxc.signal.reboot": "SIGTERM", "lxc.mount.auto": "proc:mixed sys:mixed"}


def create(bed: Bed, name: str, check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
    config = {**NO_NET, **arguments.pop("config", {})}
    return run_module(
        "lxc_container", {"name": name, "lxc_path": bed.lxc_path, "config": config, **arguments}, check_mode=check_mode
    )


def guest_of(bed: Bed, result: dict[str, Any]) -> Guest:
    assert not result.get("failed"), result
    return Guest(result["container"]["name"], bed.lxc_path)


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    make_rootfs(tmp_path / "rootfs")
    return tmp_path / "rootfs"


def pack(rootfs: Path, archive: Path, *options: str) -> Path:
    tool(
        "tar",
        "-c",
        "--xattrs",
        "--xattrs-include=*",
        "--numeric-owner",
        *options,
        "-f",
        str(archive),
        "-C",
        str(rootfs),
        ".",
    )
    return archive


def test_created_configured_then_started(bed: Bed, unique: str) -> None:
    """The hook sees the configuration of every start: there is one, and it is the one that was asked for."""
    seen = Path(bed.lxc_path, "seen")
    hook = Path(bed.lxc_path, "hook")
    hook.write_text(f"#!/bin/sh\ncat $LXC_CONFIG_FILE >> {seen}\necho ==== >> {seen}\n")
    hook.chmod(0o755)
    config = {"lxc.hook.pre-start": str(hook), "lxc.environment": ["ONE=1"], "lxc.tty.max": 3}
    result = create(bed, unique, template="busybox", config=config)
    guest = guest_of(bed, result)
    assert [action.split()[0] for action in result["actions"]] == ["create", "start"]
    starts = seen.read_text().split("====\n")[:-1]
    assert starts == [guest.config.read_text()]
    assert "lxc.environment = ONE=1\n" in starts[0]
    assert "lxc.tty.max = 3\n" in starts[0]
    assert guest.state() == "RUNNING"
    assert create(bed, unique, template="busybox", config=config)["changed"] is False


def test_check_mode_makes_nothing(bed: Bed, unique: str) -> None:
    before = os.listdir(bed.lxc_path)
    told = create(bed, unique, template="busybox", check_mode=True)
    assert os.listdir(bed.lxc_path) == before
    done = create(bed, unique, template="busybox")
    assert told["actions"] == done["actions"]
    assert told["container"]["state"] == done["container"]["state"] == "RUNNING"


def test_a_template_by_path_with_a_list_and_a_dict_of_arguments(bed: Bed, unique: str) -> None:
    template = Path(bed.lxc_path, "my-template")
    template.write_text(
        '#!/bin/sh\nfor a in "$@"; do case $a in --path=*) p=${a#--path=};; --rootfs=*) r=${a#--rootfs=};; esac; done\n'
        'mkdir -p "$r/etc"; printf "%s\\n" "$@" > "$r/etc/arguments"; echo "lxc.uts.name = t" >> "$p/config"\n'
    )
    template.chmod(0o755)
    wanted = ["--release", "a b", "--quick", "--add", "1", "--add", "2"]
    forms: list[Any] = [wanted, {"release": "a b", "quick": True, "slow": False, "add": [1, 2]}]
    for number, form in enumerate(forms):
        result = create(bed, f"{unique}{number}", state="present", template=str(template), template_args=form)
        lines = (guest_of(bed, result).rootfs / "etc/arguments").read_text().splitlines()
        assert [line for line in lines if not line.startswith(("--path=", "--name=", "--rootfs="))] == wanted


def test_a_template_that_fails_leaves_nothing(bed: Bed, unique: str) -> None:
    template = Path(bed.lxc_path, "bad-template")
    template.write_text("#!/bin/sh\necho 'the mirror is on fire' >&2\nexit 3\n")
    template.chmod(0o755)
    result = create(bed, unique, template=str(template))
    assert result["failed"] is True
    assert any("the mirror is on fire" in line for line in result["lxc_log"]), result["lxc_log"]
    assert not Path(bed.lxc_path, unique).exists()


def test_a_configuration_that_fails_after_creation_leaves_nothing(bed: Bed, unique: str) -> None:
    template = Path(bed.lxc_path, "odd-template")
    # What is asked for is fine by itself, and not together with what the template writes.
    template.write_text(
        '#!/bin/sh\nfor a in "$@"; do case $a in --path=*) p=${a#--path=};; esac; done\n'
        'echo "lxc.idmap = u 0 300000 65536" >> "$p/config"\n'
    )
    template.chmod(0o755)
    result = create(bed, unique, template=str(template), config={"lxc.tty.max": 2})
    assert "a map for 'u' and none for 'g'" in result["msg"]
    assert not Path(bed.lxc_path, unique).exists()


@pytest.mark.parametrize("compression", ["", "--gzip", "--xz", "--zstd"])
def test_a_tarball(bed: Bed, unique: str, rootfs: Path, compression: str) -> None:
    os.chown(rootfs / "tmp", 1234, 5678)
    os.setxattr(rootfs / "etc/passwd", "user.note", b"kept")
    os.mknod(rootfs / "dev/null", 0o20666, os.makedev(1, 3))
    tool("setcap", "cap_net_raw+ep", str(rootfs / "bin/busybox"))
    archive = pack(rootfs, Path(bed.lxc_path, "root.tar"), *([compression] if compression else []))
    guest = guest_of(bed, create(bed, unique, tarball=str(archive), config=SIGNALS))
    assert guest.state() == "RUNNING"
    found = (guest.rootfs / "tmp").stat()
    assert (found.st_uid, found.st_gid) == (1234, 5678)
    assert os.getxattr(guest.rootfs / "etc/passwd", "user.note") == b"kept"
    assert "cap_net_raw" in tool("getcap", str(guest.rootfs / "bin/busybox")).stdout
    assert guest.attach("cat", "/proc/sys/kernel/hostname").stdout.strip() == unique


@pytest.mark.parametrize("first", [0, 300000])
def test_the_owners_of_a_tarball_are_numbers(bed: Bed, unique: str, rootfs: Path, first: int) -> None:
    """They are called as in the archived system, where the names of this host mean other numbers."""
    archive = Path(bed.lxc_path, "root.tar")
    owner = ("--owner=daemon:4321", "--group=daemon:4322")
    tool("tar", "-c", *owner, "-f", str(archive), "-C", str(rootfs), ".")
    assert "daemon/daemon" in tool("tar", "-tvf", str(archive)).stdout
    config = {"lxc.idmap": IDMAP} if first else {}
    guest = guest_of(bed, create(bed, unique, tarball=str(archive), state="present", config=config))
    found = (guest.rootfs / "etc/passwd").stat()
    assert (found.st_uid, found.st_gid) == (first + 4321, first + 4322)


def test_an_unprivileged_container_from_a_tarball(bed: Bed, unique: str, rootfs: Path, tmp_path: Path) -> None:
    os.chown(rootfs / "tmp", 33, 44)
    os.mknod(rootfs / "dev/null", 0o20666, os.makedev(1, 3))
    tool("setcap", "cap_net_raw+ep", str(rootfs / "bin/busybox"))
    archive = pack(rootfs, tmp_path / "root.tar")
    tmp_path.chmod(0o700)  # out of reach for the container's root
    guest = guest_of(bed, create(bed, unique, tarball=str(archive), config={**SIGNALS, "lxc.idmap": IDMAP}))
    found = (guest.rootfs / "tmp").stat()
    assert (found.st_uid, found.st_gid) == (300033, 300044)
    assert (guest.rootfs / "bin/busybox").stat().st_uid == 300000
    assert Path(f"/proc/{guest.init_pid()}/uid_map").read_text().split() == ["0", "300000", "65536"]
    assert guest.attach("stat", "-c", "%u:%g", "/tmp").stdout == "33:44\n"


@pytest.mark.parametrize("form", ["./", "", "/"])
def test_of_a_tarball_only_the_topmost_dev_is_left_out(
    bed: Bed, unique: str, rootfs: Path, tmp_path: Path, form: str
) -> None:
    os.mknod(rootfs / "dev/null", 0o20666, os.makedev(1, 3))
    (rootfs / "usr/src/dev").mkdir(parents=True)
    (rootfs / "usr/src/dev/main.c").write_text("int main;")
    archive = tmp_path / "root.tar"
    with tarfile.open(archive, "w") as tar:
        for name in ("bin", "dev", "dev/null", "etc", "proc", "sbin", "usr"):
            member = tar.gettarinfo(rootfs / name, name)
            member.name = f"{form}{name}"
            tar.addfile(member)
        with open(rootfs / "usr/src/dev/main.c", "rb") as stream:
            member = tar.gettarinfo(fileobj=stream, arcname="main.c")
            member.name = f"{form}usr/src/dev/main.c"
            tar.addfile(member, stream)
    guest = guest_of(bed, create(bed, unique, state="present", tarball=str(archive), config={"lxc.idmap": IDMAP}))
    assert (guest.rootfs / "usr/src/dev/main.c").read_text() == "int main;"
    assert os.listdir(guest.rootfs / "dev") == []


def test_an_unprivileged_container_from_a_template(bed: Bed, unique: str) -> None:
    guest = guest_of(bed, create(bed, unique, template="busybox", config={"lxc.idmap": IDMAP}))
    assert guest.rootfs.joinpath("etc/passwd").stat().st_uid == 300000
    assert guest.attach("id", "-u").stdout == "0\n"
    assert Path(f"/proc/{guest.init_pid()}").stat().st_uid == 300000


def test_a_clone_and_a_snapshot_clone(bed: Bed, unique: str) -> None:
    origin = bed.guest()
    (origin.rootfs / "etc/mark").write_text("origin")
    full = guest_of(bed, create(bed, f"{unique}f", clone_from=origin.name))
    thin = guest_of(
        bed, create(bed, f"{unique}t", clone_from=origin.name, clone_snapshot=True, storage={"type": "overlay"})
    )
    (origin.rootfs / "etc/mark").write_text("changed")
    assert full.attach("cat", "/etc/mark").stdout == "origin"
    assert thin.attach("cat", "/etc/mark").stdout == "changed"
    assert "lxc.rootfs.path = overlay:" in thin.config.read_text()
    for guest in (thin, full):
        assert guest.attach("cat", "/proc/sys/kernel/hostname").stdout.strip() == guest.name
        assert create(bed, guest.name, clone_from=origin.name)["changed"] is False


def test_a_clone_that_fails_leaves_nothing(bed: Bed, unique: str) -> None:
    running = bed.guest(start=True)
    result = create(bed, unique, clone_from=running.name)
    assert result["failed"] is True
    assert "clone_from" in result["msg"]
    assert "running" in result["msg"]
    assert not Path(bed.lxc_path, unique).exists()


def test_an_existing_root_file_system_is_used_and_never_removed(bed: Bed, unique: str, rootfs: Path) -> None:
    guest = guest_of(bed, create(bed, unique, rootfs=str(rootfs), config=SIGNALS))
    guest.attach("touch", "/tmp/from-inside")
    assert (rootfs / "tmp/from-inside").exists()
    assert run_module("lxc_container", {"name": unique, "lxc_path": bed.lxc_path, "state": "absent"})["changed"] is True
    assert (rootfs / "bin/busybox").exists()
    assert not Path(bed.lxc_path, unique).exists()


def test_a_block_device_as_root_file_system(bed: Bed, unique: str, rootfs: Path, tmp_path: Path) -> None:
    image = tmp_path / "image"
    tool("mke2fs", "-q", "-t", "ext4", "-d", str(rootfs), str(image), "32M")
    device = tool("losetup", "--find", "--show", str(image)).stdout.strip()
    try:
        guest = guest_of(bed, create(bed, unique, rootfs=device, config=SIGNALS))
        assert device in Path(f"/proc/{guest.init_pid()}/mountinfo").read_text()
        run_module("lxc_container", {"name": unique, "lxc_path": bed.lxc_path, "state": "absent"})
        assert os.path.exists(device)
    finally:
        tool("losetup", "--detach", device)


def test_storage_loop(bed: Bed, unique: str, rootfs: Path) -> None:
    archive = pack(rootfs, Path(bed.lxc_path, "root.tar"))
    storage = {"type": "loop", "fssize": "64M", "fstype": "ext4"}
    guest = guest_of(bed, create(bed, unique, tarball=str(archive), storage=storage, config=SIGNALS))
    mounts = Path(f"/proc/{guest.init_pid()}/mountinfo").read_text()
    assert "/dev/loop" in mounts
    # liblxc writes one byte behind the size.
    assert Path(bed.lxc_path, unique, "rootdev").stat().st_size in (64 * 2**20, 64 * 2**20 + 1)
    assert "lxc.rootfs.path = loop:" in guest.config.read_text()


def test_storage_overlay(bed: Bed, unique: str, rootfs: Path) -> None:
    archive = pack(rootfs, Path(bed.lxc_path, "root.tar"))
    guest = guest_of(bed, create(bed, unique, tarball=str(archive), storage={"type": "overlay"}, config=SIGNALS))
    assert " overlay " in Path(f"/proc/{guest.init_pid()}/mountinfo").read_text().splitlines()[0]


def test_storage_btrfs(new_lxc_path: Any, unique: str, rootfs: Path, tmp_path: Path) -> None:
    path = new_lxc_path()
    image = tmp_path / "btrfs"
    with image.open("wb") as stream:
        stream.truncate(256 * 2**20)
    tool("mkfs.btrfs", "-q", str(image))
    tool("mount", "-o", "loop", str(image), str(path))
    bed = Bed(str(path))
    archive = pack(rootfs, tmp_path / "root.tar")
    guest = guest_of(bed, create(bed, unique, tarball=str(archive), storage={"type": "btrfs"}, config=SIGNALS))
    assert "path rootfs" in tool("btrfs", "subvolume", "list", str(path)).stdout.replace(f"{unique}/", "")
    run_module("lxc_container", {"name": unique, "lxc_path": bed.lxc_path, "state": "stopped", "timeout": 3})
    thin = guest_of(bed, create(bed, f"{unique}s", clone_from=unique, clone_snapshot=True))
    assert "lxc.rootfs.path = btrfs:" in thin.config.read_text()
    assert guest.rootfs.stat().st_dev != thin.rootfs.stat().st_dev
    for name in (f"{unique}s", unique):
        run_module("lxc_container", {"name": name, "lxc_path": bed.lxc_path, "state": "absent", "timeout": 3})
    assert tool("btrfs", "subvolume", "list", str(path)).stdout == ""


@pytest.mark.parametrize(
    ("storage", "needs"),
    [
        ({"type": "zfs", "zfsroot": "tank/lxc"}, "zfs"),
        ({"type": "lvm", "vg": "vg0", "lv": "web", "thinpool": "tp", "fssize": "1G"}, "lvcreate"),
        ({"type": "rbd", "rbdname": "web", "rbdpool": "lxc", "fssize": "1G"}, "rbd"),
    ],
)
def test_storage_that_the_host_lacks_is_refused(bed: Bed, unique: str, storage: dict[str, Any], needs: str) -> None:
    result = create(bed, unique, template="busybox", storage=storage)
    assert f"this host has no {needs!r}, which storage of type {storage['type']!r} needs" in result["msg"]
    assert not Path(bed.lxc_path, unique).exists()


@pytest.mark.parametrize(
    ("storage", "calls"),
    [
        ({"type": "zfs", "zfsroot": "tank/lxc"}, [{"zfs", "create", "tank/lxc/NAME"}]),
        (
            {"type": "lvm", "vg": "vg0", "lv": "web", "thinpool": "tp", "fssize": "1G"},
            [{"lvcreate", "vg0", "web", "--thinpool", "/dev/vg0/tp", "1073741824b"}],
        ),
        ({"type": "lvm", "vg": "vg0", "fssize": "64M"}, [{"lvcreate", "vg0", "NAME", "67108864b"}]),
        ({"type": "rbd", "rbdname": "web", "rbdpool": "pool", "fssize": "1G"}, [{"rbd", "create", "pool", "web"}]),
    ],
)
def test_the_parameters_of_a_storage_reach_its_tool(
    bed: Bed, unique: str, tmp_path: Path, storage: dict[str, Any], calls: list[set[str]]
) -> None:
    # Without the storage itself, what liblxc would have its tools do is all that can be seen.
    tools, log = tmp_path / "tools", tmp_path / "log"
    tools.mkdir()
    # lvs is asked whether the pool is a thin one.
    for name, says in (("zfs", "exit 1"), ("lvcreate", "exit 1"), ("rbd", "exit 1"), ("lvs", "echo '  twi-a-tz--'")):
        (tools / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {log}\n{says}\n')
        (tools / name).chmod(0o755)
    prefix = ["unshare", "-m", "sh", "-c", f'mount --bind {tools} /usr/local/sbin && exec "$@"', "sh"]
    arguments = {"name": unique, "lxc_path": bed.lxc_path, "template": "busybox", "storage": storage}
    result = run_module("lxc_container", arguments, prefix=prefix)
    assert f"Failed to create container '{unique}'" in result["msg"]
    called = [set(line.split()) for line in log.read_text().replace(unique, "NAME").splitlines()]
    assert [call for call in calls if not any(call <= words for words in called)] == [], log.read_text()
    assert not Path(bed.lxc_path, unique).exists()


@pytest.mark.parametrize("missing", ["mkfs.xfs", "mkfs.nonsense"])
def test_a_file_system_that_the_host_cannot_make_is_refused(bed: Bed, unique: str, missing: str) -> None:
    if shutil.which(missing):
        missing = "mkfs.none-such"
    storage = {"type": "loop", "fstype": missing.partition(".")[2]}
    result = create(bed, unique, template="busybox", storage=storage)
    assert f"this host has no {missing!r}, which storage of type 'loop' needs" in result["msg"]
    assert not Path(bed.lxc_path, unique).exists()


def test_a_new_lxc_path_goes_again_when_the_creation_fails(bed: Bed, unique: str) -> None:
    template = Path(bed.lxc_path, "bad-template")
    template.write_text("#!/bin/sh\nexit 3\n")
    template.chmod(0o755)
    arguments = {"name": unique, "lxc_path": f"{bed.lxc_path}/new/path", "template": str(template), "config": NO_NET}
    assert run_module("lxc_container", arguments)["failed"] is True
    assert os.listdir(bed.lxc_path) == ["bad-template"]
    template.write_text("#!/bin/sh\nexit 0\n")
    assert run_module("lxc_container", {**arguments, "state": "present"})["changed"] is True
    assert Path(bed.lxc_path, "new/path").stat().st_mode & 0o777 == 0o711


def test_several_begin_and_fail_in_a_new_lxc_path_at_once(bed: Bed) -> None:
    rounds, many = 300, 4
    begin = time.monotonic() + 1

    def work(number: int) -> None:
        for turn in range(rounds):
            ref = ContainerRef(f"c{number}", f"{bed.lxc_path}/{turn}/a/b")
            while time.monotonic() < begin + turn / 100:
                pass
            with contextlib.suppress(ZeroDivisionError), _creation.making(ref):
                if number != turn % many:
                    raise ZeroDivisionError

    with ThreadPoolExecutor(many) as pool:
        list(pool.map(lambda number: in_child(lambda: work(number)), range(many)))
    made = [os.listdir(f"{bed.lxc_path}/{turn}/a/b") for turn in range(rounds)]
    assert made == [[f"c{turn % many}"] for turn in range(rounds)]


def _slow_rsync(tmp_path: Path) -> tuple[list[str], Path, Path]:
    """A command's prefix under which rsync waits for a file; where each of them tells that it does, and that file."""
    tools, waiting, gate = tmp_path / "tools", tmp_path / "waiting", tmp_path / "gate"
    tools.mkdir()
    waiting.mkdir()
    script = f'touch {waiting}/$$\nuntil [ -e {gate} ]; do sleep 0.05; done\nexec /usr/bin/rsync "$@"\n'
    (tools / "rsync").write_text(f"#!/bin/sh\n{script}")
    (tools / "rsync").chmod(0o755)
    return ["unshare", "-m", "sh", "-c", f'mount --bind {tools} /usr/local/sbin && exec "$@"', "sh"], waiting, gate


def test_what_is_being_cloned_is_not_started(bed: Bed, unique: str, tmp_path: Path) -> None:
    origin = bed.guest()
    prefix, waiting, gate = _slow_rsync(tmp_path)
    common = {"lxc_path": bed.lxc_path}
    names = [f"{unique}a", f"{unique}b"]
    clones = [
        spawn_module(
            "lxc_container", {**common, "name": name, "state": "present", "clone_from": origin.name}, prefix=prefix
        )
        for name in names
    ]
    try:
        # Several may copy it at once.
        until(lambda: len(list(waiting.iterdir())) == 2, seconds=60, what="the second copy")
        starting = spawn_module("lxc_container", {**common, "name": origin.name})
        time.sleep(5)
        assert origin.state() == "STOPPED"
    finally:
        gate.touch()
    for process in (*clones, starting):
        result = parse_result(*process.communicate(timeout=120), process.returncode)
        assert result.get("changed") is True, result
    assert origin.state() == "RUNNING"
    assert all((Path(bed.lxc_path, name) / "rootfs/bin/busybox").exists() for name in names)


def test_what_was_started_meanwhile_is_not_cloned(bed: Bed, unique: str) -> None:
    origin = bed.guest()
    arguments = {"name": unique, "lxc_path": bed.lxc_path, "state": "present", "clone_from": origin.name}
    with _lock.exclusive(ContainerRef(origin.name, origin.lxc_path)):
        cloning = spawn_module("lxc_container", arguments)
        until(lambda: Path(bed.lxc_path, unique).exists(), seconds=60, what="the beginning of the clone")
        origin.start()
    result = parse_result(*cloning.communicate(timeout=120), cloning.returncode)
    assert result["msg"].startswith(f"clone_from: container '{origin.name}' in {bed.lxc_path} is running")
    assert not Path(bed.lxc_path, unique).exists()


def test_what_lxc_create_has_begun_is_left_alone(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    # LXC destroys what is left with this file as soon as anything opens the container.
    (guest.config.parent / "partial").touch()
    for state in ("present", "started", "stopped"):
        result = run_module("lxc_container", {"name": guest.name, "lxc_path": bed.lxc_path, "state": state})
        assert "another program is creating it, or was killed while it did" in result["msg"]
    assert (guest.rootfs / "bin/busybox").exists()
    assert run_module("lxc_container", {"name": guest.name, "lxc_path": bed.lxc_path, "state": "absent"})["changed"]
    assert not guest.config.parent.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "name one of template, tarball, clone_from and rootfs"),
        ({"template": "nope"}, "template: there is no executable"),
        ({"template": "/usr"}, "template: there is no executable /usr"),
        ({"template": "busybox", "template_args": "--quick"}, "template_args: '--quick' is neither a list"),
        ({"tarball": "/nonexistent.tar"}, "tarball: /nonexistent.tar is not a file"),
        ({"clone_from": "nobody"}, "clone_from: there is no container 'nobody'"),
        ({"clone_from": "../x"}, "is not a container name"),
        ({"rootfs": "/nonexistent"}, "rootfs: /nonexistent is no existing directory"),
        ({"template": "busybox", "tarball": "/x"}, "mutually exclusive"),
        ({"template": "busybox", "storage": {"type": "loop", "fssize": "big"}}, "'big' is not a size"),
        ({"template": "busybox", "config": {"lxc.nonsense": 1}}, "does not know the key lxc.nonsense"),
        ({"template": "busybox", "name": "a/b"}, "is not a container name"),
        ({"template": "busybox", "name": ".."}, "is not a container name"),
        ({"template": "busybox", "lxc_path": "relative\nx"}, "lxc_path"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_bad_sources_are_refused(bed: Bed, arguments: dict[str, Any], sentence: str, check_mode: bool) -> None:
    before = os.listdir(bed.lxc_path)
    result = run_module(
        "lxc_container", {"name": "refused", "lxc_path": bed.lxc_path, **arguments}, check_mode=check_mode
    )
    assert result["failed"] is True
    assert sentence in result["msg"]
    assert os.listdir(bed.lxc_path) == before


def test_a_creation_killed_half_way_is_made_anew(bed: Bed, unique: str) -> None:
    template = Path(bed.lxc_path, "slow-template")
    template.write_text(
        '#!/bin/sh\nfor a in "$@"; do case $a in --rootfs=*) r=${a#--rootfs=};; esac; done\n'
        f'mkdir -p "$r/half"; touch {bed.lxc_path}/reached; sleep ${{SLOW:-0}}\n'
    )
    template.chmod(0o755)
    arguments = {
        "name": unique,
        "lxc_path": bed.lxc_path,
        "template": str(template),
        "state": "present",
        "config": NO_NET,
    }
    with spawn_module("lxc_container", arguments, environment=[("SLOW", "3")]) as process:
        until(lambda: Path(bed.lxc_path, "reached").exists())
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert Path(bed.lxc_path, unique, "config").exists()
    # What the killed run has left running holds the lock until it ends.
    started = time.monotonic()
    result = run_module("lxc_container", arguments)
    assert result["changed"] is True
    assert "killed half-way" in result["actions"][0]
    assert time.monotonic() - started < 60
    assert sorted(os.listdir(Path(bed.lxc_path, unique))) == ["config", "rootfs"]
    assert run_module("lxc_container", arguments)["changed"] is False


def test_a_foreign_directory_is_not_taken_over(bed: Bed, unique: str) -> None:
    Path(bed.lxc_path, unique).mkdir()
    Path(bed.lxc_path, unique, "precious").write_text("data")
    result = create(bed, unique, template="busybox")
    assert "is not empty; community.lxc does not touch it" in result["msg"]
    assert Path(bed.lxc_path, unique, "precious").read_text() == "data"


def test_an_archive_that_is_none_leaves_nothing(bed: Bed, unique: str, tmp_path: Path) -> None:
    junk = tmp_path / "junk.tar"
    junk.write_bytes(os.urandom(4096))
    result = create(bed, unique, tarball=str(junk))
    assert result["failed"] is True
    assert any("tar" in line for line in result["lxc_log"]), result["lxc_log"]
    assert not Path(bed.lxc_path, unique).exists()


def test_a_hostile_archive_stays_inside(bed: Bed, unique: str, tmp_path: Path) -> None:
    target = tmp_path / "outside"
    target.mkdir()
    archive = tmp_path / "hostile.tar"
    with tarfile.open(archive, "w") as tar:
        link = tarfile.TarInfo("escape")
        link.type, link.linkname = tarfile.SYMTYPE, str(target)
        tar.addfile(link)
        tar.addfile(tarfile.TarInfo("escape/evil"))
        tar.addfile(tarfile.TarInfo("../../evil"))
    create(bed, unique, state="present", tarball=str(archive))
    assert os.listdir(target) == []
    assert not Path(bed.lxc_path, "evil").exists()
    assert not Path("/evil").exists()
