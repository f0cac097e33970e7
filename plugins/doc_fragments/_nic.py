# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is PRIVATE to the collection: it may change at any time.

from __future__ import annotations


class ModuleDocFragment:
    # The options that NIC in module_utils/_argspec.py has for every interface type.
    DOCUMENTATION = r"""
options:
  name:
    description:
      - The interface's name inside the container (C(lxc.net.N.name)), which identifies it. Up to 15 visible ASCII
        characters without a slash, a colon or a percent sign.
      - An interface without a name in the configuration has the one that LXC gives it at start, V(eth0) for the first
        one. It is adopted under that name, not doubled.
    type: str
    required: true
  index:
    description:
      - The number N of its C(lxc.net.N) section. An interface that has another number moves there.
      - By default it keeps its number, and a new one gets the lowest that is free.
      - With the number of a section without a name, that section is the interface, and gets O(name); in a running
        container it is called by it after the restart.
    type: int
  state:
    description:
      - V(present) has the interface in the configuration and, if the container runs, in the running container.
      - V(absent) has it in neither. Proxy neighbour entries that LXC leaves behind for O(l2proxy) go with it.
      - Where another interface would get another name because this one goes, its name is written down.
    type: str
    choices: [present, absent]
    default: present
  live:
    description:
      - Bring a running container there too, without a restart.
      - With V(false) only the configuration is written, and RV(restart_required) tells whether the running container
        differs from it.
    type: bool
    default: true
  link:
    description:
      - The interface of the host that this one is connected to or stands on (C(lxc.net.N.link)).
      - An empty string removes it.
    type: str
  link_must_exist:
    description:
      - With V(false) a stopped container may be configured for a O(link) that the host does not have yet.
    type: bool
    default: true
  up:
    description:
      - Whether the interface is switched on (C(lxc.net.N.flags = up)).
      - By default a new interface is, and an existing one is left as it is.
    type: bool
  hwaddr:
    description:
      - The MAC address (C(lxc.net.N.hwaddr)). V(xx) in the place of a pair of digits has it chosen once; an address
        that fits stays.
      - An empty string removes it from the configuration; LXC then chooses one at each start. A running container keeps
        the address till its restart.
    type: str
  mtu:
    description:
      - The largest packet in bytes (C(lxc.net.N.mtu)), from 68 to 65535, with IPv6 addresses from 1280. Set live on
        both ends of a pair. V(0) removes it from the configuration, which waits for the container's restart.
      - Not more than O(link) has, for types that stand on it. API extension C(network_phys_macvlan_mtu) for macvlan and
        phys.
    type: int
  ipv4_addresses:
    description:
      - All IPv4 addresses with their prefix lengths (C(lxc.net.N.ipv4.address)). An empty list removes them.
      - On the running interface, addresses that are not in the list are removed, unless they are leased. Without this
        option the configured ones are seen to, and others left alone.
    type: list
    elements: str
  ipv6_addresses:
    description:
      - As O(ipv4_addresses), for IPv6 (C(lxc.net.N.ipv6.address)). Link-local addresses are left alone.
    type: list
    elements: str
  ipv4_gateway:
    description:
      - The default route's gateway (C(lxc.net.N.ipv4.gateway)). An address; V(auto) for the address of O(link), for
        veth and macvlan; V(dev) for a route over the interface without a gateway (API extension
        C(network_gateway_device_route)). An empty string removes it.
      - An address lies in one of the subnets of the interface, unless it is link-local or the interface has nothing but
        host addresses (C(/32)).
    type: str
  ipv6_gateway:
    description:
      - As O(ipv4_gateway), for IPv6 (C(lxc.net.N.ipv6.gateway)).
    type: str
  l2proxy:
    description:
      - Whether the host answers on O(link) for the interface's addresses (C(lxc.net.N.l2proxy), API extension
        C(network_l2proxy)).
      - The host's settings C(net.ipv4.conf.LINK.forwarding), and for IPv6 C(net.ipv6.conf.LINK.proxy_ndp) and
        C(net.ipv6.conf.LINK.forwarding), must be 1; this is checked beforehand.
    type: bool
  script_up:
    description:
      - A program of the host that LXC runs when it makes the interface, by its absolute path
        (C(lxc.net.N.script.up)). Not run for an interface that is plugged into a running container.
      - An empty string removes it.
    type: str
  script_down:
    description:
      - A program of the host that LXC runs when it removes the interface (C(lxc.net.N.script.down)).
    type: str
requirements:
  - python3-pyroute2 0.7 or later on the managed host, where the container runs
notes:
  - What a task does not name is left alone; an empty list or an empty string removes it.
  - A running interface is read from the kernel, so that what was changed behind the collection's back is found, put
    right, and reported in RV(ignore:actions).
  - An interface that comes from an C(lxc.include) is refused; it is changed in that file.
seealso:
  - module: community.lxc.lxc_container
  - module: community.lxc.lxc_info
"""
