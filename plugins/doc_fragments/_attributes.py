# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is PRIVATE to the collection: it may change at any time.

from __future__ import annotations


class ModuleDocFragment:
    # For every module. A module says itself how far it supports check_mode, diff_mode and idempotent.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description:
      - Can run in check mode, and returns the same RV(ignore:changed), RV(ignore:actions) and RV(ignore:diff) as the
        real run, without touching anything.
  diff_mode:
    description:
      - Returns in diff mode what was there before, and what is there afterwards or would be.
  idempotent:
    description:
      - When run twice in a row outside of check mode, with the same arguments, the second run changes nothing.
      - This assumes that nothing else has changed the system in between.
  platform:
    description:
      - The platforms that can be managed.
    support: full
    platforms: linux
  action_group:
    description:
      - Use C(group/community.lxc.lxc) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - community.lxc.lxc
requirements:
  - LXC 4.0.5 or later on the managed host
  - python3-lxc on the managed host, for any of its Python interpreters; the module finds the one that has it
notes:
  - Needs root on the managed host.
"""

    # For modules that only look.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module does not modify the state of anything.
  diff_mode:
    support: N/A
    details:
      - This module does not modify the state of anything.
  idempotent:
    support: full
    details:
      - This module does not modify the state of anything.
"""
