#!/usr/bin/python
# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lxc_net_phys
short_description: Manage physical interfaces of native LXC containers, persisted and live
version_added: 0.1.0
author:
  - The community.lxc authors (@community-lxc)
description:
  - An interface of the host that moves into the container, and comes back when the container stops.
  - On a running container addresses, gateway, MTU, MAC address and O(up) change at once, through netlink, and the whole
    interface can be plugged in and out. O(link) waits for a restart.
  - An interface that was plugged into a running container is brought back at its end by the kernel and not by LXC. That
    is so for hardware; a virtual device ends with the container.
  - What was plugged in comes back with the MTU that it had, and up if it was up; what the container was started with
    comes back down, with the MTU that it has.
  - Only what can be told from an interface that the container made for itself is plugged in and out, that is hardware,
    and veth, macvlan, ipvlan and vlan interfaces with their other end or their parent on the host. Any other kind (such
    as vxlan, wireguard, dummy or tun) moves in when the container starts, and comes back when it stops.
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
options: {}
seealso:
  - module: community.lxc.lxc_net_veth
  - module: community.lxc.lxc_net_ipvlan
  - module: community.lxc.lxc_net_macvlan
  - module: community.lxc.lxc_net_vlan
"""

EXAMPLES = r"""
---
- name: Give a network card to a container
  community.lxc.lxc_net_phys:
    container: firewall
    name: wan
    link: enp4s0
    ipv4_addresses: [192.0.2.10/24]
    ipv4_gateway: 192.0.2.1
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode, one sentence each; then what waits for a restart.
  returned: always
  type: list
  elements: str
  sample:
    - plug the phys interface wan into the running container
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
      sample: phys
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
          sample: null
        kind:
          description: The kernel's word for the device.
          type: str
          sample: null
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
          sample: null
        hwaddr:
          description: The MAC address.
          type: str
          sample: 00:16:3e:5a:6b:7c
        bridge:
          description: The bridge that the host's end is a port of.
          type: str
          sample: null
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
    type: phys
    index: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.lxc.plugins.module_utils._argspec import NIC
from ansible_collections.community.lxc.plugins.module_utils._plan._nic import build_nic
from ansible_collections.community.lxc.plugins.module_utils._runner import run_module


def main() -> None:
    module = AnsibleModule(supports_check_mode=True, **NIC["phys"].to_kwargs())
    run_module(module, lambda: build_nic("phys", module.params))


if __name__ == "__main__":
    main()
