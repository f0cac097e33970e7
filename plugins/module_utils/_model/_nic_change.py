# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Single changes to the kernel's network, each with what takes it back. Pure: ``_host._netlink_change`` does them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Union

from ansible_collections.community.lxc.plugins.module_utils._model._nic import Nic


@dataclass(frozen=True)
class SetLink:
    """Give a device another ``mtu`` (bytes), ``hwaddr`` or ``up``; ``inside``: in the container."""

    inside: bool
    device: str
    attribute: str
    old: int | str | bool
    new: int | str | bool

    def __str__(self) -> str:
        return f"set {self.attribute} of {self.device} to {self.new}"


@dataclass(frozen=True)
class SetBridge:
    """Make a host interface a port of another bridge; None: of none. ``bare``: in none of the VLANs that it gives."""

    device: str
    old: str | None
    new: str | None
    bare: bool = False

    def __str__(self) -> str:
        return f"put {self.device} into the bridge {self.new}" if self.new else f"take {self.device} out of its bridge"


@dataclass(frozen=True)
class Address:
    """An address inside. ``keep``: it is there already, and only has to be there still. ``peer``: of its far end."""

    device: str
    address: str
    add: bool = True
    keep: bool = False
    peer: str | None = None

    def __str__(self) -> str:
        return (
            f"{'add' if self.add else 'remove'} the address {self.address} {'to' if self.add else 'from'} {self.device}"
        )


@dataclass(frozen=True)
class Route:
    """A route over a device. ``gateway`` None: on link. A gateway that no subnet reaches is made reachable first."""

    inside: bool
    device: str
    destination: str
    gateway: str | None = None
    add: bool = True
    keep: bool = False

    def __str__(self) -> str:
        via = f" via {self.gateway}" if self.gateway else ""
        return f"{'add' if self.add else 'remove'} the route to {self.destination}{via} over {self.device}"


@dataclass(frozen=True)
class Proxy:
    """An address that the host answers for on one of its interfaces."""

    device: str
    address: str
    add: bool = True

    def __str__(self) -> str:
        return f"{'add' if self.add else 'remove'} the proxy neighbour entry {self.address} on {self.device}"


@dataclass(frozen=True)
class BridgeVlan:
    """A VLAN of a bridge port. ``untagged``: frames leave and enter the port without a tag."""

    device: str
    vid: int
    untagged: bool
    add: bool = True

    def __str__(self) -> str:
        return f"{'add' if self.add else 'remove'} the VLAN {self.vid} {'to' if self.add else 'from'} {self.device}"


@dataclass(frozen=True)
class Sysctl:
    """A network setting of a host interface, such as ``net/ipv4/conf/veth0/forwarding``."""

    name: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"set {self.name.replace('/', '.')} to {self.new}"


@dataclass(frozen=True)
class Plug:
    """Make the interface in the container (or move the physical one in): the bare device, down, without addresses.

    ``host_name`` is the host's end of a veth pair. ``home`` is what a physical interface has on the host: its MTU, and
    whether it is up.
    """

    nic: Nic
    mtu: int | None
    host_name: str | None = None
    home: tuple[int, bool] | None = None

    def __str__(self) -> str:
        return f"make the interface {self.nic.name} in the container"


@dataclass(frozen=True)
class Unplug:
    """Take the interface out of the container: a physical one goes back to the host, any other one ceases to be.

    ``home`` is what the physical one had there.
    """

    nic: Nic
    mtu: int | None
    host_name: str | None = None
    home: tuple[int, bool] | None = None

    def __str__(self) -> str:
        return f"take the interface {self.nic.name} out of the container"


Change = Union[SetLink, SetBridge, Address, Route, Proxy, BridgeVlan, Sysctl, Plug, Unplug]


def inverse(change: Change) -> Change:
    """What takes the change back."""
    if isinstance(change, SetLink):
        return replace(change, old=change.new, new=change.old)
    if isinstance(change, SetBridge):
        return replace(change, old=change.new, new=change.old)
    if isinstance(change, Sysctl):
        return replace(change, old=change.new, new=change.old)
    if isinstance(change, Plug):
        return Unplug(nic=change.nic, mtu=change.mtu, host_name=change.host_name, home=change.home)
    if isinstance(change, Unplug):
        return Plug(nic=change.nic, mtu=change.mtu, host_name=change.host_name, home=change.home)
    if isinstance(change, (Address, Route)) and change.keep:
        return change
    return replace(change, add=not change.add)


def inverses(changes: Sequence[Change]) -> tuple[Change, ...]:
    """What takes all of them back, last one first."""
    return tuple(inverse(change) for change in reversed(changes))


@dataclass(frozen=True)
class Move:
    """Changes that belong together, and the sentence for them."""

    says: str
    changes: tuple[Change, ...]
