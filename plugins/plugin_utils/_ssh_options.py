# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is PRIVATE to the collection: it may change at any time.

"""The options of the builtin ssh connection plugin, as the ansible-core that is installed has them.

The builtin plugin asks for its options by name, so that a heir has to document each of them, whatever the version.
"""

from __future__ import annotations

from typing import Any

import yaml
from ansible.plugins.connection import ssh
from ansible.plugins.doc_fragments.connection_pipelining import ModuleDocFragment as Pipelining

_OWN = {
    # A terminal would mix stderr into stdout, so here it has to be asked for.
    "use_tty": {"default": False},
}


def ssh_options() -> str:
    """A documentation of these options, in YAML, without the versions, which are ansible-core's."""
    options: dict[str, Any] = yaml.safe_load(Pipelining.DOCUMENTATION)["options"]
    for name, option in yaml.safe_load(ssh.DOCUMENTATION)["options"].items():
        options[name] = {**options.get(name, {}), **option, **_OWN.get(name, {})}
    for option in options.values():
        option.pop("version_added", None)
        for source in ("env", "ini", "vars", "cli", "keyword"):
            for setting in option.get(source, []):
                setting.pop("version_added", None)
                setting.pop("deprecated", None)
    return yaml.safe_dump({"options": options}, sort_keys=False)
