# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes each task's result as a line of JSON, for the tests that run playbooks."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.executor.task_result import CallbackTaskResult
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: aggregate
short_description: Writes each task's result as a line of JSON
description:
  - For the tests of this collection. The file is named by the environment variable E(COMMUNITY_LXC_RECORD).
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def _record(self, result: CallbackTaskResult) -> None:
        line: dict[str, Any] = {
            "host": result.host.get_name(),
            "task": result.task.name,
            "result": json.loads(self._dump_results(result.result)),
        }
        if "diff" in result.result:
            # Left out of what is for the screen, where it has a place of its own.
            line["result"]["diff"] = result.result["diff"]
        with open(os.environ["COMMUNITY_LXC_RECORD"], "a", encoding="utf-8") as stream:
            print(json.dumps(line), file=stream)

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        self._record(result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        self._record(result)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        self._record(result)
