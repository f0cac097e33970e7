# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host's records of its kernel mean, for hosts of every kind."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.module_utils._host._kernel import read_records

_RELEASE = "6.1.0-1-test"


def _host(
    root: Path, *, options: str | None = None, boot: bool = False, dep: str | None = None, loaded: tuple[str, ...] = ()
) -> Path:
    if options is not None:
        path = root / (f"boot/config-{_RELEASE}" if boot else "proc/config.gz")
        path.parent.mkdir(parents=True)
        path.write_bytes(options.encode() if boot else gzip.compress(options.encode()))
    if dep is not None:
        directory = root / "lib/modules" / _RELEASE
        directory.mkdir(parents=True)
        (directory / "modules.dep").write_text(dep)
        (directory / "modules.builtin").write_text("kernel/net/bridge/bridge.ko\n")
    for module in loaded:
        (root / "sys/module" / module).mkdir(parents=True)
    return root


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ({"options": "CONFIG_IPVLAN=y\n"}, True),
        ({"options": "CONFIG_IPVLAN=y\n", "boot": True}, True),
        ({"options": "# CONFIG_IPVLAN is not set\n"}, False),
        ({"options": "CONFIG_IPVLAN=m\n"}, None),
        ({"options": "CONFIG_IPVLAN=m\n", "dep": "kernel/drivers/net/ipvlan/ipvlan.ko.xz: kernel/x.ko\n"}, True),
        ({"options": "CONFIG_IPVLAN=m\n", "dep": "kernel/drivers/net/veth.ko:\n"}, False),
        ({"dep": "kernel/drivers/net/ipvlan/ipvlan.ko:\n"}, True),
        ({"dep": "kernel/drivers/net/ipvlan/ipvtap.ko:\n"}, False),
        ({"loaded": ("ipvlan",)}, True),
        ({"loaded": ("veth",)}, None),
        ({}, None),
    ],
)
def test_what_is_known_of_a_feature(tmp_path: Path, host: dict[str, Any], expected: bool | None) -> None:
    records = read_records(root=_host(tmp_path, **host), release=_RELEASE)
    assert records.has("CONFIG_IPVLAN", "ipvlan") is expected


def test_built_in_modules_count(tmp_path: Path) -> None:
    records = read_records(root=_host(tmp_path, dep="kernel/net/8021q/8021q.ko:\n"), release=_RELEASE)
    assert records.has("CONFIG_BRIDGE", "bridge") is True
    assert records.has("CONFIG_VLAN_8021Q", "8021q") is True


def test_a_list_for_another_kernel_says_nothing(tmp_path: Path) -> None:
    records = read_records(root=_host(tmp_path, dep="kernel/drivers/net/ipvlan/ipvlan.ko:\n"), release="5.0.0")
    assert records.has("CONFIG_IPVLAN", "ipvlan") is None
