# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""An interface in the text of a configuration: find it, read it, put it there, take it out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config import _net
from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._config._net import Section
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._nic import TYPES, Nic
from ansible_collections.community.lxc.plugins.module_utils._model._nic_options import OWN_PREFIXES, options_of
from ansible_collections.community.lxc.plugins.module_utils._model._nic_request import NicRequest


def nic_of(section: Section, name: str) -> Nic:
    """The managed part of a section."""
    kind = section.last("type")
    fields = {option.name: option.read(section.values(option.key)) for option in options_of(kind)}
    return replace(Nic(name=name, type=kind), **fields)


def all_nics(document: Document) -> dict[int, Nic]:
    """Index -> interface, of all sections that make one."""
    names = _net.names(document)
    return {s.index: nic_of(s, names[s.index]) for s in _net.sections(document) if s.index in names}


def find(document: Document, name: str) -> tuple[int, Nic] | None:
    """The interface of that name and its index."""
    return next(((index, nic) for index, nic in all_nics(document).items() if nic.name == name), None)


def locate(document: Document, request: NicRequest) -> tuple[int, Nic] | None:
    """The interface that the task means. A nameless section that ``index`` points at is adopted."""
    found = find(document, request.name)
    if found is not None or request.index is None:
        return found
    section = next((s for s in _net.sections(document) if s.index == request.index), None)
    if section is None or section.last("type") in ("", "empty", "none"):
        return None
    other = _net.names(document)[request.index]
    if section.last("name"):
        raise InvalidInput(f"index: lxc.net.{request.index} is the interface {other!r}; remove that one first")
    return request.index, nic_of(section, other)


def with_nic(
    document: Document, request: NicRequest, wanted: Nic, *, included: Mapping[int, str] | None = None
) -> tuple[Document, int]:
    """The configuration with the interface as wanted, and its index. Foreign lines stay as they are.

    ``included`` are index and name of interfaces from included files, which are not touched.
    """
    refuse_included(request, included or {})
    for section in _net.sections(document):
        if section.last("type") == "none":
            raise InvalidInput(
                f"The container uses the host's network (lxc.net.{section.index}.type = none), so it has no "
                "interfaces of its own"
            )
    found = locate(document, request)
    free = _net.free_index(document, included or ())
    index = found[0] if found else free if request.index is None else request.index
    if found and request.index is not None and index != request.index:
        document, index = _moved(document, index, request.index), request.index
    if found is None and any(s.index == index for s in _net.sections(document)):
        # Nothing but ``empty`` can stand here: the interface takes its place.
        document = _net.remove(document, index)
    edited = _written(document, index, found[1] if found else None, wanted)
    if _net.names(edited).get(index) != wanted.name:
        edited = _net.put(edited, index, "name", [wanted.name])
    return _names_kept(document, edited, {index}), index


def refuse_included(request: NicRequest, included: Mapping[int, str]) -> None:
    """InvalidInput for an interface that another file defines."""
    for index, name in included.items():
        if name == request.name or index == request.index:
            raise InvalidInput(
                f"lxc.net.{index} is the interface {name!r} of a file that the configuration includes; "
                "it is changed there"
            )


def _moved(document: Document, old: int, new: int) -> Document:
    there = next((s for s in _net.sections(document) if s.index == new), None)
    if there is not None:
        what = _net.names(document).get(new, there.last("type"))
        raise InvalidInput(f"index: lxc.net.{new} is taken by {what!r}; the interface is lxc.net.{old}")
    return _names_kept(document, _net.move(document, old, new), {new}, moved=(old, new))


def _written(document: Document, index: int, now: Nic | None, wanted: Nic) -> Document:
    if now is None or now.type != wanted.type:
        own = OWN_PREFIXES.get(now.type) if now else None
        if own:
            document = document.replace_prefix(_net.prefix(index) + own, ())
        document = _net.put(document, index, "type", [wanted.type])
        now = replace(now, type=wanted.type, **_own_fields_empty()) if now else Nic(wanted.name, wanted.type)
        if not document.values(f"{_net.prefix(index)}name"):
            document = _net.put(document, index, "name", [wanted.name])
    for option in options_of(wanted.type):
        value = getattr(wanted, option.name)
        if value != getattr(now, option.name):
            document = _net.put(document, index, option.key, option.write(value))
    return document


def _own_fields_empty() -> dict[str, Any]:
    common = {option.name for option in options_of("phys")}
    return {option.name: option.empty for t in TYPES for option in options_of(t) if option.name not in common}


def without_nic(document: Document, index: int) -> Document:
    return _names_kept(document, _net.remove(document, index), {index})


def _names_kept(before: Document, after: Document, but: set[int], *, moved: tuple[int, int] | None = None) -> Document:
    """Nameless interfaces are named by their turn: those that would get another name get theirs written down."""
    names = _net.names(before)
    if moved:
        names[moved[1]] = names.pop(moved[0])
    for index, name in sorted(names.items()):
        if index not in but or moved:
            now = _net.names(after).get(index)
            if now is not None and now != name:
                after = _net.put(after, index, "name", [name])
    return after
