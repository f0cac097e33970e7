# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A network interface of a container, as configured and as it is in the kernel. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

TYPES = ("veth", "ipvlan", "macvlan", "vlan", "phys")
"""The interface types that are managed. ``empty`` and ``none`` of LXC are no interfaces."""

KINDS = ("veth", "macvlan", "ipvlan", "vlan")
"""The kernel's kinds of devices that LXC makes, each with an end or a parent on the host. Hardware is of no kind."""


@dataclass(frozen=True)
class Nic:
    """The managed keys of one ``lxc.net.N`` section, in canonical form. None, () and False: the key is absent.

    ``name`` is the interface's name inside, which need not be written in the configuration.
    ``mtu`` in bytes; addresses and routes with their prefix lengths.
    """

    name: str
    type: str
    link: str | None = None
    up: bool = False
    hwaddr: str | None = None
    mtu: int | None = None
    ipv4_addresses: tuple[str, ...] = ()
    ipv6_addresses: tuple[str, ...] = ()
    ipv4_gateway: str | None = None
    ipv6_gateway: str | None = None
    l2proxy: bool = False
    script_up: str | None = None
    script_down: str | None = None
    mode: str | None = None
    isolation: str | None = None
    pair: str | None = None
    ipv4_routes: tuple[str, ...] = ()
    ipv6_routes: tuple[str, ...] = ()
    vlan_id: int | str | None = None
    vlan_tagged_ids: tuple[int, ...] = ()
    rx_queues: int | None = None
    tx_queues: int | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        return self.ipv4_addresses + self.ipv6_addresses

    @property
    def is_router(self) -> bool:
        return self.type == "veth" and self.mode == "router"


@dataclass(frozen=True)
class HostSide:
    """The end of a veth pair that stays on the host.

    ``bridge`` is its Linux or Open vSwitch bridge. ``routes`` are those that somebody set up over it (protocols
    ``boot`` and ``static``), ``proxies`` the addresses that the host answers for on it.
    ``vlan_id`` is the untagged VLAN on the bridge (None: none), ``vlan_tagged_ids`` the tagged ones.
    """

    name: str
    index: int
    mtu: int
    up: bool = True
    bridge: str | None = None
    ipv4_routes: tuple[str, ...] = ()
    ipv6_routes: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    vlan_id: int | None = None
    vlan_tagged_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class LiveNic:
    """An interface in a running container, as the kernel has it.

    ``kind`` is the kernel's word for the device's type, empty for hardware. Addresses are those that stay until
    somebody removes them: no link-local and no leased ones. A gateway is an address or ``dev``.
    ``parent`` is the host's interface below a macvlan, ipvlan or vlan. ``counters`` are the
    inside's: bytes, packets, errors, dropped. ``peers`` holds the far end of each address that has one.
    """

    name: str
    index: int
    kind: str
    mtu: int
    up: bool
    hwaddr: str
    ipv4_addresses: tuple[str, ...] = ()
    ipv6_addresses: tuple[str, ...] = ()
    ipv4_gateway: str | None = None
    ipv6_gateway: str | None = None
    parent: str | None = None
    mode: str | None = None
    isolation: str | None = None
    vlan_id: int | None = None
    rx_queues: int = 1
    tx_queues: int = 1
    host: HostSide | None = None
    counters: Mapping[str, int] = field(default_factory=dict, compare=False)
    peers: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def may_be_the_hosts(self) -> bool:
        """False where the container may have made it for itself, under the name of one that was moved in.

        Nobody makes hardware; and of some other kinds the kernel tells that the other end, or what they stand on, is on
        the host. Everything else may have its other end wherever the container's root likes.
        """
        if self.kind == "veth":
            return self.host is not None
        return not self.kind or self.parent is not None

    @property
    def addresses(self) -> tuple[str, ...]:
        return self.ipv4_addresses + self.ipv6_addresses


OPTION_FIELDS = tuple(f.name for f in fields(Nic) if f.name not in ("name", "type"))
"""The fields of a Nic that are options of the modules, under the same names."""
