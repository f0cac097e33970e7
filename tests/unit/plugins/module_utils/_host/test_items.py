# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.community.lxc.plugins.module_utils._host import _items

KEYS = ("lxc.arch", "lxc.hook", "lxc.net", "lxc.net.l2proxy", "lxc.net.type", "lxc.prlimit", "lxc.uts.name")
VALUES: dict[str, str | list[str]] = {
    "lxc.arch": "x86_64",
    "lxc.net": ["veth"],
    "lxc.net.2.type": "veth",
    "lxc.net.2.link": "br0",
    "lxc.prlimit": ["lxc.prlimit.nofile = 512", "lxc.prlimit.nproc = 9", ""],
    "lxc.uts.name": "web",
}


class Lxc4:
    """A handle that lists what liblxc 4.0.6 lists, where asking for ``lxc.net.l2proxy`` ends the process."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_keys(self) -> tuple[str, ...]:
        return KEYS

    def get_config_item(self, key: str) -> str | list[str]:
        self.asked.append(key)
        return VALUES.get(key, "")


def test_an_interfaces_keys_are_asked_for_with_its_index_only() -> None:
    handle = Lxc4()
    assert _items.configured(handle) == {
        "lxc.arch": ["x86_64"],
        "lxc.net.2.link": ["br0"],
        "lxc.net.2.type": ["veth"],
        "lxc.prlimit.nofile": ["512"],
        "lxc.prlimit.nproc": ["9"],
        "lxc.uts.name": ["web"],
    }
    assert not {"lxc.net.l2proxy", "lxc.net.type", "lxc.hook"} & set(handle.asked)
