#!/usr/bin/python
# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lxc_net_veth
short_description: Manage veth interfaces of native LXC containers, persisted and live
version_added: 0.1.0
author:
  - The community.lxc authors (@community-lxc)
description:
  - A pair of interfaces, one in the container and one on the host, where it is a port of a bridge, or routed.
  - On a running container everything but O(mode) and O(pair) changes at once, through netlink. The whole interface can
    be plugged in and out, and a change of several parts that fails half-way is taken back.
extends_documentation_fragment:
  - community.lxc._attributes
  - community.lxc._container
  - community.lxc._nic
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  mode:
    description:
      - V(bridge) makes the host's end a port of the bridge O(link), of Linux or of Open vSwitch.
      - With V(router) the host has a route to each address and answers for the gateways (C(lxc.net.N.veth.mode), API
        extension C(network_veth_router)). An O(ipv6_gateway) needs C(net.ipv6.conf.all.forwarding = 1).
      - LXC's default is V(bridge). A change waits for the container's restart.
    type: str
    choices: [bridge, router]
  pair:
    description:
      - The name of the host's end (C(lxc.net.N.veth.pair)), which no other interface and no other container may have.
        LXC keeps no list of its paths, so that the containers of O(lxc_path), of the default path and of the paths of
        running containers are looked at.
      - By default LXC chooses one at each start. A change waits for the container's restart.
    type: str
  ipv4_routes:
    description:
      - The host's IPv4 routes over the pair (C(lxc.net.N.veth.ipv4.route), API extension C(network_veth_routes)).
    type: list
    elements: str
  ipv6_routes:
    description:
      - The host's IPv6 routes over the pair (C(lxc.net.N.veth.ipv6.route)).
    type: list
    elements: str
  vlan_id:
    description:
      - The VLAN of untagged frames on the bridge port, V(1) to V(4094), or V(none) (C(lxc.net.N.veth.vlan.id), API
        extension C(network_bridge_vlan)). Needs VLAN filtering in the kernel and on the bridge, which by default gives
        its ports a VLAN of its own.
    type: str
  vlan_tagged_ids:
    description:
      - The tagged VLANs of the bridge port, V(1) to V(4094) (C(lxc.net.N.veth.vlan.tagged.id), API
        extension C(network_bridge_vlan)).
    type: list
    elements: int
  rx_queues:
    description:
      - The number of receiving queues (C(lxc.net.N.veth.n_rxqueues)). V(0) removes the setting. A change waits for the
        container's restart.
    type: int
  tx_queues:
    description:
      - The number of sending queues (C(lxc.net.N.veth.n_txqueues)). As O(rx_queues).
    type: int
seealso:
  - module: community.lxc.lxc_net_ipvlan
  - module: community.lxc.lxc_net_macvlan
  - module: community.lxc.lxc_net_vlan
  - module: community.lxc.lxc_net_phys
"""

EXAMPLES = r"""
---
- name: A bridged interface with fixed addresses
  community.lxc.lxc_net_veth:
    container: web
    name: eth0
    link: lxcbr0
    ipv4_addresses: [10.0.3.10/24]
    ipv4_gateway: auto

- name: Another MTU, at once, on both ends
  community.lxc.lxc_net_veth:
    container: web
    name: eth0
    mtu: 1400

- name: A routed interface, reached through the host
  community.lxc.lxc_net_veth:
    container: edge
    name: eth0
    mode: router
    ipv4_addresses: [198.51.100.7/32]
    ipv4_gateway: 169.254.1.1

- name: Unplug an interface
  community.lxc.lxc_net_veth:
    container: web
    name: eth1
    state: absent
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode, one sentence each; then what waits for a restart.
  returned: always
  type: list
  elements: str
  sample:
    - plug the veth interface eth0 into the running container
restart_required:
  description: Whether something takes effect only at the container's next start.
  returned: success
  type: bool
  sample: false
lxc_log:
  description: What liblxc logged, warnings and errors, if the task failed.
  returned: failure
  type: list
  elements: str
  sample: []
nic:
  description: The interface as configured, under the names of the options, and as it is in the running container.
  returned: success
  type: dict
  contains:
    name:
      description: Its name inside.
      type: str
      sample: eth0
    type:
      description: The configured type; V(null) if it is not configured.
      type: str
      sample: veth
    index:
      description: The number of its section.
      type: int
      sample: 0
    live:
      description: The interface in the running container; V(null) if there is none.
      type: dict
      contains:
        host_name:
          description: The host's end of a veth pair.
          type: str
          sample: vethA1b2C3
        kind:
          description: The kernel's word for the device.
          type: str
          sample: veth
        up:
          description: Whether it is switched on.
          type: bool
          sample: true
        mtu:
          description: The inside's MTU in bytes.
          type: int
          sample: 1500
        host_mtu:
          description: The MTU of the host's end of a veth pair, in bytes.
          type: int
          sample: 1500
        hwaddr:
          description: The MAC address.
          type: str
          sample: 00:16:3e:5a:6b:7c
        bridge:
          description: The bridge that the host's end is a port of.
          type: str
          sample: lxcbr0
        parent:
          description: The host's interface that it stands on.
          type: str
          sample: null
        mode:
          description: The kernel's mode of a macvlan or ipvlan interface.
          type: str
          sample: null
        addresses:
          description: Its lasting addresses that are not link-local, IPv4 first.
          type: list
          elements: str
          sample: [10.0.3.10/24]
        ipv4_gateway:
          description: Where its IPv4 default route leads; V(dev) for a route without a gateway.
          type: str
          sample: 10.0.3.1
        ipv6_gateway:
          description: Where its IPv6 default route leads.
          type: str
          sample: null
        routes:
          description: The host's routes over a veth pair.
          type: list
          elements: str
          sample: []
        proxies:
          description: The addresses that the host answers for on its end of a veth pair.
          type: list
          elements: str
          sample: []
        vlan_id:
          description: The VLAN of the bridge port's untagged frames, or of a vlan interface.
          type: int
          sample: null
        vlan_tagged_ids:
          description: The tagged VLANs of the bridge port.
          type: list
          elements: int
          sample: []
  sample:
    name: eth0
    type: veth
    index: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.lxc.plugins.module_utils._argspec import NIC
from ansible_collections.community.lxc.plugins.module_utils._plan._nic import build_nic
from ansible_collections.community.lxc.plugins.module_utils._runner import run_module


def main() -> None:
    module = AnsibleModule(supports_check_mode=True, **NIC["veth"].to_kwargs())
    run_module(module, lambda: build_nic("veth", module.params))


if __name__ == "__main__":
    main()
