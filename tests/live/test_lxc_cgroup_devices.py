# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_cgroup_isolation: device rules, proved by opening device nodes inside of the container."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._cgrouping import (
    HYBRID,
    ROOT,
    UNIFIED,
    cgroup,
    isolation,
    put,
    start_unified,
    value,
)
from ansible_collections.community.lxc.tests.live._host import tool

DENY_ALL = {"allow": False, "device": "a"}
ALLOW_ALL = {"allow": True, "device": "a"}
NULL, ZERO, FULL, KMSG = "c 1:3", "c 1:5", "c 1:7", "c 1:11"
# What LXC and its tools need: terminals, and /dev/null.
BASE = [
    DENY_ALL,
    {"allow": True, "device": NULL},
    {"allow": True, "device": "c 5:*"},
    {"allow": True, "device": "c 136:*"},
]


def allow(device: str, access: str = "rwm") -> dict[str, Any]:
    return {"allow": True, "device": device, "access": access}


def deny(device: str, access: str = "rwm") -> dict[str, Any]:
    return {"allow": False, "device": device, "access": access}


def opens(guest: Guest, device: str) -> str:
    """What the container's root can do to a device: some of ``r``, ``w`` and ``m``. With nodes made from outside."""
    kind, numbers = device.split()
    major, minor = numbers.split(":")
    node = guest.rootfs / "tmp" / f"{kind}{major}-{minor}"
    if not node.exists():
        tool("mknod", str(node), kind, major, minor)
    inside = f"/tmp/{node.name}"
    letters = "r" if guest.attach("sh", "-c", f": < {inside}", check=False).returncode == 0 else ""
    letters += "w" if guest.attach("sh", "-c", f": >> {inside}", check=False).returncode == 0 else ""
    made = guest.attach("sh", "-c", f"mknod {inside}-m {kind} {major} {minor} && rm {inside}-m", check=False)
    return letters + ("m" if made.returncode == 0 else "")


Start = Callable[[Guest], Guest]


@pytest.fixture(params=["host", "unified"])
def view(request: pytest.FixtureRequest) -> tuple[tuple[str, ...], Start]:
    """A prefix for commands, and how to start a container: with the host's cgroups, and with v2 alone."""
    if request.param == "unified":
        return UNIFIED, start_unified
    return (), lambda guest: guest.start()


def test_rules_take_effect_at_start_and_in_the_running_container(bed: Bed, view: tuple[tuple[str, ...], Start]) -> None:
    prefix, start = view
    guest = bed.guest()
    rules = [*BASE, allow(ZERO, "r")]
    first = cgroup(guest, prefix=prefix, devices=rules)
    assert (first["rc"], first["changed"]) == (0, True)
    start(guest)
    assert (opens(guest, NULL), opens(guest, ZERO), opens(guest, FULL)) == ("rwm", "r", "")
    again = cgroup(guest, prefix=prefix, devices=rules)
    assert (again["changed"], again["restart_required"]) == (False, False)
    assert again["cgroup"]["devices"]["live"][ZERO] == "r"

    more = cgroup(guest, prefix=prefix, devices=[allow(FULL)])
    assert (more["changed"], more["restart_required"]) == (True, False)
    assert (opens(guest, FULL), opens(guest, ZERO)) == ("rwm", "r")

    less = cgroup(guest, prefix=prefix, purge_devices=True, devices=[*BASE, allow(ZERO, "rm")])
    assert (less["changed"], less["restart_required"]) == (True, False)
    assert (opens(guest, NULL), opens(guest, ZERO), opens(guest, FULL)) == ("rwm", "rm", "")
    narrower = cgroup(guest, prefix=prefix, devices=[deny(ZERO, "m")])
    assert (narrower["changed"], opens(guest, ZERO)) == (True, "r")

    guest.stop()
    start(guest)
    assert (opens(guest, NULL), opens(guest, ZERO), opens(guest, FULL)) == ("rwm", "r", "")
    assert cgroup(guest, prefix=prefix, devices=[deny(ZERO, "m")])["changed"] is False


def test_from_all_allowed_to_all_denied_and_back_while_it_runs(bed: Bed, view: tuple[tuple[str, ...], Start]) -> None:
    prefix, start = view
    guest = start(bed.guest())
    assert opens(guest, ZERO) == "rwm"
    first = cgroup(guest, prefix=prefix, devices=BASE)
    assert (first["rc"], first["restart_required"], opens(guest, ZERO)) == (0, False, "")
    some = cgroup(guest, prefix=prefix, devices=[ALLOW_ALL, deny(FULL)])
    assert (some["changed"], some["restart_required"]) == (True, False)
    assert (opens(guest, ZERO), opens(guest, FULL)) == ("rwm", "")
    back = cgroup(guest, prefix=prefix, devices=[allow(FULL)])
    assert (back["changed"], opens(guest, FULL)) == (True, "rwm")
    gone = cgroup(guest, prefix=prefix, devices=[])
    assert (gone["changed"], "devices" in guest.config.read_text()) == (True, False)
    assert cgroup(guest, prefix=prefix, devices=[])["changed"] is False


def test_lists_that_allow_the_same_are_the_same(bed: Bed, view: tuple[tuple[str, ...], Start]) -> None:
    prefix, _start = view
    guest = bed.guest()
    cgroup(guest, prefix=prefix, devices=[DENY_ALL, allow(NULL), allow(ZERO, "rw")])
    before = guest.config.read_bytes()
    for other in (
        [DENY_ALL, allow(ZERO, "wr"), allow(NULL)],
        [allow(KMSG), DENY_ALL, allow(NULL, "r"), allow(NULL, "wm"), allow(ZERO), deny(ZERO, "m")],
    ):
        assert cgroup(guest, prefix=prefix, devices=other, purge_devices=True)["changed"] is False
        assert guest.config.read_bytes() == before
    assert cgroup(guest, prefix=prefix, devices=[DENY_ALL, allow(NULL), allow(ZERO)], purge_devices=True)["changed"]


def test_rules_that_are_not_named_stay_unless_purged(bed: Bed) -> None:
    key = "lxc.cgroup" if HYBRID else "lxc.cgroup2"
    guest = bed.guest(
        f"{key}.devices.deny = a", f"{key}.devices.allow = {NULL} rwm", f"{key}.devices.allow = {FULL} rwm"
    )
    told = cgroup(guest, devices=[allow(ZERO)])["cgroup"]["devices"]["persisted"]
    assert told == ["deny a", f"allow {NULL} rwm", f"allow {ZERO} rwm", f"allow {FULL} rwm"]
    told = cgroup(guest, devices=[DENY_ALL, allow(ZERO)], purge_devices=True)["cgroup"]["devices"]["persisted"]
    assert told == ["deny a", f"allow {ZERO} rwm"]


def test_rules_of_an_included_file_are_built_upon(bed: Bed) -> None:
    key = "lxc.cgroup" if HYBRID else "lxc.cgroup2"
    included = Path(bed.lxc_path, "common.conf")
    base = ["deny = a", "allow = c 1:3 rwm", "allow = c 5:* rwm", "allow = c 136:* rwm", "allow = c 1:7 rwm"]
    included.write_text("".join(f"{key}.devices.{line}\n" for line in base))
    guest = bed.guest(f"lxc.include = {included}", start=True)
    result = cgroup(guest, devices=[allow(ZERO), deny(FULL)], purge_devices=True)
    assert (result["changed"], result["restart_required"]) == (True, False)
    mine = [line for line in guest.config.read_text().splitlines() if ".devices." in line]
    assert mine == [f"{key}.devices.allow = {ZERO} rwm", f"{key}.devices.deny = {FULL} rwm"]
    assert (opens(guest, ZERO), opens(guest, FULL), opens(guest, NULL)) == ("rwm", "", "rwm")
    guest.stop()
    guest.start()
    assert (opens(guest, ZERO), opens(guest, FULL), opens(guest, NULL)) == ("rwm", "", "rwm")
    assert cgroup(guest, devices=[allow(ZERO), deny(FULL)], purge_devices=True)["changed"] is False


def test_an_own_rule_above_an_include_does_not_draw_the_new_ones_there(bed: Bed) -> None:
    key = "lxc.cgroup" if HYBRID else "lxc.cgroup2"
    included = Path(bed.lxc_path, "common.conf")
    base = ["deny = a", "allow = c 1:3 rwm", "allow = c 5:* rwm", "allow = c 136:* rwm"]
    included.write_text("".join(f"{key}.devices.{line}\n" for line in base))
    above = f"{key}.devices.allow = c 10:229 rwm"
    guest = bed.guest(above, f"lxc.include = {included}", start=True)
    before = guest.config.read_text()
    result = cgroup(guest, devices=[allow(ZERO)])
    assert (result["rc"], result["changed"], result["restart_required"]) == (0, True, False)
    assert (opens(guest, ZERO), opens(guest, NULL)) == ("rwm", "rwm")
    assert guest.config.read_text() == f"{before}{key}.devices.allow = {ZERO} rwm\n"
    guest.stop()
    guest.start()
    assert (opens(guest, ZERO), opens(guest, NULL)) == ("rwm", "rwm")
    assert cgroup(guest, devices=[allow(ZERO)])["changed"] is False
    purged = cgroup(guest, devices=[allow(ZERO)], purge_devices=True)
    assert (purged["rc"], opens(guest, ZERO)) == (0, "rwm")


@pytest.mark.skipif(not HYBRID, reason="this host has no device controller of cgroup v1")
def test_what_somebody_allowed_behind_our_back_is_found(bed: Bed) -> None:
    guest = bed.guest(start=True)
    rules = [*BASE, allow(ZERO)]
    cgroup(guest, devices=rules)
    put("devices", f"lxc.payload.{guest.name}", "devices.allow", f"{KMSG} r")
    put("devices", f"lxc.payload.{guest.name}", "devices.deny", f"{ZERO} w")
    assert cgroup(guest, devices=rules, check=True)["changed"] is True
    assert opens(guest, ZERO) == "rm"
    done = cgroup(guest, devices=rules)
    assert (done["changed"], done["restart_required"]) == (True, False)
    assert (opens(guest, ZERO), value("devices", f"lxc.payload.{guest.name}", "devices.list").count(KMSG)) == ("rwm", 0)


def test_drift_of_liblxcs_own_program_is_found(bed: Bed) -> None:
    guest = start_unified(bed.guest())
    rules = [*BASE, allow(ZERO)]
    cgroup(guest, prefix=UNIFIED, devices=rules)
    tool(*UNIFIED, "lxc-cgroup", "-P", guest.lxc_path, "-n", guest.name, "devices.deny", f"{ZERO} rwm")
    assert opens(guest, ZERO) == ""
    done = cgroup(guest, prefix=UNIFIED, devices=rules)
    assert (done["changed"], opens(guest, ZERO), opens(guest, NULL), opens(guest, FULL)) == (True, "rwm", "rwm", "")


@pytest.mark.skipif(not HYBRID, reason="this host has no device controller of cgroup v1")
def test_an_isolated_container_gets_exceptions_live_and_a_new_default_at_its_next_start(bed: Bed, unique: str) -> None:
    guest = bed.guest()
    arguments = {"name": guest.name, "lxc_path": guest.lxc_path}
    cgroup(guest, devices=BASE, **isolation(unique))
    run_module("lxc_container", arguments)
    live = cgroup(guest, devices=[allow(ZERO)])
    assert (live["restart_required"], opens(guest, ZERO)) == (False, "rwm")
    assert f"{ZERO} rwm" in value("devices", f"{unique}/ct/inner", "devices.list")
    assert cgroup(guest, devices=[deny(ZERO)])["restart_required"] is False
    assert opens(guest, ZERO) == ""
    later = cgroup(guest, devices=[ALLOW_ALL])
    assert (later["changed"], later["restart_required"], opens(guest, ZERO)) == (True, True, "")
    assert cgroup(guest, devices=[ALLOW_ALL])["changed"] is False
    restarted = run_module("lxc_container", {**arguments, "restart": "if_required"})
    assert (restarted["changed"], opens(guest, ZERO)) == (True, "rwm")
    assert cgroup(guest, devices=[ALLOW_ALL])["restart_required"] is False


def test_without_live_the_running_container_keeps_its_devices(bed: Bed) -> None:
    guest = bed.guest(start=True)
    result = cgroup(guest, devices=BASE, live=False)
    assert (result["changed"], result["restart_required"], opens(guest, ZERO)) == (True, True, "rwm")


def test_rules_brought_live_are_not_pending_for_lxc_container(bed: Bed) -> None:
    guest = bed.guest(start=True)
    cgroup(guest, devices=BASE)
    told = run_module("lxc_container", {"name": guest.name, "lxc_path": guest.lxc_path})
    assert (told["changed"], told["container"]["pending"]) == (False, [])


def test_looking_and_check_mode_leave_the_rules_and_the_groups_alone(bed: Bed) -> None:
    guest = bed.guest(start=True)
    before = guest.config.read_bytes()
    told = cgroup(guest, devices=BASE, check=True)
    assert (told["changed"], guest.config.read_bytes(), opens(guest, ZERO)) == (True, before, "rwm")
    done = cgroup(guest, devices=BASE)
    for key in ("changed", "actions", "diff"):
        assert told[key] == done[key]
    procs = ROOT / ("devices" if HYBRID else "") / f"lxc.payload.{guest.name}" / "cgroup.procs"
    init = guest.init_pid()
    inside = {os.readlink(f"/proc/{pid}/ns/pid") for pid in procs.read_text().split()}
    # The processes that made the attempts are gone.
    assert inside == {os.readlink(f"/proc/{init}/ns/pid")}


def test_a_frozen_container(bed: Bed) -> None:
    guest = start_unified(bed.guest())
    tool(*UNIFIED, "lxc-freeze", "-P", guest.lxc_path, "-n", guest.name)
    before = guest.config.read_bytes()
    refused = cgroup(guest, prefix=UNIFIED, devices=BASE)
    assert (refused["rc"], "frozen" in refused["msg"], guest.config.read_bytes()) == (1, True, before)
    assert cgroup(guest, prefix=UNIFIED, devices=BASE, live=False)["changed"] is True
    # With v1 the freezer is a hierarchy of its own.
    if HYBRID:
        other = bed.guest(start=True)
        tool("lxc-freeze", "-P", other.lxc_path, "-n", other.name)
        done = cgroup(other, devices=BASE)
        assert (done["changed"], done["restart_required"], done["cgroup"]["devices"]["live"]["a"]) == (True, False, "")
        tool("lxc-unfreeze", "-P", other.lxc_path, "-n", other.name)
        assert opens(other, ZERO) == ""
