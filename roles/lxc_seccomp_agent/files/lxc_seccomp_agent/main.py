# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line."""

from __future__ import annotations

import argparse
import logging
import os
import sys

from . import calls, rules
from .server import Server, open_socket


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="lxc-seccomp-agent", description="Answers the seccomp notifications of LXC containers."
    )
    parser.add_argument("--rules", default="/etc/lxc-seccomp-agent.json", help="the file of rules, in JSON")
    parser.add_argument("--listen", default="/run/lxc-seccomp-agent/agent.sock", help="without systemd's socket")
    parser.add_argument("--stage", default="/run/lxc-seccomp-agent/stage", help="an empty directory of the agent's own")
    parser.add_argument("--check", action="store_true", help="only check the rules")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    try:
        if arguments.check:
            rules.load(arguments.rules)
            return 0
        if os.geteuid() != 0:
            raise OSError("the agent has to run as root")
        _own_mounts(arguments.stage)
        with open_socket(arguments.listen) as listener:
            Server(listener, arguments.rules, arguments.stage).run()
    except (OSError, rules.BadRules) as error:
        logging.error("%s", error)
        return 1
    return 0


def _own_mounts(stage: str) -> None:
    """A mount namespace in which nothing that is mounted reaches the host, and a file system for device nodes."""
    os.makedirs(stage, mode=0o700, exist_ok=True)
    for failed in (
        calls.unshare(calls.CLONE_NEWNS),
        calls.mount(None, b"/", None, calls.MS_REC | calls.MS_SLAVE, None),
        calls.mount(b"lxc-seccomp-agent", stage.encode(), b"tmpfs", 0, b"mode=0700,size=1m"),
        calls.mount(None, stage.encode(), None, calls.MS_PRIVATE, None),
    ):
        if failed:
            raise OSError(-failed, f"a mount namespace for {stage} cannot be made: {os.strerror(-failed)}")
