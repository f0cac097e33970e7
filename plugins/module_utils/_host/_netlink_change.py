# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Do changes to the kernel's network, all of them or none."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _links, _ovs, _sysctl
from ansible_collections.community.lxc.plugins.module_utils._host._netlink import (
    Network,
    netlink_error,
    opened,
    opened_host,
    why,
)
from ansible_collections.community.lxc.plugins.module_utils._host._netlink_host_side import port_vlans
from ansible_collections.community.lxc.plugins.module_utils._host._netlink_message import destinations, index_of
from ansible_collections.community.lxc.plugins.module_utils._host._netlink_plug import plug, unplug
from ansible_collections.community.lxc.plugins.module_utils._model import _ip
from ansible_collections.community.lxc.plugins.module_utils._model._nic_change import (
    Address,
    BridgeVlan,
    Change,
    Plug,
    Proxy,
    Route,
    SetBridge,
    SetLink,
    Sysctl,
    Unplug,
    inverse,
)

_FAMILIES = {4: 2, 6: 10}
_BOOT = 3
_SCOPE_LINK, _SCOPE_UNIVERSE = 253, 0
_NTF_PROXY = 8
_PVID, _UNTAGGED = 2, 4
_THERE_ALREADY = (errno.EEXIST,)
_GONE_ALREADY = (errno.ENOENT, errno.ESRCH, errno.EADDRNOTAVAIL)


def apply(init_pid: int, changes: Sequence[Change], *, born: int) -> None:
    """Do the changes in order, in the running container and on the host. HostError if one fails: then none is left.

    ``born`` is when the container's init was started.
    """
    with opened(init_pid, born=born) as network:
        perform(network, changes)


def apply_on_host(changes: Sequence[Proxy | Route]) -> None:
    """Changes that concern the host alone."""
    with opened_host() as host:
        perform(Network(host=host, inside=None, netns=-1, own_netns=-1), changes)


def perform(network: Network, changes: Sequence[Change]) -> None:
    """As ``apply``, over sockets that are open."""
    done: list[Change] = []
    for change in changes:
        try:
            _do(network, change)
        except (netlink_error(), OSError, HostError) as error:
            # A port may have left its bridge, and not have come into the other one.
            left = _take_back(network, [*done, change] if isinstance(change, SetBridge) else done)
            also = f"; and what was done before could not all be taken back: {', '.join(left)}" if left else ""
            raise HostError(f"Failed to {change}: {why(error)}{also}") from error
        done.append(change)


def _take_back(network: Network, done: Sequence[Change]) -> list[str]:
    left = []
    for change in reversed(done):
        back = inverse(change)
        try:
            _do(network, back)
        except (netlink_error(), OSError, HostError) as error:
            left.append(f"{back} ({why(error)})")
    return left


def _do(network: Network, change: Change) -> None:
    _DOERS[type(change)](network, change)


def _device(network: Network, *, inside: bool, name: str) -> tuple[Any, int]:
    """The side's socket, and the device's index there."""
    side = network.inside if inside else network.host
    index = index_of(side, name)
    if index is None:
        raise HostError(f"there is no interface {name} {'in the container' if inside else 'on the host'}")
    return side, index


def _tolerate(call: Callable[[], Any], codes: Sequence[int]) -> None:
    try:
        call()
    except netlink_error() as error:
        if error.code not in codes:
            raise


def _set_link(network: Network, change: SetLink) -> None:
    side, index = _device(network, inside=change.inside, name=change.device)
    if change.attribute == "up":
        side.link("set", index=index, state="up" if change.new else "down")
    elif change.attribute == "mtu":
        side.link("set", index=index, mtu=change.new)
    else:
        side.link("set", index=index, address=change.new)


def _set_bridge(network: Network, change: SetBridge) -> None:
    host, index = _device(network, inside=False, name=change.device)
    there = _ovs.bridge_of(change.device)
    new = change.new if change.new and not _links.is_bridge(change.new) and _ovs.is_bridge(change.new) else None
    master = _device(network, inside=False, name=change.new)[1] if change.new and not new else 0
    # Nobody's port before it becomes another's.
    if there and not new:
        _ovs.set_bridge(change.device, old=there, new=None)
    if not there or not new:
        host.link("set", index=index, master=master)
    if change.bare and change.new and not new and _links.vlan_filtering(change.new) == "1":
        for vid in port_vlans(host, index):
            host.vlan_filter("del", index=index, vlan_info={"vid": vid, "flags": 0})
    if new:
        _ovs.set_bridge(change.device, old=there, new=new)


def _address(network: Network, change: Address) -> None:
    inside, index = _device(network, inside=True, name=change.device)
    host, _slash, prefix = change.address.partition("/")
    request: dict[str, Any] = {"index": index, "address": host, "prefixlen": int(prefix)}
    if change.peer:
        # The kernel has the prefix belong to the far end.
        request |= {"address": change.peer, "local": host}
    broadcast = _ip.broadcast_of(change.address)
    if not change.add:
        _tolerate(lambda: inside.addr("del", **request), _GONE_ALREADY)
        return
    if broadcast and not change.peer:
        request["broadcast"] = broadcast
    _tolerate(lambda: inside.addr("add", **request), _THERE_ALREADY)


def _route(network: Network, change: Route) -> None:
    side, index = _device(network, inside=change.inside, name=change.device)
    family = _ip.family_of(change.destination)
    request: dict[str, Any] = {
        "dst": change.destination,
        "oif": index,
        "family": _FAMILIES[family],
        "table": 254,
        "proto": _BOOT,
    }
    if change.gateway:
        request["gateway"] = change.gateway
    if family == 4:
        request["scope"] = _SCOPE_UNIVERSE if change.gateway else _SCOPE_LINK
    if change.add:
        _add_route(side, request, change)
    else:
        request.pop("proto")
        _tolerate(lambda: side.route("del", **request), _GONE_ALREADY)


def _add_route(side: Any, request: dict[str, Any], change: Route) -> None:
    try:
        side.route("add", **request)
    except netlink_error() as error:
        if error.code == errno.EEXIST:
            _refuse_another(side, request, change)
            return
        # As liblxc does: a gateway that no subnet reaches gets a route of its own first.
        if "gateway" not in request or error.code not in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EINVAL):
            raise
        on_link = {**request, "dst": _ip.host_route(request["gateway"])}
        on_link.pop("gateway")
        if request["family"] == _FAMILIES[4]:
            on_link["scope"] = _SCOPE_LINK
        _tolerate(lambda: side.route("add", **on_link), _THERE_ALREADY)
        side.route("add", **request)


def _refuse_another(side: Any, request: dict[str, Any], change: Route) -> None:
    """HostError unless the route that is there already goes over the same interface."""
    family = _ip.family_of(change.destination)
    if not change.keep and change.destination not in destinations(side, request["oif"], family):
        raise HostError("another route to it, over another interface, is there already")


def _proxy(network: Network, change: Proxy) -> None:
    host, index = _device(network, inside=False, name=change.device)
    command, fine = ("add", _THERE_ALREADY) if change.add else ("del", _GONE_ALREADY)
    _tolerate(lambda: host.neigh(command, dst=change.address, ifindex=index, flags=_NTF_PROXY), fine)


def _bridge_vlan(network: Network, change: BridgeVlan) -> None:
    host, index = _device(network, inside=False, name=change.device)
    if _ovs.bridge_of(change.device):
        _ovs_vlan(change)
        return
    info = {"vid": change.vid, "flags": _PVID | _UNTAGGED if change.untagged else 0}
    command, fine = ("add", _THERE_ALREADY) if change.add else ("del", _GONE_ALREADY)
    _tolerate(lambda: host.vlan_filter(command, index=index, vlan_info=info), fine)


def _ovs_vlan(change: BridgeVlan) -> None:
    untagged, tagged = _ovs.vlans(change.device)
    if change.untagged:
        untagged = change.vid if change.add else None
    else:
        rest = set(tagged) - {change.vid}
        tagged = tuple(sorted(rest | ({change.vid} if change.add else set())))
    _ovs.set_vlans(change.device, untagged=untagged, tagged=tagged)


def _sysctl_set(_network: Network, change: Sysctl) -> None:
    _sysctl.write(change.name, change.new)


_DOERS: dict[type, Callable[[Network, Any], None]] = {
    SetLink: _set_link,
    SetBridge: _set_bridge,
    Address: _address,
    Route: _route,
    Proxy: _proxy,
    BridgeVlan: _bridge_vlan,
    Sysctl: _sysctl_set,
    Plug: plug,
    Unplug: unplug,
}
