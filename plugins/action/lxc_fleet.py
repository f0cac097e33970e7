# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""With ``-v``, show what lxc_fleet has done while it is still at work; without, run the module as any other."""

from __future__ import annotations

import gc
import os
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()

_MODULE = "community.lxc.lxc_fleet"
_POLL_SECONDS = 1.0
_SILENCE_SECONDS = 3.0
_STATUS_SECONDS = 3.0
"""Asking for the job's status runs a module on the host; between, only the file is looked at."""
_BEGIN_SECONDS = 300.0
"""By then the module has made the file, or never will."""
_LIMIT_SECONDS = 24 * 3600
"""After this an asynchronous job of Ansible's is ended; the module's own time limits come long before."""


class ActionModule(ActionBase):
    """The module runs as a job of Ansible's, and this polls the file to which it writes a line for each container."""

    _supports_async = True
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        chosen = self._task.args.get("progress_file")
        # In check mode the module leaves the file alone.
        plain = self._task.async_val or self._task.no_log or self._task.check_mode
        if display.verbosity < 1 or plain or chosen:
            with _without_collections():
                answer = self._execute_module(
                    module_name=_MODULE, task_vars=task_vars, wrap_async=bool(self._task.async_val)
                )
            result.update(answer)
            return result
        result.update(self._followed(task_vars or {}))
        return result

    def _followed(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        directory = self._command("mktemp -d").strip()
        if not directory.startswith("/"):
            raise AnsibleActionFail("lxc_fleet could not make a temporary directory on the managed host")
        progress = f"{directory}/progress"
        try:
            job = self._begin({**self._task.args, "progress_file": progress}, task_vars)
            status = {"jid": job["ansible_job_id"], "_async_dir": os.path.dirname(job["results_file"])}
            answer = self._follow(status, progress, task_vars)
            self._status({**status, "mode": "cleanup"}, task_vars)
        finally:
            self._command(f"rm -rf -- {shlex.quote(directory)}")
        if "changed" not in answer and "actions" not in answer:
            why = "The process of lxc_fleet died without an answer; run the task again, and it goes on from there"
            answer = {"failed": True, "msg": why, "stderr": answer.get("stderr", "")}
        for name in ("ansible_job_id", "results_file", "started", "finished", "stdout_lines", "stderr_lines"):
            answer.pop(name, None)
        return answer

    def _begin(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        kept = self._task.async_val
        self._task.async_val = _LIMIT_SECONDS
        try:
            job: dict[str, Any] = self._execute_module(
                module_name=_MODULE, module_args=args, task_vars=task_vars, wrap_async=True
            )
        finally:
            self._task.async_val = kept
        if "ansible_job_id" not in job:
            raise AnsibleActionFail(f"lxc_fleet could not be begun: {job.get('msg', job)}", result=job)
        return job

    def _follow(self, status: dict[str, Any], progress: str, task_vars: dict[str, Any]) -> dict[str, Any]:
        host = task_vars.get("inventory_hostname", "")
        begun = told = asked = time.monotonic()
        seen, last, ended = 0, False, False
        while True:
            lines = self._command(f"tail -n +{seen + 1} -- {shlex.quote(progress)} 2>/dev/null || true").splitlines()
            for line in lines:
                display.display(f"lxc_fleet [{host}]: {line}")
                last = _is_last(line)
            seen += len(lines)
            now = time.monotonic()
            if not lines and now - told >= _SILENCE_SECONDS:
                display.display(f"lxc_fleet [{host}]: at work for {now - begun:.0f} seconds, {seen} containers done")
            if lines or now - told >= _SILENCE_SECONDS:
                told = now
            if last or now - asked >= _STATUS_SECONDS:
                answer = self._status(status, task_vars)
                if answer.get("finished"):
                    return answer
                # Ansible's own process, which writes the answer, may have been killed: then there will be none.
                before, ended = ended, self._has_ended(progress, patient=now - begun < _BEGIN_SECONDS)
                if before and ended:
                    return {}
                asked = time.monotonic()
            time.sleep(_POLL_SECONDS)

    def _status(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(
            module_name="ansible.legacy.async_status", module_args=args, task_vars=task_vars, wrap_async=False
        )
        return answer

    def _has_ended(self, progress: str, *, patient: bool) -> bool:
        """Whether the module is no longer at work: as long as it is, it holds a lock on the file that it has made."""
        path = shlex.quote(progress)
        said = self._command(f"if [ -e {path} ]; then flock -n {path} true && echo free; else echo missing; fi").strip()
        return said == "free" or (said == "missing" and not patient)

    def _command(self, command: str) -> str:
        execute: Callable[[str], dict[str, Any]] = self._low_level_execute_command
        return str(execute(command)["stdout"])


@contextmanager
def _without_collections() -> Iterator[None]:
    """Packing nearly two hundred files makes 300,000 objects, and garbage collection takes a third of its time.

    The process is a worker of Ansible's and ends with the task.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _is_last(line: str) -> bool:
    """Whether ``3 of 3: web changed`` is about the last one."""
    count, _of, total = line.partition(":")[0].partition(" of ")
    return count == total
