# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._argspec import NIC
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._nic import OPTION_FIELDS, TYPES
from ansible_collections.community.lxc.plugins.module_utils._model._nic_options import OPTIONS, NicOption, options_of
from ansible_collections.community.lxc.plugins.module_utils._model._nic_request import nic_request, overlaid

NOT_KEYS = {"container", "lxc_path", "name", "index", "state", "live", "link_must_exist"}

SAMPLES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "link": ("br0", ("br0",)),
    "up": (True, ("up",)),
    "hwaddr": ("00:16:3E:01:02:03", ("00:16:3e:01:02:03",)),
    "mtu": (1400, ("1400",)),
    "ipv4_addresses": (["10.0.0.1/24", "10.0.0.2/24"], ("10.0.0.1/24", "10.0.0.2/24")),
    "ipv6_addresses": (["fd00:0::1/64"], ("fd00::1/64",)),
    "ipv4_gateway": ("auto", ("auto",)),
    "ipv6_gateway": ("fd00:0::1", ("fd00::1",)),
    "l2proxy": (True, ("1",)),
    "script_up": ("/bin/true a", ("/bin/true a",)),
    "script_down": ("/bin/true", ("/bin/true",)),
    "mode": ("bridge", ("bridge",)),
    "pair": ("veth0", ("veth0",)),
    "ipv4_routes": (["10.1.0.0/16"], ("10.1.0.0/16",)),
    "ipv6_routes": (["fd01::/64"], ("fd01::/64",)),
    "vlan_tagged_ids": ([5, 6], ("5", "6")),
    "rx_queues": (2, ("2",)),
    "tx_queues": (3, ("3",)),
    "isolation": ("vepa", ("vepa",)),
}


def sample(option: NicOption) -> tuple[Any, tuple[str, ...]]:
    if option.name == "vlan_id":
        return ("20", ("20",)) if option.key.startswith("veth") else (20, ("20",))
    return SAMPLES[option.name]


@pytest.mark.parametrize("nic_type", TYPES)
def test_the_options_of_the_modules_are_those_that_have_keys(nic_type: str) -> None:
    assert set(NIC[nic_type].options) - NOT_KEYS == {option.name for option in options_of(nic_type)}


def test_each_option_is_a_field_and_each_field_an_option() -> None:
    assert {option.name for option in OPTIONS} == set(OPTION_FIELDS)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.key)
def test_what_is_accepted_is_written_and_read_back(option: NicOption) -> None:
    given_value, lines = sample(option)
    value = option.accept(given_value)
    assert option.write(value) == lines
    assert option.read(lines) == value


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.key)
def test_emptiness_clears(option: NicOption) -> None:
    assert option.read(()) == option.empty
    assert option.write(option.empty) == ()
    empty: Any = [] if option.syntax.many else False if option.name in ("up", "l2proxy") else ""
    assert option.accept(empty) == option.empty
    # As in liblxc, an empty line takes back those before it.
    assert option.read((*sample(option)[1], "")) == option.empty


@given(st.sampled_from(OPTIONS), st.lists(st.text(max_size=20), max_size=3))
def test_any_line_of_a_file_can_be_read(option: NicOption, lines: list[str]) -> None:
    option.read(lines)


def request(nic_type: str = "veth", **options: Any) -> Any:
    return nic_request(nic_type, {"name": "eth0", **options})


def test_a_new_interface_is_up_and_an_old_one_left_alone() -> None:
    new = overlaid(request(link="br0"), None, seed="s")
    assert new.up
    off = overlaid(request(up=False), new, seed="s")
    assert not off.up
    assert not overlaid(request(mtu=1400), off, seed="s").up


def test_what_is_not_named_stays() -> None:
    one = overlaid(request(link="br0", mtu=1400, ipv4_addresses=["10.0.0.1/24"]), None, seed="s")
    two = overlaid(request(ipv4_addresses=[]), one, seed="s")
    assert (two.link, two.mtu, two.ipv4_addresses) == ("br0", 1400, ())
    assert overlaid(request(), two, seed="s") == two


def test_another_type_keeps_what_all_types_have() -> None:
    one = overlaid(request(link="br0", mtu=1400, mode="router", pair="p0"), None, seed="s")
    two = overlaid(request("macvlan"), one, seed="s")
    assert (two.type, two.link, two.mtu, two.mode, two.pair) == ("macvlan", "br0", 1400, None, None)


def test_a_template_meets_what_is_there() -> None:
    one = overlaid(request(link="br0", hwaddr="00:16:3e:01:02:03"), None, seed="s")
    assert overlaid(request(hwaddr="00:16:3e:xx:xx:xx"), one, seed="s").hwaddr == "00:16:3e:01:02:03"
    assert overlaid(request(hwaddr="00:16:3f:xx:xx:xx"), one, seed="s").hwaddr != "00:16:3e:01:02:03"


@pytest.mark.parametrize(
    ("options", "accepted"),
    [
        ({"ipv4_addresses": ["10.0.0.2/24"], "ipv4_gateway": "10.0.0.1"}, True),
        ({"ipv4_addresses": ["10.0.0.2/24"], "ipv4_gateway": "10.0.1.1"}, False),
        ({"ipv4_addresses": ["10.0.0.2/32"], "ipv4_gateway": "10.0.1.1"}, True),
        ({"ipv4_addresses": ["10.0.0.2/24"], "ipv4_gateway": "169.254.1.1"}, True),
        ({"ipv4_addresses": ["10.0.0.2/24"], "ipv4_gateway": "dev"}, True),
        ({"ipv4_gateway": "dev"}, False),
        ({"ipv4_gateway": "auto"}, True),
        ({"ipv4_gateway": "auto", "link": ""}, False),
        ({"ipv6_gateway": "fe80::1"}, True),
        ({"ipv6_gateway": "fd00::1"}, False),
        ({"ipv6_addresses": ["fd00::2/64"], "ipv6_gateway": "fd00::1"}, True),
        ({"mode": "router", "ipv4_addresses": ["10.0.0.2/24"], "ipv4_gateway": "10.9.9.9"}, True),
        ({"vlan_id": "5"}, True),
        ({"vlan_id": "5", "mode": "router"}, False),
        ({"vlan_id": "5", "link": ""}, False),
    ],
)
def test_options_that_contradict_each_other(options: dict[str, Any], accepted: bool) -> None:
    asked = request(**{"link": "br0", **options})
    if accepted:
        overlaid(asked, None, seed="s")
        return
    with pytest.raises(InvalidInput):
        overlaid(asked, None, seed="s")
