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
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_observe import started_nic
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
    shown = [_one(document, look, index, nic, found, addresses) for index, nic in sorted(configured.items())]
    names = {nic.name for nic in configured.values()}
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


def _one(
    document: Document, look: Look, index: int, nic: Nic, found: Interfaces | None, addresses: Addresses
) -> dict[str, Any]:
    state = NicState(
        document=document,
        index=index,
        nic=nic,
        running=found is not None,
        live=found.get(nic.name) if found else None,
        started=started_nic(look, nic.name),
        auto={family: addresses.get((nic.link or "", family)) for family in (4, 6)},
        link_mtu=_links.mtu(nic.link) if nic.link else None,
    )
    request = NicRequest(type=nic.type, name=nic.name, live=False)
    drift = _nic_view.differences(request, state)
    return {**_nic_view.shown(nic.name, state), **_more(state.live), "drift": list(drift)}


def _more(live: LiveNic | None) -> dict[str, Any]:
    return {"counters": dict(live.counters) if live else None}
