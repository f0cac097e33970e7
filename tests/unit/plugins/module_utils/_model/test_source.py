# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources of new containers."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._ref import container_ref
from ansible_collections.community.lxc.plugins.module_utils._model._source import size_in_bytes, template_arguments


@pytest.mark.parametrize(
    ("text", "size"), [("1048576", 1048576), ("512M", 2**29), ("8g", 2**33), ("1 KiB", 1024), ("2TB", 2**41)]
)
def test_sizes(text: str, size: int) -> None:
    assert size_in_bytes(text, option="fssize") == size


@pytest.mark.parametrize("text", ["", "big", "-1", "1.5G", "1X", "10%"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"fssize: .* is not a size"):
        size_in_bytes(text, option="fssize")


def test_template_arguments() -> None:
    assert template_arguments(None) == ()
    assert template_arguments(["-r", 12]) == ("-r", "12")
    form = {"release": "a b", "quick": True, "slow": False, "none": None, "add": [1, True]}
    assert template_arguments(form) == ("--release", "a b", "--quick", "--add", "1", "--add")


@pytest.mark.parametrize("form", ["--release sid", 7, [["a"]], [True], {"release": {"a": "b"}}])
def test_what_are_no_template_arguments(form: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^template_args: "):
        template_arguments(form)


@pytest.mark.parametrize("name", ["a", "web-1.example_x", "0", "a:b@c+d"])
def test_names(name: str) -> None:
    assert container_ref(name, "/var/lib/lxc//").directory == f"/var/lib/lxc/{name}"


@pytest.mark.parametrize("name", ["", "a/b", "..", ".", "-a", "a b", "a\nb", "a\0", "ä", "x" * 201])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"^name: .* is not a container name"):
        container_ref(name, "/var/lib/lxc", option="name")


@pytest.mark.parametrize("path", ["", "relative", "/a\nb", "/a\0b"])
def test_what_is_no_lxc_path(path: str) -> None:
    with pytest.raises(InvalidInput, match=r"^lxc_path: .* is not an absolute path"):
        container_ref("a", path)
