# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What a task wants of a container: the options of ``lxc_container``, checked and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, new_line, refuse_breaks
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._source import (
    Source,
    Storage,
    size_in_bytes,
    template_arguments,
)
from ansible_collections.community.lxc.plugins.module_utils._model._values import config_values, same_values

_SOURCES = {"template": "template", "tarball": "tarball", "clone_from": "clone", "rootfs": "rootfs"}


@dataclass(frozen=True)
class ContainerSpec:
    """``config`` holds for each key the values of its lines; an empty tuple removes the key. Times in seconds."""

    state: str = "started"
    source: Source | None = None
    config: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    restart: str = "never"
    timeout: float = 30.0
    force: bool = True
    force_destroy: bool = False
    wait_for: str = "none"
    wait_timeout: float = 60.0
    mark: str = ""
    """A comment that a container of this spec gets when it is made."""

    def apply(self, document: Document) -> Document:
        """The configuration with every named key as it should be; a key that already means the same stays untouched."""
        for key, values in self.config.items():
            if not same_values(key, document.values(key), values):
                document = document.replace(key, values)
        return document

    def view(self, document: Document) -> dict[str, list[str]]:
        """The named keys as they stand in a configuration."""
        return {key: list(document.values(key)) for key in sorted(self.config)}


def container_spec(params: Mapping[str, Any]) -> ContainerSpec:
    """From the module's parameters. Raises InvalidInput."""
    for option in ("timeout", "wait_timeout"):
        if params[option] < 0:
            raise InvalidInput(f"{option}: {params[option]} is negative; seconds from 0 are accepted")
    return ContainerSpec(
        state=params["state"],
        source=_source(params),
        config=_config(params),
        restart=params["restart"],
        timeout=float(params["timeout"]),
        force=params["force"],
        force_destroy=params["force_destroy"],
        wait_for=params["wait_for"],
        wait_timeout=float(params["wait_timeout"]),
    )


def _config(params: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    config = {str(key): config_values(str(key), value) for key, value in (params["config"] or {}).items()}
    for name, value in (params["time_offset"] or {}).items():
        key = f"lxc.time.offset.{name}"
        if value is None:
            continue
        if key in config:
            raise InvalidInput(f"time_offset: {name} and config: {key} say the same thing twice; name one of them")
        config[key] = (value,) if value else ()
    for key, values in config.items():
        for item in values or ("",):
            new_line(key, item)  # refuses what no line can hold
    return config


def _source(params: Mapping[str, Any]) -> Source | None:
    for option, kind in _SOURCES.items():
        if params[option]:
            args = template_arguments(params["template_args"]) if kind == "template" else ()
            # liblxc writes all of these into the new configuration, the template's arguments as a comment.
            refuse_breaks(params[option], what=option)
            for word in args:
                refuse_breaks(word, what="template_args")
            return Source(
                kind=kind,
                value=params[option],
                args=args,
                snapshot=params["clone_snapshot"],
                storage=_storage(params["storage"] or {}),
            )
    return None


def _storage(options: Mapping[str, Any]) -> Storage:
    values = {name: value for name, value in options.items() if value is not None and name != "fssize"}
    for name, value in values.items():
        refuse_breaks(value, what=f"storage: {name}")
    size = options.get("fssize")
    return Storage(**values, fssize=size_in_bytes(size, option="storage: fssize") if size else 0)
