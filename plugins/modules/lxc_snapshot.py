#!/usr/bin/python
# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lxc_snapshot
short_description: Make, remove and restore snapshots of a container
version_added: 0.1.0
author:
  - The community.lxc authors (@community-lxc)
description:
  - Makes snapshots of a stopped container, removes them, and restores them in the container's place or as a new
    container.
  - liblxc names snapshots itself, V(snap0), V(snap1) and so on. A snapshot is known by its comment, or by this name.
  - With storage of the types C(dir) and C(overlay) a snapshot is a copy, which needs C(rsync) on the managed host.
    With C(btrfs), C(zfs) and C(lvm) it is one of the storage's own.
extends_documentation_fragment:
  - community.lxc._attributes
  - community.lxc._container
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - Not for O(state=restored) without O(new_name), which restores each time.
options:
  state:
    description:
      - With V(present) there is a snapshot with this O(comment). If there is none, it is made, which needs a stopped
        container.
      - With V(absent) there is none.
      - With V(restored) and O(new_name), there is a container of that name. If there is none, it is made from the
        snapshot.
      - With V(restored) alone the container gets the root file system and the configuration of the snapshot. Needs a
        stopped container, storage of the type C(dir), C(overlay) or C(btrfs) in the container's own directory, and for
        a moment the space for a second copy. If it fails, or is killed at any instant, nothing is lost. The run that
        follows a killed one, with whatever O(state), puts everything back first. Until then
        M(community.lxc.lxc_container) does not start the container. If it was started otherwise, and runs or has been
        changed since, nothing is put back, and the task fails and says where everything is.
    type: str
    choices: [present, absent, restored]
    default: present
  name:
    description: liblxc's name of a snapshot that is there.
    type: str
  comment:
    description: The snapshot's comment. For V(absent) and V(restored) it must be that of a single snapshot.
    type: str
  new_name:
    description: The name of the new container, in the same O(lxc_path).
    type: str
seealso:
  - module: community.lxc.lxc_container
"""

EXAMPLES = r"""
- name: Stop the container
  community.lxc.lxc_container:
    name: web
    state: stopped

- name: Keep its state before an upgrade
  community.lxc.lxc_snapshot:
    container: web
    comment: before the upgrade

- name: Look at it beside the container
  community.lxc.lxc_snapshot:
    container: web
    comment: before the upgrade
    state: restored
    new_name: web-before

- name: Go back to it
  community.lxc.lxc_snapshot:
    container: web
    comment: before the upgrade
    state: restored

- name: Remove it
  community.lxc.lxc_snapshot:
    container: web
    comment: before the upgrade
    state: absent
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be.
  returned: always
  type: list
  elements: str
  sample: ["make snapshot snap0 of container 'web' in /var/lib/lxc"]
restart_required:
  description: Always V(false).
  returned: success
  type: bool
  sample: false
lxc_log:
  description: The warnings and errors that liblxc logged.
  returned: failure
  type: list
  elements: str
  sample: []
snapshot:
  description: The snapshot that the task is about, and all that the container has.
  returned: success
  type: dict
  contains:
    name:
      description: liblxc's name; V(null) if there is none.
      type: str
      sample: snap0
    comment:
      description: Its comment.
      type: str
      sample: before the upgrade
    created:
      description: When it was made, in the host's local time, as liblxc writes it. V(null) in check mode.
      type: str
      sample: 2026:11:21 23:21:13
    container:
      description: The container's name.
      type: str
      sample: web
    new_name:
      description: The name of the container that was made from it.
      type: str
      sample: web-before
    snapshots:
      description: All snapshots of the container.
      type: list
      elements: dict
      sample:
        - {name: snap0, comment: before the upgrade, created: '2026:11:21 23:21:13'}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.lxc.plugins.module_utils._argspec import SNAPSHOT_OPTIONS
from ansible_collections.community.lxc.plugins.module_utils._plan._snapshot import build_snapshot
from ansible_collections.community.lxc.plugins.module_utils._runner import run_module


def main() -> None:
    module = AnsibleModule(supports_check_mode=True, **SNAPSHOT_OPTIONS.to_kwargs())
    run_module(module, lambda: build_snapshot(module.params))


if __name__ == "__main__":
    main()
