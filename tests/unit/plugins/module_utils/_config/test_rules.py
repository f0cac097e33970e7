# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What liblxc would choke on."""

from __future__ import annotations

import pytest

from ansible_collections.community.lxc.plugins.module_utils._config._document import parse
from ansible_collections.community.lxc.plugins.module_utils._config._rules import refuse_dangerous, salvage
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput


@pytest.mark.parametrize(
    "text",
    [
        "lxc.mount.auto = shmounts:\n",
        "lxc.mount.auto = proc:mixed shmounts\n",
        "lxc.mount.auto = shmounts:relative\n",
        "lxc.idmap = u 0 1 2\n",
        "lxc.idmap = g 0 1 2\n",
        "lxc.namespace.keep = user mnt\n",
        "lxc.namespace.clone = net ipc\n",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        refuse_dangerous(parse(text).entries())


@pytest.mark.parametrize(
    "text",
    [
        "lxc.mount.auto = proc:mixed shmounts:/run/x\n",
        "lxc.mount.auto =\n",
        "lxc.idmap = u 0 1 2\nlxc.idmap = g 0 1 2\n",
        "lxc.idmap = b 0 1 2\n",
        "lxc.namespace.keep = user net\n",
        "lxc.namespace.clone = mnt net\n",
        "lxc.namespace.clone =\n",
        "lxc.idmap =\n",
        "",
    ],
)
def test_accepted(text: str) -> None:
    refuse_dangerous(parse(text).entries())


def test_salvage_keeps_what_removal_needs() -> None:
    entries = parse("lxc.nonsense = 1\nlxc.rootfs.path = dir:/x\nlxc.uts.name = a\nlxc.hook.stop = /y\n").entries()
    assert salvage(entries, with_rootfs=True).entries() == (("lxc.rootfs.path", "dir:/x"), ("lxc.uts.name", "a"))
    assert salvage(entries, with_rootfs=False).entries() == (("lxc.uts.name", "a"),)
