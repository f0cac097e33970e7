# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The socket, and one process for each container: one that hangs keeps nobody else waiting."""

from __future__ import annotations

import array
import contextlib
import errno
import logging
import os
import select
import signal
import socket
import struct
from types import FrameType

from . import calls, rules, wire
from .emulate import Emulator
from .target import Gone, Refused, Target

_log = logging.getLogger("lxc_seccomp_agent")
_UCRED = struct.Struct("=iII")


def open_socket(path: str) -> socket.socket:
    """The socket that systemd has opened, or one of our own at ``path`` (of root alone, an old one replaced)."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        return socket.socket(fileno=3)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    old = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(old)
    listener.listen(128)
    return listener


class Server:
    """Accepts monitors and gives each a worker."""

    def __init__(self, listener: socket.socket, rules_file: str, stage: str) -> None:
        self._listener = listener
        self._rules_file = rules_file
        self._rules = rules.load(rules_file)
        self._stage = stage
        self._workers: set[int] = set()
        self._reload = False
        self._stop = False

    def run(self) -> None:
        wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, self._noted)
        poller = select.poll()
        poller.register(self._listener, select.POLLIN)
        poller.register(wake, select.POLLIN)
        while not self._stop:
            ready = {fd for fd, _event in poller.poll()}
            if wake in ready:
                os.read(wake, 512)
                self._reap()
                self._reload_rules()
            if self._listener.fileno() in ready and not self._stop:
                self._accept()
        for pid in self._workers:
            os.kill(pid, signal.SIGTERM)

    def _noted(self, number: int, _frame: FrameType | None) -> None:
        self._reload |= number == signal.SIGHUP
        self._stop |= number in (signal.SIGTERM, signal.SIGINT)

    def _reap(self) -> None:
        while True:
            try:
                pid, _status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._workers.discard(pid)

    def _reload_rules(self) -> None:
        if not self._reload:
            return
        self._reload = False
        try:
            self._rules = rules.load(self._rules_file)
        except rules.BadRules as error:
            _log.error("the rules stay as they were: %s", error)
            return
        _log.info("rules read again from %s", self._rules_file)
        for pid in self._workers:
            os.kill(pid, signal.SIGHUP)

    def _accept(self) -> None:
        connection, _address = self._listener.accept()
        with connection:
            peer = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
            if peer[1] != os.geteuid():
                # Another user's monitor could name any process as its container's.
                _log.warning("uid %d (pid %d) is not root and gets no answers", peer[1], peer[0])
                return
            blocked = {signal.SIGHUP, signal.SIGTERM}
            signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
            pid = os.fork()
            if pid == 0:
                try:
                    self._listener.close()
                    Worker(connection, peer[0], self._rules, self._rules_file, Emulator(self._stage)).run(blocked)
                finally:
                    os._exit(0)
            self._workers.add(pid)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)


class Worker:
    """Answers one container's monitor, one notification after the other, until it hangs up."""

    def __init__(
        self, connection: socket.socket, monitor: int, known: rules.Rules, rules_file: str, emulator: Emulator
    ) -> None:
        self._connection = connection
        self._monitor = monitor
        self._rules = known
        self._rules_file = rules_file
        self._emulator = emulator
        self._names = calls.SyscallNames()

    def run(self, blocked: set[signal.Signals]) -> None:
        calls.prctl(calls.PR_SET_PDEATHSIG, signal.SIGTERM)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, self._hangup)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)
        try:
            while self._serve():
                pass
        except wire.Malformed as error:
            _log.warning("monitor %d: refused a message and hung up: %s", self._monitor, error)
        except Exception:
            _log.exception("monitor %d: hung up", self._monitor)

    def _hangup(self, _number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(rules.BadRules):
            self._rules = rules.load(self._rules_file)

    def _serve(self) -> bool:
        """Answer the next notification. False: the monitor has gone, or must be made to come anew."""
        room = socket.CMSG_SPACE(16 * 4)
        data, ancillary, flags, _address = self._connection.recvmsg(wire.MAX_MESSAGE, room, socket.MSG_CMSG_CLOEXEC)
        fds = array.array("i")
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(content[: len(content) // 4 * 4])
        try:
            if not data:
                return False
            truncated = bool(flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC))
            notification = wire.parse(data, descriptors=len(fds), truncated=truncated)
            if notification.monitor_pid != self._monitor:
                raise wire.Malformed(f"it names {notification.monitor_pid} as the monitor")
            return self._reply(data, Target(notification, *fds))
        finally:
            for fd in fds:
                os.close(fd)

    def _reply(self, data: bytes, target: Target) -> bool:
        try:
            target.check_identity()
            answer = self._decide(target)
            # LXC takes what comes late for the answer to the next call: hang up instead, and it asks anew.
            target.check()
        except Gone:
            return False
        self._connection.sendall(wire.reply(data, target.notification, answer))
        return True

    def _decide(self, target: Target) -> wire.Answer:
        notification = target.notification
        name = self._names.of(notification.arch, notification.nr)
        for rule in self._rules.matching(name, notification.cookie):
            answer: wire.Answer | None
            if rule.action == "emulate":
                answer = self._emulate(rule, name, target)
            else:
                answer = wire.Answer(proceed=True) if rule.action == "allow" else wire.Answer(errno=rule.errno)
            if answer is not None:
                return answer
        return wire.Answer(errno=errno.EPERM)

    def _emulate(self, rule: rules.Rule, name: str, target: Target) -> wire.Answer | None:
        try:
            return self._emulator.answer(rule, name, target)
        except Refused as error:
            _log.info(
                "pid %d: %s refused (%s): %s", target.notification.pid, name, errno.errorcode.get(error.errno), error
            )
            return wire.Answer(errno=error.errno)
        except OSError as error:
            _log.warning("pid %d: %s failed: %s", target.notification.pid, name, error)
            return wire.Answer(errno=errno.EIO)
