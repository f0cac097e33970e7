# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One way into a container, used some times: by a connection plugin, or by hand. Prints the seconds that it took.

``python _enter.py WAY TIMES ACTION OPTIONS``, where WAY is a connection plugin or ``by-hand``, ACTION ``exec`` or a
file to be put, and OPTIONS the plugin's variables in JSON. What it takes to load Ansible is not counted, since a play
does it once.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible.playbook.play_context import PlayContext
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import connection_loader, init_plugin_loader

TARGET = "/mnt/big"


def main() -> None:
    way, times, action, options = sys.argv[1:]
    enter = (by_hand if way == "by-hand" else by_plugin(way))(action, json.loads(options))
    begun, before = time.perf_counter(), processor_time()
    for _time in range(int(times)):
        enter()
    print(json.dumps({"wall": time.perf_counter() - begun, "cpu": processor_time() - before}))


def processor_time() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def by_hand(action: str, options: Mapping[str, Any]) -> Callable[[], None]:
    attach = [
        "lxc-attach",
        "-P",
        options["ansible_lxc_path"],
        "-n",
        options["inventory_hostname"],
        "--",
        "/bin/sh",
        "-c",
    ]

    def execute() -> None:
        subprocess.run([*attach, "echo out"], stdin=subprocess.DEVNULL, capture_output=True, check=True)

    def put() -> None:
        with subprocess.Popen(["cat", action], stdout=subprocess.PIPE) as cat:
            subprocess.run([*attach, f"cat > {TARGET}"], stdin=cat.stdout, check=True)

    return execute if action == "exec" else put


def by_plugin(way: str) -> Callable[[str, Mapping[str, Any]], Callable[[], None]]:
    def make(action: str, options: Mapping[str, Any]) -> Callable[[], None]:
        init_plugin_loader()
        context = PlayContext()
        context.remote_addr = options["inventory_hostname"]
        # The peer's wants a second argument.
        plugin = connection_loader.get(way, context, sys.stdin)
        if not isinstance(plugin, ConnectionBase):
            raise SystemExit(f"there is no connection plugin {way}")
        plugin.set_options(var_options=dict(options))
        plugin._connect()

        def execute() -> None:
            _status, stdout, _stderr = plugin.exec_command("echo out", in_data=None, sudoable=False)
            if stdout != b"out\n":
                raise SystemExit(f"{way} brought {stdout!r}")

        return execute if action == "exec" else lambda: plugin.put_file(action, TARGET)

    return make


if __name__ == "__main__":
    main()
