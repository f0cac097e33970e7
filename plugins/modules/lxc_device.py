#!/usr/bin/python
# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lxc_device
short_description: Give a container a device node, or take it away
version_added: 0.1.0
author:
  - The community.lxc authors (@community-lxc)
description:
  - Makes a block or character device of the host available in a container, in its configuration and, if it runs, at
    once. Works for containers with an idmap too.
  - The node is made in the directory C(devices) beside the container's root file system, out of the container's reach,
    with the owner and mode that it is to have inside, and bind-mounted to its target. A link in the container is never
    followed.
  - Where the container's device cgroup denies the device, a rule that allows it goes with it.
  - M(community.lxc.lxc_cgroup_isolation) manages these rules as a whole.
extends_documentation_fragment:
  - community.lxc._attributes
  - community.lxc._container
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  state:
    description:
      - Whether the container has the device.
      - With V(absent) only what this module has made is removed. What the device cgroup allows because of it goes too,
        unless another O(target) of this container needs the same device. What was allowed before stays.
    type: str
    choices: [present, absent]
    default: present
  path:
    description: The absolute path of the device node on the managed host, of which its links are followed.
    type: str
  target:
    description:
      - The absolute path in the container. By default O(path).
      - The keys C(lxc.mount.entry) and C(lxc.cgroup2.devices.allow), or C(lxc.cgroup.devices.allow) with cgroup v1, API
        extensions C(cgroup2_devices) and C(mount_injection_file).
    type: str
  owner:
    description: The numeric owner inside of the container.
    type: int
    default: 0
  group:
    description: The numeric group inside of the container.
    type: int
    default: 0
  mode:
    description: The octal mode, as a text such as V(0660). By default that of the host's node.
    type: str
  access:
    description: What the device cgroup shall allow, some of V(r) (read), V(w) (write) and V(m) (make the node).
    type: str
    default: rwm
  live:
    description: Whether a running container gets or loses the device at once. If not, at its next start.
    type: bool
    default: true
seealso:
  - module: community.lxc.lxc_mount
  - module: community.lxc.lxc_cgroup_isolation
"""

EXAMPLES = r"""
- name: Let the container use FUSE
  community.lxc.lxc_device:
    container: web
    path: /dev/fuse
    mode: '0666'

- name: Give it a disk, for the group 6 inside
  community.lxc.lxc_device:
    container: web
    path: /dev/loop0
    target: /dev/data
    group: 6
    mode: '0660'

- name: Take it away again
  community.lxc.lxc_device:
    container: web
    target: /dev/data
    state: absent
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be, and what waits for the next start of the container.
  returned: always
  type: list
  elements: str
  sample:
    - "make the device node /var/lib/lxc/web/devices/%2Fdev%2Ffuse: c 10:229, owner 300000:300000, mode 0666"
restart_required:
  description: Whether anything waits for the next start of the container.
  returned: success
  type: bool
  sample: false
lxc_log:
  description: The warnings and errors that liblxc logged.
  returned: failure
  type: list
  elements: str
  sample: []
device:
  description: The device.
  returned: success
  type: dict
  contains:
    target:
      description: The path in the container.
      type: str
      sample: /dev/fuse
    node:
      description: The container's node, with the host's numbers of its owner and group. V(null) if there is none.
      type: dict
      sample:
        path: /var/lib/lxc/web/devices/%2Fdev%2Ffuse
        device: c 10:229
        owner: 300000
        group: 300000
        mode: '0666'
    live:
      description: Whether it is there in the running container. V(null) for one that does not run.
      type: bool
      sample: true
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.lxc.plugins.module_utils._argspec import DEVICE_OPTIONS
from ansible_collections.community.lxc.plugins.module_utils._plan._device import build_device
from ansible_collections.community.lxc.plugins.module_utils._runner import run_module


def main() -> None:
    module = AnsibleModule(supports_check_mode=True, **DEVICE_OPTIONS.to_kwargs())
    run_module(module, lambda: build_device(module.params))


if __name__ == "__main__":
    main()
