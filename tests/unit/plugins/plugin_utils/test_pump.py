# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process with all three streams moving."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field

import pytest

from ansible_collections.community.lxc.plugins.plugin_utils._pump import BytesSink, BytesSource, Exchange, run


def sh(command: str, data: bytes = b"") -> tuple[int, bytes, bytes]:
    exchange = Exchange(source=BytesSource(data), stdout=BytesSink())
    status = run(["/bin/sh", "-c", command], exchange)
    stdout = exchange.stdout
    return status, bytes(stdout.data if isinstance(stdout, BytesSink) else b""), bytes(exchange.stderr.data)


@pytest.mark.parametrize("status", [0, 1, 127, 255])
def test_the_status_and_both_streams(status: int) -> None:
    assert sh(f"echo out; echo err >&2; exit {status}") == (status, b"out\n", b"err\n")


def test_more_than_any_pipe_holds_in_both_directions() -> None:
    data = os.urandom(5_000_000)
    assert sh("tee /dev/stderr", data) == (0, data, data)


def test_input_comes_to_its_end_and_may_be_left_unread() -> None:
    assert sh("cat") == (0, b"", b"")
    assert sh("exec 0<&-; echo done", b"x" * 3_000_000) == (0, b"done\n", b"")


def test_all_that_was_written_at_the_very_end_arrives() -> None:
    assert sh("head -c 900000 /dev/zero")[1] == bytes(900_000)


def test_a_process_left_behind_that_writes_for_ever_is_not_waited_for() -> None:
    status, stdout, _stderr = sh("(while :; do echo more; done) & echo first; exit 4")
    assert status == 4
    assert b"first\n" in stdout


def test_a_process_left_behind_in_silence_is_not_waited_for() -> None:
    assert sh("sleep 60 & echo $! >&2; exit 5")[0] == 5


@dataclass
class FullDisk:
    """Takes so much, and no more."""

    written: bytearray = field(default_factory=bytearray)

    def rewind(self) -> None:
        self.written.clear()

    def write(self, data: bytes) -> None:
        if len(self.written) > 1_000_000:
            raise OSError(28, "No space left on device")
        self.written += data


def test_a_sink_that_fails_ends_the_process() -> None:
    stderr = BytesSink()
    with pytest.raises(OSError, match="No space left"):
        run(["/bin/sh", "-c", "echo $$ >&2; exec yes"], Exchange(stdout=FullDisk(), stderr=stderr))
    with pytest.raises(ProcessLookupError):
        os.kill(int(stderr.data), signal.SIGCONT)


def test_a_second_attempt_begins_anew() -> None:
    exchange = Exchange(source=BytesSource(b"in"), stdout=BytesSink())
    for _time in range(2):
        assert run(["/bin/sh", "-c", "cat; echo err >&2"], exchange) == 0
    assert isinstance(exchange.stdout, BytesSink)
    assert (bytes(exchange.stdout.data), bytes(exchange.stderr.data)) == (b"in", b"err\n")
