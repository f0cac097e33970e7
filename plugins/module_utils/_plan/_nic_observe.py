# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Look at one interface: configuration, what the container was started with, and the kernel."""

from __future__ import annotations

from collections.abc import Callable
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
from ansible_collections.community.lxc.plugins.module_utils._model._nic import LiveNic, Nic
from ansible_collections.community.lxc.plugins.module_utils._model._nic_request import NicRequest
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan import _nic_document
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_state import NicState, Proxied, is_started_one


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
    names = names_inside(look, document, found[0] if found else None, nic.name if nic else request.name)
    state = NicState(
        document=document,
        index=found[0] if found else None,
        nic=nic,
        running=look.state in ("RUNNING", "FROZEN") and look.init_pid > 0,
        init_pid=look.init_pid,
        born=_process.born(look.init_pid),
        started=started_nic(look, names[-1]),
        link_mtu=_links.mtu(link) if link else None,
        link_vlan=_links.default_vlan(link) if link else None,
        included=_included(document),
    )
    if state.running:
        state = _with_live(ref, state, request, link, names)
    return replace(state, proxied=_proxied(state, request, link))


def _with_live(
    ref: ContainerRef, state: NicState, request: NicRequest, link: str | None, names: tuple[str, ...]
) -> NicState:
    if _netlink.shares_the_hosts(state.init_pid):
        raise InvalidInput(f"{ref} shares the host's network, so it has no interfaces of its own")
    with _netlink.opened(state.init_pid, born=state.born) as network:
        wanted = {
            family
            for family in (4, 6)
            if "auto" in (request.given.get(f"ipv{family}_gateway"), getattr(state.nic, f"ipv{family}_gateway", None))
        }
        host = network.host
        auto = {f: _netlink_read.first_address(host, link, f) if link else None for f in sorted(wanted)}
        live, started = live_one(lambda name: _netlink_read.interface(network, name), names, state.started)
        return replace(state, live=live, started=started, auto=auto)


def names_inside(look: Look, document: Document, index: int | None, name: str) -> tuple[str, ...]:
    """What the interface is called in the running container: as it is configured; then, if its section has been given
    a name since the start, as it was called before by its turn.
    """
    started = _net.names(interfaces_of(look.running))
    was = None if index is None else started.get(index)
    if index is None or was is None or name in started.values() or was in _net.names(document).values():
        return (name,)
    nameless = _net.names(_net.put(document, index, "name", ()))
    return (name, was) if nameless.get(index) == was else (name,)


def live_one(
    find: Callable[[str], LiveNic | None], names: tuple[str, ...], started: Nic | None
) -> tuple[LiveNic | None, Nic | None]:
    """The live interface that has one of the names, and what it was started with; ``started`` has the last name."""
    live = find(names[0])
    if live is None and len(names) > 1:
        before = find(names[-1])
        return (before, started) if before is not None and is_started_one(before, started) else (None, None)
    return live, started if len(names) == 1 else None


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
    """Entries on the interface's links, of its own addresses. Asked for only where l2proxy is or was on.

    Its own are those that it was or is to be given: what the container's root adds may be anybody's.
    """
    nic = state.nic
    if not request.given.get("l2proxy") and not (nic and nic.l2proxy):
        return ()
    addresses = {
        host_of(address)
        for address in (
            *(nic.addresses if nic else ()),
            *(state.started.addresses if state.started else ()),
            *request.given.get("ipv4_addresses", ()),
            *request.given.get("ipv6_addresses", ()),
        )
    }
    links = sorted({one for one in (link, nic.link if nic else None) if one})
    return tuple(sorted((one, a) for one in links for a in _proxies.listed_on(one) if a in addresses))
