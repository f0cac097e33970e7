# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""LXC containers of one or many hosts as an inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: lxc
short_description: LXC containers as an inventory source
version_added: 0.1.0
author:
  - The community.lxc authors (@ansible-collections)
description:
  - Asks LXC hosts, over ssh, or the local host, which containers they have, and sets each container's connection
    variables so that P(community.lxc.lxc_ssh#connection) or P(community.lxc.lxc#connection) enters it.
  - One round trip for each host, all hosts in parallel. What is asked is a small Python program without any binding; it
    reads files and enters no container.
  - Groups are made by state (C(lxc_running), C(lxc_stopped), C(lxc_frozen)), by V(lxc.group) (C(lxc_group_NAME)) and by
    host (C(lxc_host_NAME)), and by O(groups) and O(keyed_groups).
  - "Variables of each container: C(lxc_name), C(lxc_host), C(lxc_path), C(lxc_state), C(lxc_init_pid), C(lxc_ipv4) and
    C(lxc_ipv6) (lists of addresses), C(lxc_interfaces) (list of C(name), C(ipv4), C(ipv6)), C(lxc_groups),
    C(lxc_config) (O(config_keys), each a list of values) and C(lxc_version) (of the host's liblxc)."
requirements:
  - Python 3.8 or later on the LXC hosts, without any library.
  - Keys or an agent for ssh; passwords of ssh are not asked for.
notes:
  - A container is called by its name; where two hosts or paths have one of the same name, the later ones are called
    C(NAME.HOST) or C(NAME.HOST.NUMBER).
extends_documentation_fragment:
  - constructed
  - inventory_cache
seealso:
  - plugin: community.lxc.lxc_ssh
    plugin_type: connection
    description: How the containers of other hosts are entered.
  - plugin: community.lxc.lxc
    plugin_type: connection
    description: How the containers of the local host are entered.
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [community.lxc.lxc]
  hosts:
    description:
      - The LXC hosts. Each is an ssh destination, V(localhost) for the local host, or a dictionary with
        C(host) (the ssh destination, required), C(name) (what to call it, default C(host)), C(user), C(port),
        C(private_key_file), C(lxc_path) (list), C(become) and C(become_password), which take precedence over the
        options of the same names.
      - Default is the local host alone.
    type: list
    elements: raw
    default: [localhost]
  lxc_path:
    description:
      - Directories that hold containers, absolute. Default is liblxc's own C(lxc.lxcpath) on each host.
    type: list
    elements: str
    default: []
  user:
    description: User on the LXC hosts.
    type: str
    env:
      - name: LXC_INVENTORY_USER
  port:
    description: Port of ssh on the LXC hosts.
    type: int
  private_key_file:
    description: Private key for the LXC hosts, a path of the controller; C(~) is the home directory.
    type: str
    env:
      - name: LXC_INVENTORY_PRIVATE_KEY_FILE
  host_key_checking:
    description:
      - Whether ssh refuses hosts whose key it does not know. Ansible's own setting, of all connections.
      - If V(false), C(-o StrictHostKeyChecking=no) comes after O(ssh_args).
      - Said in the inventory file, it takes precedence over the environment and C(ansible.cfg), and is put into
        C(ansible_host_key_checking) of each container as well, so that it holds for its connection, too.
    type: bool
    default: true
    env:
      - name: ANSIBLE_HOST_KEY_CHECKING
      - name: ANSIBLE_SSH_HOST_KEY_CHECKING
    ini:
      - section: defaults
        key: host_key_checking
      - section: ssh_connection
        key: host_key_checking
  ssh_args:
    description:
      - Arguments for ssh, split as a shell does.
      - Put into C(ansible_ssh_common_args) of each container as well.
      - If they name C(StrictHostKeyChecking), they decide about host keys, whatever O(host_key_checking) says. For
        the connection to keep to that, C(ansible_host_key_checking) of each container is then true.
    type: str
    default: ""
    env:
      - name: LXC_INVENTORY_SSH_ARGS
  become:
    description: Whether C(sudo) is needed on the LXC hosts. Sets C(ansible_lxc_become) of each container as well.
    type: bool
    default: false
    env:
      - name: LXC_INVENTORY_BECOME
  become_password:
    description:
      - Password for C(sudo) on the LXC hosts. Not put into any variable; set C(ansible_lxc_become_password) for the
        connection.
    type: str
    env:
      - name: LXC_INVENTORY_BECOME_PASSWORD
  python_interpreter:
    description: Python on the LXC hosts.
    type: str
    default: python3
  timeout:
    description: Seconds that a host may take for its answer.
    type: float
    default: 30
  parallel:
    description: How many hosts are asked at a time.
    type: int
    default: 20
  unreachable:
    description: What to do about a host that does not answer.
    type: str
    choices: [warn, fail]
    default: warn
  states:
    description: Only containers in one of these states, in LXC's words such as V(RUNNING); empty for all.
    type: list
    elements: str
    default: []
  names:
    description: Only containers whose name matches one of these shell patterns; empty for all.
    type: list
    elements: str
    default: []
  lxc_groups:
    description: Only containers with one of these values of C(lxc.group); empty for all.
    type: list
    elements: str
    default: []
  config_keys:
    description:
      - Configuration keys whose values are wanted in C(lxc_config), such as V(lxc.start.auto), or with a final dot,
        V(lxc.net.), for all keys that begin so. Includes are followed.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
---
# containers.lxc.yml: the running containers of this host
plugin: community.lxc.lxc
states: [RUNNING]

---
# two hosts over ssh, one of them with another user, port and key
plugin: community.lxc.lxc
hosts:
  - lxc1.example.com
  - host: lxc2.example.com
    name: second
    user: admin
    port: 2222
    private_key_file: ~/.ssh/lxc2
    become: true
lxc_path: [/var/lib/lxc, /srv/lxc]
names: ["web*", "db?"]
config_keys: [lxc.start.auto]
unreachable: fail
cache: true
keyed_groups:
  - key: lxc_state | lower
    prefix: state
groups:
  autostarted: "'1' in lxc_config['lxc.start.auto'] | default([])"
compose:
  first_address: lxc_ipv4 | first | default('')
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.community.lxc.plugins.plugin_utils._harvest import (
    BadOption,
    Filters,
    Found,
    harvest,
    hosts_from,
    question_from,
)
from ansible_collections.community.lxc.plugins.plugin_utils._survey import Answer, LxcHost, ask_all

_OPTIONS = (
    "user", "port", "private_key_file", "lxc_path", "become", "become_password", "ssh_args",
    "config_keys", "python_interpreter", "timeout", "host_key_checking",
)  # fmt: skip


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Reads ``*.lxc.yml`` and ``*.lxc.yaml``."""

    NAME = "community.lxc.lxc"

    def verify_file(self, path: str) -> bool:
        """Whether the file is one for this plugin."""
        named = path.endswith((".lxc.yml", ".lxc.yaml"))
        return named and bool(BaseInventoryPlugin.verify_file(self, path))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill the inventory."""
        super().parse(inventory, loader, path, cache)
        config = BaseInventoryPlugin._read_config_data(self, path)
        try:
            answers = self._answers(path, cache)
            filters = Filters(
                states=tuple(self._option("states")),
                names=tuple(self._option("names")),
                lxc_groups=tuple(self._option("lxc_groups")),
            )
            options = {name: self._option(name) for name in _OPTIONS}
            if "host_key_checking" not in config:
                # Of the environment and ansible.cfg those hold that are there when the container is entered.
                options["host_key_checking"] = None
            for found in harvest(answers, filters, options):
                self._add(found)
        except BadOption as error:
            raise AnsibleParserError(f"{path}: {error}") from error

    def _answers(self, path: str, cache: bool) -> list[Answer]:
        """From the cache, or from the hosts. A host that did not answer is asked again the next time."""
        kept = self._option("cache")
        key = self.get_cache_key(path)
        if kept and cache and key in self._cache:
            return [Answer(host=_host(one["host"]), found=one["found"]) for one in self._cache[key]]
        options = {name: self._option(name) for name in _OPTIONS}
        hosts = hosts_from(self._option("hosts"), options)
        answers = ask_all(hosts, question_from(options), parallel=self._option("parallel"))
        for answer in answers:
            self._judge(answer)
        if kept and not any(answer.failure for answer in answers):
            # A password has no place in a cache.
            self._cache[key] = [
                {"host": {**asdict(answer.host), "become_password": ""}, "found": answer.found} for answer in answers
            ]
        return answers

    def _judge(self, answer: Answer) -> None:
        if answer.failure:
            text = f"The LXC host {answer.host.name} does not answer: {answer.failure}"
            if self._option("unreachable") == "fail":
                raise AnsibleParserError(text)
            self.display.warning(text)
        for problem in answer.found.get("problems", ()):
            self.display.warning(f"The LXC host {answer.host.name}: {problem}")

    def _add(self, found: Found) -> None:
        name, inventory = found.name, self.inventory
        if inventory is None:
            raise AnsibleParserError("there is no inventory to fill")
        inventory.add_host(name)
        # What a host or a container says is data, never a template.
        variables = {key: wrap_var(value) if _said(key) else value for key, value in found.variables.items()}
        for key, value in variables.items():
            inventory.set_variable(name, key, value)
        for group in found.groups:
            inventory.add_child(inventory.add_group(self._sanitize_group_name(group)), name)
        strict = self._option("strict")
        Constructable._set_composite_vars(self, self._option("compose"), variables, name, strict=strict)
        Constructable._add_host_to_composed_groups(self, self._option("groups"), variables, name, strict=strict)
        Constructable._add_host_to_keyed_groups(self, self._option("keyed_groups"), variables, name, strict=strict)

    def _option(self, name: str) -> Any:
        return BaseInventoryPlugin.get_option(self, name)


def _said(key: str) -> bool:
    return key.startswith("lxc_") or key in ("ansible_lxc_container", "ansible_lxc_path")


def _host(kept: Mapping[str, Any]) -> LxcHost:
    return LxcHost(**{**kept, "lxc_path": tuple(kept["lxc_path"])})
