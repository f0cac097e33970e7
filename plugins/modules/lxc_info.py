#!/usr/bin/python
# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lxc_info
short_description: Look at a host of native LXC containers, and at the containers
version_added: 0.1.0
author:
  - The community.lxc authors (@community-lxc)
description:
  - Tells what liblxc, the kernel and the control groups of a host can do, and which containers there are, how they are
    configured, and how they run.
  - Only looks. Containers that do not run cost next to nothing. The monitors of those that run are asked for the
    values that they were started with, all in one child process; one that does not answer holds nobody up.
extends_documentation_fragment:
  - community.lxc._attributes
  - community.lxc._attributes.INFO_MODULE
options:
  lxc_path:
    description:
      - The directory on the managed host that holds the containers.
      - By default the one that is built into liblxc or set in C(lxc.conf) as C(lxc.lxcpath), usually C(/var/lib/lxc).
    type: path
  name:
    description:
      - The containers to look at. All in O(lxc_path) by default.
      - A name that there is no container of is an error; an empty list is for a look at the host alone.
    type: list
    elements: str
    aliases: [names]
  keys:
    description:
      - Configuration keys to ask liblxc about, as they would stand in a configuration, for example
        C(lxc.net.0.veth.mode) or C(lxc.sched.core).
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Look at everything
  community.lxc.lxc_info:
  register: lxc

- name: Show the addresses of the containers that run
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.ips | join(', ') }}"
  loop: "{{ lxc.containers | selectattr('state', 'equalto', 'RUNNING') }}"
  loop_control:
    label: "{{ item.name }}"

- name: Look at two containers in a directory of one's own
  community.lxc.lxc_info:
    lxc_path: /srv/lxc
    name:
      - web
      - db

- name: Ask whether routed veth interfaces can be had
  community.lxc.lxc_info:
    name: []
    keys:
      - lxc.net.0.veth.mode
  register: lxc

- name: Stop here if not
  ansible.builtin.assert:
    that:
      - lxc.host.api_extensions.network_veth_router
      - lxc.host['keys']['lxc.net.0.veth.mode']
"""

RETURN = r"""
host:
  description:
    - What the host can do.
  returned: success
  type: dict
  contains:
    lxc_version:
      description: The version of liblxc.
      type: str
      sample: 5.0.2
    lxc_path:
      description: The directory that was looked at.
      type: str
      sample: /var/lib/lxc
    api_extensions:
      description:
        - For each API extension of liblxc whether this one has it. C(init_pidfd), which liblxc never lists, is true
          where the method is there.
      type: dict
      sample: {"mount_injection": true, "time_namespace": true, "environment_runtime_hooks": false}
    keys:
      description: For each of O(keys) whether this liblxc knows it.
      type: dict
      sample: {"lxc.net.0.veth.mode": true}
    cgroup:
      description:
        - The C(layout), which is V(unified) (version 2), V(hybrid), V(legacy) (version 1) or V(none), and the
          C(controllers), each with the version that it can be used in.
      type: dict
      sample: {"layout": "unified", "controllers": {"cpu": 2, "memory": 2, "pids": 2}}
    kernel:
      description:
        - What the kernel can do. V(null) where this cannot be known without trying.
        - C(ipvlan), C(vlan) and C(bridge_vlan) are kinds of network interfaces, and bridges that filter by VLAN;
          C(core_scheduling) is false too where no processor has several threads; C(seccomp_actions) are the kernel's
          own words.
      type: dict
      sample:
        ipvlan: true
        vlan: true
        bridge_vlan: true
        time_namespace: true
        user_namespace: true
        idmapped_mounts: true
        core_scheduling: false
        seccomp_actions: [kill_process, kill_thread, trap, errno, user_notif, trace, log, allow]
containers:
  description:
    - The containers, by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: web
    lxc_path:
      description: The directory that it is defined in.
      type: str
      sample: /var/lib/lxc
    defined:
      description: Whether it has a configuration. A container can go on running without one.
      type: bool
      sample: true
    error:
      description: What is wrong with its configuration, or could not be found out; else V(null).
      type: str
      sample: liblxc 5.0.2 does not know the key lxc.network.type
    state:
      description: LXC's own word, or V(UNRESPONSIVE) for a monitor that does not answer.
      type: str
      sample: RUNNING
    init_pid:
      description: The process id of its init on the host; V(null) if it does not run.
      type: int
      sample: 4711
    uptime:
      description: Since how many seconds init runs; V(null) if it does not.
      type: float
      sample: 86400.25
    config:
      description: The persisted configuration, each key with the values of its lines.
      type: dict
      sample: {"lxc.uts.name": ["web"], "lxc.start.auto": ["1"]}
    pending:
      description:
        - The keys whose value in the running container differs from the persisted one; V(null) if that could not be
          found out.
        - Also C(lxc.seccomp.profile), if the content of the profile is no longer that of the container's start.
      type: list
      elements: str
      sample: [lxc.tty.max]
    drift:
      description:
        - Both values of each of these keys, in liblxc's own spelling; V(null) where those are.
        - They are the same where only the content of a seccomp profile was changed.
      type: dict
      sample: {"lxc.tty.max": {"persisted": ["4"], "live": ["1"]}}
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
          do not tie to one of several interfaces, such as a C(/32) without a route, is among RV(containers[].ips)
          alone.
      type: dict
      sample: {"eth0": ["10.0.3.10"]}
    nics:
      description:
        - The configured interfaces by index, then those that only the running container has, each as the C(lxc_net_)
          modules return it.
      type: list
      elements: dict
      contains:
        name:
          description: Its name inside.
          type: str
          sample: eth0
        type:
          description: Its configured type; V(null) if it is not configured. Its other options stand beside it.
          type: str
          sample: veth
        index:
          description: The number of its section.
          type: int
          sample: 0
        live:
          description: The interface in the running container.
          type: dict
          sample: {"host_name": "vethA1b2C3", "bridge": "lxcbr0", "mtu": 1500, "addresses": ["10.0.3.10/24"]}
        counters:
          description: The inside's bytes, packets, errors and dropped packets, received and sent.
          type: dict
          sample: {"rx_bytes": 4711, "rx_packets": 42, "tx_bytes": 815, "tx_packets": 7}
        drift:
          description: What the running container has otherwise than configured, one phrase each.
          type: list
          elements: str
          sample: [mtu 1400 instead of 1500]
        error:
          description: Why the running container's network could not be looked at; else V(null).
          type: str
          sample: null
    cgroup_path:
      description: The path of its init's control group.
      type: str
      sample: /lxc.payload.web
    seccomp:
      description:
        - Its seccomp policy as M(community.lxc.lxc_seccomp) returns it, and C(drift) with what waits for a restart.
      type: dict
      sample:
        persisted:
          profile: /usr/share/lxc/config/common.seccomp
          hash: 86a1f4b3c3a3a7c0b1f9b0d7a5bbd8eafd94ef18a0f2c7ee3a5a6e6ad7f0b2a1
          policy: null
          allow_nesting: false
          notify: {proxy: null, cookie: null}
        live: {mode: 2, filters: 1, notify_fd_active: false, profile: /usr/share/lxc/config/common.seccomp}
        drift: []
    snapshots:
      description: Its snapshots, each with C(name), C(comment) and C(created).
      type: list
      elements: dict
      sample: [{name: snap0, comment: before the upgrade, created: '2026:11:21 23:21:13'}]
    mounts:
      description:
        - Its mounts but the root file system, by target, persisted and live. V(null) where they could not be found.
        - Each with C(target), C(source), C(fstype) and C(options). C(persisted) is the entry that a start would mount
          there last, C(origin) where that comes from (V(null) for the container's own lines, V(include), or the path
          of an C(lxc.mount.fstab)), C(live) the uppermost mount there now, and C(drift) says in words how the two
          differ. What the container or LXC itself has mounted is no drift.
      type: list
      elements: dict
      sample:
        - target: /var/www
          source: /srv/www
          fstype: bind
          options: [bind, ro]
          persisted: {"source": "/srv/www", "target": "/var/www", "fstype": "bind", "options": ["bind", "ro"]}
          origin: null
          live: null
          drift: persisted, and not mounted in the running container
    time_offset:
      description: The offsets of its clocks in seconds, as the kernel tells them.
      type: dict
      sample: {"monotonic": 0, "boottime": 3600}
    cgroup:
      description:
        - Its control groups, as M(community.lxc.lxc_cgroup_isolation) returns them, with the limits that are configured
          and, if it runs, C(memory.max), C(pids.max) and C(cpu.max) in any case. Devices are not tried.
      type: dict
      sample:
        layout: unified
        placement:
          dir: null
          monitor_dir: null
          monitor_pivot_dir: null
          container_dir: null
          container_inner_dir: null
          relative: false
        container_path: /lxc.payload.web
        limit_path: /lxc.payload.web
        monitor_path: /lxc.monitor.web
        isolated: false
        limits:
          cpu.max: {persisted: null, live: max 100000}
          memory.max: {persisted: '536870912', live: '536870912'}
          pids.max: {persisted: null, live: max}
        usage: {memory: 2080768, pids: 12, cpu: 3.25}
        devices: {persisted: [], live: null}
        mount: {persisted: 'cgroup:mixed', live: 'cgroup2:rw'}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.lxc.plugins.module_utils._argspec import INFO_OPTIONS
from ansible_collections.community.lxc.plugins.module_utils._plan._info import gather
from ansible_collections.community.lxc.plugins.module_utils._runner import run_info


def main() -> None:
    module = AnsibleModule(supports_check_mode=True, **INFO_OPTIONS.to_kwargs())
    run_info(module, lambda: gather(module.params))


if __name__ == "__main__":
    main()
