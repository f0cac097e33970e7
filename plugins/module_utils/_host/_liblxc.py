# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""liblxc by ctypes: what the ``lxc`` binding lacks, and what it gets wrong.

This layer does not fork. What changes something or can block (all that speaks to a container's monitor can)
is called in a short-lived child process: ``start`` moves its caller into the container's cgroup, and a monitor
that hangs makes every call on its container hang.
"""

from __future__ import annotations

import functools
import os
from ctypes import (
    CDLL,
    POINTER,
    Structure,
    byref,
    c_bool,
    c_char_p,
    c_int,
    c_void_p,
    cast,
)
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import HostError
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_base import encode
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_handle import Handle
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_struct import (
    LxcLog,
    container_struct,
)
from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_version import parse_version

SONAME = "liblxc.so.1"
PACKAGES = "the package 'liblxc1t64' or 'liblxc1' (Debian, Ubuntu) or 'lxc-libs' (Fedora, EL)"


class LibLxc:
    """The loaded library. ``path`` is a soname or the path of a library file."""

    def __init__(self, path: str = SONAME) -> None:
        """Raise ``HostError`` if there is no such library, or it is older than 4.0.5."""
        self._lib = _open(path)
        self._version = parse_version(_declare(self._lib, "lxc_get_version", c_char_p)().decode())
        self._struct: type[Structure] = container_struct(self._version)
        self._new = _declare(self._lib, "lxc_container_new", c_void_p, c_char_p, c_char_p)
        self._put = _declare(self._lib, "lxc_container_put", c_int, c_void_p)
        self._free = _declare(CDLL(None), "free", None, c_void_p)

    @property
    def version(self) -> str:
        """As the library tells it: ``5.0.2``."""
        return self._version.text

    @property
    def version_info(self) -> tuple[int, int, int]:
        """``(5, 0, 2)``."""
        return self._version.info

    def has_api_extension(self, name: str) -> bool:
        """``lxc_has_api_extension``. Note that no version lists ``init_pidfd``: ask ``has_method``."""
        return bool(_declare(self._lib, "lxc_has_api_extension", c_bool, c_char_p)(encode(name)))

    def has_method(self, name: str) -> bool:
        """Whether this version's container has the method."""
        return any(field[0] == name for field in self._struct._fields_)

    def config_item_is_supported(self, key: str) -> bool:
        """``lxc_config_item_is_supported``: only the names of the library's own table.

        False for names with an index or a free part, though settable: ``lxc.net.0.type``, ``lxc.cgroup2.memory.max``.
        """
        return bool(_declare(self._lib, "lxc_config_item_is_supported", c_bool, c_char_p)(encode(key)))

    def global_config_item(self, key: str) -> str | None:
        """A value of ``lxc.conf`` or its compiled-in default, such as ``lxc.lxcpath``; None for an unknown key."""
        value = _declare(self._lib, "lxc_get_global_config_item", c_char_p, c_char_p)(encode(key))
        return None if value is None else os.fsdecode(value)

    def log_init(self, *, name: str, lxcpath: str, file: str, level: str = "WARN") -> None:
        """Log to ``file`` (appended to) from now on. Once in a process, or again after ``log_close``.

        liblxc writes its errors to stderr as well, makes directories that are missing, and takes an unknown level for
        one of its own. Raises ``HostError`` if the file cannot be opened.
        """
        log = LxcLog(
            name=encode(name),
            lxcpath=encode(lxcpath),
            file=encode(file),
            level=encode(level),
            prefix=b"community.lxc",
            quiet=True,
        )
        if _declare(self._lib, "lxc_log_init", c_int, POINTER(LxcLog))(byref(log)) != 0:
            raise HostError(f"liblxc cannot log to {file} at level {level}")

    def log_close(self) -> None:
        """Close the log file. ``log_init`` may follow."""
        _declare(self._lib, "lxc_log_close", None)()

    def container(self, name: str, lxcpath: str) -> Handle:
        """A handle of the container, to be used in a ``with`` statement; the container need not exist.

        liblxc loads ``LXCPATH/NAME/config`` if it is there: ``HostError`` if it does not parse. Beware: a container
        that somebody began to create and did not finish is destroyed by the mere making of a handle.
        """
        pointer = self._new(encode(name), encode(lxcpath))
        if not pointer:
            raise HostError(f"liblxc {self.version} cannot load the configuration of container {name!r} in {lxcpath}")
        return Handle(library=self, pointer=pointer, name=name, lxcpath=lxcpath)

    # For Handle alone.

    def view(self, pointer: int) -> Any:
        """The structure at that address, as this version lays it out."""
        return cast(pointer, POINTER(self._struct)).contents

    def put(self, pointer: int) -> None:
        """Drop a reference: after the last one the structure is freed."""
        self._put(pointer)

    def free(self, pointer: Any) -> None:
        """``free`` of the C library, for what liblxc allocated."""
        self._free(pointer)


def _open(path: str) -> CDLL:
    try:
        return CDLL(path, use_errno=True)
    except OSError as error:
        # The linker's message names the file that is absent: liblxc itself, or a library that it needs.
        raise HostError(f"liblxc was not found ({error}); install {PACKAGES}") from error


def _declare(library: CDLL, name: str, result: Any, *arguments: Any) -> Any:
    try:
        function = library[name]  # not getattr: every declaration has a function object of its own
    except AttributeError as error:
        raise HostError(f"This liblxc has no {name}(): it is too old, 4.0.5 or later is needed") from error
    function.restype = result
    function.argtypes = list(arguments)
    return function


@functools.cache
def load(path: str = SONAME) -> LibLxc:
    """The library, loaded once in a process. Raises as ``LibLxc`` does."""
    return LibLxc(path)
