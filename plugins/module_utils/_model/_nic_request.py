# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What a task says about an interface, checked as far as the host is not needed for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model import _ether, _ip
from ansible_collections.community.lxc.plugins.module_utils._model._nic import Nic
from ansible_collections.community.lxc.plugins.module_utils._model._nic_options import options_of


@dataclass(frozen=True)
class NicRequest:
    """``given`` holds the options that the task names, in canonical form; the others are left alone."""

    type: str
    name: str
    state: str = "present"
    live: bool = True
    index: int | None = None
    link_must_exist: bool = True
    given: Mapping[str, Any] = field(default_factory=dict)


def nic_request(nic_type: str, params: Mapping[str, Any]) -> NicRequest:
    """From a module's options. InvalidInput names the option, the value and what would be accepted."""
    index = params.get("index")
    if index is not None and not 0 <= index <= 9999:
        raise InvalidInput(f"index: {index} is not a number from 0 to 9999")
    given = {
        option.name: option.accept(params[option.name])
        for option in options_of(nic_type)
        if params.get(option.name) is not None
    }
    return NicRequest(
        type=nic_type,
        name=_ether.interface_name(params["name"], option="name"),
        state=params.get("state") or "present",
        live=params.get("live") is not False,
        index=index,
        link_must_exist=params.get("link_must_exist") is not False,
        given=given,
    )


def overlaid(request: NicRequest, now: Nic | None, *, seed: str) -> Nic:
    """The interface as it is to be configured, given what is configured ``now``.

    ``seed`` decides what stands for the ``xx`` of a MAC address. InvalidInput for options that contradict each other.
    """
    base = now if now is not None and now.type == request.type else _retyped(request, now)
    wanted = replace(base, name=request.name, **request.given)
    if wanted.hwaddr and "hwaddr" in request.given and _ether.is_template(wanted.hwaddr):
        kept = now.hwaddr if now is not None and now.hwaddr else ""
        fitting = _ether.matches(kept, wanted.hwaddr)
        wanted = replace(wanted, hwaddr=kept if fitting else _ether.expand(wanted.hwaddr, seed=seed))
    refuse_contradictions(wanted)
    return wanted


def _retyped(request: NicRequest, now: Nic | None) -> Nic:
    """A new interface is up unless the task says otherwise. One that changes its type keeps what all types have."""
    if now is None:
        return Nic(name=request.name, type=request.type, up=True)
    common = {option.name for option in options_of("phys")}
    return Nic(name=request.name, type=request.type, **{name: getattr(now, name) for name in common})


def refuse_contradictions(nic: Nic) -> None:
    """InvalidInput for what liblxc or the kernel would refuse only when the container starts."""
    _refuse_missing(nic)
    for family in (4, 6):
        _refuse_gateway(nic, family)
    if nic.ipv6_addresses and nic.mtu and isinstance(nic.mtu, int) and nic.mtu < _ether.MTU_MIN_IPV6:
        raise InvalidInput(f"mtu: {nic.mtu} is too small for IPv6, which needs {_ether.MTU_MIN_IPV6} at least")
    if nic.l2proxy and nic.type == "ipvlan" and nic.mode != "l3s":
        raise InvalidInput(f"l2proxy: an ipvlan interface in mode {nic.mode or 'l3'} has none; mode l3s does")
    if nic.isolation and nic.mode not in ("l2", "l3", "l3s"):
        raise InvalidInput("isolation: LXC obeys it only where mode is set too; l2, l3 and l3s are accepted")


def _refuse_missing(nic: Nic) -> None:
    if nic.type in ("ipvlan", "macvlan", "vlan", "phys") and not nic.link:
        raise InvalidInput(f"link: a {nic.type} interface needs the host's interface that it stands on")
    if nic.type == "vlan" and nic.vlan_id is None:
        raise InvalidInput("vlan_id: a vlan interface needs a VLAN id from 1 to 4094")
    if nic.l2proxy and not nic.link:
        raise InvalidInput("l2proxy: it needs link, the host's interface that answers for the container's addresses")
    if (nic.vlan_id is not None or nic.vlan_tagged_ids) and nic.type == "veth" and (nic.is_router or not nic.link):
        raise InvalidInput("vlan_id, vlan_tagged_ids: they are a bridge's VLANs, and need link and mode bridge")


def _refuse_gateway(nic: Nic, family: int) -> None:
    option = f"ipv{family}_gateway"
    gateway: str | None = getattr(nic, option)
    addresses: tuple[str, ...] = getattr(nic, f"ipv{family}_addresses")
    if gateway is None:
        return
    if not nic.up:
        raise InvalidInput(f"{option}: {gateway!r} needs the interface to be up; LXC would not start the container")
    if gateway == "auto":
        if nic.type not in ("veth", "macvlan") or not nic.link:
            raise InvalidInput(f"{option}: 'auto' is for veth and macvlan interfaces with a link")
        return
    link_local = gateway != "dev" and _ip.is_link_local(gateway)
    if not addresses and not (family == 6 and link_local):
        raise InvalidInput(f"{option}: {gateway!r} needs an address in ipv{family}_addresses")
    if gateway == "dev" or link_local or nic.is_router or _all_hosts(addresses, family):
        return  # reached over the interface itself, whatever its address
    if not _ip.is_inside(gateway, addresses):
        raise InvalidInput(
            f"{option}: {gateway!r} is in none of the subnets {', '.join(addresses)}; an address inside one, a "
            "link-local address, or 'dev' is accepted"
        )


def _all_hosts(addresses: tuple[str, ...], family: int) -> bool:
    return all(address.endswith(f"/{_ip.HOST_PREFIX[family]}") for address in addresses)
