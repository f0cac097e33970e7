# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.community.lxc.plugins.module_utils._host._config_file import refusal


@pytest.mark.parametrize(
    "words",
    [
        # LXC 4.0.6, and LXC 5.0.2
        'confile - confile.c:parse_line:2664 - Invalid argument - Unknown configuration key "lxc.time.offset.boot"',
        'confile - ../src/lxc/confile.c:lxc_get_config:3000 - Unsupported config key "lxc.time.offset.boot"',
    ],
)
def test_a_key_that_liblxc_does_not_know_is_named_with_what_it_needs(words: str) -> None:
    log = [
        f"ERROR    {words}",
        'ERROR    parse - x - Failed to parse config file "c" at line "lxc.time.offset.boot = 1h"',
    ]
    said = refusal(log, "4.0.6")
    assert said is not None
    assert said.msg == (
        "config: liblxc 4.0.6 does not know the key lxc.time.offset.boot, "
        "which needs the API extension time_namespace (LXC 4.0)"
    )
