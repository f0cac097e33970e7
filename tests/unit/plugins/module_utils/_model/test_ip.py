# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model import _ip

IPV4 = st.tuples(st.ip_addresses(v=4), st.integers(0, 32)).map(lambda pair: f"{pair[0]}/{pair[1]}")
IPV6 = st.tuples(st.ip_addresses(v=6), st.integers(0, 128)).map(lambda pair: f"{pair[0].exploded}/{pair[1]}")


@given(st.sampled_from([4, 6]), st.data())
def test_what_is_accepted_means_the_same_and_is_its_own_canonical_form(family: int, data: st.DataObject) -> None:
    text = data.draw(IPV4 if family == 4 else IPV6)
    try:
        canonical = _ip.interface_address(text, family=family, option="o")
    except InvalidInput:
        ip = ipaddress.ip_interface(text).ip
        assert ip.is_multicast or ip.is_unspecified or ip.is_loopback or ip.is_link_local
        return
    assert ipaddress.ip_interface(canonical) == ipaddress.ip_interface(text)
    assert _ip.interface_address(canonical, family=family, option="o") == canonical
    assert _ip.spelled(text, family=family) == canonical


@given(st.sampled_from([_ip.interface_address, _ip.network, _ip.gateway]), st.sampled_from([4, 6]), st.text())
def test_any_text_is_refused_in_one_line_or_accepted(check: Callable[..., str], family: int, text: str) -> None:
    try:
        said = check(text, family=family, option="o")
    except InvalidInput as error:
        said = error.msg
    assert "\n" not in said
    assert said.startswith("o: ") or said.isascii()


@pytest.mark.parametrize(
    ("one", "other"),
    [("fd99:0::1/64", "fd99::1/64"), ("FD99::0:1/64", "fd99::1/64"), ("::ffff:1.2.3.4/96", "::ffff:102:304/96")],
)
def test_ipv6_spellings(one: str, other: str) -> None:
    assert ipaddress.ip_interface(_ip.interface_address(one, family=6, option="o")) == ipaddress.ip_interface(other)
    assert _ip.interface_address(one, family=6, option="o") == _ip.interface_address(other, family=6, option="o")


@pytest.mark.parametrize(
    ("text", "family", "means"),
    [
        ("10.0.3.9/24 10.0.3.255", 4, "10.0.3.9/24"),
        ("10.0.3.9", 4, "10.0.3.9/8"),
        ("172.16.0.9", 4, "172.16.0.9/16"),
        ("192.168.0.9", 4, "192.168.0.9/24"),
        ("fd00:0::9", 6, "fd00::9/64"),
        ("nonsense", 4, "nonsense"),
        ("", 4, ""),
    ],
)
def test_what_liblxc_reads_in_a_configuration(text: str, family: int, means: str) -> None:
    assert _ip.spelled(text, family=family) == means


def test_a_route_with_host_bits_is_told_the_network() -> None:
    with pytest.raises(InvalidInput, match=r"the network is 10\.0\.0\.0/24"):
        _ip.network("10.0.0.1/24", family=4, option="ipv4_routes")


def test_broadcasts_and_host_routes() -> None:
    assert _ip.broadcast_of("10.0.0.1/24") == "10.0.0.255"
    assert _ip.broadcast_of("10.0.0.1/31") is None
    assert _ip.broadcast_of("fd00::1/64") is None
    assert _ip.host_route("10.0.0.1/24") == "10.0.0.1/32"
    assert _ip.host_route("fd00::1") == "fd00::1/128"


@given(st.lists(IPV4))
def test_order_is_by_number_and_without_doubles(texts: list[str]) -> None:
    canonical = [str(ipaddress.ip_interface(text)) for text in texts]
    result = _ip.ordered(canonical)
    assert set(result) == set(canonical)
    assert len(result) == len(set(canonical))
    assert [int(ipaddress.ip_interface(r).ip) for r in result] == sorted(
        int(ipaddress.ip_interface(r).ip) for r in result
    )
