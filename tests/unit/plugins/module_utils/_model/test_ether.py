# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model import _ether

PAIR = st.one_of(st.just("xx"), st.integers(0, 255).map(lambda n: f"{n:02x}"))


@given(st.lists(PAIR, min_size=6, max_size=6), st.text(max_size=9))
def test_a_template_is_expanded_to_an_address_that_fits_and_stays(pairs: list[str], seed: str) -> None:
    template = ":".join(pairs)
    try:
        template = _ether.mac_address(template, option="hwaddr")
    except InvalidInput:
        assert pairs[0] != "xx"
        return
    address = _ether.expand(template, seed=seed)
    assert re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", address)
    assert not int(address[:2], 16) & 1, "a multicast address"
    assert _ether.matches(address, template)
    assert _ether.expand(template, seed=seed) == address


def test_two_seeds_give_two_addresses() -> None:
    assert _ether.expand("00:16:3e:xx:xx:xx", seed="a") != _ether.expand("00:16:3e:xx:xx:xx", seed="b")


@pytest.mark.parametrize(
    ("address", "fits"),
    [("00:16:3e:01:02:03", True), ("00:16:3f:01:02:03", False), ("00:16:3e:xx:xx:xx", False), ("", False)],
)
def test_which_addresses_fit(address: str, fits: bool) -> None:
    assert _ether.matches(address, "00:16:3e:xx:xx:xx") is fits


def refusal(check: Callable[..., object], text: str) -> str | None:
    """The message, or None where the text is accepted."""
    try:
        check(text, option="o")
    except InvalidInput as error:
        return error.msg
    return None


@given(st.text())
def test_an_accepted_name_is_one_that_the_kernel_takes(text: str) -> None:
    said = refusal(_ether.interface_name, text)
    if said is not None:
        assert "\n" not in said
        return
    assert 1 <= len(text.encode()) <= 15
    assert not set(text) & set("/:% \t\n\0")


@given(st.text())
def test_any_text_is_an_address_or_refused(text: str) -> None:
    said = refusal(_ether.mac_address, text)
    assert "\n" not in (said or "")
    assert said or len(text) == 17


@pytest.mark.parametrize("number", [67, 65536, 0, -5])
def test_mtus_out_of_range(number: int) -> None:
    with pytest.raises(InvalidInput, match="65535"):
        _ether.mtu(number, option="mtu")


@pytest.mark.parametrize("number", [4095, -1, 0])
def test_vlan_ids_out_of_range(number: int) -> None:
    with pytest.raises(InvalidInput, match="4094"):
        _ether.vlan_id(number, option="vlan_id")
