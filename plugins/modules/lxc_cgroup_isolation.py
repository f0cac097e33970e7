#!/usr/bin/python
# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lxc_cgroup_isolation
short_description: Place, limit and isolate a container's control groups
version_added: 0.1.0
author:
  - The community.lxc authors (@community-lxc)
description:
  - Sets where a container's control groups (cgroups) are, what limits it, which devices it may use and how it sees its
    own cgroups, in its configuration and, as far as the kernel and liblxc let it, in the running container.
  - Limits have the names of cgroup v2 on every host. Where cgroup v1 holds the controllers they are translated.
  - A privileged container's root can raise its own limits unless O(container_inner_dir) puts it into a cgroup below the
    one that is limited. RV(cgroup.isolated) is measured, and tells whether it is so.
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
      - With V(present), what the other options name is set, and everything else is left alone.
      - With V(absent), the directories, limits and device rules of the container's configuration are removed, the
        limits and device rules of the running container too. O(cgroup_mount) is left alone. No other option but O(live)
        can be given then.
      - What included files say stays in force.
    type: str
    choices: [present, absent]
    default: present
  dir:
    description:
      - The directory, in every cgroup hierarchy, in which liblxc makes the container's and its monitor's cgroup.
      - It is relative to the hierarchy's root, and may not hold V(..).
      - An empty text removes it. Takes effect at the next start, as all directories do.
      - Cannot be combined with O(monitor_dir), O(container_dir) or O(container_inner_dir).
      - The key C(lxc.cgroup.dir).
    type: str
  monitor_dir:
    description:
      - The cgroup of the container's monitor. It is needed together with O(container_dir), and may not be in it.
      - The key C(lxc.cgroup.dir.monitor), API extension C(cgroup_advanced_isolation).
    type: str
  monitor_pivot_dir:
    description:
      - The cgroup into which the monitor goes when it ends, so that its own can be removed. By default C(lxc.pivot).
      - It may be neither in O(monitor_dir) nor in O(container_dir).
      - The key C(lxc.cgroup.dir.monitor.pivot), API extension C(cgroup_advanced_isolation).
    type: str
  container_dir:
    description:
      - The container's cgroup, which holds its limits. It is needed together with O(monitor_dir).
      - The key C(lxc.cgroup.dir.container), API extension C(cgroup_advanced_isolation).
    type: str
  container_inner_dir:
    description:
      - The name of a cgroup in O(container_dir) that the container's processes are in, while its limits stay in
        O(container_dir), out of its reach.
      - The key C(lxc.cgroup.dir.container.inner), API extension C(cgroup_advanced_isolation).
    type: str
  relative:
    description:
      - Whether the directories are relative to the cgroup of whoever starts the container instead of to the root.
      - The key C(lxc.cgroup.relative), API extension C(cgroup_relative).
    type: bool
  limits:
    description:
      - Limits by their names in cgroup v2, for example C(memory.max), C(memory.high), C(memory.swap.max), C(pids.max),
        C(cpu.max), C(cpu.weight), C(cpuset.cpus), C(cpuset.mems), C(io.max), C(io.weight) or C(hugetlb.2MB.max).
      - Those that are not named are left alone. An empty value removes a limit.
      - Sizes are in bytes, or have one of the units V(K), V(M), V(G), V(T), V(P) and V(E), all powers of 1024, or are
        V(max). They are rounded down to whole pages, as the kernel does. C(cpu.max) is a quota and a period in
        microseconds. C(cpu.uclamp.min) and C(cpu.uclamp.max) are percentages. C(io.max), C(io.weight), C(rdma.max) and
        C(misc.max) take a list with one text for each device or resource.
      - On a host with the unified hierarchy they are written as C(lxc.cgroup2.NAME), API extension C(cgroup2).
      - On a hybrid or legacy host they are translated to the files of cgroup v1 and written as C(lxc.cgroup.FILE).
        There, C(memory.high) becomes C(memory.soft_limit_in_bytes), C(memory.swap.max) together with C(memory.max)
        becomes C(memory.memsw.limit_in_bytes), which limits both together, C(cpu.weight) becomes C(cpu.shares) and
        C(io.weight) becomes C(blkio.bfq.weight).
      - A limit that cgroup v1 has no equal of, or whose controller is not there, is an error before anything is
        changed.
      - A C(memory.max) below what is in use is refused, with what is in use in the message. On cgroup v2 the kernel
        would kill processes instead, so that it is asked to reclaim memory first, and the task fails if that is not
        enough.
    type: dict
  devices:
    description:
      - Rules for device nodes, in order. They are compared as what they allow, not as text.
      - They are added to what is there, or with O(purge_devices) replace it. A rule for V(a) sets the default and
        forgets all rules before it; every other rule is an exception from the default, and there are none from
        exceptions.
      - An empty list removes all rules of the container's own configuration.
      - In the running container, RV(cgroup.devices) is found out by trying. A container with an inner cgroup on a
        host with cgroup v1 cannot change the default while it runs; that waits for the next start.
      - The keys C(lxc.cgroup2.devices.allow) and C(lxc.cgroup2.devices.deny), API extension C(cgroup2_devices), or with
        cgroup v1 C(lxc.cgroup.devices.allow) and C(lxc.cgroup.devices.deny).
    type: list
    elements: dict
    suboptions:
      allow:
        description: Whether to allow or to deny.
        type: bool
        required: true
      device:
        description: V(a) for all, or V(b) or V(c) for a block or character device and its numbers, as in V(c 10:200) or
          V(c 136:*).
        type: str
        required: true
      access:
        description: Some of V(r) (read), V(w) (write) and V(m) (make the node).
        type: str
        default: rwm
  purge_devices:
    description:
      - Whether device rules that O(devices) does not name are removed. Rules of included files cannot be removed; they
        are what O(devices) builds on.
    type: bool
    default: false
  cgroup_mount:
    description:
      - How the container sees its cgroups. One of V(cgroup), V(cgroup-full), each alone or with V(:mixed), V(:ro) or
        V(:rw), and after that with V(:force) or not, or V(cgroup2), V(cgroup2:ro), V(cgroup2:force) or
        V(cgroup2:ro:force). An empty text removes it. Takes effect at the next start.
      - The cgroup word of the key C(lxc.mount.auto), of which all other words stay. The forms of C(cgroup2) need the
        API extension C(cgroup2_auto_mounting).
    type: str
  live:
    description:
      - Whether limits and device rules are also brought into the running container. If not, they wait for its next
        start.
    type: bool
    default: true
seealso:
  - module: community.lxc.lxc_container
"""

EXAMPLES = r"""
- name: Limit a container, now and in future
  community.lxc.lxc_cgroup_isolation:
    container: web
    limits:
      memory.max: 512M
      memory.swap.max: 0
      pids.max: 200
      cpu.max: 50000 100000
      cpuset.cpus: 0-1

- name: Keep its root from raising the limits
  community.lxc.lxc_cgroup_isolation:
    container: web
    monitor_dir: lxc/web/monitor
    container_dir: lxc/web/container
    container_inner_dir: inner
    cgroup_mount: cgroup2
  register: web

- name: Restart it if that is needed
  community.lxc.lxc_container:
    name: web
    restart: if_required

- name: Allow the usual devices and nothing else
  community.lxc.lxc_cgroup_isolation:
    container: web
    purge_devices: true
    devices:
      - {allow: false, device: a}
      - {allow: true, device: 'c 1:3'}
      - {allow: true, device: 'c 1:5'}
      - {allow: true, device: 'c 1:8', access: r}
      - {allow: true, device: 'c 1:9', access: r}
      - {allow: true, device: 'c 5:*'}
      - {allow: true, device: 'c 136:*', access: rw}

- name: Limit how fast it reads from a disk
  community.lxc.lxc_cgroup_isolation:
    container: web
    limits:
      io.max:
        - 254:0 rbps=10M wiops=500

- name: Take a single limit away
  community.lxc.lxc_cgroup_isolation:
    container: web
    limits:
      pids.max: ''

- name: Take all of it away
  community.lxc.lxc_cgroup_isolation:
    container: web
    state: absent
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be, and what waits for the next start of the container.
  returned: always
  type: list
  elements: str
  sample:
    - set memory.max from max to 536870912 in the running container 'web' in /var/lib/lxc
    - "change the configuration of container 'web' in /var/lib/lxc: set memory.max to 536870912"
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
cgroup:
  description: The container's cgroups. What is about the running container is V(null) for one that does not run.
  returned: success
  type: dict
  contains:
    layout:
      description: The host's cgroup layout, one of V(unified), V(hybrid) and V(legacy).
      type: str
      sample: unified
    placement:
      description: The configured directories by the names of the options, V(null) where there is none, and C(relative).
      type: dict
      sample:
        dir: null
        monitor_dir: lxc/web/monitor
        monitor_pivot_dir: null
        container_dir: lxc/web/container
        container_inner_dir: inner
        relative: false
    container_path:
      description: The cgroup that the container's init is in.
      type: str
      sample: /lxc/web/container/inner
    limit_path:
      description: The cgroup that holds its limits.
      type: str
      sample: /lxc/web/container
    monitor_path:
      description: The cgroup that its monitor is in.
      type: str
      sample: /lxc/web/monitor
    isolated:
      description:
        - Whether in every hierarchy its init is below RV(cgroup.limit_path), in a cgroup namespace that begins there,
          and no mount of a cgroup file system shows it the limiting cgroup. Its root can then not change the limits.
      type: bool
      sample: true
    limits:
      description: The limits of the configuration, and those that the task names, with the value of each in the
        configuration and in the running container.
      type: dict
      sample:
        memory.max: {persisted: '536870912', live: '536870912'}
        pids.max: {persisted: '200', live: '200'}
    usage:
      description: The memory in use in bytes, the number of processes, and the processor time in seconds.
      type: dict
      sample: {memory: 2080768, pids: 12, cpu: 3.25}
    devices:
      description: The device rules that the configuration amounts to, and, where the task names C(devices), what a test
        in the running container found for each of these devices, with C(a) for all others.
      type: dict
      sample:
        persisted: [deny a, 'allow c 1:3 rwm', 'allow c 136:* rw']
        live: {a: '', 'c 136:*': rw, 'c 1:3': rwm}
    mount:
      description: The cgroup word of C(lxc.mount.auto), and how the running container sees its cgroups, which is
        V(none) or the type of the file system and whether it is writable.
      type: dict
      sample: {persisted: cgroup2, live: 'cgroup2:rw'}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.lxc.plugins.module_utils._argspec import CGROUP_OPTIONS
from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup import build_cgroup
from ansible_collections.community.lxc.plugins.module_utils._runner import run_module


def main() -> None:
    module = AnsibleModule(supports_check_mode=True, **CGROUP_OPTIONS.to_kwargs())
    run_module(module, lambda: build_cgroup(module.params))


if __name__ == "__main__":
    main()
