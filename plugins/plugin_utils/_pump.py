# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is PRIVATE to the collection: it may change at any time.

"""Run a process and keep all three of its streams moving at once, until it has ended."""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ansible_collections.community.lxc.plugins.plugin_utils._gates import Gate, GateTimeout

CHUNK = 1 << 18
_PIPE_SIZE = 1 << 20
_POLL = 0.2


class Source(Protocol):
    """What goes into a process. ``rewind`` begins again, for a second attempt."""

    def rewind(self) -> None: ...

    def read(self) -> bytes:
        """The next piece, of at most ``CHUNK`` bytes; empty at the end."""


class Sink(Protocol):
    """Where the output of a process goes. ``rewind`` forgets what has come so far."""

    def rewind(self) -> None: ...

    def write(self, data: bytes) -> None: ...


@dataclass
class BytesSource:
    """Bytes in memory."""

    data: bytes = b""
    _at: int = 0

    def rewind(self) -> None:
        self._at = 0

    def read(self) -> bytes:
        piece = self.data[self._at : self._at + CHUNK]
        self._at += len(piece)
        return piece


@dataclass
class BytesSink:
    """Keeps everything."""

    data: bytearray = field(default_factory=bytearray)

    def rewind(self) -> None:
        self.data.clear()

    def write(self, data: bytes) -> None:
        self.data += data


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What is to go through a process. A fresh one for each command; may be run again after a broken connection."""

    source: Source = field(default_factory=BytesSource)
    stdout: Sink = field(default_factory=BytesSink)
    stderr: BytesSink = field(default_factory=BytesSink)
    gates: Sequence[Gate] = ()
    """Passed one after the other before any of ``source`` is sent."""
    gate_timeout: float = 30.0
    """Seconds without any output, at a gate."""

    def rewind(self) -> None:
        self.source.rewind()
        self.stdout.rewind()
        self.stderr.rewind()
        for gate in self.gates:
            gate.rewind()


class Pump:
    """Moves the bytes of one ``Exchange``."""

    def __init__(self, process: subprocess.Popen[bytes], exchange: Exchange) -> None:
        self._process = process
        self._exchange = exchange
        self._gates = list(exchange.gates)
        self._held: dict[str, bytes] = {"stdout": b"", "stderr": b""}
        self._piece = memoryview(b"")
        self._selector = selectors.DefaultSelector()
        self._last_output = time.monotonic()

    def run(self) -> int:
        """Until the process has ended; its exit status.

        A process of the container that stays behind with an open stream is not waited for.

        :raises GateError: a password was asked for in vain.
        """
        process = self._process
        for name, stream in (("stdout", process.stdout), ("stderr", process.stderr)):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                self._selector.register(stream, selectors.EVENT_READ, name)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
        try:
            with self._ended():
                self._begin_input()
                while not self._step():
                    pass
            self._release_held()
            return process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            self._selector.close()
            for end in (process.stdin, process.stdout, process.stderr):
                if end is not None:
                    # Closing flushes, and there may be nobody left to read.
                    with contextlib.suppress(OSError):
                        end.close()

    @contextlib.contextmanager
    def _ended(self) -> Iterator[None]:
        """Wake up when the process ends, where the system can tell."""
        descriptor = -1
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                descriptor = os.pidfd_open(self._process.pid)
        if descriptor >= 0:
            self._selector.register(descriptor, selectors.EVENT_READ, "ended")
        try:
            yield
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def _step(self) -> bool:
        """Wait once, and serve what is ready; true when all is done."""
        if self._process.poll() is not None:
            self._drain()
            return True
        for key, _mask in self._selector.select(_POLL):
            if key.data in self._held:
                self._read(key.fileobj, key.data)
            elif key.data == "stdin":
                self._write()
        if self._gates and time.monotonic() - self._last_output > self._exchange.gate_timeout:
            raise GateTimeout(f"Timeout ({self._exchange.gate_timeout:g} s) at privilege escalation")
        return False

    def _drain(self) -> None:
        """Take what the ended process wrote: it is in the pipes by now.

        No more than that, since a process that it left behind may go on writing for ever.
        """
        for key in list(self._selector.get_map().values()):
            if key.data in self._held:
                (left,) = struct.unpack("i", fcntl.ioctl(key.fd, termios.FIONREAD, bytes(4)))
                while left > 0 and (came := self._read(key.fileobj, key.data, min(left, CHUNK))):
                    left -= came

    def _read(self, stream: Any, name: str, size: int = CHUNK) -> int:
        """How many bytes came, at most ``size``."""
        try:
            data = os.read(stream.fileno(), size)
        except BlockingIOError:
            return 0
        if not data:
            self._selector.unregister(stream)
            return 0
        self._last_output = time.monotonic()
        if self._gates:
            self._held[name] += data
            self._knock(name)
        else:
            self._deliver(name, data)
        return len(data)

    def _knock(self, name: str) -> None:
        """Show the output to the gate that is closed."""
        seen = self._gates[0].look(self._held[name])
        self._deliver(name, seen.output)
        self._held[name] = seen.held
        if seen.answer:
            self._answer(seen.answer)
        if not seen.passed:
            return
        self._gates.pop(0)
        # What was held back, on either stream, may be the next gate's.
        for held in self._held:
            if self._gates and self._held[held]:
                self._knock(held)
        if not self._gates:
            self._release_held()
            self._begin_input()

    def _release_held(self) -> None:
        for name, data in self._held.items():
            self._deliver(name, data)
            self._held[name] = b""

    def _deliver(self, name: str, data: bytes) -> None:
        if data:
            (self._exchange.stdout if name == "stdout" else self._exchange.stderr).write(data)

    def _answer(self, answer: bytes) -> None:
        stdin = self._process.stdin
        if stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(stdin.fileno(), answer)

    def _begin_input(self) -> None:
        stdin = self._process.stdin
        if not self._gates and stdin is not None and stdin not in self._selector.get_map():
            self._selector.register(stdin, selectors.EVENT_WRITE, "stdin")

    def _write(self) -> None:
        stdin = self._process.stdin
        if stdin is None:
            return
        if not self._piece:
            self._piece = memoryview(self._exchange.source.read())
        try:
            if self._piece:
                self._piece = self._piece[os.write(stdin.fileno(), self._piece) :]
                return
        except BlockingIOError:
            return
        except BrokenPipeError:
            # The other side reads no more; what it has to say is in its output and status.
            pass
        self._selector.unregister(stdin)
        stdin.close()


def run(argv: Sequence[str | bytes], exchange: Exchange, *, options: Mapping[str, Any] | None = None) -> int:
    """Run ``argv`` with pipes on all three streams; ``options`` go to ``Popen``.

    Never with a file or a terminal of this host, which a container could open again through its ``/proc/self/fd``.
    """
    exchange.rewind()
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, **(options or {})
    )
    for end in (process.stdin, process.stdout):
        _widen(end)
    return Pump(process, exchange).run()


def _widen(pipe: Any) -> None:
    """A pipe that holds more is woken up for less often. Linux knows how, and may refuse a user who has many."""
    command = getattr(fcntl, "F_SETPIPE_SZ", None)
    if command is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), command, _PIPE_SIZE)
