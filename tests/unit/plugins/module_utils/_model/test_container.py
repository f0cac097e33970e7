# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of lxc_container as a value."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.module_utils._argspec import CONTAINER_OPTIONS
from ansible_collections.community.lxc.plugins.module_utils._config._document import parse
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._container import ContainerSpec, container_spec


def spec(**given: Any) -> ContainerSpec:
    defaults = {name: option.get("default") for name, option in CONTAINER_OPTIONS.options.items()}
    return container_spec({**defaults, "name": "x", **given})


def test_a_source_with_all_its_parameters() -> None:
    source = spec(template="debian", template_args={"r": 1}, storage={"type": "lvm", "vg": "v", "fssize": "1G"}).source
    assert source is not None
    assert (source.kind, source.value, source.args) == ("template", "debian", ("--r", "1"))
    assert (source.storage.type, source.storage.vg, source.storage.fssize) == ("lvm", "v", 2**30)
    assert spec().source is None
    assert str(spec(clone_from="a").source) == "container a"


def test_time_offsets_are_configuration() -> None:
    assert spec(time_offset={"boot": "1h", "monotonic": None}).config == {"lxc.time.offset.boot": ("1h",)}
    assert spec(time_offset={"boot": "", "monotonic": None}).config == {"lxc.time.offset.boot": ()}
    with pytest.raises(InvalidInput, match="say the same thing twice"):
        spec(time_offset={"boot": "1h"}, config={"lxc.time.offset.boot": "2h"})


def test_an_equal_meaning_leaves_the_line_alone() -> None:
    document = parse("lxc.console.buffer.size = 64KB\n")
    assert spec(config={"lxc.console.buffer.size": 65536}).apply(document) is document


@pytest.mark.parametrize("option", ["timeout", "wait_timeout"])
def test_negative_times(option: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^{option}: -1 is negative"):
        spec(**{option: -1})
