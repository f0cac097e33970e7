# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real playbooks in a Debian container with Python, over both connections."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.community.lxc.tests.live._ansible import Play, RunPlaybook
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest, new_bed
from ansible_collections.community.lxc.tests.live._connections import Way, debian_guest, full_busybox

pytestmark = pytest.mark.timeout(900)
RunTasks = Callable[..., Play]


@pytest.fixture(scope="module")
def debian() -> Iterator[Guest]:
    bed = new_bed()
    try:
        yield debian_guest(bed)
    finally:
        bed.clean()


@pytest.fixture
def play(way: Way, tmp_path: Path, ansible_playbook: RunPlaybook) -> RunTasks:
    def run(guest: Guest, tasks: str, *, rc: int = 0, **variables: object) -> Play:
        lines = "".join(f"    {line}\n" for line in tasks.strip("\n").splitlines())
        done = ansible_playbook(
            f"- hosts: all\n  gather_facts: false\n  tasks:\n{lines}",
            args=way.inventory(guest, tmp_path, **variables),
            timeout=800,
        )
        assert done.rc == rc, done.output
        return done

    return run


def test_200_pipelined_pings(debian: Guest, play: RunTasks) -> None:
    done = play(
        debian,
        """
- name: Ping
  ansible.builtin.ping:
    data: "{{ item }}"
  loop: "{{ range(200) | list }}"
""",
        ansible_pipelining=True,
    )
    assert [str(one["ping"]) for one in done.result("Ping")["results"]] == [str(number) for number in range(200)]
    play(debian, "- ansible.builtin.command: test ! -e /root/.ansible/tmp", ansible_pipelining=True)


def test_modules_by_file_and_remote_tmp_inside(debian: Guest, play: RunTasks) -> None:
    done = play(
        debian,
        """
- name: Ping
  ansible.builtin.ping:
- name: Tmp
  ansible.builtin.stat:
    path: /root/somewhere/tmp
- name: Facts
  ansible.builtin.setup:
    gather_subset: min
- name: Copy
  ansible.builtin.copy:
    content: "{{ 'line\\n' * 100000 }}"
    dest: /root/copied
- name: Fetch
  ansible.builtin.fetch:
    src: /root/copied
    dest: "{{ playbook_dir }}/fetched"
    flat: true
- name: Compare
  ansible.builtin.assert:
    that: lookup('ansible.builtin.file', playbook_dir ~ '/fetched', rstrip=false) == 'line\\n' * 100000
""",
        ansible_remote_tmp="~/somewhere/tmp",
        ansible_pipelining=False,
    )
    assert done.result("Tmp")["stat"]["exists"]
    assert done.result("Facts")["ansible_facts"]["ansible_distribution"] == "Debian"


def test_async(debian: Guest, play: RunTasks) -> None:
    done = play(
        debian,
        """
- name: Poll
  ansible.builtin.shell: sleep 2; echo polled
  async: 60
  poll: 1
- name: Fire
  ansible.builtin.shell: sleep 3; echo fired
  async: 60
  poll: 0
  register: fired
- name: Wait
  ansible.builtin.async_status:
    jid: "{{ fired.ansible_job_id }}"
  register: waited
  until: waited.finished
  retries: 60
  delay: 1
""",
    )
    assert done.result("Poll")["stdout"] == "polled"
    assert done.result("Wait")["stdout"] == "fired"


@pytest.mark.parametrize("pipelining", [True, False])
def test_become_another_user_inside(debian: Guest, play: RunTasks, pipelining: bool) -> None:
    done = play(
        debian,
        """
- name: As worker
  ansible.builtin.shell: id -un; echo $HOME
  become: true
  become_user: worker
- name: Back to root, with a password
  ansible.builtin.command: id -un
  become: true
  vars:
    ansible_lxc_user: worker
    ansible_become_password: worker-secret
- name: With a wrong password
  ansible.builtin.command: id -un
  become: true
  ignore_errors: true
  vars:
    ansible_lxc_user: worker
    ansible_become_password: wrong
""",
        ansible_pipelining=pipelining,
    )
    assert done.result("As worker")["stdout_lines"] == ["worker", "/home/worker"]
    assert done.result("Back to root, with a password")["stdout"] == "root"
    assert "Incorrect sudo password inside the container" in done.result("With a wrong password")["msg"]


def test_reboot_wait_and_reset(debian: Guest, play: RunTasks) -> None:
    before = debian.init_pid()
    done = play(
        debian,
        """
- name: Reboot
  ansible.builtin.reboot:
    boot_time_command: cut -d ' ' -f 22 /proc/1/stat
    reboot_timeout: 300
- name: Reset
  ansible.builtin.meta: reset_connection
- name: Wait
  ansible.builtin.wait_for_connection:
    timeout: 120
- name: Uptime
  ansible.builtin.command: uptime -s
""",
    )
    assert done.result("Reboot")["rebooted"]
    assert debian.init_pid() != before


def test_wait_for_a_container_that_is_still_stopped(debian: Guest, play: RunTasks) -> None:
    debian.stop()
    done = play(
        debian,
        f"""
- name: Unreachable
  ansible.builtin.raw: "true"
  ignore_unreachable: true
- name: Start it later
  ansible.builtin.shell: (sleep 10; lxc-start -P {debian.lxc_path} -n {debian.name}) >/dev/null 2>&1 &
  delegate_to: localhost
  vars:
    ansible_connection: local
- name: Wait
  ansible.builtin.wait_for_connection:
    timeout: 120
    sleep: 1
- name: Ping
  ansible.builtin.ping:
""",
    )
    assert "is stopped" in done.result("Unreachable")["msg"]
    # Its module was run inside, and not at once.
    assert done.result("Wait")["elapsed"] >= 1
    assert done.result("Ping")["ping"] == "pong"


def test_raw_without_python(bed: Bed, play: RunTasks) -> None:
    guest = full_busybox(bed.guest()).start()
    done = play(
        guest,
        """
- name: Raw
  ansible.builtin.raw: echo out; echo err >&2; exit 255
  ignore_errors: true
""",
    )
    result = done.result("Raw")
    assert (result["rc"], result["stdout_lines"], result["stderr_lines"]) == (255, ["out"], ["err"])


@pytest.mark.parametrize("named", [True, False])
def test_a_delegated_task_enters_the_other_container(
    bed: Bed, way: Way, ansible_playbook: RunPlaybook, named: bool
) -> None:
    first, second = (full_busybox(bed.guest()).start() for _time in range(2))
    hosts = {}
    for guest in (first, second):
        variables = way.variables(guest)
        del variables["inventory_hostname"]
        hosts[guest.name] = {**variables, **({"ansible_lxc_container": guest.name} if named else {})}
    inventory = Path(bed.lxc_path, "hosts.json")
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    book = f"""
- hosts: {first.name}
  gather_facts: false
  tasks:
    - name: Here
      ansible.builtin.raw: hostname
    - name: There
      ansible.builtin.raw: hostname
      delegate_to: {second.name}
    - name: Both
      ansible.builtin.raw: hostname
      delegate_to: "{{{{ item }}}}"
      loop: [{second.name}, {first.name}]
"""
    done = ansible_playbook(book, args=["-i", str(inventory)])
    assert done.rc == 0, done.output
    assert done.result("Here")["stdout_lines"] == [first.name]
    assert done.result("There")["stdout_lines"] == [second.name]
    both = [one["stdout_lines"] for one in done.result("Both")["results"]]
    assert both == [[second.name], [first.name]]
