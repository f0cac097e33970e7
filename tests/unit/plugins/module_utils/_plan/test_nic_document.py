# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, parse
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._nic_request import nic_request, overlaid
from ansible_collections.community.lxc.plugins.module_utils._plan import _nic_document


def put(document: Document, nic_type: str = "veth", **options: Any) -> tuple[Document, int]:
    asked = nic_request(nic_type, {"name": "eth0", **options})
    found = _nic_document.locate(document, asked)
    wanted = overlaid(asked, found[1] if found else None, seed="s")
    return _nic_document.with_nic(document, asked, wanted)


def test_a_new_section_is_complete_and_the_type_comes_first() -> None:
    document, index = put(parse("lxc.uts.name = x\n"), link="br0", ipv4_addresses=["10.0.0.1/24"], mode="router")
    assert index == 0
    assert document.render() == (
        "lxc.uts.name = x\nlxc.net.0.type = veth\nlxc.net.0.name = eth0\nlxc.net.0.link = br0\nlxc.net.0.flags = up\n"
        "lxc.net.0.ipv4.address = 10.0.0.1/24\nlxc.net.0.veth.mode = router\n"
    )


def test_the_same_again_changes_not_a_byte() -> None:
    document, _index = put(parse(""), link="br0", ipv6_addresses=["fd00:0::1/64"])
    assert put(document, link="br0", ipv6_addresses=["fd00::1/64"])[0].render() == document.render()


def test_a_value_in_another_spelling_is_left_as_it_stands() -> None:
    text = "lxc.net.0.type = veth\nlxc.net.0.ipv6.address = FD00:0::1/64\nlxc.net.0.hwaddr = 00:16:3E:01:02:03\n"
    assert put(parse(text), ipv6_addresses=["fd00::1/64"], hwaddr="00:16:3e:01:02:03")[0].render() == text


def test_a_new_type_takes_its_own_keys_away_and_keeps_foreign_ones() -> None:
    text = (
        "lxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.net.0.veth.mode = router\nlxc.net.0.veth.pair = p\n"
        "lxc.net.0.script.up = /x\n# end\n"
    )
    document, _index = put(parse(text), "macvlan", mode="bridge")
    assert document.render() == (
        "lxc.net.0.type = macvlan\nlxc.net.0.link = br0\nlxc.net.0.script.up = /x\nlxc.net.0.name = eth0\n"
        "lxc.net.0.macvlan.mode = bridge\n# end\n"
    )


def test_the_names_of_the_nameless_are_kept_when_one_goes() -> None:
    document = parse("lxc.net.0.type = veth\nlxc.net.1.type = veth\nlxc.net.2.type = veth\n")
    after = _nic_document.without_nic(document, 0)
    assert {index: nic.name for index, nic in _nic_document.all_nics(after).items()} == {1: "eth1", 2: "eth2"}


@pytest.mark.parametrize(
    ("text", "options", "word"),
    [
        ("lxc.net.0.type = none\n", {}, "host's network"),
        ("lxc.net.0.type = veth\nlxc.net.0.name = wan\n", {"index": 0}, "'wan'"),
        ("lxc.net.0.type = veth\nlxc.net.1.type = veth\n", {"index": 1}, "'eth1'"),
    ],
)
def test_what_cannot_be_put_there(text: str, options: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        put(parse(text), **options)
