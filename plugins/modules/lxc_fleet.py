#!/usr/bin/python
# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lxc_fleet
short_description: Converge many native LXC containers in one task
version_added: 0.1.0
author:
  - The community.lxc authors (@community-lxc)
description:
  - Brings a whole list of containers to where they should be, in one execution and in parallel, where a loop over
    M(community.lxc.lxc_container) pays for a task each time.
  - Each container is converged by the very same code as by the single modules.
  - A container that does not exist yet is created and configured, completed by its parts, and only then started.
    Mounts with C(state=ephemeral) or C(state=unmounted), which last no longer than the container runs, come after the
    start or restart.
  - One container's failure does not stop the others; the task fails at the end and names each.
extends_documentation_fragment:
  - community.lxc._attributes
  - community.lxc._lxc_path
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - Not for containers with C(state=restarted), which restart each time.
options:
  containers:
    description:
      - The containers, each a dictionary of the options of M(community.lxc.lxc_container) (all but O(lxc_path)), and
        of the following.
      - C(requires), a list of names of this list whose containers must have been converged before. Where both are
        to be stopped or absent, it is the other way round. A container of this list that C(clone_from) names is
        required without being said. Circles are refused.
      - C(share_source), one of V(none), V(overlay), V(btrfs) and V(reflink). Unless V(none), which is the default,
        a template or tarball is unpacked once into a base container (C(fleet-base-...)), from which all that
        come from the same source are cloned in that way. Bases stay until a task names them with C(state=absent).
      - C(nics), a list of interfaces with the options of the C(lxc_net_...) module that C(type) names, V(veth) if it
        is missing; C(purge_nics), whether to remove the configured interfaces that C(nics) does not name, V(false)
        unless said; C(mounts), a list with the options of M(community.lxc.lxc_mount); C(cgroup) with those of
        M(community.lxc.lxc_cgroup_isolation); C(seccomp) with those of M(community.lxc.lxc_seccomp).
    type: list
    elements: dict
    required: true
  defaults:
    description:
      - What holds for each container that does not say otherwise. Dictionaries are merged key by key, all else is
        replaced whole.
      - A container that names its own source (C(template), C(tarball), C(clone_from) or C(rootfs)) gets nothing of a
        source of another kind.
    type: dict
    default: {}
  parallel:
    description:
      - How many processes work at once, 64 at most; V(0) means one for each processor.
    type: int
    default: 0
  serial:
    description:
      - Work in batches of so many containers, in the order in which they can be brought about; a batch begins when
        all of the one before have ended well, their C(wait_for) included. V(0) means one batch.
      - Bases of shared sources count in no batch, and what O(purge) removes comes after the last one.
    type: int
    default: 0
  abort_on_failures:
    description:
      - Begin nothing new once so many containers have failed. V(0) means never.
    type: int
    default: 0
  purge:
    description:
      - Remove the containers of O(lxc_path) that carry the mark of O(fleet) and are not named in O(containers).
      - A container carries the mark if this module created it under its present name. No other container is ever
        removed, nor is a copy of one that carries it.
    type: bool
    default: false
  fleet:
    description:
      - The fleet's name, which is written into the configuration of each container that is created, as a comment.
      - Two fleets in one O(lxc_path) need two names, or O(purge) takes the other's containers.
    type: str
    default: default
  progress_file:
    description:
      - A file on the managed host to which a line is appended for each container that is done. In check mode it is
        left alone.
      - With verbosity, the action plugin of the same name sets this by itself and shows the lines, but for check mode.
    type: path
seealso:
  - module: community.lxc.lxc_container
"""

EXAMPLES = r"""
---
- name: A database, and two web servers that are made from one archive and start after it
  community.lxc.lxc_fleet:
    defaults:
      tarball: /srv/images/debian-12.tar.xz
      share_source: overlay
      config:
        lxc.start.auto: 1
        lxc.net.0.type: veth
        lxc.net.0.link: lxcbr0
        lxc.net.0.flags: up
    containers:
      - name: db
        cgroup:
          limits:
            pids.max: 500
      - name: web1
        requires: [db]
      - name: web2
        requires: [db]

- name: A rolling change, two at a time, that stops at the first bad batch
  community.lxc.lxc_fleet:
    defaults:
      restart: if_required
      wait_for: init
      config:
        lxc.prlimit.nofile: 4096
    containers:
      - name: web1
      - name: web2
      - name: db
    serial: 2

- name: Only these; what this fleet has created before and no longer names goes
  community.lxc.lxc_fleet:
    containers:
      - name: web1
    purge: true
"""

RETURN = r"""
actions:
  description:
    - What was done, or in check mode would be done, for all containers.
  returned: always
  type: list
  elements: str
  sample:
    - create container 'web1' in /var/lib/lxc from tarball /srv/images/debian-12.tar.xz
    - start container 'web1' in /var/lib/lxc
restart_required:
  description:
    - Whether any running container differs from its configuration until it is started again.
  returned: success
  type: bool
  sample: false
containers:
  description:
    - The result for each container, by name, bases of shared sources and what O(purge) removes included.
    - Each has C(changed), C(failed), and C(actions) and C(restart_required) as above.
    - Of one that worked, C(container) is what M(community.lxc.lxc_container) returns under that name.
    - Where the description has such parts and the container is not to be absent, C(nics), C(mounts), C(cgroup) and
      C(seccomp) are lists, also of one, of what the C(lxc_net_...) modules return as C(nic),
      M(community.lxc.lxc_mount) as C(mount), M(community.lxc.lxc_cgroup_isolation) as C(cgroup) and
      M(community.lxc.lxc_seccomp) as C(seccomp), in the order in which they were brought about. C(nics) begins with
      those that C(purge_nics) removes, C(mounts) ends with those that only the running container has.
    - Of one that failed, C(msg) says why, C(lxc_log) is a list of the warnings and errors that liblxc logged during
      the failed operation, and C(exception) is there only for a defect of the collection.
    - Of one that was not begun, C(skipped) is V(true), and C(msg) says why.
    - In diff mode, C(diff) has C(before) and C(after), of one that failed those of what was done before.
  returned: when the input was accepted
  type: dict
  sample:
    web1:
      changed: true
      failed: false
      actions:
        - start container 'web1' in /var/lib/lxc
      restart_required: false
      container:
        name: web1
        state: RUNNING
        ips: [10.0.3.10]
      mounts:
        - {"target": "/var/www", "source": "/srv/www", "fstype": "bind", "options": ["bind", "ro"]}
      cgroup:
        - {"layout": "unified", "limits": {"pids.max": {"persisted": "500", "live": "500"}}}
    web2:
      changed: false
      failed: true
      msg: "tarball: /srv/images/debian-12.tar.xz is not a file on the managed host"
      lxc_log: []
      actions: []
      restart_required: false
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.lxc.plugins.module_utils._argspec import FLEET
from ansible_collections.community.lxc.plugins.module_utils._fleet_task import converge_fleet
from ansible_collections.community.lxc.plugins.module_utils._runner import run_many


def main() -> None:
    module = AnsibleModule(supports_check_mode=True, **FLEET.to_kwargs())
    run_many(module, lambda apply: converge_fleet(module.params, apply=apply, diff=bool(module._diff)))


if __name__ == "__main__":
    main()
