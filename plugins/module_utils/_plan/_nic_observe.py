# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Look at one interface: configuration, what the container was started with, and the kernel."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.community.lxc.plugins.module_utils._config import _net
from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _config_includes,
    _links,
    _netlink,
    _netlink_read,
    _process,
    _proxies,
)
from ansible_collections.community.lxc.plugins.module_utils._host._items import Items
from ansible_collections.community.lxc.plugins.module_utils._host._running import UNRESPONSIVE, Look, settled_look
from ansible_collections.community.lxc.plugins.module_utils._model._ip import host_of
from ansible_collections.community.lxc.plugins.module_utils._model._nic import Nic
from ansible_collections.community.lxc.plugins.module_utils._model._nic_request import NicRequest
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan import _nic_document
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_state import NicState, Proxied


def observe_nic(ref: ContainerRef, document: Document, request: NicRequest) -> NicState:
    """Everything about the interface that the task means."""
    look = settled_look(ref, document)
    if look.state == UNRESPONSIVE:
        raise HostError(f"The monitor of {ref} does not answer; lxc_container with state: restarted ends it")
    if not look.loads:
        raise HostError(f"liblxc cannot load the configuration of {ref}, so that its interfaces cannot be told")
    found = _nic_document.locate(document, request)
    nic = found[1] if found else None
    link = request.given.get("link") or (nic.link if nic else None)
    state = NicState(
        document=document,
        index=found[0] if found else None,
        nic=nic,
        running=look.state in ("RUNNING", "FROZEN") and look.init_pid > 0,
        init_pid=look.init_pid,
        born=_process.born(look.init_pid),
        started=started_nic(look, request.name),
        link_mtu=_links.mtu(link) if link else None,
        link_vlan=_links.default_vlan(link) if link else None,
        included=_included(document),
    )
    if state.running:
        state = _with_live(ref, state, request, link)
    return replace(state, proxied=_proxied(state, request, link))


def _with_live(ref: ContainerRef, state: NicState, request: NicRequest, link: str | None) -> NicState:
    if _netlink.shares_the_hosts(state.init_pid):
        raise InvalidInput(f"{ref} shares the host's network, so it has no interfaces of its own")
    with _netlink.opened(state.init_pid, born=state.born) as network:
        name = state.nic.name if state.nic else request.name
        wanted = {
            family
            for family in (4, 6)
            if "auto" in (request.given.get(f"ipv{family}_gateway"), getattr(state.nic, f"ipv{family}_gateway", None))
        }
        host = network.host
        auto = {f: _netlink_read.first_address(host, link, f) if link else None for f in sorted(wanted)}
        return replace(state, live=_netlink_read.interface(network, name), auto=auto)


def started_nic(look: Look, name: str) -> Nic | None:
    """The interface of that name that the running container was started with."""
    started = interfaces_of(look.running)
    names = _net.names(started)
    section = next((s for s in _net.sections(started) if names.get(s.index) == name), None)
    return _nic_document.nic_of(section, name) if section else None


def _included(document: Document) -> dict[int, str]:
    """Index and name of the interfaces that come from included files alone."""
    entries = [entry for found in _config_includes.read(document).values() for entry in found]
    included = Document().append(entry for entry in entries if entry[0].startswith("lxc.net."))
    own = {section.index for section in _net.sections(document)}
    return {index: name for index, name in _net.names(included).items() if index not in own}


def interfaces_of(items: Items) -> Document:
    """The interfaces among liblxc's items, as the text of a configuration."""
    lines = [
        (key, value)
        for key, values in items.items()
        if key.startswith("lxc.net.")
        for value in values
        # What liblxc tells of a VLAN that was never set.
        if not (key.endswith(".veth.vlan.id") and value == "0")
    ]
    return Document().append(lines)


def _proxied(state: NicState, request: NicRequest, link: str | None) -> tuple[Proxied, ...]:
    """Entries on the interface's links, of its own addresses. Asked for only where l2proxy is or was on."""
    nic = state.nic
    if not request.given.get("l2proxy") and not (nic and nic.l2proxy):
        return ()
    addresses = {
        host_of(address)
        for address in (
            *(nic.addresses if nic else ()),
            *(state.live.addresses if state.live else ()),
            *request.given.get("ipv4_addresses", ()),
            *request.given.get("ipv6_addresses", ()),
        )
    }
    links = sorted({one for one in (link, nic.link if nic else None) if one})
    return tuple(sorted((one, a) for one in links for a in _proxies.listed_on(one) if a in addresses))
