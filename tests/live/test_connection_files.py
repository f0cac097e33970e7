# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files into containers and out of them, over both connections."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, new_bed, until
from ansible_collections.community.lxc.tests.live._connections import Failed, Way, full_busybox
from ansible_collections.community.lxc.tests.live._idmap import give, idmap_lines, subordinate

GIGABYTE = 1_000_000_000
NAMES = [
    "plain",
    "with blanks  and\ttab",
    "quote'double\"back\\slash`tick$HOME;&|<>*?[x]{a,b}!#~",
    "new\nline",
    "-rf",
    "--",
    "äöü €",
    "x" * 255,
]


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    bed = new_bed()
    try:
        yield full_busybox(bed.guest()).start()
    finally:
        bed.clean()


@pytest.fixture(params=NAMES, ids=range(len(NAMES)))
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def leftovers(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir() if path.name.startswith(".lxc-")]


def test_any_name_there_and_back(guest: Guest, way: Way, name: str, tmp_path: Path) -> None:
    enter = way(guest)
    data = os.urandom(100_000)
    (tmp_path / name).write_bytes(data)
    enter.put_file(tmp_path / name, f"/tmp/{name}")
    assert (guest.rootfs / "tmp" / name).read_bytes() == data
    (tmp_path / name).unlink()
    enter.fetch_file(f"/tmp/{name}", tmp_path / name)
    assert (tmp_path / name).read_bytes() == data
    assert leftovers(guest.rootfs / "tmp") == leftovers(tmp_path) == []


def test_a_relative_name_is_one_in_the_home_directory(guest: Guest, way: Way, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    way(guest).put_file(tmp_path / "file", "-relative")
    assert (guest.rootfs / "root/-relative").read_text() == "here"


def test_an_empty_file(guest: Guest, way: Way, tmp_path: Path) -> None:
    enter = way(guest)
    (tmp_path / "empty").touch()
    enter.put_file(tmp_path / "empty", "/tmp/empty")
    assert (guest.rootfs / "tmp/empty").read_bytes() == b""
    (tmp_path / "empty").unlink()
    enter.fetch_file("/tmp/empty", tmp_path / "empty")
    assert (tmp_path / "empty").read_bytes() == b""


def test_a_sparse_file(guest: Guest, way: Way, tmp_path: Path) -> None:
    enter = way(guest)
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        file.seek(50_000_000)
        file.write(b"middle")
        file.truncate(100_000_000)
    enter.put_file(sparse, "/tmp/sparse")
    assert (guest.rootfs / "tmp/sparse").read_bytes() == sparse.read_bytes()
    enter.fetch_file("/tmp/sparse", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == sparse.read_bytes()
    # On the controller the holes are holes again.
    assert (tmp_path / "back").stat().st_blocks * 512 < 10_000_000


def test_a_replaced_file_keeps_mode_and_owner(guest: Guest, way: Way, tmp_path: Path) -> None:
    enter = way(guest)
    there = guest.rootfs / "tmp/kept"
    there.write_text("old")
    os.chown(there, 1000, 1000)
    there.chmod(0o640)
    (tmp_path / "new").write_text("new")
    enter.put_file(tmp_path / "new", "/tmp/kept")
    found = there.stat()
    assert (there.read_text(), stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == ("new", 0o640, 1000, 1000)
    enter.put_file(tmp_path / "new", "/tmp/fresh")
    assert stat.S_IMODE((guest.rootfs / "tmp/fresh").stat().st_mode) == 0o644


def test_another_user_inside_owns_what_it_puts(guest: Guest, way: Way, tmp_path: Path) -> None:
    enter = way(guest, ansible_lxc_user="worker")
    (tmp_path / "file").write_text("worker's")
    enter.put_file(tmp_path / "file", "mine")
    found = (guest.rootfs / "home/worker/mine").stat()
    assert (found.st_uid, found.st_gid) == (1000, 1000)
    with pytest.raises(Failed, match="Permission denied"):
        enter.put_file(tmp_path / "file", "/root/mine")


def test_an_unprivileged_container_owns_what_is_put(bed: Bed, way: Way, tmp_path: Path) -> None:
    guest = full_busybox(bed.guest(*idmap_lines()))
    give(guest.rootfs)
    guest.start()
    first = subordinate()
    enter = way(guest)
    (tmp_path / "file").write_text("inside")
    enter.put_file(tmp_path / "file", "/tmp/file")
    found = (guest.rootfs / "tmp/file").stat()
    assert (found.st_uid, found.st_gid) == (first, first)
    assert enter.exec_command("stat -c %u /tmp/file")[1] == b"0\n"
    enter.fetch_file("/tmp/file", tmp_path / "back")
    assert (tmp_path / "back").stat().st_uid == os.getuid()


# ---- failures


def test_put_into_what_is_not_there(guest: Guest, way: Way, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    enter = way(guest)
    for target in ("/nowhere/file", "/tmp", "/proc/sys/file"):
        with pytest.raises(Failed) as failure:
            enter.put_file(tmp_path / "file", target)
        assert failure.value.kind == "AnsibleError"
        assert target in failure.value.text
    with pytest.raises(Failed) as failure:
        enter.put_file(tmp_path / "nonesuch", "/tmp/nonesuch")
    assert failure.value.kind == "AnsibleFileNotFound"
    assert leftovers(guest.rootfs / "tmp") == []


def test_fetch_what_cannot_be_fetched(guest: Guest, way: Way, tmp_path: Path) -> None:
    enter = way(guest)
    os.mkfifo(guest.rootfs / "tmp/fifo")
    (tmp_path / "directory").mkdir()
    for source, target, kind in (
        ("/nonesuch", "a", "AnsibleFileNotFound"),
        ("/tmp", "a", "AnsibleError"),
        ("/tmp/fifo", "a", "AnsibleError"),
        ("/dev/zero", "a", "AnsibleError"),
        ("/etc/passwd", "nowhere/a", "AnsibleError"),
        ("/etc/passwd", "directory", "AnsibleError"),
    ):
        with pytest.raises(Failed) as failure:
            enter.fetch_file(source, tmp_path / target)
        assert failure.value.kind == kind, failure.value
    assert os.listdir(tmp_path) == ["directory"]
    (guest.rootfs / "tmp/fifo").unlink()


def test_a_full_file_system_leaves_the_old_file(guest: Guest, way: Way, tmp_path: Path) -> None:
    enter = way(guest)
    assert enter.exec_command("mkdir -p /mnt/small; mount -t tmpfs -o size=1m none /mnt/small")[0] == 0
    try:
        enter.exec_command("echo old > /mnt/small/file")
        (tmp_path / "big").write_bytes(bytes(5_000_000))
        with pytest.raises(Failed, match="No space left"):
            enter.put_file(tmp_path / "big", "/mnt/small/file")
        assert enter.exec_command("cat /mnt/small/file; ls -A /mnt/small") == (0, b"old\nfile\n", b"")
    finally:
        enter.exec_command("umount /mnt/small")


def test_a_container_that_dies_in_the_middle(bed: Bed, way: Way, tmp_path: Path) -> None:
    guest = full_busybox(bed.guest()).start()
    enter = way(guest)
    (tmp_path / "old").write_text("old")
    enter.put_file(tmp_path / "old", "/tmp/file")
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(20_000_000_000)

    def kill() -> None:
        until(lambda: leftovers(guest.rootfs / "tmp"), what="the transfer")
        guest.stop()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(Failed) as failure:
        enter.put_file(big, "/tmp/file")
    killer.join()
    assert failure.value.kind == "AnsibleConnectionFailure"
    assert (guest.rootfs / "tmp/file").read_text() == "old"
    guest.start()
    with (guest.rootfs / "tmp/huge").open("wb") as file:
        file.truncate(20_000_000_000)
    target = tmp_path / "fetched"
    target.write_text("old")

    def kill_again() -> None:
        until(lambda: leftovers(tmp_path), what="the transfer")
        guest.stop()

    killer = threading.Thread(target=kill_again)
    killer.start()
    with pytest.raises(Failed):
        enter.fetch_file("/tmp/huge", target)
    killer.join()
    assert target.read_text() == "old"
    assert leftovers(tmp_path) == []


# ---- links


def test_links_inside_lead_nowhere_outside(guest: Guest, way: Way, tmp_path: Path) -> None:
    enter = way(guest)
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / "file").write_text("from the controller")
    # The container says that its directory and its file are the host's.
    enter.exec_command(f"ln -sfn {tmp_path} /tmp/dirlink; ln -sfn {victim} /tmp/filelink; mkdir -p {tmp_path}")
    enter.put_file(tmp_path / "file", "/tmp/filelink")
    enter.put_file(tmp_path / "file", "/tmp/dirlink/victim")
    assert victim.read_text() == "untouched"
    assert (guest.rootfs / str(victim)[1:]).read_text() == "from the controller"
    enter.exec_command(f"echo 'of the container' > {victim}; ln -sfn {victim} /tmp/filelink")
    enter.fetch_file("/tmp/filelink", tmp_path / "fetched")
    assert (tmp_path / "fetched").read_text() == "of the container\n"


def test_a_link_on_the_controller_is_replaced_and_not_followed(guest: Guest, way: Way, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / "link").symlink_to(victim)
    way(guest).fetch_file("/etc/passwd", tmp_path / "link")
    assert victim.read_text() == "untouched"
    assert not (tmp_path / "link").is_symlink()


# ---- size, memory, time


@pytest.mark.timed
def test_a_gigabyte_in_little_time(bed: Bed, way: Way) -> None:
    _grown, best = a_gigabyte(bed, way, rounds=4)
    assert best["put"] < 1.3 * best["put by hand"]
    assert best["fetch"] < 1.3 * best["fetch by hand"]


def test_a_gigabyte_in_little_memory(bed: Bed, way: Way) -> None:
    grown, _best = a_gigabyte(bed, way, rounds=1)
    assert grown < 50_000_000


def a_gigabyte(bed: Bed, way: Way, *, rounds: int) -> tuple[int, dict[str, float]]:
    """By how many bytes the peak of memory grew, and the best seconds of each way to send a gigabyte.

    The best: what else the machine does is not measured.
    """
    # Both ends in memory, since a disk that other programs use too would be what is measured.
    guest = full_busybox(bed.guest("lxc.mount.entry = none mnt tmpfs size=2g,create=dir 0 0")).start()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as scratch:
        big, back = Path(scratch, "big"), Path(scratch, "back")
        block = os.urandom(10_000_000)
        with big.open("wb") as file:
            for _time in range(GIGABYTE // len(block)):
                file.write(block)
        # Without ssh's compression, which would be all that is measured.
        enter = way(guest, ansible_ssh_args="-o ControlMaster=auto -o ControlPersist=60s")
        enter.exec_command("true")
        before = enter.peak()
        seconds: dict[str, list[float]] = {"put": [], "fetch": [], "put by hand": [], "fetch by hand": []}

        def measure(what: str, action: Callable[[], None]) -> None:
            begin = time.perf_counter()
            action()
            seconds[what].append(time.perf_counter() - begin)

        for _time in range(rounds):
            measure("put by hand", lambda: by_hand(way, guest, f"cat {big} | ", "cat > /mnt/big", ""))
            measure("put", lambda: enter.put_file(big, "/mnt/big"))
            measure("fetch by hand", lambda: by_hand(way, guest, "", "cat /mnt/big", f" | cat > {scratch}/hand"))
            measure("fetch", lambda: enter.fetch_file("/mnt/big", back))
        grown = enter.peak() - before
        assert subprocess.run(["cmp", str(big), str(back)], check=False).returncode == 0
    print({what: [round(value, 2) for value in values] for what, values in seconds.items()}, grown)
    return grown, {what: min(values) for what, values in seconds.items()}


def by_hand(way: Way, guest: Guest, before: str, inside: str, after: str) -> None:
    """The same bytes through the same pipes, by a person at a shell."""
    attach = f"lxc-attach -P {guest.lxc_path} -n {guest.name} --clear-env -- sh -c '{inside}'"
    if way.kind == "lxc_ssh":
        host = way.host
        options = f"{host['ansible_ssh_common_args']} -i {host['ansible_ssh_private_key_file']}"
        control = f"-o ControlMaster=auto -o ControlPersist=60 -o ControlPath={host['ansible_control_path_dir']}/hand"
        attach = f'ssh {options} {control} -p {host["ansible_port"]} root@127.0.0.1 "{attach}"'
    subprocess.run(f"{before}{attach}{after}", shell=True, check=True)  # noqa: S602
