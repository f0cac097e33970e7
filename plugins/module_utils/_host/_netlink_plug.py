# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Make an interface in a running container, or take it out again."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _links, _ovs
from ansible_collections.community.lxc.plugins.module_utils._host._netlink import Network, netlink_error
from ansible_collections.community.lxc.plugins.module_utils._host._netlink_message import index_of
from ansible_collections.community.lxc.plugins.module_utils._host._netlink_read import interface
from ansible_collections.community.lxc.plugins.module_utils._model._nic import LiveNic
from ansible_collections.community.lxc.plugins.module_utils._model._nic_change import Plug, Unplug

_IPVLAN_MODES = {"l2": 0, "l3": 1, "l3s": 2}
_IPVLAN_ISOLATION = {"bridge": 0, "private": 1, "vepa": 2}


def plug(network: Network, change: Plug) -> None:
    """Make the device in the container's namespace from the start, so that a failure leaves nothing on the host."""
    nic = change.nic
    if nic.type == "phys":
        _move_in(network, change)
    elif nic.type == "veth":
        _make_pair(network, change)
    else:
        network.host.link("add", **_below(network, change))
    if nic.hwaddr and nic.type == "phys":
        _undone_on_failure(network, change, hwaddr=nic.hwaddr)


def _undone_on_failure(network: Network, change: Plug, *, hwaddr: str) -> None:
    try:
        network.inside.link("set", index=_inside(network, change.nic.name), address=hwaddr)
    except netlink_error():
        taken_out = Unplug(nic=change.nic, mtu=change.mtu, host_name=change.host_name, home=change.home)
        unplug(network, taken_out)
        raise


def _make_pair(network: Network, change: Plug) -> None:
    nic = change.nic
    ours: dict[str, Any] = {"ifname": change.host_name, "kind": "veth", "address": _high_address()}
    theirs: dict[str, Any] = {"ifname": nic.name, "net_ns_fd": network.netns}
    for side in (ours, theirs):
        if change.mtu:
            side["mtu"] = change.mtu
    # Either end's sending queues are the other's receiving ones; liblxc counts them from the inside.
    for mine, other, count in (("rx", "tx", nic.rx_queues), ("tx", "rx", nic.tx_queues)):
        if count:
            theirs[f"num_{mine}_queues"] = count
            ours[f"num_{other}_queues"] = count
    if nic.hwaddr:
        theirs["address"] = nic.hwaddr
    network.host.link("add", **ours, peer=theirs)


def _high_address() -> str:
    """A random address that begins with fe, as liblxc gives it: a bridge takes on the lowest of its ports'."""
    return ":".join(f"{byte:02x}" for byte in (0xFE, *os.urandom(5)))


def _below(network: Network, change: Plug) -> dict[str, Any]:
    """The request for an interface that stands on one of the host's."""
    nic = change.nic
    request: dict[str, Any] = {
        "ifname": nic.name,
        "kind": nic.type,
        "link": _on_host(network, nic.link),
        "net_ns_fd": network.netns,
    }
    if change.mtu:
        request["mtu"] = change.mtu
    if nic.hwaddr and nic.type != "ipvlan":
        request["address"] = nic.hwaddr
    if nic.type == "macvlan":
        request["macvlan_mode"] = nic.mode or "private"
    if nic.type == "ipvlan":
        request["ipvlan_mode"] = _IPVLAN_MODES[nic.mode or "l3"]
        if nic.isolation:
            request["ipvlan_flags"] = _IPVLAN_ISOLATION[nic.isolation]
    if nic.type == "vlan":
        request["vlan_id"] = nic.vlan_id
    return request


def _move_in(network: Network, change: Plug) -> None:
    nic = change.nic
    index = _on_host(network, nic.link)
    if index_of(network.inside, nic.name) is not None:
        raise HostError(f"the container has an interface {nic.name} already")
    # Of an interface that is up the kernel keeps the name.
    network.host.link("set", index=index, state="down")
    try:
        if change.mtu:
            network.host.link("set", index=index, mtu=change.mtu)
        network.host.link("set", index=index, net_ns_fd=network.netns, ifname=nic.name)
    except netlink_error():
        _at_home(network, nic.link, change.home)
        raise


def _at_home(network: Network, link: str | None, home: tuple[int, bool] | None) -> None:
    if home:
        mtu, up = home
        network.host.link("set", index=_on_host(network, link), mtu=mtu, state="up" if up else "down")


def unplug(network: Network, change: Unplug) -> None:
    """Nothing to do if it is gone already."""
    nic = change.nic
    found = interface(network, nic.name)
    if found is None:
        return
    if nic.type == "phys":
        _move_out(network, change, found)
    elif found.host is not None:
        if found.host.bridge and not _links.is_bridge(found.host.bridge):
            _ovs.set_bridge(found.host.name, old=found.host.bridge, new=None)
        network.host.link("del", index=found.host.index)
    else:
        network.inside.link("del", index=found.index)


def _move_out(network: Network, change: Unplug, found: LiveNic) -> None:
    name, index = change.nic.link or change.nic.name, found.index
    if not found.may_be_the_hosts:
        raise HostError(f"the container's interface {found.name} is not the host's {name}")
    if _links.exists(name):
        raise HostError(f"the host has another interface {name} by now")
    network.inside.link("set", index=index, state="down")
    network.inside.link("set", index=index, net_ns_fd=network.own_netns, ifname=name)
    _at_home(network, name, change.home)


def _on_host(network: Network, name: str | None) -> int:
    index = index_of(network.host, name) if name else None
    if index is None:
        raise HostError(f"there is no interface {name} on the host")
    return index


def _inside(network: Network, name: str) -> int:
    index = index_of(network.inside, name)
    if index is None:
        raise HostError(f"there is no interface {name} in the container")
    return index
