# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enter a container of the local host."""

from __future__ import annotations

DOCUMENTATION = r"""
name: lxc
short_description: Run tasks in an LXC container of this host
version_added: 0.1.0
author:
  - The community.lxc authors (@ansible-collections)
description:
  - Enters a running container of the host that Ansible runs on, with C(lxc-attach).
  - Exit codes are the command's own, stdout and stderr stay apart, and both directions take any amount of data.
  - Files are streamed, checked, and appear under their final name only when they are whole.
extends_documentation_fragment:
  - community.lxc._attach
  - connection_pipelining
seealso:
  - plugin: community.lxc.lxc_ssh
    plugin_type: connection
    description: The same for containers of another host.
  - plugin: community.lxc.lxc
    plugin_type: inventory
    description: Finds the containers, and sets the options of this plugin.
"""

EXAMPLES = r"""
---
- name: Configure what is inside the container web1 of this host
  hosts: web1
  gather_facts: false
  vars:
    ansible_connection: community.lxc.lxc
    ansible_lxc_path: /srv/lxc
  tasks:
    - name: See that it answers
      ansible.builtin.ping:

    - name: Boot it again
      ansible.builtin.reboot:
        boot_time_command: cut -d ' ' -f 22 /proc/1/stat
"""

from ansible_collections.community.lxc.plugins.plugin_utils._attach import AttachConnection
from ansible_collections.community.lxc.plugins.plugin_utils._pump import Exchange, run


class Connection(AttachConnection):
    """The container's host is this one."""

    transport = "community.lxc.lxc"

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def close(self) -> None:
        self._connected = False

    def _transport(self, argv: list[str] | str, exchange: Exchange, *, tty: bool) -> int:
        return run(["/bin/sh", "-c", argv] if isinstance(argv, str) else argv, exchange)
