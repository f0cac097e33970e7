# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The structures of ``lxccontainer.h``, for each version of liblxc that the collection works with.

Source: ``src/lxc/lxccontainer.h`` of LXC. From 4.0.5 on, fields of ``struct lxc_container`` were only ever
appended; 4.0.5 itself inserted ``seccomp_notify_fd_active`` before ``init_pidfd``, so older ones are refused.
"""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_bool,
    c_char,
    c_char_p,
    c_int,
    c_uint64,
    c_ulong,
    c_void_p,
)
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._host._liblxc_version import Version

RBDUSER_SINCE = (7, 0, 0)
_TIMEOUT_SINCE = (6, 0, 0)


class LxcMount(Structure):
    """``struct lxc_mount``: ``version`` is ``LXC_MOUNT_API_V1``, 1."""

    _fields_ = [("version", c_int)]


class LxcConsoleLog(Structure):
    """``struct lxc_console_log``. ``data`` is allocated by liblxc and freed by the caller."""

    _fields_ = [("clear", c_bool), ("read", c_bool), ("read_max", POINTER(c_uint64)), ("data", c_void_p)]


class LxcLog(Structure):
    """``struct lxc_log``."""

    _fields_ = [
        ("name", c_char_p),
        ("lxcpath", c_char_p),
        ("file", c_char_p),
        ("level", c_char_p),
        ("prefix", c_char_p),
        ("quiet", c_bool),
    ]


class LxcSnapshot(Structure):
    """``struct lxc_snapshot``. ``free`` frees the strings; the array they stand in is freed by the caller."""

    _fields_ = [
        ("name", c_char_p),
        ("comment_pathname", c_char_p),
        ("timestamp", c_char_p),
        ("lxcpath", c_char_p),
        ("free", CFUNCTYPE(None, c_void_p)),
    ]


class BdevSpecsStruct(Structure):
    """``struct bdev_specs``, its inner structures laid out flat.

    ``rbduser`` came with 7.0.0, at the end; the zeroed tail is for what later versions append.
    """

    _fields_ = [
        ("fstype", c_char_p),
        ("fssize", c_uint64),
        ("zfsroot", c_char_p),
        ("vg", c_char_p),
        ("lv", c_char_p),
        ("thinpool", c_char_p),
        ("dir", c_char_p),
        ("rbdname", c_char_p),
        ("rbdpool", c_char_p),
        ("rbduser", c_char_p),
        ("tail", c_char * 256),
    ]


def _method(result: Any, *arguments: Any) -> Any:
    """A function of the structure, whose first argument is the container."""
    return CFUNCTYPE(result, c_void_p, *arguments)


_BOOL = _method(c_bool)
_BOOL_STR = _method(c_bool, c_char_p)
_BOOL_STR_STR = _method(c_bool, c_char_p, c_char_p)
_BOOL_INT = _method(c_bool, c_int)
_BOOL_BOOL = _method(c_bool, c_bool)
_INT = _method(c_int)
_SIZED = _method(c_int, c_char_p, c_char_p, c_int)
_ARGV = POINTER(c_char_p)
# Never called from here: they take variable arguments, or a function to run inside the container.
_UNUSED = c_void_p

_FIELDS: tuple[tuple[str, Any], ...] = (
    ("name", c_char_p),
    ("configfile", c_char_p),
    ("pidfile", c_char_p),
    ("slock", c_void_p),
    ("privlock", c_void_p),
    ("numthreads", c_int),
    ("lxc_conf", c_void_p),
    ("error_string", c_char_p),
    ("error_num", c_int),
    ("daemonize", c_bool),
    ("config_path", c_char_p),
    ("is_defined", _BOOL),
    ("state", _method(c_char_p)),
    ("is_running", _BOOL),
    ("freeze", _BOOL),
    ("unfreeze", _BOOL),
    ("init_pid", _INT),
    ("load_config", _BOOL_STR),
    ("start", _method(c_bool, c_int, _ARGV)),
    ("startl", _UNUSED),
    ("stop", _BOOL),
    ("want_daemonize", _BOOL_BOOL),
    ("want_close_all_fds", _BOOL_BOOL),
    ("config_file_name", _method(c_void_p)),
    ("wait", _method(c_bool, c_char_p, c_int)),
    ("set_config_item", _BOOL_STR_STR),
    ("destroy", _BOOL),
    ("save_config", _BOOL_STR),
    ("create", _method(c_bool, c_char_p, c_char_p, POINTER(BdevSpecsStruct), c_int, _ARGV)),
    ("createl", _UNUSED),
    ("rename", _BOOL_STR),
    ("reboot", _BOOL),
    ("shutdown", _BOOL_INT),
    ("clear_config", _method(None)),
    ("clear_config_item", _BOOL_STR),
    ("get_config_item", _SIZED),
    ("get_running_config_item", _method(c_void_p, c_char_p)),
    ("get_keys", _SIZED),
    ("get_interfaces", _method(c_void_p)),
    ("get_ips", _method(c_void_p, c_char_p, c_char_p, c_int)),
    ("get_cgroup_item", _SIZED),
    ("set_cgroup_item", _BOOL_STR_STR),
    ("get_config_path", _method(c_char_p)),
    ("set_config_path", _BOOL_STR),
    ("clone", _method(c_void_p, c_char_p, c_char_p, c_int, c_char_p, c_char_p, c_uint64, _ARGV)),
    ("console_getfd", _method(c_int, POINTER(c_int), POINTER(c_int))),
    ("console", _method(c_int, c_int, c_int, c_int, c_int, c_int)),
    ("attach", _UNUSED),
    ("attach_run_wait", _UNUSED),
    ("attach_run_waitl", _UNUSED),
    ("snapshot", _method(c_int, c_char_p)),
    ("snapshot_list", _method(c_int, POINTER(POINTER(LxcSnapshot)))),
    ("snapshot_restore", _BOOL_STR_STR),
    ("snapshot_destroy", _BOOL_STR),
    ("may_control", _BOOL),
    ("add_device_node", _BOOL_STR_STR),
    ("remove_device_node", _BOOL_STR_STR),
    ("attach_interface", _BOOL_STR_STR),
    ("detach_interface", _BOOL_STR_STR),
    ("checkpoint", _method(c_bool, c_char_p, c_bool, c_bool)),
    ("restore", _method(c_bool, c_char_p, c_bool)),
    ("destroy_with_snapshots", _BOOL),
    ("snapshot_destroy_all", _BOOL),
    ("migrate", _UNUSED),
    ("console_log", _method(c_int, POINTER(LxcConsoleLog))),
    ("reboot2", _BOOL_INT),
    ("mount", _method(c_int, c_char_p, c_char_p, c_char_p, c_ulong, c_char_p, POINTER(LxcMount))),
    ("umount", _method(c_int, c_char_p, c_ulong, POINTER(LxcMount))),
    ("seccomp_notify_fd", _INT),
    ("seccomp_notify_fd_active", _INT),
    ("init_pidfd", _INT),
    ("devpts_fd", _INT),
)

_APPENDED: tuple[tuple[str, Any, tuple[int, int, int]], ...] = (
    ("rcv_timeout", c_int, _TIMEOUT_SINCE),
    ("set_timeout", _BOOL_INT, _TIMEOUT_SINCE),
)

SINCE = {name: ".".join(map(str, since)) for name, _type, since in _APPENDED}
"""Fields that not every version has, with the version that brought them."""


def fields(version: Version) -> tuple[tuple[str, Any], ...]:
    """The fields of ``struct lxc_container`` in that version, in order."""
    return _FIELDS + tuple((name, kind) for name, kind, since in _APPENDED if version.has(since))


def container_struct(version: Version) -> type[Structure]:
    """``struct lxc_container`` of that version: no field of it lies past the end of the real one."""
    return type("LxcContainer", (Structure,), {"_fields_": list(fields(version))})
