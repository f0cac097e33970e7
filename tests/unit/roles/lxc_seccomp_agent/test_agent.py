# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The seccomp agent's rules and wire format."""

from __future__ import annotations

import errno
import json
import os
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.roles.lxc_seccomp_agent.files.lxc_seccomp_agent import rules, target, wire

ROOT = Path(__file__).parents[4]
EMULATE = {"syscalls": ["mknod"], "action": "emulate", "devices": ["c 1:3"]}


def parse(*entries: Any, **more: Any) -> rules.Rules:
    return rules.parse(json.dumps({"rules": entries, **more}).encode())


def test_the_first_rule_that_covers_a_call_decides_and_the_default_comes_last() -> None:
    known = parse(
        {"syscalls": ["mkdir"], "action": "errno", "errno": "EEXIST", "cookie": "web"},
        {"syscalls": ["mkdir", "rmdir"], "action": "allow"},
    )
    assert [(r.action, r.errno) for r in known.matching("mkdir", "web")] == [
        ("errno", errno.EEXIST),
        ("allow", errno.EPERM),
        ("errno", errno.EPERM),
    ]
    assert [r.action for r in known.matching("mkdir", "other")] == ["allow", "errno"]
    assert [r.action for r in known.matching("swapon", "web")] == ["errno"]


def test_the_roles_default_rules_are_accepted() -> None:
    defaults = yaml.safe_load((ROOT / "roles/lxc_seccomp_agent/defaults/main.yml").read_text())
    known = parse(*defaults["lxc_seccomp_agent_rules"], default=defaults["lxc_seccomp_agent_default"])
    assert known.rules[0].devices == set(rules.DEVICES)
    assert known.default.errno == errno.EPERM


def test_the_roles_tasks_install_every_module() -> None:
    tasks = yaml.safe_load((ROOT / "roles/lxc_seccomp_agent/tasks/present.yml").read_text())
    (loop,) = [task["loop"] for task in tasks if task["name"] == "Install the agent's modules"]
    assert sorted(loop) == sorted(
        p.name for p in (ROOT / "roles/lxc_seccomp_agent/files/lxc_seccomp_agent").glob("*.py")
    )


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("x", "not an object"),
        ({**EMULATE, "device": []}, "device is unknown"),
        ({**EMULATE, "syscalls": []}, "syscalls is empty"),
        ({**EMULATE, "syscalls": "mknod"}, "syscalls is not a list"),
        ({**EMULATE, "syscalls": ["mk nod"]}, "is not a word"),
        ({**EMULATE, "syscalls": ["swapon"]}, "swapon cannot be emulated"),
        ({**EMULATE, "action": "kill"}, "not 'kill'"),
        ({**EMULATE, "action": "allow"}, "belong to the action emulate"),
        ({**EMULATE, "devices": ["c 1:1"]}, "'c 1:1' is never made"),
        ({**EMULATE, "devices": ["b 1:3"]}, "'b 1:3' is never made"),
        ({**EMULATE, "devices": []}, "devices says which"),
        ({"syscalls": ["mount"], "action": "emulate"}, "mounts says which"),
        ({"syscalls": ["mount"], "action": "emulate", "mounts": [{"fstype": "a b"}]}, "fstype names"),
        ({"syscalls": ["mount"], "action": "emulate", "mounts": [{"fstype": "ext4", "source": "sda"}]}, "source is an"),
        ({"syscalls": ["mount"], "action": "emulate", "mounts": [{"fstype": "ext4", "idmap": "x"}]}, "idmap is true"),
        ({"syscalls": ["mkdir"], "action": "errno", "errno": 0}, "0 is no errno"),
        ({"syscalls": ["mkdir"], "action": "errno", "errno": "ENOPE"}, "'ENOPE' is no errno"),
        ({"syscalls": ["mkdir"], "action": "errno", "cookie": 3}, "cookie is not a string"),
    ],
)
def test_rules_that_cannot_be_are_refused_in_words(entry: Any, why: str) -> None:
    with pytest.raises(rules.BadRules, match=why):
        parse(entry)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"rules": 1}', b'{"rule": []}', b'{"default": {"action": "emulate"}}'])
def test_files_that_are_no_rules_are_refused(text: bytes) -> None:
    with pytest.raises(rules.BadRules):
        rules.parse(text)


@given(st.binary(max_size=300), st.integers(0, 5), st.booleans())
def test_any_bytes_are_parsed_or_refused_and_never_anything_else(
    data: bytes, descriptors: int, truncated: bool
) -> None:
    try:
        wire.parse(data, descriptors=descriptors, truncated=truncated)
    except wire.Malformed:
        return
    assert descriptors == 3
    assert not truncated


@given(
    st.integers(0, 2**64 - 1),
    st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6),
    st.text(max_size=30),
    st.data(),
)
def test_messages_of_lxc_are_read_and_answered(id_: int, args: list[int], cookie: str, data: st.DataObject) -> None:
    text = cookie.encode()
    header = struct.pack("=QiiHHH2xQ", 0, 10, 11, 80, 24, 64, len(text))
    message = header + struct.pack("=QIIiIQ6Q", id_, 12, 0, 133, 0xC000003E, 0, *args)
    message += struct.pack("=QqiI", id_, 0, 0, 0) + text
    notification = wire.parse(message, descriptors=3, truncated=False)
    assert (notification.id, notification.args, notification.cookie) == (id_, tuple(args), cookie)
    number = data.draw(st.integers(0, 4095))
    answer = wire.reply(message, notification, wire.Answer(errno=number))
    assert answer[: 32 + 80] == message[: 32 + 80]
    assert struct.unpack("=QqiI", answer[32 + 80 :]) == (id_, 0, -number, 0)
    assert wire.reply(message, notification, wire.Answer(proceed=True))[-4:] == struct.pack("=I", 1)


def _target(directory: str) -> target.Target:
    """With that directory as the process's, and a notify descriptor on which nobody waits."""
    notification = wire.Notification(monitor_pid=1, init_pid=1, id=1, pid=os.getpid(), nr=0, arch=0, args=(), cookie="")
    proc = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    return target.Target(notification, proc=proc, memory=-1, notify=proc)


def test_a_process_that_has_gone_is_no_malformed_message(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "1000"]) as process:
        dead = _target(f"/proc/{process.pid}")
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(target.Gone):
            dead.credentials()
    with pytest.raises(target.Gone):
        dead.check_identity()
    # While a process ends, there is a moment in which its directory is there and empty.
    with pytest.raises(target.Gone):
        _target(str(tmp_path)).check_identity()


def test_an_empty_directory_is_no_process_while_somebody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target.Target, "valid", lambda self: True)
    with pytest.raises(wire.Malformed):
        _target(str(tmp_path)).check_identity()
