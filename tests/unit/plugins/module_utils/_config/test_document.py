# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration document: byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, new_line, parse
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput

KEYS = st.sampled_from(["lxc.uts.name", "lxc.net.1.type", "lxc.net.10.type", "lxc.net.1.link", "lxc.mount.entry"])
VALUES = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=12)
ENTRIES = st.lists(st.tuples(KEYS, VALUES), max_size=6)
FOREIGN = st.sampled_from(
    ["# comment\n", "\n", "no equals\n", "  lxc.tty.max=2\n", "lxc.include = /x\n", "\t# x = y\n"]
)
TEXTS = st.builds(
    lambda parts, tail: "".join(parts) + tail,
    st.lists(st.one_of(FOREIGN, st.builds(lambda entry: new_line(*entry).raw, st.tuples(KEYS, VALUES))), max_size=8),
    st.sampled_from(["", "lxc.tty.max = 3", "# no line end"]),
)


@given(st.text())
def test_any_text_survives(text: str) -> None:
    assert parse(text).render() == text


@given(KEYS, VALUES)
def test_a_new_line_is_read_back_as_it_was_meant(key: str, value: str) -> None:
    document = parse(new_line(key, value).raw)
    assert document.entries() == ((key, value),)


@given(TEXTS, KEYS, st.lists(VALUES, max_size=3))
def test_replacing_touches_one_key_alone(text: str, key: str, values: list[str]) -> None:
    document = parse(text)
    edited = parse(document.replace(key, values).render())
    assert edited.values(key) == tuple(values)
    assert [e for e in edited.entries() if e[0] != key] == [e for e in document.entries() if e[0] != key]
    foreign = [line.raw.rstrip("\n") for line in document.lines if line.key != key]
    assert [line.raw.rstrip("\n") for line in edited.lines if line.key != key] == foreign


@given(TEXTS, KEYS, VALUES, VALUES)
def test_there_and_back(text: str, key: str, one: str, other: str) -> None:
    first = parse(text).replace(key, [one])
    assert first.replace(key, [other]).replace(key, [one]).render() == first.render()


@given(TEXTS, KEYS, st.lists(VALUES, max_size=3))
def test_replacing_twice_is_replacing_once(text: str, key: str, values: list[str]) -> None:
    once = parse(text).replace(key, values)
    assert once.replace(key, values) is once


@given(TEXTS, ENTRIES)
def test_a_prefix_ends_at_its_dot(text: str, entries: list[tuple[str, str]]) -> None:
    document = parse(text)
    wanted = [(f"lxc.net.1.{number}", value) for number, (_key, value) in enumerate(entries)]
    edited = parse(document.replace_prefix("lxc.net.1.", wanted).render())
    assert edited.entries("lxc.net.1.") == tuple(wanted)
    assert edited.entries("lxc.net.10.") == document.entries("lxc.net.10.")


def test_a_prefix_without_its_dot_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"lxc\.net\.1 would match lxc\.net\.10"):
        Document().replace_prefix("lxc.net.1", [])


def test_a_key_stays_where_its_first_line_stood() -> None:
    document = parse("lxc.a = 1\nlxc.b = 1\n# c\nlxc.b = 2\nlxc.d = 1\n")
    assert document.replace("lxc.b", ["3", "4"]).render() == "lxc.a = 1\nlxc.b = 3\nlxc.b = 4\n# c\nlxc.d = 1\n"


def test_the_grammar_is_liblxcs() -> None:
    document = parse('  lxc.a=1\nlxc.b  =  two words \nlxc.c = "q u"\nlxc.d = \'x\n#lxc.e = 1\nlxc.f =\nlxc.g = a=b\n')
    assert document.entries() == (
        ("lxc.a", "1"),
        ("lxc.b", "two words"),
        ("lxc.c", "q u"),
        ("lxc.d", "'x"),
        ("lxc.f", ""),
        ("lxc.g", "a=b"),
    )


def test_an_entry_is_removed_and_nothing_else() -> None:
    document = parse("lxc.a = 1\nlxc.a = 2\nlxc.b = 1\n")
    assert document.remove_entry("lxc.a", "1").render() == "lxc.a = 2\nlxc.b = 1\n"


@pytest.mark.parametrize("value", ["a\nlxc.hook.pre-start = /x", "a\rb", "a\0b"])
def test_what_no_line_can_hold(value: str) -> None:
    with pytest.raises(InvalidInput, match=r"^lxc\.uts\.name: the value .* holds a "):
        new_line("lxc.uts.name", value)


@pytest.mark.parametrize("key", ["uts.name", "lxc.", "lxc.a b", "lxc.a\nlxc.b", "lxc.a=b", ""])
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(InvalidInput, match="is not an LXC configuration key"):
        new_line(key, "x")
