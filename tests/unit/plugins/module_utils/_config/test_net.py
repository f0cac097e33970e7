# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._config import _net
from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, parse

LINE = st.one_of(
    st.tuples(
        st.sampled_from([0, 1, 2, 10, 11]), st.sampled_from(["type = veth", "name = lan", "mtu=1400", "script.up = /x"])
    ).map(lambda pair: f"lxc.net.{pair[0]}.{pair[1]}\n"),
    st.sampled_from(
        ["# comment\n", "\n", "lxc.uts.name = x\n", "lxc.network.0.type = veth\n", "  lxc.net.1.link = br0\n"]
    ),
)
TEXT = st.lists(LINE, max_size=12).map("".join)


@given(TEXT, st.sampled_from([0, 1, 10]))
def test_removing_one_section_takes_exactly_its_lines(text: str, index: int) -> None:
    before = parse(text)
    after = _net.remove(before, index)
    assert after.lines == tuple(line for line in before.lines if not line.key.startswith(f"lxc.net.{index}."))


@given(TEXT, st.sampled_from([0, 1, 10]), st.sampled_from(["mtu", "link", "veth.pair"]), st.sampled_from(["1", "2"]))
def test_putting_a_key_touches_no_other_line(text: str, index: int, key: str, value: str) -> None:
    before = parse(text)
    after = _net.put(before, index, key, [value])
    full = f"lxc.net.{index}.{key}"
    assert after.values(full) == (value,)
    assert [x.raw for x in after.lines if x.key != full] == [x.raw for x in before.lines if x.key != full]
    assert _net.put(after, index, key, [value]).render() == after.render()
    if not before.values(full):
        assert _net.put(after, index, key, []).render() == before.render()


@given(TEXT)
def test_the_free_index_is_the_lowest(text: str) -> None:
    document = parse(text)
    taken = {section.index for section in _net.sections(document)}
    free = _net.free_index(document)
    assert free not in taken
    assert set(range(free)) <= taken


@given(TEXT)
def test_moving_there_and_back_changes_nothing_but_spacing(text: str) -> None:
    document = parse(text)
    back = _net.move(_net.move(document, 1, 77), 77, 1)
    assert [(x.key, x.value) for x in back.lines] == [(x.key, x.value) for x in document.lines]


def test_a_new_key_follows_its_section_even_without_a_last_newline() -> None:
    document = parse("lxc.net.0.type = veth\n# tail\nlxc.net.1.type = veth")
    assert (
        _net.put(document, 1, "mtu", ["9"]).render()
        == "lxc.net.0.type = veth\n# tail\nlxc.net.1.type = veth\nlxc.net.1.mtu = 9\n"
    )
    assert _net.put(document, 0, "mtu", ["9"]).render().splitlines()[1] == "lxc.net.0.mtu = 9"


def test_names_are_the_kernels() -> None:
    document = Document().append(
        [
            ("lxc.net.10.type", "veth"),
            ("lxc.net.0.type", "veth"),
            ("lxc.net.0.name", "lan"),
            ("lxc.net.1.type", "empty"),
            ("lxc.net.2.type", "veth"),
            ("lxc.net.3.type", "phys"),
            ("lxc.net.3.link", "card"),
            ("lxc.net.4.name", "typeless"),
        ]
    )
    assert _net.names(document) == {0: "lan", 2: "eth0", 3: "card", 10: "eth1"}
