# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hypothesis

# An example that takes long tells how busy the machine is, and nothing about the code.
hypothesis.settings.register_profile("community.lxc", deadline=None, print_blob=True)
hypothesis.settings.load_profile("community.lxc")
