#!/usr/bin/python
# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lxc_container
short_description: Manage native LXC containers
version_added: 0.1.0
author:
  - The community.lxc authors (@community-lxc)
description:
  - Creates, configures, starts, stops, freezes, restarts and removes containers of plain LXC, through liblxc itself.
  - A new container is created, then configured, and only then started, so that it never runs with another
    configuration than the one that was asked for.
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
      - Not with O(state=restarted), which restarts each time.
options:
  name:
    description:
      - The container's name.
    type: str
    required: true
  state:
    description:
      - V(started) has the container exist and run; a frozen one is thawed.
      - V(present) has it exist and leaves alone whether it runs.
      - V(stopped) has it exist and not run. It is shut down cleanly within O(timeout), then killed if O(force).
      - V(frozen) has it exist, run, and all its processes frozen.
      - V(restarted) reboots it (API extension C(reboot2)), proved by a new init process, or stops and starts it where
        configuration waits for a start or was changed live, since a reboot does not read the configuration again.
      - V(absent) stops it and removes it with its root file system. A root file system in a directory outside of the
        container's own directory stays. A container whose configuration does not parse can be removed as well. One in
        whose directory something is mounted is refused.
    type: str
    choices: [started, present, stopped, frozen, restarted, absent]
    default: started
  template:
    description:
      - Create the container by this LXC template, by name (V(busybox), V(download)) or by path.
      - Looked at only when the container does not exist, like all other sources.
    type: str
  template_args:
    description:
      - The template's arguments, as a list of words or as a dictionary of long options; no word may hold a newline.
      - In a dictionary, V(true) gives an option without a value, and a list repeats the option.
    type: raw
  tarball:
    description:
      - Create the container from this archive of a root file system, on the managed host; plain or compressed by gzip,
        xz, zstd or bzip2.
      - Owners are taken by number; extended attributes, ACLs and file capabilities are kept. With C(lxc.idmap) in
        O(config), owners are shifted, and what is in C(/dev) is left out.
    type: path
  clone_from:
    description:
      - Create the container as a copy of this stopped container of the same O(lxc_path). Tasks that would start, change
        or remove it meanwhile wait for the end of the copy.
    type: str
  clone_snapshot:
    description:
      - Clone by a snapshot where the storage has them (btrfs, zfs, lvm), by an overlay elsewhere.
    type: bool
    default: false
  rootfs:
    description:
      - Create the container on this existing directory or block device, used as it is (C(lxc.rootfs.path), with
        C(lxc.rootfs.managed = 0)). It is never removed with the container.
    type: str
  storage:
    description:
      - The backing store of a new container.
    type: dict
    suboptions:
      type:
        description: The store's type; liblxc's default is V(dir). V(best) takes the first that the host offers.
        type: str
        choices: [dir, btrfs, zfs, lvm, loop, overlay, rbd, best]
      fstype:
        description: The file system to make, for V(lvm), V(loop) and V(rbd).
        type: str
      fssize:
        description: The file system's size, in bytes or with V(K), V(M), V(G) or V(T), for V(lvm), V(loop) and V(rbd).
        type: str
      dir:
        description: The root file system's directory, for V(dir).
        type: path
      zfsroot:
        description: The parent dataset, for V(zfs).
        type: str
      vg:
        description: The volume group, for V(lvm).
        type: str
      lv:
        description: The logical volume's name, for V(lvm).
        type: str
      thinpool:
        description: The thin pool, for V(lvm).
        type: str
      rbdname:
        description: The image's name, for V(rbd).
        type: str
      rbdpool:
        description: The pool, for V(rbd).
        type: str
  config:
    description:
      - Configuration keys (see C(man lxc.container.conf)) with a scalar or a list of scalars each.
      - A key is replaced as a whole, where its first line stands. V(null) or V([]) removes all of its lines. An empty
        string writes the key without a value, with which LXC clears what an included file has set.
      - Keys that are not named, comments, includes and the order of lines stay as they are, byte for byte.
      - Everything is checked by liblxc before anything is written.
    type: dict
    default: {}
  time_offset:
    description:
      - Offsets of the container's clocks in its time namespace (API extension C(time_namespace)).
    type: dict
    suboptions:
      boot:
        description:
          - Offset of the boot time clock (C(lxc.time.offset.boot)), with one of the units V(h), V(m), V(s), V(ms),
            V(us), V(ns). An empty string removes it.
        type: str
      monotonic:
        description:
          - Offset of the monotonic clock (C(lxc.time.offset.monotonic)), in the same form.
        type: str
  restart:
    description:
      - What O(state=started), O(state=present) and O(state=frozen) do when configuration waits for a start of the
        running container.
      - V(never) says so in RV(restart_required). V(if_required) stops and starts the container. Where it does not start
        with what the task has changed, the task fails, and the container runs again with the configuration that it had.
      - Keys that LXC reads from the file each time that it needs them (C(lxc.start.*), C(lxc.group),
        C(lxc.signal.halt), C(lxc.signal.reboot)) wait for nothing.
      - The content of a seccomp profile that was changed after the container's start waits as a key does.
    type: str
    choices: [never, if_required]
    default: never
  timeout:
    description:
      - Seconds for a clean shutdown, for a reboot, and for a start.
    type: int
    default: 30
  force:
    description:
      - Kill a container that does not shut down or reboot within O(timeout), and end one whose monitor hangs.
    type: bool
    default: true
  force_destroy:
    description:
      - With O(state=absent), remove the container's snapshots with it. Without, a container with snapshots is refused.
    type: bool
    default: false
  wait_for:
    description:
      - What a started container must have before the task goes on, V(init) its init process, V(ipv4) or V(ipv6) a
        global address.
    type: str
    choices: [none, init, ipv4, ipv6]
    default: none
  wait_timeout:
    description:
      - Seconds to wait for O(wait_for).
    type: int
    default: 60
seealso:
  - module: community.lxc.lxc_info
"""

EXAMPLES = r"""
---
- name: A small container, running, with an address
  community.lxc.lxc_container:
    name: web
    template: busybox
    config:
      lxc.net.0.type: veth
      lxc.net.0.link: lxcbr0
      lxc.net.0.flags: up
      lxc.net.0.name: lan0 # not eth0, where this template's init asks for a lease and drops the address first
      lxc.net.0.ipv4.address: 10.0.3.10/24
      lxc.start.auto: 1
    wait_for: ipv4

- name: From an archive, unprivileged
  community.lxc.lxc_container:
    name: db
    tarball: /srv/images/debian-12.tar.xz
    config:
      lxc.net.0.type: veth
      lxc.net.0.link: lxcbr0
      lxc.idmap:
        - u 0 300000 65536
        - g 0 300000 65536

- name: Change the configuration, and restart only if that is required
  community.lxc.lxc_container:
    name: web
    config:
      lxc.prlimit.nofile: 4096
      lxc.start.delay: # null removes the key
    restart: if_required

- name: Environment, console, log and the place in the order of starting at boot
  community.lxc.lxc_container:
    name: web
    config:
      lxc.environment: [LANG=C.UTF-8, TZ=Europe/Berlin]
      lxc.console.buffer.size: 64KB
      lxc.console.logfile: /var/log/lxc/web.console
      lxc.console.size: 1MB
      lxc.console.rotate: 1
      lxc.log.file: /var/log/lxc/web.log
      lxc.log.level: INFO
      lxc.start.auto: 1
      lxc.start.order: 10
      lxc.start.delay: 5
      lxc.group: [onboot, www]
    restart: if_required

- name: An unprivileged container on a directory whose files stay the host's root's (API extension idmapped_mounts)
  community.lxc.lxc_container:
    name: app
    rootfs: /srv/rootfs/app
    config:
      lxc.net.0.type: empty
      lxc.idmap:
        - u 0 300000 65536
        - g 0 300000 65536
      lxc.rootfs.options: idmap=container

- name: See what the host can do
  community.lxc.lxc_info:
    name: []
  register: lxc

- name: Variables for init alone, and others for hooks alone (API extension environment_runtime_hooks, LXC 7.0)
  community.lxc.lxc_container:
    name: web
    state: present
    config:
      lxc.environment.runtime: [TOKEN=of-the-container]
      lxc.environment.hooks: [TOKEN=of-the-hooks]
  when: lxc.host.api_extensions.environment_runtime_hooks

- name: Share no processor core with other containers (API extension core_scheduling, and a kernel that has it)
  community.lxc.lxc_container:
    name: web
    state: present
    config:
      lxc.sched.core: 1
  when: lxc.host.kernel.core_scheduling

- name: Remove it
  community.lxc.lxc_container:
    name: web
    state: absent
"""

RETURN = r"""
actions:
  description:
    - What was done, or in check mode would be done, a sentence each; and what waits for a restart.
  returned: always
  type: list
  elements: str
  sample:
    - create container 'web' in /var/lib/lxc from template busybox
    - start container 'web' in /var/lib/lxc
restart_required:
  description:
    - Whether the running container differs from its configuration until it is started again.
  returned: success
  type: bool
  sample: false
lxc_log:
  description:
    - The warnings and errors that liblxc logged during this operation.
  returned: failure
  type: list
  elements: str
  sample:
    - ERROR conf - ../src/lxc/conf.c:lxc_setup_rootfs_prepare_root:3945 - Failed to setup rootfs for "web"
container:
  description:
    - The container as it is after the task.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: web
    lxc_path:
      description: The directory that it is defined in.
      type: str
      sample: /var/lib/lxc
    state:
      description: LXC's own word, or V(ABSENT), or V(UNRESPONSIVE) for a monitor that does not answer.
      type: str
      sample: RUNNING
    init_pid:
      description: The process id of its init on the host; V(null) if it does not run.
      type: int
      sample: 4711
    config:
      description: The persisted configuration, each key with the values of its lines.
      type: dict
      sample: {"lxc.uts.name": ["web"], "lxc.start.auto": ["1"]}
    pending:
      description:
        - The keys whose value in the running container differs from the persisted one.
        - Also C(lxc.seccomp.profile), if the content of the profile is no longer that of the container's start.
      type: list
      elements: str
      sample: []
    rootfs:
      description: The value of C(lxc.rootfs.path), also where an included file has it.
      type: str
      sample: dir:/var/lib/lxc/web/rootfs
    ips:
      description: Its global addresses, IPv4 first.
      type: list
      elements: str
      sample: [10.0.3.10]
    interfaces:
      description: The names of its network interfaces.
      type: list
      elements: str
      sample: [lo, eth0]
    addresses:
      description:
        - The global addresses of each interface but the loopback. An IPv4 address that the kernel's files in C(/proc)
          do not tie to one of several interfaces, such as a C(/32) without a route, is among RV(container.ips) alone.
      type: dict
      sample: {"eth0": ["10.0.3.10"]}
    cgroup:
      description: The path of its init's control group.
      type: str
      sample: /lxc.payload.web
    time_offset:
      description: The offsets of its clocks in seconds, as the kernel tells them.
      type: dict
      sample: {"monotonic": 0, "boottime": 3600}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.lxc.plugins.module_utils._argspec import CONTAINER_OPTIONS
from ansible_collections.community.lxc.plugins.module_utils._plan._container import build_container
from ansible_collections.community.lxc.plugins.module_utils._runner import run_module


def main() -> None:
    module = AnsibleModule(supports_check_mode=True, **CONTAINER_OPTIONS.to_kwargs())
    run_module(module, lambda: build_container(module.params))


if __name__ == "__main__":
    main()
