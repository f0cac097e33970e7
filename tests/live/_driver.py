# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection plugin in a process of its own, as it is in Ansible's worker processes: driven through stdin and stdout.

``python _driver.py COLLECTIONS KIND``, then one pickled tuple after the other: the variables, and calls as
``(method, arguments)``. Each call is answered by ``(error, value)``, where ``error`` is the exception's class or empty.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys
from typing import Any

from ansible.playbook.play_context import PlayContext
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import connection_loader, init_plugin_loader


def main() -> None:
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What a plugin displays must not get between the answers.
    os.dup2(2, 1)
    init_plugin_loader([sys.argv[1]])
    plugin = connection_loader.get(f"community.lxc.{sys.argv[2]}", PlayContext())
    if not isinstance(plugin, ConnectionBase):
        raise SystemExit("there is no such connection plugin")
    plugin.set_options(var_options=pickle.load(requests))
    while True:
        try:
            method, arguments = pickle.load(requests)
        except EOFError:
            return
        answer: tuple[str, Any]
        try:
            if method == "peak":
                # Kilobytes, of this process alone.
                answer = ("", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
            else:
                answer = ("", getattr(plugin, method)(**arguments))
        except Exception as error:
            answer = (type(error).__name__, str(error))
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    main()
