#!/usr/bin/python
# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lxc_console_log
short_description: Read and clear a container's console log
version_added: 0.1.0
author:
  - The community.lxc authors (@community-lxc)
description:
  - Reads what a container has written to its console, from the ring buffer in its monitor or from the log file.
  - B(Reading the ring buffer consumes it). What is returned once is gone, for every other reader too. Reading the log
    file consumes nothing.
  - Both have to be configured before the container is started, the ring buffer with C(lxc.console.buffer.size), the
    log file with C(lxc.console.logfile), by M(community.lxc.lxc_container).
extends_documentation_fragment:
  - community.lxc._attributes
  - community.lxc._container
attributes:
  check_mode:
    support: partial
    details:
      - Nothing is read from the ring buffer, since that would consume it, and it is reported as changed, since only
        reading tells whether there is anything in it. A container that has none fails as it would without check mode.
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - This is an action. Reading the log file changes nothing.
options:
  source:
    description:
      - V(ring) is the ring buffer, API extension C(console_log).
      - V(logfile) is the file that the key C(lxc.console.logfile) names.
    type: str
    choices: [ring, logfile]
    default: ring
  read:
    description: Whether to return the content.
    type: bool
    default: true
  clear:
    description: Whether to empty the ring buffer, after reading.
    type: bool
    default: false
  max_bytes:
    description:
      - Return so many bytes at most, from the ring buffer the first ones, of which the rest stays there, from the log
        file the last ones.
      - V(0) means all there are. At most 64 MiB.
    type: int
    default: 0
seealso:
  - module: community.lxc.lxc_container
"""

EXAMPLES = r"""
- name: Have a ring buffer and a log file
  community.lxc.lxc_container:
    name: web
    restart: if_required
    config:
      lxc.console.buffer.size: 64KB
      lxc.console.logfile: /var/log/lxc/web.console
      lxc.console.size: 1MB
      lxc.console.rotate: 1

- name: Look at the last lines without consuming anything
  community.lxc.lxc_console_log:
    container: web
    source: logfile
    max_bytes: 4096
  register: console

- name: Take out what is in the ring buffer
  community.lxc.lxc_console_log:
    container: web

- name: Empty the ring buffer
  community.lxc.lxc_console_log:
    container: web
    read: false
    clear: true
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be.
  returned: always
  type: list
  elements: str
  sample: ["read the console's ring buffer of container 'web' in /var/lib/lxc"]
lxc_log:
  description: The warnings and errors that liblxc logged.
  returned: failure
  type: list
  elements: str
  sample: []
console_log:
  description: What was read; V(null) in check mode for the ring buffer.
  returned: success, and where something was read from the ring buffer that could then not be cleared
  type: dict
  contains:
    content:
      description: The text, each line ended by a newline alone. Bytes that are not UTF-8 are replaced.
      type: str
      sample: "Welcome to Debian GNU/Linux 12\n"
    size:
      description: How many bytes were read.
      type: int
      sample: 32
    logfile:
      description: The log file, V(null) for the ring buffer.
      type: str
      sample: /var/log/lxc/web.console
    terminals:
      description: The numbers of the pseudo-terminals that are open in the container, API extension C(devpts_fd). Not
        for the log file. None with C(lxc.pty.max = 0).
      type: list
      elements: int
      sample: [0, 1]
    truncated:
      description: Whether the log file holds more than was returned.
      type: bool
      sample: false
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.lxc.plugins.module_utils._argspec import CONSOLE_LOG_OPTIONS
from ansible_collections.community.lxc.plugins.module_utils._plan._console import read_console
from ansible_collections.community.lxc.plugins.module_utils._runner import run_action


def main() -> None:
    module = AnsibleModule(supports_check_mode=True, **CONSOLE_LOG_OPTIONS.to_kwargs())
    run_action(module, lambda pretend: read_console(module.params, pretend=pretend))


if __name__ == "__main__":
    main()
