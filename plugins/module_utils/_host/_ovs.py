# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Open vSwitch by its own tool, where the host has it and its database server runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence

_SECONDS = 10


def is_bridge(name: str) -> bool:
    return bool(_tool()) and _run("br-exists", name).returncode == 0


def bridge_of(port: str) -> str | None:
    """The bridge that the interface is a port of."""
    if not _tool():
        return None
    done = _run("iface-to-br", port)
    return done.stdout.strip() or None if done.returncode == 0 else None


def set_bridge(port: str, *, old: str | None, new: str | None) -> None:
    """Take the port out of one bridge and into another, at once. OSError with what the tool said."""
    command = ["--if-exists", "del-port", old, port] if old else []
    command += ["--"] if old and new else []
    command += ["--may-exist", "add-port", new, port] if new else []
    _do(*command)


def vlans(port: str) -> tuple[int | None, tuple[int, ...]]:
    """The VLAN of the port's untagged frames, and the tagged ones."""
    done = _run("get", "port", port, "tag", "trunks")
    tag, trunks = (done.stdout.splitlines() + ["", ""])[:2] if done.returncode == 0 else ("", "")
    return int(tag) if tag.isdigit() else None, tuple(sorted(int(number) for number in re.findall(r"\d+", trunks)))


def set_vlans(port: str, *, untagged: int | None, tagged: Sequence[int]) -> None:
    """As liblxc sets them when it makes the port. OSError with what the tool said."""
    values = []
    if untagged is not None:
        values.append(f"tag={untagged}")
    if tagged:
        values.append(f"trunks={','.join(map(str, tagged))}")
    if values:
        mode = "trunk" if untagged is None else "native-untagged" if tagged else "access"
        values.append(f"vlan_mode={mode}")
    clear = ["clear", "port", port, "tag", "trunks", "vlan_mode"]
    _do(*clear, *(["--", "set", "port", port, *values] if values else []))


def _tool() -> str | None:
    # Without a server the tool would wait for one.
    directory = os.environ.get("OVS_RUNDIR", "/var/run/openvswitch")
    return shutil.which("ovs-vsctl") if os.path.exists(f"{directory}/db.sock") else None


def _do(*arguments: str) -> None:
    done = _run(*arguments)
    if done.returncode != 0:
        raise OSError(f"ovs-vsctl {' '.join(arguments)}: {' '.join(done.stderr.split())}")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [_tool() or "ovs-vsctl", f"--timeout={_SECONDS}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
