# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""One network interface of a container, persisted and live."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _cards,
    _config_file,
    _links,
    _lock,
    _netlink_change,
    _pairs,
)
from ansible_collections.community.lxc.plugins.module_utils._host._binding import resolve
from ansible_collections.community.lxc.plugins.module_utils._model._nic import TYPES, Nic
from ansible_collections.community.lxc.plugins.module_utils._model._nic_change import Move, Plug, inverses
from ansible_collections.community.lxc.plugins.module_utils._model._nic_request import (
    NicRequest,
    nic_request,
    overlaid,
)
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan import _nic_check, _nic_document, _nic_view
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_goal import bare, live_goal, proxied_goal
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_moves import (
    moves,
    plug_move,
    proxied_moves,
    unplug_move,
)
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_observe import observe_nic
from ansible_collections.community.lxc.plugins.module_utils._plan._nic_state import NicState, live_type
from ansible_collections.community.lxc.plugins.module_utils._plan._persist import persist_step
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Step


class NicResource:
    """The resource behind the ``lxc_net_*`` modules."""

    kind = "nic"

    def __init__(self, ref: ContainerRef, request: NicRequest) -> None:
        self.ref = ref
        self.request = request

    # ---- what is there

    def observe(self) -> NicState:
        document = _config_file.read(self.ref)
        if document is None:
            raise InvalidInput(f"There is no {self.ref}")
        state = observe_nic(self.ref, document, self.request)
        if state.nic is not None and state.nic.type != self.request.type and self.request.state == "absent":
            raise InvalidInput(
                f"{self.request.name} of {self.ref} is a {state.nic.type} interface, "
                f"which lxc_net_{state.nic.type} removes"
            )
        goal, _index, nic = self._configured(state)
        if nic is not None:
            _nic_check.check(self.ref, self.request, nic, state)
        else:
            _nic_check.check_removal(self.ref, self.request, state)
        if goal.render() != state.document.render():
            _config_file.check(self.ref, goal)
        return state

    def _configured(self, now: NicState) -> tuple[Document, int | None, Nic | None]:
        """The configuration as the task wants it, the interface's index in it, and the interface."""
        if self.request.state == "absent":
            _nic_document.refuse_included(self.request, now.included)
            document = now.document if now.index is None else _nic_document.without_nic(now.document, now.index)
            return document, None, None
        seed = f"{_pairs.machine_id()}\0{self.ref.directory}\0{self.request.name}"
        wanted = overlaid(self.request, now.nic, seed=seed)
        document, index = _nic_document.with_nic(now.document, self.request, wanted, included=now.included)
        return document, index, wanted

    # ---- what should be there

    def desire(self, now: NicState) -> NicState:
        document, index, nic = self._configured(now)
        return replace(
            now,
            document=document,
            index=index,
            nic=nic,
            live=live_goal(self.request, nic, now),
            proxied=proxied_goal(self.request, nic, now),
        )

    # ---- the way there

    def steps(self, now: NicState, want: NicState) -> Iterator[Step]:
        for move in self._moves(now, want):
            yield self._step(now, move)
        kind = (want.nic or now.nic or Nic(self.request.name, self.request.type)).type
        for move in proxied_moves(self.request.name, now.proxied, want.proxied, ipvlan=kind == "ipvlan"):
            yield self._step(now, move)
        if want.document.render() != now.document.render():
            says = f"{_nic_view.difference(self.request.name, now, want)} in the configuration of {self.ref}"
            yield persist_step(self.ref, says=says, old=now.document, new=want.document)

    def _moves(self, now: NicState, want: NicState) -> Iterator[Move]:
        if now.live is None and want.live is not None and want.nic is not None:
            host_name = (want.nic.pair or _links.free_name("veth")) if want.nic.type == "veth" else None
            mtu = want.nic.mtu or (now.link_mtu if want.nic.type == "veth" else None)
            home = _links.home(want.nic.link or "") if want.nic.type == "phys" else None
            yield plug_move(want.nic, bare(want.nic, now), want.live, mtu=mtu, host_name=host_name, home=home)
        elif now.live is not None and want.live is None:
            as_it_is = self._live_as_nic(now)
            home = _cards.home(self.ref, now.init_pid, as_it_is.link or "") if as_it_is.type == "phys" else None
            yield unplug_move(as_it_is, now.live, bare(as_it_is, replace(now, link_mtu=now.live.mtu)), home=home)
        elif now.live is not None and want.live is not None:
            nic = want.nic
            named = "vlan_tagged_ids" in self.request.given
            vlans = named or bool(nic and (nic.vlan_id is not None or nic.vlan_tagged_ids))
            yield from moves(now.live, want.live, vlans=vlans)

    def _live_as_nic(self, now: NicState) -> Nic:
        """What has to be made to have the live interface again."""
        live = now.live
        if live is None:
            raise InvalidInput(f"{self.request.name} of {self.ref} is not live")
        base = now.nic or now.started or Nic(name=live.name, type=self.request.type)
        kind = live_type(live, now.started, base.type)
        home = (now.started.link if now.started and now.started.type == "phys" else base.link) or live.name
        return Nic(
            name=live.name,
            type=kind,
            link=live.parent or (home if kind == "phys" else None),
            hwaddr=live.hwaddr,
            mode=live.mode,
            isolation=live.isolation,
            vlan_id=live.vlan_id,
            rx_queues=live.rx_queues if kind == "veth" else None,
            tx_queues=live.tx_queues if kind == "veth" else None,
        )

    def _step(self, now: NicState, move: Move) -> Step:
        def apply(changes: Any) -> None:
            if now.running:
                _netlink_change.apply(now.init_pid, changes, born=now.born)
                for one in changes:
                    if isinstance(one, Plug) and one.home:
                        _cards.remember(self.ref, now.init_pid, one.nic.link or "", one.home)
            else:
                _netlink_change.apply_on_host(changes)

        return Step(says=move.says, do=lambda: apply(move.changes), undo=lambda: apply(inverses(move.changes)))

    # ---- what is told

    def compare(self, state: NicState) -> dict[str, Any]:
        return _nic_view.compared(self.request, state)

    def show(self, state: NicState) -> dict[str, Any]:
        return _nic_view.shown(self.request.name, state)

    def pending(self, state: NicState) -> tuple[str, ...]:
        return tuple(
            f"{reason} waits for the next start of {self.ref}" for reason in _nic_view.waiting(self.request, state)
        )

    def exclusive(self) -> AbstractContextManager[None]:
        return _lock.exclusive(self.ref)


def build_nic(nic_type: str, params: Mapping[str, Any]) -> NicResource:
    """The resource that the options of ``lxc_net_<nic_type>`` describe."""
    return NicResource(resolve(params["container"], params["lxc_path"]), nic_request(nic_type, params))


def undescribed(ref: ContainerRef, described: Collection[str]) -> list[tuple[str, str]]:
    """Type and name of each configured interface that is none of the described ones.

    The last comes first: without it, those before it are called the same, also where they have no name.
    """
    nics = _nic_document.all_nics(_config_file.read(ref) or Document())
    found = [(nic.type, nic.name) for _index, nic in sorted(nics.items(), reverse=True)]
    return [(nic_type, name) for nic_type, name in found if name not in described and nic_type in TYPES]
