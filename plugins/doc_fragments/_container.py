# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is PRIVATE to the collection: it may change at any time.

from __future__ import annotations


class ModuleDocFragment:
    # The options of CONTAINER in module_utils/_argspec.py, for modules of a part of a container.
    DOCUMENTATION = r"""
options:
  container:
    description:
      - The name of the container, which must exist.
    type: str
    required: true
  lxc_path:
    description:
      - The directory on the managed host that holds the container. Two containers of one name in two such directories
        have nothing to do with each other.
      - By default the one that is built into liblxc or set in C(lxc.conf) as C(lxc.lxcpath), usually C(/var/lib/lxc).
    type: path
"""
