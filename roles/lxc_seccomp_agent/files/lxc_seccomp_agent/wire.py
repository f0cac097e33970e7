# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""LXC's wire format: one datagram a notification, from a container's monitor, and one back.

From src/lxc/seccomp.c and lxcseccomp.h: a header, the kernel's ``struct seccomp_notif``, its ``struct
seccomp_notif_resp`` with the id filled in, and the cookie without NUL; and three descriptors: ``/proc/PID``,
``/proc/PID/mem`` and the notify descriptor. The answer is the same without the cookie and the descriptors.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_HEADER = struct.Struct("=QiiHHH2xQ")
_NOTIF = struct.Struct("=QIIiIQ6Q")
_RESP = struct.Struct("=QqiI")
_DATA_SIZE = 64
_BASE = _HEADER.size + _NOTIF.size + _RESP.size
MAX_COOKIE = 4096
MAX_MESSAGE = _BASE + MAX_COOKIE
DESCRIPTORS = 3
FLAG_CONTINUE = 1


class Malformed(Exception):
    """Not a message of LXC's; nothing that it says is acted upon."""


@dataclass(frozen=True)
class Notification:
    """A system call that waits for its answer. ``args`` are the six registers, unsigned."""

    monitor_pid: int
    init_pid: int
    id: int
    pid: int
    nr: int
    arch: int
    args: tuple[int, ...]
    cookie: str


@dataclass(frozen=True)
class Answer:
    """``proceed``: the kernel makes the call. Else it returns the errno, or 0 without having been made."""

    errno: int = 0
    proceed: bool = False


def parse(data: bytes, *, descriptors: int, truncated: bool) -> Notification:
    """Raises Malformed, in words."""
    if truncated or len(data) < _BASE:
        raise Malformed(f"{len(data)} bytes{' and more' if truncated else ''} are no message of LXC's")
    if descriptors != DESCRIPTORS:
        raise Malformed(f"{descriptors} descriptors came along, not {DESCRIPTORS}")
    reserved, monitor_pid, init_pid, notif_size, resp_size, data_size, cookie_len = _HEADER.unpack_from(data)
    if reserved != 0:
        raise Malformed("the reserved field is not 0")
    if (notif_size, resp_size, data_size) != (_NOTIF.size, _RESP.size, _DATA_SIZE):
        raise Malformed(f"the kernel's structures of {notif_size}, {resp_size} and {data_size} bytes are unknown here")
    if cookie_len != len(data) - _BASE:
        raise Malformed(f"a cookie of {cookie_len} bytes is announced, and {len(data) - _BASE} came")
    if monitor_pid <= 0 or init_pid <= 0:
        raise Malformed(f"monitor {monitor_pid} and init {init_pid} are no processes")
    id_, pid, _flags, nr, arch, _ip, *args = _NOTIF.unpack_from(data, _HEADER.size)
    if _RESP.unpack_from(data, _HEADER.size + _NOTIF.size)[0] != id_:
        raise Malformed("the prepared answer belongs to another notification")
    if pid <= 0:
        raise Malformed("the process is not visible from the monitor's pid namespace")
    cookie = data[_BASE:].decode("utf-8", errors="replace")
    return Notification(
        monitor_pid=monitor_pid, init_pid=init_pid, id=id_, pid=pid, nr=nr, arch=arch, args=tuple(args), cookie=cookie
    )


def reply(data: bytes, notification: Notification, answer: Answer) -> bytes:
    """What goes back: the message's own first parts with the answer in place."""
    resp = _RESP.pack(notification.id, 0, -answer.errno, FLAG_CONTINUE if answer.proceed else 0)
    return data[: _HEADER.size + _NOTIF.size] + resp
