# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lxc_seccomp on real containers."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._agent import MKNOD, Agent
from ansible_collections.community.lxc.tests.live._ansible import run_module
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._host import tool

NO_MKDIR = {"mode": "denylist", "rules": [{"syscalls": ["mkdir", "mkdirat"], "action": "errno 13"}]}
NOTIFY = {"mode": "denylist", "rules": [{"syscalls": ["mkdir", "mkdirat"], "action": "notify"}]}

Task = Callable[..., dict[str, Any]]


@pytest.fixture
def guest(bed: Bed) -> Guest:
    return bed.guest()


@pytest.fixture
def task(guest: Guest) -> Task:
    def run(*, check_mode: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
        arguments = {"container": guest.name, "lxc_path": guest.lxc_path, **options}
        return run_module("lxc_seccomp", arguments, check_mode=check_mode, diff=diff)

    return run


def policies(guest: Guest) -> list[Path]:
    return sorted(guest.config.parent.glob("*.policy"))


def mkdir(guest: Guest) -> str:
    """What mkdir says in the container; the empty string if it works."""
    return guest.attach("sh", "-c", "mkdir /tmp/d$$", check=False).stderr.strip()


# ---- policies from data


def test_a_policy_is_written_and_in_force_at_the_next_start(guest: Guest, task: Task) -> None:
    before = guest.config.read_text()
    planned = task(policy=NO_MKDIR, check_mode=True, diff=True)
    assert guest.config.read_text() == before
    assert policies(guest) == []
    done = task(policy=NO_MKDIR, diff=True)
    assert (done["changed"], done["actions"], done["diff"]) == (True, planned["actions"], planned["diff"])
    (file,) = policies(guest)
    assert file.read_text().splitlines()[:2] == ["2", "denylist allow"]
    assert done["seccomp"]["persisted"]["hash"] == hashlib.sha256(file.read_bytes()).hexdigest()
    guest.start()
    assert "Permission denied" in mkdir(guest)
    again = task(policy=NO_MKDIR)
    assert (again["changed"], again["restart_required"]) == (False, False)
    live = again["seccomp"]["live"]
    assert (live["mode"], live["filters"], live["notify_fd_active"]) == (2, 1, False)


def test_a_running_container_keeps_the_policy_that_it_was_started_with(guest: Guest, task: Task) -> None:
    task(policy=NO_MKDIR)
    guest.start()
    other = {"mode": "denylist", "rules": [{"syscalls": ["mkdir"], "action": "errno 1"}]}
    changed = task(policy=other)
    assert (changed["changed"], changed["restart_required"]) == (True, True)
    assert "Permission denied" in mkdir(guest)
    # A -> B -> A: what runs is what is configured again, and the file is the one that was there.
    back = task(policy=NO_MKDIR)
    assert (back["changed"], back["restart_required"]) == (True, False)
    assert len(policies(guest)) == 1
    assert task(policy=NO_MKDIR)["changed"] is False


def test_lxc_container_restarts_for_a_policy(guest: Guest, task: Task) -> None:
    guest.start()
    assert task(policy=NO_MKDIR)["restart_required"] is True
    arguments = {"name": guest.name, "lxc_path": guest.lxc_path, "restart": "if_required"}
    assert run_module("lxc_container", arguments)["changed"] is True
    assert "Permission denied" in mkdir(guest)
    assert task(policy=NO_MKDIR)["restart_required"] is False


@pytest.mark.parametrize(("words", "mode"), [("blacklist", "denylist"), ("whitelist", "allowlist")])
def test_the_older_words_say_the_same(guest: Guest, task: Task, lxc_path: Path, words: str, mode: str) -> None:
    file = lxc_path / "old"
    calls = "execve read sendmsg sendto write setgroups".split()
    action, default = ("errno 1", "") if words == "blacklist" else ("allow", " errno 38")
    names = ["mkdir"] if words == "blacklist" else calls
    lines = "".join(f"{name}{' errno 1' if words == 'blacklist' else ''}\n" for name in names)
    file.write_text(f"2\n{words}{default}\n# by hand\n[all]\n{lines}")
    task(profile=str(file))
    data: dict[str, Any] = {"mode": mode, "rules": [{"syscalls": names, "action": action}]}
    if default:
        data["default_action"] = default.strip()
    same = task(policy=data)
    assert same["changed"] is False
    assert same["seccomp"]["persisted"]["policy"]["mode"] == mode
    assert file.read_text().splitlines()[1].startswith(words)
    data["rules"].append({"syscalls": ["rmdir"], "action": "errno 5"})
    assert task(policy=data)["changed"] is True


def test_conditions_on_arguments(guest: Guest, task: Task) -> None:
    rules = [
        {"syscalls": ["fchmodat", "chmod"], "action": "errno 30", "args": [[index, 0o4000, "&=", 0o4000]]}
        for index in (1, 2)
    ]
    rules[0]["syscalls"], rules[1]["syscalls"] = ["chmod"], ["fchmodat"]
    task(policy={"mode": "denylist", "rules": rules})
    (guest.rootfs / "bin/chmod").symlink_to("busybox")
    guest.start()
    assert guest.attach("chmod", "0755", "/tmp").returncode == 0
    assert "Read-only" in guest.attach("chmod", "4755", "/tmp", check=False).stderr


@pytest.mark.parametrize(
    ("action", "outcome"),
    [("errno 17", "File exists"), ("kill", "rc=159"), ("trap", "rc=159"), ("allow", "rc=0")],
)
def test_actions(guest: Guest, task: Task, action: str, outcome: str) -> None:
    if action == "allow":
        # An allowlist of everything but mkdir's neighbour: the default is what refuses.
        policy: dict[str, Any] = {"mode": "allowlist", "default_action": "errno 38"}
        policy["rules"] = [{"syscalls": [name for name in all_calls() if name != "rmdir"], "action": "allow"}]
    else:
        policy = {"mode": "denylist", "rules": [{"syscalls": ["mkdir", "mkdirat"], "action": action}]}
    assert "msg" not in task(policy=policy)
    guest.start()
    done = guest.attach("sh", "-c", "mkdir /tmp/d 2>&1; echo rc=$?", check=False)
    assert outcome in done.stdout
    if action == "allow":
        assert "not implemented" in guest.attach("sh", "-c", "busybox rmdir /tmp/d 2>&1", check=False).stdout


def all_calls() -> list[str]:
    resolve = ctypes.CDLL("libseccomp.so.2")["seccomp_syscall_resolve_num_arch"]
    resolve.restype, resolve.argtypes = ctypes.c_char_p, [ctypes.c_uint32, ctypes.c_int]
    names = (resolve(0xC000003E, number) for number in range(470))
    return [name.decode() for name in names if name]


def test_a_rule_for_one_architecture(guest: Guest, task: Task) -> None:
    task(policy={"mode": "denylist", "rules": [{"syscalls": ["mkdir"], "action": "errno 13", "arch": "x86_64"}]})
    (file,) = policies(guest)
    assert "[x86_64]\nmkdir errno 13\n" in file.read_text()
    guest.start()
    assert "Permission denied" in mkdir(guest)


def test_allow_nesting(guest: Guest, task: Task, lxc_path: Path) -> None:
    """Started from under a filter, the policy is applied only with allow_nesting."""
    task(policy=NO_MKDIR)
    library = ctypes.CDLL("libseccomp.so.2")

    def under_a_filter() -> None:
        library.seccomp_init.restype = ctypes.c_void_p
        context = ctypes.c_void_p(library.seccomp_init(0x7FFF0000))
        library.seccomp_attr_set(context, 3, 0)
        library.seccomp_rule_add(context, 0x00050000 | errno.EPERM, library.seccomp_syscall_resolve_name(b"swapon"), 0)
        if library.seccomp_load(context) != 0:
            os._exit(9)

    for nesting, filters in ((False, 1), (True, 2)):
        task(allow_nesting=nesting)
        assert f"lxc.seccomp.allow_nesting = {int(nesting)}\n" in guest.config.read_text() or not nesting
        tool("lxc-start", "-P", guest.lxc_path, "-n", guest.name, preexec_fn=under_a_filter)
        assert task()["seccomp"]["live"]["filters"] == filters
        guest.stop()


def test_allow_nesting_is_true_or_false(task: Task, guest: Guest) -> None:
    before = guest.config.read_text()
    assert task(allow_nesting="2")["failed"] is True
    assert guest.config.read_text() == before


# ---- profiles


def test_a_changed_profile_waits_for_a_restart(guest: Guest, task: Task, lxc_path: Path) -> None:
    file = lxc_path / "profile"
    file.write_text("2\ndenylist\nmkdir errno 13\n")
    task(profile=str(file))
    guest.start()
    first = task(profile=str(file))
    assert (first["changed"], first["restart_required"]) == (False, False)
    file.write_text("2\ndenylist\nmkdir errno 1\n")
    second = task(profile=str(file))
    assert (second["changed"], second["restart_required"]) == (False, True)
    assert second["seccomp"]["persisted"]["hash"] != first["seccomp"]["persisted"]["hash"]
    guest.stop()
    guest.start()
    assert task(profile=str(file))["restart_required"] is False


@pytest.mark.parametrize("by", ["lxc_container", "lxc-start", "lxc_fleet"])
def test_a_restart_if_required_is_for_a_changed_content_too(guest: Guest, task: Task, lxc_path: Path, by: str) -> None:
    file = lxc_path / "profile"
    file.write_text("2\ndenylist\nmkdir errno 13\n")
    task(profile=str(file))
    one = {"name": guest.name, "lxc_path": guest.lxc_path}
    if by == "lxc_container":
        run_module("lxc_container", one)
    else:
        guest.start()
    assert pending(guest) == []
    file.write_text("2\ndenylist\nmkdir errno 1\n")
    assert pending(guest) == ["lxc.seccomp.profile"]
    untouched = run_module("lxc_container", one)
    assert (untouched["changed"], untouched["restart_required"]) == (False, True)
    module, options = "lxc_container", dict[str, Any](one, restart="if_required")
    if by == "lxc_fleet":
        entry = {"name": guest.name, "restart": "if_required", "seccomp": {"profile": str(file)}}
        module, options = by, {"containers": [entry], "lxc_path": guest.lxc_path}
    planned = run_module(module, options, check_mode=True)
    done = run_module(module, options)
    assert (done["changed"], done["restart_required"], done["actions"]) == (True, False, planned["actions"])
    assert "not permitted" in mkdir(guest)
    assert pending(guest) == []
    assert run_module(module, options)["changed"] is False
    # A start could not even read it.
    file.unlink()
    assert run_module("lxc_container", {**one, "restart": "if_required"})["changed"] is False


def pending(guest: Guest) -> list[str]:
    (told,) = run_module("lxc_info", {"name": [guest.name], "lxc_path": guest.lxc_path})["containers"]
    assert list(told["drift"]) == told["pending"]
    keys: list[str] = told["pending"]
    return keys


def test_a_profile_that_says_again_what_it_said_at_the_start_waits_for_nothing(
    guest: Guest, task: Task, lxc_path: Path
) -> None:
    """By the hash of what a start by this collection has read, whatever was done to the file since."""
    file = lxc_path / "profile"
    file.write_text("2\ndenylist\nmkdir errno 13\n")
    task(profile=str(file))
    container = {"name": guest.name, "lxc_path": guest.lxc_path}
    assert run_module("lxc_container", container)["changed"] is True
    file.touch()
    assert task(profile=str(file))["restart_required"] is False
    file.write_text("2\ndenylist\nmkdir errno 1\n")
    assert task(profile=str(file))["restart_required"] is True
    file.write_text("2\ndenylist\nmkdir errno 13\n")
    assert task(profile=str(file))["restart_required"] is False
    assert "Permission denied" in mkdir(guest)
    # Another init is another start, which has read another content.
    guest.stop()
    file.write_text("2\ndenylist\nmkdir errno 1\n")
    guest.start()
    assert task(profile=str(file))["restart_required"] is False


def test_absent_takes_everything_away(guest: Guest, task: Task) -> None:
    before = guest.config.read_text()
    task(policy=NO_MKDIR, allow_nesting=True, notify={"cookie": "c"})
    assert task(state="absent")["changed"] is True
    assert guest.config.read_text() == before
    assert policies(guest) == []
    assert task(state="absent")["changed"] is False
    assert "cannot be given" in task(state="absent", profile="/x")["msg"]


def test_a_file_that_lxc_attach_still_reads_stays(guest: Guest, task: Task) -> None:
    task(policy=NO_MKDIR)
    guest.start()
    assert task(state="absent")["restart_required"] is True
    assert "Permission denied" in mkdir(guest)
    assert len(policies(guest)) == 1
    guest.stop()
    assert task(state="absent")["changed"] is True
    assert policies(guest) == []


# ---- what is refused


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "call": (
        {"policy": {"mode": "denylist", "rules": [{"syscalls": ["mkdr"], "action": "kill"}]}},
        "mkdr is no system call",
    ),
    "call of another architecture": (
        {"policy": {"mode": "denylist", "rules": [{"syscalls": ["socketcall"], "arch": "x86_64"}]}},
        "socketcall is no system call of x86_64",
    ),
    "action": ({"policy": {"mode": "denylist", "rules": [{"syscalls": ["mkdir"], "action": "deny"}]}}, "'deny' is no"),
    "action without its number": (
        {"policy": {"mode": "denylist", "rules": [{"syscalls": ["mkdir"], "action": "errno"}]}},
        "takes a number",
    ),
    "log": ({"policy": {"mode": "denylist", "rules": [{"syscalls": ["mkdir"], "action": "log"}]}}, "liblxc refuses"),
    "trace": (
        {"policy": {"mode": "denylist", "rules": [{"syscalls": ["mkdir"], "action": "trace 7"}]}},
        "liblxc refuses",
    ),
    "architecture": (
        {"policy": {"mode": "denylist", "rules": [{"syscalls": ["mkdir"], "arch": "vax"}]}},
        "'vax' is none of",
    ),
    "operator": (
        {"policy": {"mode": "denylist", "rules": [{"syscalls": ["mkdir"], "args": [[0, 1, "="]]}]}},
        "the operator '='",
    ),
    "index": ({"policy": {"mode": "denylist", "rules": [{"syscalls": ["mkdir"], "args": [[6, 1, "=="]]}]}}, "not 6"),
    "the default as a rule": (
        {"policy": {"mode": "denylist", "rules": [{"syscalls": ["mkdir"], "action": "allow"}]}},
        "default action already",
    ),
    "LXC's own calls": (
        {"policy": {"mode": "allowlist", "rules": [{"syscalls": ["read", "write"]}]}},
        "execve, sendmsg, sendto",
    ),
    "LXC's own calls denied": (
        {"policy": {"mode": "denylist", "rules": [{"syscalls": ["sendmsg"], "action": "notify"}]}},
        "itself needs sendmsg",
    ),
    "profile": ({"profile": "/nowhere/profile"}, "there is no file /nowhere/profile"),
    "relative profile": ({"profile": "profile"}, "not an absolute path"),
    "proxy": ({"policy": NOTIFY, "notify": {"proxy": "unix:/nowhere/socket"}}, "nobody listens on /nowhere/socket"),
    "proxy without unix:": ({"notify": {"proxy": "/run/socket"}}, "unix: and an absolute path"),
    "long proxy": ({"notify": {"proxy": f"unix:/{'x' * 120}"}}, "at most 107 bytes"),
    "cookie": ({"notify": {"cookie": "a\nlxc.hook.pre-start = /bin/sh"}}, "a configuration line cannot hold"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_before_anything_is_touched(guest: Guest, task: Task, case: str) -> None:
    options, words = REFUSED[case]
    before = guest.config.read_text()
    listing = sorted(os.listdir(guest.config.parent))
    result = task(**options)
    assert words in result["msg"]
    assert guest.config.read_text() == before
    assert sorted(os.listdir(guest.config.parent)) == listing


# Needs but two calls itself: whatever else is missing was LXC's.
_INIT = """
static long call(long number, long first, long second)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second) : "rcx", "r11", "memory");
    return result;
}
void _start(void)
{
    call(83 /* mkdir */, (long)"/tmp/started", 0755);
    for (;;)
        call(34 /* pause */, 0, 0);
}
"""


@pytest.fixture(scope="module")
def init(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("init") / "init"
    program.with_suffix(".c").write_text(_INIT)
    tool("gcc", "-O1", "-static", "-nostdlib", "-o", str(program), f"{program}.c")
    return program


def does_start(guest: Guest, init: Path) -> bool:
    (guest.rootfs / "sbin/init").unlink()
    shutil.copy(init, guest.rootfs / "sbin/init")
    (guest.rootfs / "tmp").chmod(0o1777)
    # One that starts is killed just as one that hangs.
    tool("timeout", "-s", "KILL", "3", "lxc-start", "-F", "-P", guest.lxc_path, "-n", guest.name, check=False)
    return (guest.rootfs / "tmp/started").is_dir()


STARTS: dict[str, tuple[tuple[str, ...], list[Any]]] = {
    "errno 38": ((), "execve read sendmsg sendto write setgroups".split()),
    "kill": ((), "close getuid openat setsid capget fchown fchmod".split()),
    "kill, by other means": ((), [("newfstatat", "fstat", "fstat64", "statx")]),
    "trap": ((), ["close"]),
    "notify": ((), ["close"]),
    "errno 1": (("lxc.init.uid = 5", "lxc.init.gid = 5", "lxc.init.cwd = /tmp"), "setresuid setresgid chdir".split()),
}


@pytest.mark.parametrize("case", STARTS)
def test_an_allowlist_without_lxcs_calls_really_does_not_start(bed: Bed, init: Path, case: str) -> None:
    """Each of the calls that the module asks for is needed: without it the start fails or hangs."""
    lines, calls = STARTS[case]
    policy = Path(bed.lxc_path, "policy")
    for missing in (*calls, ()):
        without = missing if isinstance(missing, tuple) else (missing,)
        names = "".join(f"{name} allow\n" for name in all_calls() if name not in without)
        policy.write_text(f"2\nallowlist {case.partition(',')[0]}\n[all]\n{names}")
        guest = bed.guest(f"lxc.seccomp.profile = {policy}", *lines)
        task = {"container": guest.name, "lxc_path": guest.lxc_path, "profile": str(policy)}
        result = run_module("lxc_seccomp", task)
        assert does_start(guest, init) is not bool(without), missing
        assert ("could not start" in result.get("msg", "")) is bool(without), missing


def test_a_denied_call_that_lxc_survives_may_be_denied_and_no_other(task: Task, guest: Guest, init: Path) -> None:
    def denied(action: str) -> dict[str, Any]:
        return task(policy={"mode": "denylist", "rules": [{"syscalls": ["setsid"], "action": action}]})

    assert "itself needs setsid in" in denied("kill")["msg"]
    assert denied("errno 1")["changed"] is True
    assert does_start(guest, init)


def test_rules_for_another_architecture_let_nothing_through_here(guest: Guest, task: Task, init: Path) -> None:
    calls = "execve read sendmsg sendto write setgroups".split()
    policy = {"mode": "allowlist", "default_action": "errno 38", "rules": [{"syscalls": calls, "arch": "arm64"}]}
    assert "itself needs execve" in task(policy=policy)["msg"]
    policy["rules"] = [{"syscalls": [*calls, "mkdir", "pause"], "arch": "x86_64"}]
    assert "msg" not in task(policy=policy)
    assert does_start(guest, init)


def test_a_profile_of_version_1_has_to_let_lxc_s_calls_through(
    guest: Guest, task: Task, init: Path, lxc_path: Path
) -> None:
    file = lxc_path / "profile"
    file.write_text("1\nallowlist\n39\n")
    assert "itself needs execve" in task(profile=str(file))["msg"]
    file.write_text("1\nallowlist\n" + "".join(f"{number}\n" for number in range(335)))
    assert "msg" not in task(profile=str(file))
    assert does_start(guest, init)


# ---- notify


@pytest.fixture
def agent(lxc_path: Path) -> Iterator[Agent]:
    directory = lxc_path / ".agent"
    directory.mkdir(mode=0o700)
    agent = Agent(directory)
    agent.rules(
        MKNOD, {"syscalls": ["mkdir", "mkdirat"], "action": "errno", "errno": "EROFS", "cookie": "of this test"}
    )
    try:
        yield agent.start()
    finally:
        agent.stop()


def test_notifications_reach_the_agent(guest: Guest, task: Task, agent: Agent) -> None:
    done = task(policy=NOTIFY, notify={"proxy": f"unix:{agent.socket}", "cookie": "of this test"})
    assert done["changed"] is True
    again = task(policy=NOTIFY, notify={"proxy": f"unix:{agent.socket}", "cookie": "of this test"})
    assert (again["changed"], again["restart_required"]) == (False, False)
    (guest.rootfs / "etc/inittab").write_text("::sysinit:/bin/sh -c 'mkdir /tmp/d 2> /tmp/said'\n")
    guest.start()
    running = task(policy=NOTIFY)
    assert (running["changed"], running["restart_required"]) == (False, False)
    assert running["seccomp"]["live"]["notify_fd_active"] is True
    assert "Read-only" in (guest.rootfs / "tmp/said").read_text()
    changed = task(notify={"cookie": "another"})
    assert (changed["changed"], changed["restart_required"]) == (True, True)


def test_lxc_info_shows_it(guest: Guest, task: Task, agent: Agent) -> None:
    done = task(policy=NOTIFY, notify={"proxy": f"unix:{agent.socket}"})
    guest.start()
    arguments = {"name": [guest.name], "lxc_path": guest.lxc_path}
    shown = run_module("lxc_info", arguments)["containers"][0]["seccomp"]
    assert shown["persisted"] == done["seccomp"]["persisted"]
    assert (shown["live"]["mode"], shown["live"]["notify_fd_active"], shown["drift"]) == (2, True, [])
    task(policy=NO_MKDIR)
    assert "lxc.seccomp.profile" in run_module("lxc_info", arguments)["containers"][0]["seccomp"]["drift"][0]


def test_lxc_fleet_sets_it(guest: Guest) -> None:
    one = {"name": guest.name, "seccomp": {"policy": NO_MKDIR}}
    arguments = {"containers": [one], "lxc_path": guest.lxc_path}
    assert run_module("lxc_fleet", arguments)["changed"] is True
    assert "Permission denied" in mkdir(guest)
    assert run_module("lxc_fleet", arguments)["changed"] is False


def test_a_start_without_the_agent_is_refused_in_words(guest: Guest, task: Task, agent: Agent) -> None:
    task(policy=NOTIFY, notify={"proxy": f"unix:{agent.socket}"})
    agent.kill()
    started = run_module("lxc_container", {"name": guest.name, "lxc_path": guest.lxc_path})
    assert f"nobody listens on {agent.socket}" in started["msg"]
    assert guest.state() == "STOPPED"
