# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of this machine's kernel, against what the kernel itself does when asked."""

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.community.lxc.plugins.module_utils._host import _kernel


@pytest.mark.parametrize(
    ("feature", "kind"), [("ipvlan", ("ipvlan",)), ("vlan", ("vlan", "id", "7"))], ids=["ipvlan", "vlan"]
)
def test_a_kind_of_link_is_told_as_the_kernel_makes_it(feature: str, kind: tuple[str, ...]) -> None:
    # In a network namespace of its own: the links go with it.
    script = f"ip link add below type bridge && ip link add link below name above type {' '.join(kind)}"
    done = subprocess.run(["unshare", "-n", "sh", "-c", script], capture_output=True, text=True, check=False)
    assert _kernel.features()[feature] is (done.returncode == 0), done.stderr


def test_vlan_filtering_is_told_as_a_bridge_has_it() -> None:
    script = "ip link add b type bridge && mount -t sysfs sysfs /sys && test -e /sys/class/net/b/bridge/vlan_filtering"
    done = subprocess.run(["unshare", "-nm", "sh", "-c", script], check=False)
    assert _kernel.features()["bridge_vlan"] is (done.returncode == 0)


def test_namespaces_are_told_as_unshare_makes_them() -> None:
    features = _kernel.features()
    for feature, option in (("time_namespace", "-T"), ("user_namespace", "-U")):
        done = subprocess.run(["unshare", option, "true"], check=False)
        assert features[feature] is (done.returncode == 0), feature


def test_seccomp_actions_are_the_kernels() -> None:
    assert {"errno", "allow", "kill_process"} <= set(_kernel.seccomp_actions())
