# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The one step that writes a configuration file."""

from __future__ import annotations

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host import _config_file
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Step


def persist_step(ref: ContainerRef, *, says: str, old: Document, new: Document) -> Step:
    """Write ``new`` in the place of ``old``; refused when the file is not ``old`` any more. Undone by the reverse."""

    def swap(found: Document, written: Document) -> None:
        now = _config_file.read(ref)
        if now is not None and now.render() == written.render():
            return
        if now is None or now.render() != found.render():
            raise HostError(f"{ref.config_file} was changed by someone else meanwhile; nothing was written, run again")
        _config_file.write(ref, written)

    return Step(says=says, do=lambda: swap(old, new), undo=lambda: swap(new, old))
