# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the inventory's options to what is asked of whom, and from the answers to hosts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.plugin_utils._harvest import (
    BadOption,
    Filters,
    harvest,
    hosts_from,
    question_from,
)
from ansible_collections.community.lxc.plugins.plugin_utils._survey import Answer, LxcHost, Question, command

OPTIONS: dict[str, Any] = {
    "user": None,
    "port": None,
    "private_key_file": None,
    "lxc_path": [],
    "become": False,
    "become_password": None,
    "ssh_args": "",
    "config_keys": [],
    "python_interpreter": "python3",
    "timeout": 30.0,
    "host_key_checking": True,
}


def host_from(entry: Any, **options: Any) -> LxcHost:
    (host,) = hosts_from([entry], {**OPTIONS, **options})
    return host


def test_an_entry_takes_precedence_over_the_options() -> None:
    entry = {"host": "a", "user": "eve", "port": 23, "private_key_file": "/k", "lxc_path": "/x", "become": "no"}
    general = {"user": "adam", "port": 22, "private_key_file": "/l", "lxc_path": ["/y"], "become": True}
    mine = LxcHost(name="a", address="a", user="eve", port=23, private_key_file="/k", lxc_path=("/x",))
    assert host_from(entry, **general) == mine
    assert host_from("b", **general).user == "adam"
    assert host_from("c@b", **general) == LxcHost(
        name="b", address="b", user="c", port=22, private_key_file="/l", lxc_path=("/y",), become=True
    )


@pytest.mark.parametrize(("entry", "local"), [("localhost", True), ("root@localhost", False), ("::1", True)])
def test_who_is_the_local_host(entry: str, local: bool) -> None:
    assert (host_from(entry).address == "") is local
    assert host_from({"host": "localhost", "port": 22}).address == "localhost"


def test_arguments_that_are_no_words_are_refused() -> None:
    with pytest.raises(BadOption, match="ssh_args cannot be split"):
        question_from({**OPTIONS, "ssh_args": "-o 'ProxyJump=a"})


def test_the_command_for_a_host() -> None:
    host = LxcHost(name="a", address="a", user="u", port=23, private_key_file="/k")
    argv = command(host, Question(ssh_args=("-J", "jump")))
    assert argv[:-1] == ["ssh", "-T", "-o", "BatchMode=yes", "-J", "jump", "-l", "u", "-p", "23", "-i", "/k", "--", "a"]
    assert argv[-1].startswith("python3 -I -S -c ")


def test_host_key_checking_is_ansibles_own_setting() -> None:
    host = LxcHost(name="a", address="a")
    unchecked = "StrictHostKeyChecking=no"
    assert unchecked not in command(host, question_from(OPTIONS))
    argv = command(host, question_from({**OPTIONS, "host_key_checking": False, "ssh_args": "-o UpdateHostKeys=no"}))
    # The user's own come first, and ssh takes the first.
    assert argv.index("UpdateHostKeys=no") < argv.index(unchecked) < argv.index("--")


def test_sudo_gets_its_password_by_stdin_and_never_as_a_word() -> None:
    argv = command(LxcHost(name="a", become=True, become_password="secret"), Question())
    assert argv[:3] == ["sudo", "-H", "-S"]
    assert "secret" not in " ".join(argv)
    assert command(LxcHost(name="a", become=True), Question())[:3] == ["sudo", "-H", "-n"]


def container(name: str, **more: Any) -> dict[str, Any]:
    found = {"name": name, "lxc_path": "/p", "state": "RUNNING", "init_pid": 7, "config": {}, "interfaces": []}
    return {**found, **more}


def answer(host: LxcHost, *containers: dict[str, Any]) -> Answer:
    return Answer(host=host, found={"lxc_version": "5.0.2", "containers": list(containers), "problems": []})


def test_no_two_hosts_of_one_name_and_each_enters_its_own_container() -> None:
    answers = [
        answer(LxcHost(name="one", address="one"), container("web"), container("web", lxc_path="/q")),
        answer(LxcHost(name="two", address="two"), container("web"), container("web.two")),
    ]
    found = harvest(answers, Filters(), OPTIONS)
    assert [one.name for one in found] == ["web", "web.one", "web.two", "web.two.two"]
    assert [one.variables["ansible_lxc_container"] for one in found] == ["web", "web", "web", "web.two"]
    assert [one.variables["ansible_lxc_path"] for one in found] == ["/p", "/q", "/p", "/p"]


def test_the_connection_is_the_hosts() -> None:
    far = LxcHost(name="far", address="a", user="u", port=23, private_key_file="/k", become=True, become_password="s")
    (found,) = harvest([answer(far, container("web"))], Filters(), {**OPTIONS, "ssh_args": "-J jump"})
    connection = {name: value for name, value in found.variables.items() if name.startswith("ansible_")}
    assert connection == {
        "ansible_connection": "community.lxc.lxc_ssh",
        "ansible_host": "a",
        "ansible_user": "u",
        "ansible_port": 23,
        "ansible_ssh_private_key_file": "/k",
        "ansible_ssh_common_args": "-J jump",
        "ansible_host_key_checking": True,
        "ansible_lxc_become": True,
        "ansible_lxc_container": "web",
        "ansible_lxc_path": "/p",
    }
    (found,) = harvest([answer(LxcHost(name="here"), container("web"))], Filters(), OPTIONS)
    assert found.variables["ansible_connection"] == "community.lxc.lxc"
    assert not {"ansible_host", "ansible_host_key_checking"} & set(found.variables)


@pytest.mark.parametrize(
    ("option", "ssh_args", "told"),
    [
        (None, None, None),
        (True, "-J jump", True),
        (False, "", False),
        (None, "-o stricthostkeychecking=accept-new", True),
        (False, "-oStrictHostKeyChecking=yes", True),
    ],
)
def test_the_connection_checks_host_keys_as_the_inventory_says(
    option: bool | None, ssh_args: str | None, told: bool | None
) -> None:
    answers = [answer(LxcHost(name="far", address="a"), container("web"))]
    (found,) = harvest(answers, Filters(), {**OPTIONS, "host_key_checking": option, "ssh_args": ssh_args})
    assert found.variables.get("ansible_host_key_checking") is told


def test_only_the_keys_that_are_wanted() -> None:
    config = {"lxc.group": ["g"], "lxc.net.0.type": ["veth"], "lxc.start.auto": ["1"]}
    options = {**OPTIONS, "config_keys": ["lxc.net."]}
    (found,) = harvest([answer(LxcHost(name="h"), container("web", config=config))], Filters(), options)
    assert found.variables["lxc_config"] == {"lxc.net.0.type": ["veth"]}
    assert found.groups == ("lxc_running", "lxc_host_h", "lxc_group_g")
