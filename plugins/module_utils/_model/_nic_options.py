# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What each interface type can be told: option, key below ``lxc.net.N.``, spelling. Pure, and nothing but declarations.

Each syntax reads what a configuration file says (``parse``, which never refuses), checks what a task says
(``check``), and writes it (``render``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model import _ether, _ip

Values = tuple[str, ...]


@dataclass(frozen=True)
class Syntax:
    """A value of one line. ``check`` gets the option's name and the task's value, ``parse`` the file's text."""

    check: Callable[[str, Any], Any]
    parse: Callable[[str], Any]
    render: Callable[[Any], str] = str
    many: bool = False
    """A list, one line each."""


@dataclass(frozen=True)
class NicOption:
    """``name`` is the module's option and the field of ``Nic``; ``types`` are those that have it."""

    name: str
    key: str
    syntax: Syntax
    types: tuple[str, ...]

    @property
    def empty(self) -> Any:
        """The value of an absent key."""
        return () if self.syntax.many else False if self.syntax is FLAG or self.syntax is UP else None

    def read(self, values: Sequence[str]) -> Any:
        """From the lines of a configuration file. An empty line takes back those before it, as in liblxc."""
        kept: list[str] = []
        for value in values:
            kept = [*kept, value] if value else []
        if self.syntax.many:
            return tuple(dict.fromkeys(self.syntax.parse(value) for value in kept))
        return self.syntax.parse(kept[-1]) if kept else self.empty

    def accept(self, value: Any) -> Any:
        """From a task, which said something. Empty string, empty list, 0 and false clear the key."""
        if self.syntax.many:
            return tuple(dict.fromkeys(self.syntax.check(self.name, one) for one in value))
        if value in ("", False) or (value == 0 and self.name in CLEARED_BY_ZERO):
            return self.empty
        return self.syntax.check(self.name, value)

    def write(self, value: Any) -> Values:
        """The lines' values."""
        if value == self.empty:
            return ()
        return tuple(self.syntax.render(one) for one in value) if self.syntax.many else (self.syntax.render(value),)


CLEARED_BY_ZERO = ("mtu", "rx_queues", "tx_queues")


def _text(option: str, value: Any) -> str:
    if any(c in value for c in "\n\r\0"):
        raise InvalidInput(f"{option}: {value!r} holds a newline or a NUL, which a configuration line cannot hold")
    return str(value)


def _script(option: str, value: Any) -> str:
    if not _text(option, value).startswith("/"):
        raise InvalidInput(f"{option}: {value!r} does not begin with the absolute path of a program")
    return str(value)


def _number(text: str) -> Any:
    return int(text) if text.isascii() and text.isdigit() else text


def _queues(option: str, value: Any) -> int:
    if not 1 <= value <= 4096:
        raise InvalidInput(f"{option}: {value} is not a number of queues from 1 to 4096")
    return int(value)


def _bridge_vlan(option: str, value: Any) -> int | str:
    if value == "none":
        return "none"
    if not (value.isascii() and value.isdigit()):
        raise InvalidInput(f"{option}: {value!r} is neither a VLAN id from 1 to {_ether.VLAN_MAX} nor 'none'")
    return _ether.vlan_id(int(value), option=option)


def _addresses(family: int) -> Syntax:
    return Syntax(
        check=lambda option, value: _ip.interface_address(value, family=family, option=option),
        parse=lambda text: _ip.spelled(text, family=family),
        many=True,
    )


def _routes(family: int) -> Syntax:
    return Syntax(
        check=lambda option, value: _ip.network(value, family=family, option=option),
        parse=lambda text: _ip.spelled(text, family=family),
        many=True,
    )


def _gateway(family: int) -> Syntax:
    def parse(text: str) -> str:
        try:
            return _ip.gateway(text, family=family, option="")
        except InvalidInput:
            return text

    return Syntax(check=lambda option, value: _ip.gateway(value, family=family, option=option), parse=parse)


def _as_is(option: str, value: Any) -> Any:
    return value


NAME = Syntax(check=lambda option, value: _ether.interface_name(value, option=option), parse=str)
TEXT = Syntax(check=_text, parse=str)
SCRIPT = Syntax(check=_script, parse=str)
WORD = Syntax(check=_as_is, parse=str)  # one of the argument spec's choices
FLAG = Syntax(check=_as_is, parse=lambda text: text == "1", render=lambda value: "1")
UP = Syntax(check=_as_is, parse=lambda text: text == "up", render=lambda value: "up")
MAC = Syntax(check=lambda option, value: _ether.mac_address(value, option=option), parse=str.lower)
MTU = Syntax(check=lambda option, value: _ether.mtu(value, option=option), parse=_number)
QUEUES = Syntax(check=_queues, parse=_number)
VLAN = Syntax(check=lambda option, value: _ether.vlan_id(value, option=option), parse=_number)
BRIDGE_VLAN = Syntax(check=_bridge_vlan, parse=_number)
TAGGED = Syntax(check=lambda option, value: _ether.vlan_id(value, option=option), parse=_number, many=True)

_ALL = ("veth", "ipvlan", "macvlan", "vlan", "phys")

OPTIONS: tuple[NicOption, ...] = (
    NicOption("link", "link", NAME, _ALL),
    NicOption("up", "flags", UP, _ALL),
    NicOption("hwaddr", "hwaddr", MAC, _ALL),
    NicOption("mtu", "mtu", MTU, _ALL),
    NicOption("ipv4_addresses", "ipv4.address", _addresses(4), _ALL),
    NicOption("ipv6_addresses", "ipv6.address", _addresses(6), _ALL),
    NicOption("ipv4_gateway", "ipv4.gateway", _gateway(4), _ALL),
    NicOption("ipv6_gateway", "ipv6.gateway", _gateway(6), _ALL),
    NicOption("l2proxy", "l2proxy", FLAG, _ALL),
    NicOption("script_up", "script.up", SCRIPT, _ALL),
    NicOption("script_down", "script.down", SCRIPT, _ALL),
    NicOption("mode", "veth.mode", WORD, ("veth",)),
    NicOption("pair", "veth.pair", NAME, ("veth",)),
    NicOption("ipv4_routes", "veth.ipv4.route", _routes(4), ("veth",)),
    NicOption("ipv6_routes", "veth.ipv6.route", _routes(6), ("veth",)),
    NicOption("vlan_id", "veth.vlan.id", BRIDGE_VLAN, ("veth",)),
    NicOption("vlan_tagged_ids", "veth.vlan.tagged.id", TAGGED, ("veth",)),
    NicOption("rx_queues", "veth.n_rxqueues", QUEUES, ("veth",)),
    NicOption("tx_queues", "veth.n_txqueues", QUEUES, ("veth",)),
    NicOption("mode", "ipvlan.mode", WORD, ("ipvlan",)),
    NicOption("isolation", "ipvlan.isolation", WORD, ("ipvlan",)),
    NicOption("mode", "macvlan.mode", WORD, ("macvlan",)),
    NicOption("vlan_id", "vlan.id", VLAN, ("vlan",)),
)


def options_of(nic_type: str) -> tuple[NicOption, ...]:
    return tuple(option for option in OPTIONS if nic_type in option.types)


OWN_PREFIXES = {"veth": "veth.", "ipvlan": "ipvlan.", "macvlan": "macvlan.", "vlan": "vlan."}
"""The keys that go with a type: when the type changes they go."""
