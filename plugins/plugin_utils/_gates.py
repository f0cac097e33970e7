# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is PRIVATE to the collection: it may change at any time.

"""Passwords on the way: one gate for the LXC host's sudo, one for the container's own."""

from __future__ import annotations

from dataclasses import dataclass

from ansible.plugins.become import BecomeBase


class GateError(Exception):
    """A privilege escalation failed; the text says how."""


class GateTimeout(GateError):
    """A privilege escalation went silent."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a gate made of the output."""

    output: bytes = b""
    """Not the gate's: goes on."""
    held: bytes = b""
    """An unfinished line: comes again with more."""
    answer: bytes = b""
    """To be sent to the process."""
    passed: bool = False


class Gate:
    """A become plugin whose command was built for this very run."""

    def __init__(self, plugin: BecomeBase, *, password: str | None, where: str) -> None:
        self._plugin = plugin
        self._password = password
        self._where = where
        self._answered = False

    def rewind(self) -> None:
        self._answered = False

    def look(self, data: bytes) -> Seen:
        """Judge ``data``, line by line.

        :raises GateError: the password is wrong or missing.
        """
        plugin = self._plugin
        output = b""
        lines = data.splitlines(keepends=True)
        for number, line in enumerate(lines):
            rest = b"".join(lines[number + 1 :])
            if plugin.expect_prompt() and plugin.check_password_prompt(line):
                if self._answered:
                    raise GateError(f"Incorrect {plugin.name} password {self._where}")
                self._answered = True
                answer = (self._password or "").encode(errors="surrogateescape") + b"\n"
                return Seen(output=output, held=rest, answer=answer)
            if plugin.success and plugin.check_success(line):
                if not line.endswith(b"\n"):
                    return Seen(output=output, held=line)
                return Seen(output=output, held=rest, passed=True)
            if plugin.check_incorrect_password(line):
                raise GateError(f"Incorrect {plugin.name} password {self._where}")
            if plugin.check_missing_password(line):
                raise GateError(f"Missing {plugin.name} password {self._where}")
            if line.endswith(b"\n"):
                output += line
            else:
                return Seen(output=output, held=line)
        return Seen(output=output)
