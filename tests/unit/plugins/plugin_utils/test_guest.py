# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way into a container, and what is made of the reports on the way."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.plugin_utils._guest import (
    Guest,
    GuestUnreachable,
    Reports,
    enter,
    exit_status,
    read_reports,
    shell_words,
)

GUEST = Guest(container="web1", lxc_path="/srv/lxc")


@pytest.mark.parametrize(
    ("guest", "text"),
    [
        (Guest(container=""), "cannot be the name of a container"),
        (Guest(container=".."), "cannot be the name of a container"),
        (Guest(container="a/b"), "cannot be the name of a container"),
        (Guest(container="-P"), "begins with a dash"),
        (Guest(container="a\nb"), "control characters"),
        (Guest(container="a", lxc_path="/srv\0"), "control characters"),
        (Guest(container="a", lxc_path="srv"), "must be absolute"),
        (Guest(container="a", user="$(id)"), "name of a user"),
        (Guest(container="a", user="-l"), "name of a user"),
        (GUEST, ""),
    ],
)
def test_what_can_be_no_container(guest: Guest, text: str) -> None:
    problem = guest.problem()
    assert text in problem
    assert bool(problem) == bool(text)


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=5))
def test_words_come_through_a_shell_as_they_are(words: list[str]) -> None:
    assert shlex.split(shell_words(words)) == words


def test_a_command_comes_through_the_script_on_the_host(tmp_path: Path) -> None:
    """The script itself, with stand-ins for LXC's tools that only say how they were called."""
    entry = enter(GUEST, "echo 'it''s' \"$HOME\"\n# é")
    for name, text in (("lxc-info", "echo RUNNING"), ("lxc-attach", 'for word; do echo "<$word>"; done; exit 3')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(entry.argv(), capture_output=True, text=True, check=True, env=environment)
    words = done.stdout.removeprefix("<").removesuffix(">\n").split(">\n<")
    assert words[:4] == ["-n", "web1", "-P", "/srv/lxc"]
    assert words[-3:] == [entry.key, "root", entry.command]
    assert read_reports(entry.key, done.stderr.encode()).words == {"host": "3"}


def test_two_entries_have_different_keys() -> None:
    assert enter(GUEST, "true").key != enter(GUEST, "true").key


def test_reports_are_taken_out_of_the_output() -> None:
    output = b"before k:in\nno newline k:rc:7\r\nafter\xff"
    found = read_reports("k", output)
    assert found.words == {"in": "", "rc": "7"}
    assert found.rest == b"before no newline after\xff"


@given(st.binary())
def test_output_without_the_key_is_left_alone(output: bytes) -> None:
    assert read_reports("lxc0123456789abcdef", output) == Reports(rest=output, words={})


def status_of(words: dict[str, str], rest: bytes = b"") -> str:
    try:
        return str(exit_status(GUEST, Reports(rest=rest, words=words), transport_status=1))
    except GuestUnreachable as error:
        return str(error)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"in": "", "rc": "255", "host": "255"}, "255"),
        # The host's script was lost, but the command had ended.
        ({"in": "", "rc": "0"}, "0"),
        ({"in": ""}, "The container web1 in /srv/lxc went away while the command ran in it"),
        ({"host": "127"}, "There is no shell in the container web1 in /srv/lxc"),
        ({"host": "1"}, "lxc-attach could not enter the container web1 in /srv/lxc"),
        ({}, "Nothing ran on the LXC host to enter the container web1 in /srv/lxc (status 1)"),
        ({"fail": "absent"}, "There is no LXC on the host"),
        ({"fail": "0:STOPPED"}, "The container web1 in /srv/lxc is stopped"),
        ({"fail": "0:FROZEN"}, "The container web1 in /srv/lxc is frozen"),
        ({"fail": "0:STARTING"}, "The container web1 in /srv/lxc is not running but STARTING"),
        ({"fail": "0:web1 doesn't exist"}, "There is no container web1 in /srv/lxc on the host"),
        ({"fail": "1000:web1 doesn't exist"}, "asked as user id 1000, see lxc_become"),
        (
            {"fail": "1000:Insufficent privileges to control /srv/lxc:web1"},
            "No permission to control the container web1",
        ),
        ({"fail": "0:what is this"}, "LXC does not tell the state of the container web1 in /srv/lxc"),
    ],
)
def test_each_end_is_told_apart(words: dict[str, str], said: str) -> None:
    assert said in status_of(words)
    if words.get("rc"):
        assert status_of(words) == said


def test_the_text_of_a_failure_is_short() -> None:
    assert len(status_of({}, b"x" * 100_000)) < 2500
