# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parser of configuration files reads what liblxc reads, however odd the text, and what it writes is read back."""

from __future__ import annotations

import json
import subprocess

import pytest

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, parse
from ansible_collections.community.lxc.tests.live._bed import PYTHON

KEY = "lxc.hook.stop"
"""One that may stand several times and takes any text; nothing runs here."""
TEXTS = [
    f"{KEY} = a",
    f"{KEY}=a\n",
    f"\t {KEY}\t = \ta b \t\n",
    f"{KEY} = a\r\n{KEY} = b\r\n",
    f"{KEY} = a\r{KEY} = b\n",
    f"{KEY} =\ra\n",
    f"\r{KEY} = a\n",
    f"{KEY} = a\f\n",
    f"{KEY} = \va\n",
    f"{KEY} = \fa\u2028b\x85\n",
    f"{KEY} = 'a'\n{KEY} = \"b\"\n{KEY} = 'c\"\n{KEY} = \"d\n{KEY} = '\n",
    f"{KEY} = \" a \"\n{KEY} = ''e''\n",
    f"{KEY} = a = b # c\n",
    f"#{KEY} = a\n \t# {KEY} = b\nno equals sign\n\n",
    f"{KEY} = a\n{KEY} =\n{KEY} = b\n",
    f"{KEY} = \N{LATIN SMALL LETTER E WITH ACUTE}\n",
]
VALUES = [
    *("a", " a", "a ", "\ta", "'a'", '"', "'", "\"a'", "#a", "a=b"),
    *("\fa\f", "\va", "\u2028", "a\\", "$(reboot)", "% s"),
]

READ = """
import json, sys, tempfile
import lxc
for text in json.load(sys.stdin):
    with tempfile.NamedTemporaryFile("w", newline="") as file:
        file.write(text)
        file.flush()
        container = lxc.Container("grammar", config_path="/proc/community.lxc")
        loads = container.load_config(file.name)
        print(json.dumps([loads, container.get_config_item("lxc.hook.stop")]))
"""


def read_by_liblxc(texts: list[str]) -> list[tuple[bool, list[str]]]:
    """For each text whether it loads, and the values of the key."""
    done = subprocess.run([PYTHON, "-c", READ], input=json.dumps(texts), capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [(loads, list(found) if isinstance(found, list) else found.split("\n")) for loads, found in answers]


def in_force(document: Document) -> list[str]:
    """The values that count: an empty one takes back those before it."""
    found: list[str] = []
    for value in document.values(KEY):
        found = [*found, value] if value else []
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_read_as_liblxc_reads_it(text: str) -> None:
    [(loads, found)] = read_by_liblxc([text])

    assert loads is True
    assert in_force(parse(text)) == [value for value in found if value]
    assert parse(text).render() == text


def test_what_is_written_is_read_back() -> None:
    texts = [parse("# first").append([(KEY, value)]).render() for value in VALUES]

    assert read_by_liblxc(texts) == [(True, [value]) for value in VALUES]
    assert [list(parse(text).values(KEY)) for text in texts] == [[value] for value in VALUES]
