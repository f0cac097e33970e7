# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Privilege escalation on the LXC host, apart from the one in the container."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._ansible import RunPlaybook
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, new_bed
from ansible_collections.community.lxc.tests.live._connections import Failed, Way, debian_guest, full_busybox, sudoer

PASSWORD = "host secret"
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    bed = new_bed()
    try:
        yield full_busybox(bed.guest()).start()
    finally:
        bed.clean()


def as_user(name: str) -> dict[str, Any]:
    """Variables of a host where that user has to ask sudo."""
    return {"ansible_user": name, "ansible_lxc_become": True}


@pytest.mark.parametrize("way", ["lxc_ssh"], indirect=True)
@pytest.mark.parametrize("rule", ["ALL=(root) ALL", "ALL=(root) NOPASSWD: ALL"])
def test_sudo_with_a_password(guest: Guest, way: Way, rule: str) -> None:
    with sudoer(rule, password=PASSWORD) as (name, _uid):
        enter = way(guest, ansible_lxc_become_password=PASSWORD, **as_user(name))
        assert enter.exec_command("id -u; cat; echo err >&2; exit 9", in_data=b"in") == (9, b"0\nin", b"err\n")
        # A password that is not asked for must not become the container's input.
        assert enter.exec_command("cat") == (0, b"", b"")
        data = bytes(range(256)) * 20_000
        assert enter.exec_command("cat", in_data=data) == (0, data, b"")


@pytest.mark.parametrize("way", ["lxc_ssh"], indirect=True)
def test_files_through_sudo(guest: Guest, way: Way, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    (tmp_path / "file").write_bytes(data)
    with sudoer("ALL=(root) ALL", password=PASSWORD) as (name, _uid):
        enter = way(guest, ansible_lxc_become_password=PASSWORD, **as_user(name))
        enter.put_file(tmp_path / "file", "/tmp/file")
        enter.fetch_file("/tmp/file", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data


@pytest.mark.parametrize("way", ["lxc_ssh"], indirect=True)
def test_wrong_and_missing_passwords(guest: Guest, way: Way) -> None:
    with sudoer("ALL=(root) ALL", password=PASSWORD) as (name, _uid):
        with pytest.raises(Failed, match="Incorrect sudo password for the LXC host"):
            way(guest, ansible_lxc_become_password="wrong", **as_user(name)).exec_command("true")
        with pytest.raises(Failed, match="Missing sudo password for the LXC host"):
            way(guest, **as_user(name)).exec_command("true")


@pytest.mark.parametrize("way", ["lxc_ssh"], indirect=True)
def test_an_ssh_password(guest: Guest, way: Way) -> None:
    with sudoer("ALL=(root) NOPASSWD: ALL", password=PASSWORD) as (name, _uid):
        host = {"ansible_ssh_args": "-C -o PubkeyAuthentication=no"}
        for mechanism in ("ssh_askpass", "sshpass"):
            host["ansible_ssh_password_mechanism"] = mechanism
            enter = way(guest, ansible_password=PASSWORD, **host, **as_user(name))
            assert enter.exec_command("id -u; cat", in_data=b"in") == (0, b"0\nin", b"")
            with pytest.raises(Failed, match=r"Permission denied|Invalid/incorrect"):
                way(guest, ansible_password="wrong", **host, **as_user(name)).exec_command("true")


def test_become_of_the_local_host_too(guest: Guest, way: Way) -> None:
    # Root may become root without a password; that sudo was in between shows in what it says to its child.
    enter = way(guest, ansible_lxc_become=True, ansible_lxc_become_exe="env MARK=1 sudo")
    assert enter.exec_command("cat; exit 3", in_data=b"in") == (3, b"in", b"")


@pytest.mark.parametrize("way", ["lxc_ssh"], indirect=True)
def test_a_password_outside_and_another_inside(
    bed: Bed, way: Way, tmp_path: Path, ansible_playbook: RunPlaybook
) -> None:
    guest = debian_guest(bed)
    book = """
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Root inside
      ansible.builtin.shell: id -un; cat
      args:
        stdin: from the task
"""
    with sudoer("ALL=(root) ALL", password=PASSWORD) as (name, _uid):
        for pipelining in (True, False):
            variables = {
                **as_user(name),
                "ansible_lxc_become_password": PASSWORD,
                "ansible_lxc_user": "worker",
                "ansible_become_password": "worker-secret",
                "ansible_pipelining": pipelining,
            }
            done = ansible_playbook(book, args=way.inventory(guest, tmp_path, **variables))
            assert done.rc == 0, done.output
            assert done.result("Root inside")["stdout_lines"] == ["root", "from the task"]


@pytest.mark.parametrize("way", ["lxc_ssh"], indirect=True)
def test_a_container_is_never_given_the_hosts_password(bed: Bed, way: Way) -> None:
    """A container whose shell asks like the host's sudo gets no answer."""
    guest = full_busybox(bed.guest()).start()
    (guest.rootfs / "bin/sh").unlink()
    (guest.rootfs / "bin/sh").write_text(
        "#!/bin/busybox sh\n"
        "while :; do printf '[sudo via ansible, key=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa] password:' >&2\n"
        'read -t 2 answer || break; echo "$answer" >> /tmp/stolen; done\n'
    )
    (guest.rootfs / "bin/sh").chmod(0o755)
    with sudoer("ALL=(root) ALL", password=PASSWORD) as (name, _uid):
        enter = way(guest, ansible_lxc_become_password=PASSWORD, **as_user(name))
        with pytest.raises(Failed):
            enter.exec_command("true", in_data=b"input\n")
    assert (guest.rootfs / "tmp/stolen").read_text() == "input\n"
