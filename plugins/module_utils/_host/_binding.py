# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The ``lxc`` Python binding, imported when it is needed."""

from __future__ import annotations

import importlib
import os
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, MissingLibrary
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_version import parse_version
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef, container_ref

NOWHERE = "/proc/community.lxc"
"""The lxc path of throw-away handles: no container can be in it, so that liblxc loads none with the handle.

One for all: for each path that a handle is made with, liblxc leaves a directory in /run/lxc/lock.
"""

_PACKAGES = "python3-lxc (Debian, Ubuntu, Fedora, EL with EPEL) or lxc from PyPI (needs liblxc's headers to build)"


def binding() -> Any:
    """The module ``lxc``. MissingLibrary where this interpreter has none, HostError for a liblxc that will not do."""
    try:
        module = importlib.import_module("lxc")
    except ModuleNotFoundError as error:
        if error.name not in ("lxc", "_lxc"):
            raise HostError(f"The Python binding of liblxc cannot be imported: {error}") from error
        raise MissingLibrary("lxc", packages=_PACKAGES) from error
    except ImportError as error:
        raise HostError(
            f"The Python binding of liblxc cannot be loaded, so liblxc itself seems to be missing ({error}); "
            "install liblxc1 (Debian, Ubuntu) or lxc-libs (Fedora, EL)"
        ) from error
    if not hasattr(module, "Container"):
        # A directory of that name that holds nothing, such as a removed package leaves, can be imported too.
        raise MissingLibrary("lxc", packages=_PACKAGES)
    parse_version(str(module.version))
    return module


def resolve(name: str, lxc_path: str | None, *, option: str = "container") -> ContainerRef:
    """The container that a task means; no ``lxc_path`` means liblxc's own ``lxc.lxcpath``.

    Refuses to go on without root: nothing here works without it, and half of it fails in misleading ways.
    """
    lxc = binding()
    if os.geteuid() != 0:
        raise HostError("community.lxc manages containers as root; use become: true")
    return container_ref(name, lxc_path or str(lxc.default_config_path), option=option)


def handle(ref: ContainerRef) -> Any:
    """A fresh ``lxc.Container``, its configuration loaded from disk. HostError when that does not parse.

    Only for calls that neither change nor block; all others go through ``_child``.
    """
    try:
        return binding().Container(ref.name, config_path=ref.lxc_path)
    except RuntimeError as error:
        raise HostError(f"liblxc cannot load the configuration of {ref}: {ref.config_file} does not parse") from error
