# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_container: the persisted configuration."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import run_module, spawn_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest

LIMITS = (
    *("as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss"),
    *("rtprio", "rttime", "sigpending", "stack", "a1", "a2", "a3", "a4"),
)


def configure(guest: Guest, config: dict[str, Any], **more: Any) -> dict[str, Any]:
    check = more.pop("check_mode", False)
    arguments = {"name": guest.name, "lxc_path": guest.lxc_path, "state": "present", "config": config, **more}
    return run_module("lxc_container", arguments, check_mode=check, diff=True)


def stat_of(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def test_a_key_goes_there_and_back_byte_for_byte(bed: Bed) -> None:
    guest = bed.guest(
        "# a comment", "", "lxc.start.auto = 0", "   lxc.tty.max = 2", "no equals sign", "lxc.start.order=7"
    )
    original = guest.config.read_bytes()
    assert configure(guest, {"lxc.start.auto": 1})["changed"] is True
    assert guest.config.read_bytes() == original.replace(b"lxc.start.auto = 0", b"lxc.start.auto = 1")
    assert configure(guest, {"lxc.start.auto": "0"})["changed"] is True
    assert guest.config.read_bytes() == original


def test_an_unchanged_run_touches_nothing(bed: Bed) -> None:
    guest = bed.guest("lxc.start.auto = 1")
    before = stat_of(guest.config), stat_of(guest.config.parent)
    result = configure(guest, {"lxc.start.auto": True, "lxc.hook.pre-start": []})
    assert (result["changed"], result["actions"]) == (False, [])
    assert (stat_of(guest.config), stat_of(guest.config.parent)) == before


def test_check_mode_tells_the_same_and_touches_nothing(bed: Bed) -> None:
    guest = bed.guest("lxc.start.auto = 0")
    before = stat_of(guest.config), stat_of(guest.config.parent), guest.config.read_bytes()
    # Its own, for others are made and removed by the tests beside this one.
    own = hashlib.sha256(f"{guest.lxc_path}/{guest.name}".encode()).hexdigest()[:24]
    locks = {path: path.stat().st_mtime_ns for path in Path("/run/community.lxc").glob(f"{own}.*")}
    told = configure(guest, {"lxc.start.auto": 1}, check_mode=True)
    assert (stat_of(guest.config), stat_of(guest.config.parent), guest.config.read_bytes()) == before
    assert {path: path.stat().st_mtime_ns for path in Path("/run/community.lxc").glob(f"{own}.*")} == locks
    done = configure(guest, {"lxc.start.auto": 1})
    assert [told[key] for key in ("changed", "actions", "diff")] == [
        done[key] for key in ("changed", "actions", "diff")
    ]
    assert done["diff"]["after"]["config"] == {"lxc.start.auto": ["1"]}


def test_lists_replace_and_empty_ones_remove(bed: Bed) -> None:
    guest = bed.guest(
        "lxc.mount.entry = /a a none bind 0 0", "lxc.uts.name = x", "lxc.mount.entry = /b b none bind 0 0"
    )
    configure(guest, {"lxc.mount.entry": ["/c c none bind 0 0", "/d d none bind 0 0"]})
    tail = guest.config.read_text().splitlines()[-3:]
    assert tail == ["lxc.mount.entry = /c c none bind 0 0", "lxc.mount.entry = /d d none bind 0 0", "lxc.uts.name = x"]
    configure(guest, {"lxc.mount.entry": [], "lxc.uts.name": None})
    assert "lxc.mount.entry" not in guest.config.read_text()
    assert "lxc.uts.name" not in guest.config.read_text()


def test_an_index_is_not_a_prefix(bed: Bed) -> None:
    guest = bed.guest("lxc.net.1.type = empty", "lxc.net.10.type = empty", "lxc.net.10.flags = up")
    configure(guest, {"lxc.net.1.type": None})
    assert "lxc.net.1." not in guest.config.read_text()
    assert "lxc.net.10.type = empty\nlxc.net.10.flags = up\n" in guest.config.read_text()


def test_includes_stay_and_can_be_cleared(bed: Bed) -> None:
    include = Path(bed.lxc_path, "common.conf")
    include.write_text("lxc.cap.drop = sys_time\n")
    guest = bed.guest(f"lxc.include = {include}")
    configure(guest, {"lxc.cap.drop": ["", "sys_module"]})
    text = guest.config.read_text()
    assert f"lxc.include = {include}\n" in text
    assert text.endswith("lxc.cap.drop =\nlxc.cap.drop = sys_module\n")
    assert configure(guest, {"lxc.cap.drop": ["", "sys_module"]})["changed"] is False


@pytest.mark.parametrize(
    ("key", "value", "spelling"),
    [
        # The binding's own setter reverts every one of these.
        ("lxc.time.offset.boot", "3600s", "60m"),
        ("lxc.seccomp.notify.proxy", "unix:/run/nobody", None),
        ("lxc.console.buffer.size", "64KB", 65536),
        ("lxc.mount.auto", "sys:ro proc:mixed cgroup2", "cgroup2 proc:mixed sys:ro"),
        ("lxc.cap.drop", "sys_time sys_module", ["sys_time", "sys_module"]),
        ("lxc.signal.halt", "SIGUSR1", 10),
        ("lxc.net.0.veth.vlan.tagged.id", ["100", "200"], None),
        ("lxc.net.0.veth.ipv4.route", ["10.99.0.0/24", "10.98.0.0/24"], None),
        ("lxc.idmap", ["u 0 300000 65536", "g 0 300000 65536"], None),
        ("lxc.net.0.veth.vlan.id", "none", None),
    ],
)
def test_keys_that_the_binding_reverts(bed: Bed, key: str, value: Any, spelling: Any) -> None:
    guest = bed.guest("lxc.net.0.type = veth")
    assert configure(guest, {key: None})["container"]["config"].get(key) is None
    result = configure(guest, {key: value})
    wanted = value if isinstance(value, list) else [value]
    assert (result["changed"], result["container"]["config"][key]) == (True, wanted)
    for same in [value, spelling]:
        assert same is None or configure(guest, {key: same})["changed"] is False


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"lxc.nonsense": 1}, "does not know the key lxc.nonsense"),
        ({"lxc.tty.max": "many"}, "refuses 'lxc.tty.max = many'"),
        ({"lxc.time.offset.boot": "7d"}, "refuses 'lxc.time.offset.boot = 7d'"),
        ({"lxc.uts.name": "x\nlxc.hook.pre-start = /bin/true"}, "holds a newline"),
        ({"lxc.uts.name": "x\0y"}, "holds a NUL character"),
        ({"lxc.uts.name\nlxc.hook.pre-start": "x"}, "is not an LXC configuration key"),
        ({"uts.name": "x"}, "is not an LXC configuration key"),
        ({"lxc.idmap": "u 0 300000 65536"}, "a map for 'u' and none for 'g'"),
        ({"lxc.mount.auto": "shmounts:"}, "start() would hang for ever"),
        ({"lxc.mount.auto": "proc shmounts"}, "start() would hang for ever"),
        ({"lxc.uts.name": {"a": "b"}}, "a scalar or a list of scalars is accepted"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_what_liblxc_would_choke_on_is_refused(
    bed: Bed, config: dict[str, Any], sentence: str, check_mode: bool
) -> None:
    guest = bed.guest(rootfs=False)
    before = stat_of(guest.config), os.listdir(guest.config.parent)
    result = configure(guest, {**config, "lxc.start.auto": 1}, check_mode=check_mode)
    assert result["failed"] is True
    assert sentence in result["msg"]
    assert "\n" not in result["msg"]
    assert (stat_of(guest.config), os.listdir(guest.config.parent)) == before


def test_a_broken_configuration_can_be_mended(bed: Bed) -> None:
    guest = bed.guest("lxc.nonsense = 1", rootfs=False)
    assert "does not know the key lxc.nonsense" in configure(guest, {"lxc.start.auto": 1})["msg"]
    assert configure(guest, {"lxc.nonsense": None})["changed"] is True
    assert "nonsense" not in guest.config.read_text()


def test_mode_owner_and_xattrs_are_kept(bed: Bed) -> None:
    guest = bed.guest(rootfs=False)
    os.chmod(guest.config, 0o604)
    os.chown(guest.config, 12, 34)
    os.setxattr(guest.config, "user.note", b"mine")
    configure(guest, {"lxc.start.auto": 1})
    found = guest.config.stat()
    assert (found.st_mode & 0o7777, found.st_uid, found.st_gid) == (0o604, 12, 34)
    assert os.getxattr(guest.config, "user.note") == b"mine"


def test_two_lxc_paths_never_touch_each_other(bed: Bed, new_lxc_path: Any) -> None:
    one = bed.guest("lxc.start.auto = 0")
    other = Bed(str(new_lxc_path())).guest("lxc.start.auto = 0", name=one.name)
    configure(other, {"lxc.start.auto": 1})
    assert "lxc.start.auto = 0" in one.config.read_text()
    removed = run_module("lxc_container", {"name": one.name, "lxc_path": other.lxc_path, "state": "absent"})
    assert removed["changed"] is True
    assert one.config.exists()
    assert not other.config.parent.exists()


def test_parallel_runs_lose_no_update(bed: Bed) -> None:
    guest = bed.guest(rootfs=False)

    def run(number: int) -> dict[str, Any]:
        return configure(guest, {f"lxc.prlimit.{LIMITS[number]}": 1000 + number})

    with ThreadPoolExecutor(len(LIMITS)) as pool:
        results = list(pool.map(run, range(len(LIMITS))))
    assert [result.get("msg") for result in results] == [None] * len(LIMITS)
    text = guest.config.read_text()
    assert [f"lxc.prlimit.{name} = {1000 + number}" in text for number, name in enumerate(LIMITS)] == [True] * len(
        LIMITS
    )


def test_killed_at_any_instant_the_file_is_the_old_or_the_new_one(bed: Bed) -> None:
    guest = bed.guest("lxc.start.order = 1", rootfs=False)
    old = guest.config.read_bytes()
    new = old.replace(b"lxc.start.order = 1", b"lxc.start.order = 2")
    arguments = {"name": guest.name, "lxc_path": guest.lxc_path, "state": "present", "config": {"lxc.start.order": 2}}
    started = time.monotonic()
    configure(guest, {"lxc.start.order": 2})
    whole = time.monotonic() - started
    outcomes = set()
    for _dummy in range(50):
        guest.config.write_bytes(old)
        with spawn_module("lxc_container", arguments) as process:
            time.sleep(random.uniform(0.2, 1.1) * whole)
            process.kill()
            process.communicate()
        found = guest.config.read_bytes()
        assert found in (old, new)
        outcomes.add(found == new)
    result = configure(guest, {"lxc.start.order": 2})
    assert result.get("failed") is None, json.dumps(result)
    assert guest.config.read_bytes() == new
    assert os.listdir(guest.config.parent) == ["config"]
    assert outcomes == {True, False}, "the instants were all too early or all too late"


def test_a_new_configuration_is_on_disk_before_it_takes_the_old_ones_place(bed: Bed, tmp_path: Path) -> None:
    """So that it outlives a crash of the host: the file, then its name, then the directory."""
    guest = bed.guest(rootfs=False)
    arguments = {"name": guest.name, "lxc_path": guest.lxc_path, "state": "present", "config": {"lxc.start.order": 2}}
    tracer = ("strace", "-f", "-y", "-qq", "-o", str(tmp_path / "trace"), "-e", "trace=fsync,/^rename")
    spawn_module("lxc_container", arguments, prefix=tracer).communicate(timeout=200)
    assert "lxc.start.order = 2\n" in guest.config.read_text()
    directory = re.escape(str(guest.config.parent))
    temporary = rf"{directory}/\.config\.community\.lxc\.\w+"
    lines = (tmp_path / "trace").read_text().splitlines()
    calls = "\n".join(line for line in lines if str(guest.config.parent) in line)
    ways = (rf"fsync\(\d+<{temporary}>\)", rf"rename.*{temporary}.*/config", rf"fsync\(\d+<{directory}>\)")
    assert re.search(r".*\n.*".join(ways), calls), calls
