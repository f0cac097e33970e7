# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""All that is known of one interface of one container. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._model import _ether
from ansible_collections.community.lxc.plugins.module_utils._model._nic import KINDS, LiveNic, Nic

ETHERNET_MTU = 1500

Proxied = tuple[str, str]
"""A host's interface, and an address that the host answers for on it."""


@dataclass(frozen=True)
class NicState:
    """``nic`` and ``index`` are the configured interface, ``live`` the one in the running container.

    ``born`` is when its init was started, ``started`` the interface that it was started with, None for one that came
    later. ``proxied`` are the proxy neighbour entries on links that concern the interface. ``included`` are the
    interfaces that come from ``lxc.include``, by index. ``auto`` holds by family (4, 6) the address that the gateway
    ``auto`` stands for now, ``link_mtu`` the MTU of the configured link in bytes, ``link_vlan`` the VLAN that it gives
    its ports where it is a bridge that obeys VLANs.
    """

    document: Document
    index: int | None = None
    nic: Nic | None = None
    running: bool = False
    init_pid: int = -1
    born: int = -1
    live: LiveNic | None = None
    started: Nic | None = None
    proxied: tuple[Proxied, ...] = ()
    included: Mapping[int, str] = field(default_factory=dict)
    auto: Mapping[int, str | None] = field(default_factory=dict)
    link_mtu: int | None = None
    link_vlan: int | None = None


def is_started_one(live: LiveNic, started: Nic | None) -> bool:
    """Whether the live interface is the one that the container was started with, and not a later one of its name."""
    if started is None:
        return False
    if started.type == "veth":
        return live.host is not None and live.host.name == started.pair
    return started.type == "phys" or started.type == live.kind


def live_type(live: LiveNic, started: Nic | None, configured: str) -> str:
    """What LXC would call the live interface. A device of any kind may have been moved in as a physical one."""
    if started is not None and is_started_one(live, started):
        return started.type
    if configured == "phys":
        return "phys"
    return live.kind if live.kind in KINDS else "phys"


def restart_reasons(nic: Nic, live: LiveNic, started: Nic | None) -> tuple[str, ...]:
    """What makes the live interface another one than the configured: it is left alone until the restart."""
    kind = live_type(live, started, nic.type)
    if kind != nic.type:
        return (f"type {nic.type} instead of {kind}",)
    if kind == "veth" and live.host is None:
        return ("an end on the host instead of one elsewhere",)
    return tuple(
        f"{what} {want} instead of {have}" for what, want, have in _essence(nic, live, started) if want != have
    )


def _essence(nic: Nic, live: LiveNic, started: Nic | None) -> list[tuple[str, object, object]]:
    was = started if is_started_one(live, started) else None
    if nic.type == "veth":
        return [("mode", nic.mode or "bridge", veth_mode(nic, live, was))]
    if nic.type == "phys":
        return [("link", nic.link, was.link if was else nic.link)]
    found: list[tuple[str, object, object]] = [("link", nic.link, live.parent)]
    if nic.type == "macvlan":
        found.append(("mode", nic.mode or "private", live.mode))
    if nic.type == "ipvlan":
        found.append(("mode", nic.mode or "l3", live.mode))
        found.append(("isolation", nic.isolation or "bridge", live.isolation or "bridge"))
    if nic.type == "vlan":
        found.append(("vlan_id", nic.vlan_id, live.vlan_id))
    return found


def veth_mode(nic: Nic, live: LiveNic, was: Nic | None) -> str:
    """The mode that the pair was made in. The kernel does not know modes: one made later speaks by what it has."""
    if was is not None:
        return was.mode or "bridge"
    if live.host is not None and live.host.bridge:
        return "bridge"
    if live.host is not None and live.host.proxies:
        return "router"
    return nic.mode or "bridge"


def smaller_reasons(nic: Nic, live: LiveNic, started: Nic | None) -> tuple[str, ...]:
    """What also waits for a restart, while everything else is brought live."""
    found = [f"name {nic.name} instead of {live.name}"] if nic.name != live.name else []
    if nic.pair and live.host is not None and live.host.name != nic.pair:
        found.append(f"pair {nic.pair} instead of {live.host.name}")
    template = (nic.hwaddr or "").lower()
    if _ether.is_template(template) and not _ether.matches(live.hwaddr, template):
        found.append(f"hwaddr {template} instead of {live.hwaddr}")
    for option, have in (("rx_queues", live.rx_queues), ("tx_queues", live.tx_queues)):
        want = getattr(nic, option)
        if want is not None and want != have:
            found.append(f"{option} {want} instead of {have}")
    if started is not None and is_started_one(live, started):
        for option in ("script_up", "script_down"):
            if getattr(nic, option) != getattr(started, option):
                found.append(option)
    return tuple(found)


_CHOSEN_BY_LXC = re.compile("veth[0-9A-Za-z]{6}")


def cleared_reasons(state: NicState, given: Collection[str]) -> tuple[str, ...]:
    """What the configuration no longer names, while the live interface has it till the restart.

    Nobody may ever have named it, and then it waits for nothing: the start tells, or else the task (``given``).
    """
    nic, live = state.nic, state.live
    if nic is None or live is None:
        return ()
    was = state.started if is_started_one(live, state.started) else None
    found = []
    if nic.mtu is None and _is_odd_mtu(state, nic, live, was, given):
        found.append(f"no mtu instead of {live.mtu}")
    end = live.host.name if live.host and nic.type == "veth" else ""
    if end and nic.pair is None and (was or "pair" in given) and not _CHOSEN_BY_LXC.fullmatch(end):
        found.append(f"no pair instead of {end}")
    for option in ("hwaddr", "rx_queues", "tx_queues"):
        if was and getattr(nic, option) is None and getattr(was, option) == getattr(live, option):
            found.append(f"no {option} instead of {getattr(live, option)}")
    return tuple(found)


def _is_odd_mtu(state: NicState, nic: Nic, live: LiveNic, was: Nic | None, given: Collection[str]) -> bool:
    """Whether the interface has an MTU that it was given, and that it would not have by itself."""
    default = None if nic.type == "phys" else state.link_mtu or ETHERNET_MTU
    if was is None:
        return "mtu" in given and default not in (None, live.mtu)
    # A bridge takes on the least of its ports', so it tells nothing while this one is among them.
    certain = default if nic.type != "veth" or default == ETHERNET_MTU else None
    return was.mtu == live.mtu != certain
