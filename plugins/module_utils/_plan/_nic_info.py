# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""All interfaces of a container at a glance: configured, live, and what is not alike. Only looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, MissingLibrary
from ansible_collections.community.lxc.plugins.module_utils._host import _links, _netlink, _netlink_read
from ansible_collections.community.lxc.plugins.module_utils._host._running import Look
from ansible_collections.community.lxc.plugins.module_utils._model._nic import LiveNic, Nic
from ansible_collections.community.lxc.plugins.module_utils._model._nic_request import NicRequest
from ansible_collections.community.lxc.plugins.module_utils._plan import _nic_document, _nic_view
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_observe import (
    live_one,
    names_inside,
    started_nic,
)
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_state import NicState

Interfaces = Mapping[str, LiveNic]
Addresses = Mapping[tuple[str, int], "str | None"]


def nics(document: Document, look: Look, init_pid: int) -> list[dict[str, Any]]:
    """Each configured interface by index, then those that only the running container has.

    ``init_pid`` is -1 unless the container runs. Beside what the ``lxc_net_*`` modules return, ``counters`` and
    ``drift``: what of a configured interface the running container has otherwise, or not.
    """
    configured = _nic_document.all_nics(document)
    found: Interfaces | None = None
    addresses: Addresses = {}
    error = None
    if init_pid > 0:
        try:
            found, addresses = _live(init_pid, configured)
        except (HostError, MissingLibrary) as failure:
            error = failure.msg
    states = [_state(document, look, index, nic, found, addresses) for index, nic in sorted(configured.items())]
    shown = [_one(nic, state) for (_index, nic), state in zip(sorted(configured.items()), states)]
    names = {nic.name for nic in configured.values()} | {state.live.name for state in states if state.live}
    for name, live in sorted((found or {}).items()):
        if name not in names:
            shown.append({**_nic_view.shown(name, NicState(document, live=live)), **_more(live), "drift": []})
    return [{**one, "error": error} for one in shown]


def _live(init_pid: int, configured: Mapping[int, Nic]) -> tuple[Interfaces, Addresses]:
    if _netlink.shares_the_hosts(init_pid):
        return {}, {}
    with _netlink.opened(init_pid) as network:
        autos = {
            (nic.link, family)
            for nic in configured.values()
            for family, gateway in ((4, nic.ipv4_gateway), (6, nic.ipv6_gateway))
            if gateway == "auto" and nic.link
        }
        addresses = {pair: _netlink_read.first_address(network.host, *pair) for pair in sorted(autos)}
        return _netlink_read.interfaces(network), addresses


def _state(
    document: Document, look: Look, index: int, nic: Nic, found: Interfaces | None, addresses: Addresses
) -> NicState:
    names = names_inside(look, document, index, nic.name)
    live, started = live_one((found or {}).get, names, started_nic(look, names[-1]))
    return NicState(
        document=document,
        index=index,
        nic=nic,
        running=found is not None,
        live=live,
        started=started,
        auto={family: addresses.get((nic.link or "", family)) for family in (4, 6)},
        link_mtu=_links.mtu(nic.link) if nic.link else None,
    )


def _one(nic: Nic, state: NicState) -> dict[str, Any]:
    request = NicRequest(type=nic.type, name=nic.name, live=False)
    drift = _nic_view.differences(request, state)
    return {**_nic_view.shown(nic.name, state), **_more(state.live), "drift": list(drift)}


def _more(live: LiveNic | None) -> dict[str, Any]:
    return {"counters": dict(live.counters) if live else None}
