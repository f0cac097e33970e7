# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Netlink sockets: one in the host's network namespace, one in the container's. pyroute2 0.7 to 0.9.

pyroute2 is imported here and nowhere else, and only when a running container's network is read or changed.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import importlib.util
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, MissingLibrary
from ansible_collections.community.lxc.plugins.module_utils._host import _process

_CLONE_NEWNET = 0x40000000
_ATTEMPTS = 10
_OLDEST = (0, 7)
_PACKAGES = "python3-pyroute2 (Debian, Ubuntu, Fedora, EL with EPEL) or pyroute2 from PyPI"


def library() -> Any:
    """The module ``pyroute2``. MissingLibrary where this interpreter has none, HostError for one that is too old."""
    try:
        module = importlib.import_module("pyroute2")
    except ModuleNotFoundError as error:
        if error.name != "pyroute2":
            raise HostError(f"pyroute2 cannot be imported: {error}") from error
        raise MissingLibrary("pyroute2", packages=_PACKAGES) from error
    version = str(getattr(module, "__version__", ""))
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers and (int(numbers[1]), int(numbers[2])) < _OLDEST:
        # Debian 11 has such a one.
        raise HostError(f"pyroute2 {version} is too old to look at a container's network; 0.7 or later does")
    return module


def is_installed() -> bool:
    """Whether this interpreter has pyroute2, without importing it."""
    return importlib.util.find_spec("pyroute2") is not None


def netlink_error() -> Any:
    """The exception that pyroute2 raises for what the kernel refuses; its ``code`` is an errno."""
    library()
    return importlib.import_module("pyroute2.netlink.exceptions").NetlinkError


def why(error: Any) -> str:
    """The kernel's refusal in words."""
    code = getattr(error, "code", None)
    return os.strerror(code) if isinstance(code, int) and code in errno.errorcode else str(error)


@dataclass(frozen=True)
class Network:
    """``host`` and ``inside`` are ``IPRoute`` objects; ``netns`` is a descriptor of the container's namespace."""

    host: Any
    inside: Any
    netns: int
    own_netns: int


def shares_the_hosts(init_pid: int) -> bool:
    """Whether the container has no network namespace of its own, so that its interfaces are the host's."""
    try:
        return os.stat(f"/proc/{init_pid}/ns/net").st_ino == os.stat("/proc/thread-self/ns/net").st_ino
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def opened(init_pid: int, *, born: int | None = None) -> Iterator[Network]:
    """Both sides' sockets. HostError if the container has just ended, or shares the host's network.

    ``born`` is when its init was started, so that nothing is done in whatever has got its pid since.
    """
    iproute = library().IPRoute
    with ExitStack() as stack:
        own = _open("/proc/thread-self/ns/net", stack)
        try:
            netns = _open(f"/proc/{init_pid}/ns/net", stack)
        except (FileNotFoundError, ProcessLookupError) as error:
            raise HostError("The container ended while its network was looked at") from error
        if born is not None and _process.born(init_pid) != born:
            raise HostError("The container ended while its network was looked at")
        # From the descriptor, which cannot change under us as the process id could.
        if os.fstat(netns).st_ino == os.fstat(own).st_ino:
            raise HostError("The container shares the host's network, so its interfaces are the host's own")
        host = stack.enter_context(iproute())
        # A socket stays in the namespace that it was made in, so there is no need to stay there ourselves.
        _enter(netns)
        try:
            inside = stack.enter_context(iproute())
        finally:
            _enter(own)
        with _in_words():
            yield Network(host=host, inside=inside, netns=netns, own_netns=own)


@contextmanager
def opened_host() -> Iterator[Any]:
    """A socket in the host's namespace alone."""
    with library().IPRoute() as host, _in_words():
        yield host


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except netlink_error() as error:
        raise HostError(f"The kernel does not tell of the network: {why(error)}") from error


def dump(ask: Callable[[], Iterable[Any]]) -> list[Any]:
    """All that a question brings, asked again where something changed meanwhile. HostError where it always does."""
    library()
    interrupted = importlib.import_module("pyroute2.netlink.exceptions").NetlinkDumpInterrupted
    for _attempt in range(_ATTEMPTS):
        with suppress(interrupted):
            return list(ask())
    raise HostError("The network changes faster than it can be looked at")


def _open(path: str, stack: ExitStack) -> int:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    stack.callback(os.close, fd)
    return fd


def _enter(fd: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise HostError(f"Failed to enter a network namespace: {os.strerror(number)}")
