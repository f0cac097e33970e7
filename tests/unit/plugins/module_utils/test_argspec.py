# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.community.lxc.plugins.module_utils._argspec import CONTAINER, LXC_PATH, ArgumentSpec


def test_merging_keeps_the_options_and_conditions_of_both() -> None:
    merged = CONTAINER.merge(
        ArgumentSpec({"source": {"type": "path"}}, required_if=[("state", "mounted", ["source"])])
    ).merge(ArgumentSpec({"state": {"type": "str"}}, required_by={"source": ["state"]}))

    kwargs = merged.to_kwargs()

    assert set(kwargs["argument_spec"]) == {"lxc_path", "container", "source", "state"}
    assert kwargs["required_if"] == [("state", "mounted", ["source"])]
    assert kwargs["required_by"] == {"source": ["state"]}


def test_an_option_that_stands_in_both_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="lxc_path"):
        CONTAINER.merge(LXC_PATH)


def test_the_keyword_arguments_are_copies_that_a_module_may_change() -> None:
    CONTAINER.to_kwargs()["argument_spec"]["container"]["required"] = False

    assert CONTAINER.to_kwargs()["argument_spec"]["container"]["required"] is True
