# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the builtin ssh connection plugin."""

from __future__ import annotations

from ansible_collections.community.lxc.plugins.plugin_utils._ssh_options import ssh_options


class ModuleDocFragment:
    DOCUMENTATION: str = ssh_options()
