#!/usr/bin/python
# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lxc_mount
short_description: Mount into native LXC containers, persisted and while they run
version_added: 0.1.0
author:
  - The community.lxc authors (@community-lxc)
description:
  - Mounts directories and files of the host, and file systems, into containers of plain LXC.
  - A mount has two sides, which are looked at and changed separately. Persisted it is an C(lxc.mount.entry) in the
    container's configuration. Live it is a mount in the running container, which needs neither a restart nor
    any preparation of the container.
  - Whatever the target holds is left as it is. The target is resolved inside the container's root file system, so that
    no symbolic link in the container leads to the host.
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
  target:
    description:
      - The absolute path inside the container, which identifies the mount. Without V(..), and not V(/).
      - Where the mount is persisted, no part of it may be a symbolic link, since liblxc refuses those when the
        container starts. The module then names the path to use.
      - Persisted as a line of the key C(lxc.mount.entry), of which O(source), O(fstype) and O(options) are the other
        fields.
    type: str
    required: true
  source:
    description:
      - What to mount. For a bind mount the absolute path of a directory or file on the host; for a file system on a
        device, the device; for one without a device any word, by default the O(fstype).
      - Needed for bind mounts with the states that mount something.
    type: str
  fstype:
    description:
      - The type of the file system; V(bind) shows a directory or file of the host.
      - A file system that shows namespaces, such as V(proc), V(sysfs) or V(mqueue), cannot be mounted from outside,
        since it would show the host's. It is persisted and waits for the container's next start.
    type: str
    default: bind
  options:
    description:
      - The mount options, in liblxc's words. Their order does not matter, except that of words that contradict each
        other the last one holds.
      - 'For bind mounts C(rbind) (with all mounts below), flags (C(ro), C(nosuid), C(nodev), C(noexec), C(nodiratime)),
        access times (C(noatime), C(relatime), C(strictatime)) and propagation (C(private), C(slave), C(shared),
        C(unbindable), and the same for the whole tree, as in C(rslave)).'
      - For file systems also C(sync), C(dirsync), C(lazytime), C(mand), and the file system's own options, such as
        C(size=1m) for C(tmpfs).
      - C(ro) is read-only from the first moment on. With C(rbind) it holds for the mounts below too; liblxc, when the
        container starts, applies it to the uppermost only.
      - The root of a container that has C(CAP_SYS_ADMIN) can change the options of the mounts that it sees.
    type: list
    elements: str
  create:
    description:
      - Make the mount point if it does not exist, a directory or an empty file, with its parents. It belongs to the
        container's root. Nothing is left of it if the mount then fails.
      - Persisted as C(create=dir) or C(create=file). Without it the target must exist.
      - A mount point is never removed with the mount.
    type: str
    choices: [dir, file]
  optional:
    description:
      - Whether the container may start without this mount, and the source may be absent.
      - Persisted as C(optional).
    type: bool
    default: false
  idmap:
    description:
      - With V(container), files keep their owners as numbers inside the container, although its user namespace maps
        them to others on the host. Needs C(lxc.idmap) and a file system that supports idmapped mounts.
      - Persisted as C(idmap=container), which needs the API extension C(idmapped_mounts_v2).
    type: str
    choices: [container]
  state:
    description:
      - V(mounted) has it persisted, and live if the container runs.
      - V(present) has it persisted, and leaves alone what is live.
      - V(ephemeral) has it live and not persisted; the container must run.
      - V(unmounted) has nothing live at the target, and leaves the persisted entry alone; the container must run.
      - V(absent) has neither.
      - Another mount at the target is replaced, and mounts on top of the wanted one are taken away. If that fails,
        everything is as it was.
    type: str
    choices: [mounted, present, ephemeral, unmounted, absent]
    default: mounted
  force:
    description:
      - Unmount also what is busy, lazily. It disappears at once, and ends when its last user has ended.
    type: bool
    default: false
notes:
  - Live mounts need Linux 5.12 or later. Where the container was started with C(lxc.mount.auto = shmounts:...) on a
    shared mount (API extension C(mount_injection)), it is liblxc that mounts, and Linux 5.8 is enough.
  - liblxc unmounts by path. So it does only where all directories of the path are mount points themselves, which cannot
    be swapped for links meanwhile; elsewhere the kernel's own calls do.
  - liblxc 5.0.2, when a container starts, sets the flags and access times of a bind mount only if C(ro) is among them,
    and makes all mounts shared at the end, whatever their entries say. Run the task again after such a start; it sets
    the options where the mount is, even if that is in use. M(community.lxc.lxc_info) shows the difference as drift.
  - The kernel lets a container with a user namespace of its own mount no device at its start, and bind a directory with
    mounts below it only with C(rbind), nor can such a container change the access times of a bind mount. Such mounts
    are refused, except with O(state=ephemeral).
  - Entries that come from an C(lxc.include) or stand in an C(lxc.mount.fstab) are reported and left alone.
  - A mount receives what is mounted below its source on the host later, as one that LXC makes at start does, and never
    gives anything back, unless its propagation says so.
  - What a run that was killed has left mounted in the container's C(/dev) is unmounted by the next one, whatever its
    target, unless O(state=present).
seealso:
  - module: community.lxc.lxc_container
"""

EXAMPLES = r"""
---
- name: A directory of the host, read-only
  community.lxc.lxc_mount:
    container: web
    source: /srv/www
    target: /var/www
    options: [ro, nosuid, nodev]
    create: dir

- name: A single file
  community.lxc.lxc_mount:
    container: web
    source: /etc/hosts
    target: /etc/hosts
    options: [ro]

- name: A small tmpfs, until the container stops
  community.lxc.lxc_mount:
    container: web
    target: /scratch
    fstype: tmpfs
    options: [size=1m, mode=0700]
    create: dir
    state: ephemeral

- name: A directory with the owners that it has on the host, for an unprivileged container
  community.lxc.lxc_mount:
    container: unprivileged
    source: /srv/www
    target: /var/www
    idmap: container
    create: dir

- name: Take it away, even if it is in use
  community.lxc.lxc_mount:
    container: web
    target: /var/www
    state: absent
    force: true
"""

RETURN = r"""
actions:
  description:
    - What was done, or in check mode would be done, a sentence each; and what waits for a restart.
  returned: always
  type: list
  elements: str
  sample:
    - >-
      add lxc.mount.entry = /srv/www var/www none bind,ro,create=dir 0 0 to the configuration of container 'web'
      in /var/lib/lxc
    - mount /srv/www (bind,ro,create=dir) at /var/www in the running container 'web' in /var/lib/lxc
restart_required:
  description:
    - Whether the mount waits for the container's next start, since it cannot be mounted live. RV(actions) says why.
  returned: success
  type: bool
  sample: false
lxc_log:
  description:
    - The warnings and errors that liblxc logged during this operation.
  returned: failure
  type: list
  elements: str
  sample: []
mount:
  description:
    - The mount as it is after the task.
  returned: success
  type: dict
  contains:
    target:
      description: The path inside the container.
      type: str
      sample: /var/www
    source:
      description: What the task mounts; else what is persisted; V(null) if there is neither.
      type: str
      sample: /srv/www
    fstype:
      description: V(bind), or the type of the file system.
      type: str
      sample: bind
    options:
      description: The options of the entry.
      type: list
      elements: str
      sample: [bind, ro, create=dir]
    persisted:
      description:
        - The container's own entry, with C(source), C(target), C(fstype) and C(options); V(null) if there is none.
      type: dict
      sample: {"source": "/srv/www", "target": "/var/www", "fstype": "bind", "options": ["bind", "ro", "create=dir"]}
    live:
      description:
        - The uppermost mount at the target in the running container, in the same shape; V(null) if there is none.
        - Where it is not the one that the task mounts, C(options) are those of the mount table.
      type: dict
      sample: {"source": "/srv/www", "target": "/var/www", "fstype": "bind", "options": ["bind", "ro", "create=dir"]}
    stack:
      description: All the mounts at the target in the running container, in the same shape, the lowest first.
      type: list
      elements: dict
      sample:
        - {"source": "/srv/www", "target": "/var/www", "fstype": "bind", "options": ["bind", "ro", "create=dir"]}
    inherited:
      description:
        - Entries at the target that are not the container's own lines, in the same shape, with their C(origin), which
          is V(include) or the path of the C(lxc.mount.fstab).
      type: list
      elements: dict
      sample: []
    via:
      description:
        - Which way a live change took, or in check mode would take. V(liblxc) or V(kernel); V(null) if there was none.
      type: str
      sample: kernel
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.lxc.plugins.module_utils._argspec import MOUNT_OPTIONS
from ansible_collections.community.lxc.plugins.module_utils._plan._mount import build_mount
from ansible_collections.community.lxc.plugins.module_utils._runner import run_module


def main() -> None:
    module = AnsibleModule(supports_check_mode=True, **MOUNT_OPTIONS.to_kwargs())
    run_module(module, lambda: build_mount(module.params))


if __name__ == "__main__":
    main()
