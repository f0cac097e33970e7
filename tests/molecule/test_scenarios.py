# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Molecule scenarios, each as one test, on hosts that live as long as the whole run."""

from __future__ import annotations

import pytest

from ansible_collections.community.lxc.tests.molecule._bed import Hosts, scenarios

pytestmark = [pytest.mark.xdist_group("molecule"), pytest.mark.timeout(3600)]


@pytest.mark.parametrize("name", scenarios())
def test_scenario(hosts: Hosts, name: str) -> None:
    """Prepare, check mode, proof that it changed nothing, converge, idempotence, verify, cleanup."""
    hosts.molecule("test", "--destroy=never", "--scenario-name", name)
