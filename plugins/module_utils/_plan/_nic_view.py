# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""How an interface is compared, shown and spoken of. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._model._nic import OPTION_FIELDS, HostSide, LiveNic, Nic
from ansible_collections.community.lxc.plugins.module_utils._model._nic_options import options_of
from ansible_collections.community.lxc.plugins.module_utils._model._nic_request import NicRequest
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_goal import (
    implied_proxies,
    implied_routes,
    live_goal,
    resolved_gateway,
)
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_state import (
    NicState,
    cleared_reasons,
    live_type,
    restart_reasons,
    smaller_reasons,
)


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def persisted(nic: Nic | None, index: int | None) -> dict[str, Any] | None:
    """The options as they are configured."""
    if nic is None:
        return None
    names = [option.name for option in options_of(nic.type)]
    return {"type": nic.type, "index": index, **{name: plain(getattr(nic, name)) for name in names}}


def live(found: LiveNic | None) -> dict[str, Any] | None:
    """The interface in the running container."""
    if found is None:
        return None
    host = found.host
    return {
        "host_name": host.name if host else None,
        "kind": found.kind or None,
        "up": found.up,
        "mtu": found.mtu,
        "host_mtu": host.mtu if host else None,
        "hwaddr": found.hwaddr or None,
        "bridge": host.bridge if host else None,
        "parent": found.parent,
        "mode": found.mode,
        "addresses": [*found.ipv4_addresses, *found.ipv6_addresses],
        "ipv4_gateway": found.ipv4_gateway,
        "ipv6_gateway": found.ipv6_gateway,
        "routes": [*host.ipv4_routes, *host.ipv6_routes] if host else [],
        "proxies": list(host.proxies) if host else [],
        "vlan_id": host.vlan_id if host else found.vlan_id,
        "vlan_tagged_ids": list(host.vlan_tagged_ids) if host else [],
    }


def shown(name: str, state: NicState) -> dict[str, Any]:
    """The interface as the modules return it."""
    empty: dict[str, Any] = {"type": None, "index": None, **dict.fromkeys(OPTION_FIELDS)}
    return {"name": name, **empty, **(persisted(state.nic, state.index) or {}), "live": live(state.live)}


def compared(request: NicRequest, state: NicState) -> dict[str, Any]:
    """What has to agree with the goal. Of the live side only what the task or the configuration names."""
    result: dict[str, Any] = {"persisted": persisted(state.nic, state.index)}
    if request.live and state.running:
        result["live"] = _managed(request, state) if state.live else None
    if state.proxied:
        result["proxied"] = [f"{address} on {link}" for link, address in state.proxied]
    return result


def _managed(request: NicRequest, state: NicState) -> dict[str, Any]:
    nic, found = state.nic, state.live
    if nic is None or found is None or restart_reasons(nic, found, state.started):
        return {}
    given = request.given
    # A physical interface may be an end of a pair as well: the other end is none of its business.
    host = found.host if nic.type == "veth" else None
    result = _managed_port(request, nic, host) if host else {}
    if nic.up or "up" in given:
        result["up"] = found.up
    if nic.mtu:
        result["mtu"] = [host.mtu, found.mtu] if host else found.mtu
    if nic.hwaddr:
        result["hwaddr"] = found.hwaddr
    for family in (4, 6):
        _managed_family(result, request, state, found, nic, family)
    return result


def _managed_port(request: NicRequest, nic: Nic, host: HostSide) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if nic.is_router:
        result["proxies"] = [p for p in host.proxies if p in implied_proxies(nic)]
    elif nic.link or "link" in request.given:
        result["bridge"] = host.bridge
    if nic.vlan_id is not None:
        result["vlan_id"] = host.vlan_id
    if nic.vlan_tagged_ids or "vlan_tagged_ids" in request.given:
        result["vlan_tagged_ids"] = list(host.vlan_tagged_ids)
    return result


def _managed_family(
    result: dict[str, Any], request: NicRequest, state: NicState, found: LiveNic, nic: Nic, family: int
) -> None:
    given, host = request.given, found.host if nic.type == "veth" else None
    configured = {"addresses": getattr(nic, f"ipv{family}_addresses")}
    there = {"addresses": getattr(found, f"ipv{family}_addresses")}
    if host is not None:
        configured["routes"] = (*getattr(nic, f"ipv{family}_routes"), *implied_routes(nic, family))
        there["routes"] = getattr(host, f"ipv{family}_routes")
    for what, wanted in configured.items():
        option = f"ipv{family}_{what}"
        if option in given:
            result[option] = list(there[what])
        elif wanted:
            result[option] = [one for one in there[what] if one in wanted]
    option = f"ipv{family}_gateway"
    if option in given or resolved_gateway(nic, state, family):
        result[option] = getattr(found, option)


def difference(name: str, now: NicState, want: NicState) -> str:
    """What the configuration's change is, in words."""
    if want.nic is None:
        return f"remove {name} (lxc.net.{now.index})"
    before = persisted(now.nic, now.index) or {}
    after = persisted(want.nic, want.index) or {}
    if now.nic is None:
        said = [f"{option} {_spoken(value)}" for option, value in after.items() if value and option != "index"]
        return f"add {name} (lxc.net.{want.index}): {', '.join(said)}"
    parts = [
        f"set {option} to {_spoken(value)}" if value not in (None, [], False) else f"remove {option}"
        for option, value in after.items()
        if before.get(option) != value and (option in before or value)
    ]
    return f"change {name} (lxc.net.{want.index}): {'; '.join(parts) or 'write down names'}"


def _spoken(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def waiting(request: NicRequest, state: NicState) -> tuple[str, ...]:
    """What the running container has not got yet, one phrase each."""
    nic, found, name = state.nic, state.live, request.name
    if not state.running:
        return ()
    if nic is None:
        goes = found is not None and live_type(found, state.started, request.type) == request.type
        left = live_goal(replace(request, live=True, state="absent"), None, state)
        # What was moved in, and is now hidden behind another one of its name, comes back when the container stops.
        hidden = left is not None and request.type == "phys" and state.started is not None
        return (f"{name}: its removal",) if goes and (hidden or (left is None and not request.live)) else ()
    essential = restart_reasons(nic, found, state.started) if found else ()
    note = " (the live interface is left as it is till then)" if essential else ""
    return tuple(f"{name}: {phrase}{note}" for phrase in differences(request, state))


def differences(request: NicRequest, state: NicState) -> tuple[str, ...]:
    """What of a configured interface the running container has otherwise, or not."""
    nic, found = state.nic, state.live
    if nic is None or not state.running:
        return ()
    if found is None:
        return ("the interface itself",)
    essential = restart_reasons(nic, found, state.started)
    smaller = (*smaller_reasons(nic, found, state.started), *cleared_reasons(state, request.given))
    return essential or (*smaller, *drift(request, state))


def drift(request: NicRequest, state: NicState) -> tuple[str, ...]:
    """The managed live fields that are not as configured, in words."""
    if state.live is None or state.nic is None:
        return ()
    asked = replace(request, live=True)
    goal = replace(state, live=live_goal(asked, state.nic, state))
    have, want = _managed(asked, state), _managed(asked, goal)
    return tuple(
        f"{field} {_words(want[field])} instead of {_words(have.get(field))}"
        for field in want
        if want[field] != have.get(field)
    )


def _words(value: Any) -> str:
    return "none" if value in (None, [], "") else _spoken(value)
