# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What every method of a container's handle goes through, and the methods about state and configuration."""

from __future__ import annotations

import os
from collections.abc import Sequence
from ctypes import Array, c_char_p, create_string_buffer, string_at
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_struct import SINCE

if TYPE_CHECKING:
    from types import TracebackType

SelfT = TypeVar("SelfT", bound="BaseHandle")


class Library(Protocol):
    """What a handle needs of the library that made it."""

    @property
    def version(self) -> str: ...

    @property
    def version_info(self) -> tuple[int, int, int]: ...

    def has_method(self, name: str) -> bool: ...

    def view(self, pointer: int) -> Any: ...

    def put(self, pointer: int) -> None: ...

    def free(self, pointer: Any) -> None: ...


def encode(text: str) -> bytes:
    """As the file system encodes names. ``InvalidInput`` for a NUL, behind which C would see nothing."""
    if "\0" in text:
        raise InvalidInput(f"{text!r} contains a NUL character")
    return os.fsencode(text)


def encode_or_null(text: str | None) -> bytes | None:
    """None stays None, which C sees as NULL."""
    return None if text is None else encode(text)


def argv_of(arguments: Sequence[str]) -> Array[c_char_p] | None:
    """A NULL-terminated ``char *argv[]``; no arguments at all are a NULL pointer."""
    if not arguments:
        return None
    return (c_char_p * (len(arguments) + 1))(*map(encode, arguments), None)


class BaseHandle:
    """A container's structure in memory: its configuration, and the wire to its monitor."""

    def __init__(self, *, library: Library, pointer: int, name: str, lxcpath: str) -> None:
        self.name = name
        self.lxcpath = lxcpath
        self._library = library
        self._pointer: int | None = pointer

    def __enter__(self: SelfT) -> SelfT:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.put()

    def put(self) -> None:
        """Give the handle back; it cannot be used any more. A second time does nothing."""
        if self._pointer is not None:
            self._library.put(self._pointer)
            self._pointer = None

    def _call(self, method: str, *arguments: Any) -> Any:
        """Call the method; ``HostError`` where this version of liblxc has none of that name."""
        if self._pointer is None:
            raise HostError(f"The handle of container {self.name!r} in {self.lxcpath} was already given back")
        if not self._library.has_method(method):
            raise HostError(
                f"liblxc {self._library.version} has no {method}(): it came with {SINCE.get(method, 'another version')}"
            )
        function = getattr(self._library.view(self._pointer), method)
        if not function:
            raise HostError(f"liblxc {self._library.version} was built without {method}()")
        return function(self._pointer, *arguments)

    def _sized(self, method: str, key: str) -> str | None:
        """A text by the methods that are asked twice: for its length, then for itself. None if they fail."""
        name = encode(key)
        length = self._call(method, name, None, 0)
        while length >= 0:
            buffer = create_string_buffer(length + 1)
            again = self._call(method, name, buffer, length + 1)
            if again <= length:
                return None if again < 0 else os.fsdecode(buffer.value)
            length = again  # a cgroup file that grew in between
        return None

    def _allocated(self, pointer: int | None) -> str | None:
        """The text at ``pointer``, which liblxc allocated and this frees. None for NULL."""
        if not pointer:
            return None
        try:
            return os.fsdecode(string_at(pointer))
        finally:
            self._library.free(pointer)

    def is_defined(self) -> bool:
        """Whether ``LXCPATH/NAME/config`` is there."""
        return bool(self._call("is_defined"))

    def state(self) -> str:
        """``STOPPED``, ``STARTING``, ``RUNNING``, ``STOPPING``, ``ABORTING``, ``FREEZING``, ``FROZEN`` or ``THAWED``.

        Asks the monitor: blocks as long as that does not answer.
        """
        value = self._call("state")
        return "UNKNOWN" if value is None else os.fsdecode(value)

    def is_running(self) -> bool:
        """Whether the state is another than ``STOPPED``. Asks the monitor."""
        return bool(self._call("is_running"))

    def may_control(self) -> bool:
        """Whether the caller may talk to the monitor; True for a stopped container. Asks the monitor."""
        return bool(self._call("may_control"))

    def wait(self, state: str, timeout: int) -> bool:
        """Wait for the state. ``timeout`` in seconds; -1, and 0 as well: for ever. Asks the monitor."""
        return bool(self._call("wait", encode(state), timeout))

    def init_pid(self) -> int:
        """The pid of the container's init as the host sees it; -1 if it is stopped. Asks the monitor."""
        return int(self._call("init_pid"))

    def config_file_name(self) -> str | None:
        """The path of the configuration file."""
        return self._allocated(self._call("config_file_name"))

    def config_path(self) -> str:
        """The LXC path of this handle."""
        return os.fsdecode(self._call("get_config_path"))

    def get_config_item(self, key: str) -> str | None:
        """The value in the handle's configuration, as liblxc prints it. ``""`` or None: not set. None: no such key.

        The values of a key that may stand several times come one a line, some keys with a newline at the end.
        """
        return self._sized("get_config_item", key)

    def get_running_config_item(self, key: str) -> str | None:
        """The value that the running container was started with. Asks the monitor.

        None: not set, no such key, or stopped.
        """
        return self._allocated(self._call("get_running_config_item", encode(key)))

    def get_keys(self, prefix: str | None = None) -> list[str]:
        """All keys that are known, or those below ``prefix``: ``lxc.net.0`` -> ``type``, ``link``, ...

        Empty if there are none, or it fails.
        """
        keys = self._sized("get_keys", prefix) if prefix is not None else self._all_keys()
        return [] if keys is None else keys.split()

    def _all_keys(self) -> str | None:
        length = self._call("get_keys", None, None, 0)
        if length < 0:
            return None
        buffer = create_string_buffer(length + 1)
        return os.fsdecode(buffer.value) if self._call("get_keys", None, buffer, length + 1) >= 0 else None

    def set_config_item(self, key: str, value: str) -> bool:
        """Set a key in memory; one that may stand several times is appended to.

        False: refused, and yet the value may have changed.
        """
        return bool(self._call("set_config_item", encode(key), encode(value)))

    def clear_config_item(self, key: str) -> bool:
        """Forget the key's values in memory. Beware: ``lxc.net.1`` also deletes the text of ``lxc.net.10``."""
        return bool(self._call("clear_config_item", encode(key)))

    def clear_config(self) -> None:
        """Forget the whole configuration in memory."""
        self._call("clear_config")

    def load_config(self, path: str | None = None) -> bool:
        """Read ``path``, or the container's own file, on top of what is in memory. False: it does not parse."""
        return bool(self._call("load_config", encode_or_null(path)))

    def save_config(self, path: str | None = None) -> bool:
        """Write to ``path``, or over the container's own file, in place. False: nothing was written."""
        return bool(self._call("save_config", encode_or_null(path)))
