# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Seccomp on the host: which system calls libseccomp knows, what liblxc reads, what a container runs under."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput, LxcError
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _cgroupfs,
    _child,
    _config_includes,
    _seccomp_files,
    _seccomp_record,
)
from ansible_collections.community.lxc.plugins.module_utils._host._binding import NOWHERE
from ansible_collections.community.lxc.plugins.module_utils._host._process import Process
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._model._seccomp import Policy, Rule

_SECONDS = 20.0
_READ_FAILED = re.compile(r"Failed to read seccomp policy|Failed loading seccomp policy")
_OWN_NAMES = {"arm64": b"aarch64"}
_LIBLXCS_OWN = ("reject_force_umount",)
_COMPAT = {"x86_64": ("x86_64", "x86", "x32"), "aarch64": ("arm64", "arm"), "mips64": ("mips64", "mips64n32", "mips")}
_COMPAT["ppc64"] = ("ppc64", "ppc")


@dataclass(frozen=True)
class Live:
    """What the container's init runs under. ``mode`` 0: no filter, 2: filters, of which there are ``filters``.

    ``changed``: the profile's content is not the one that the container was started with.
    """

    mode: int
    filters: int | None
    notify_fd_active: bool
    profile: str
    changed: bool


def unknown_calls(policy: Policy) -> list[str]:
    """Sentences about system calls that libseccomp does not know on the architectures that their rules are for."""
    resolve, architecture = _libseccomp()
    native = _COMPAT.get(os.uname().machine, (os.uname().machine,))
    said = []
    for rule in sorted(policy.rules):
        names = native if rule.arch == "all" else (rule.arch,)
        tokens = [token for token in map(architecture, names) if token]
        if rule.syscall in _LIBLXCS_OWN or not tokens:
            continue
        # Below zero are the numbers that libseccomp makes up for calls which an architecture does not have.
        if all(resolve(token, rule.syscall.encode()) < 0 for token in tokens):
            said.append(f"{rule.syscall} is no system call of {' or '.join(names)}")
    return list(dict.fromkeys(said))


def _library() -> ctypes.CDLL:
    try:
        return ctypes.CDLL("libseccomp.so.2")
    except OSError as error:
        raise HostError(f"libseccomp was not found ({error}); install libseccomp2 (Debian) or libseccomp") from error


def _libseccomp() -> tuple[Any, _Architectures]:
    library = _library()
    resolve = library.seccomp_syscall_resolve_name_arch
    resolve.argtypes, resolve.restype = [ctypes.c_uint32, ctypes.c_char_p], ctypes.c_int
    return resolve, _Architectures(library)


class _Architectures:
    """LXC's names of architectures to libseccomp's tokens, 0 for none."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._by_name = library.seccomp_arch_resolve_name
        self._by_name.argtypes, self._by_name.restype = [ctypes.c_char_p], ctypes.c_uint32

    def __call__(self, name: str) -> int:
        return int(self._by_name(_OWN_NAMES.get(name, name.encode())))


def native() -> str:
    """This machine's architecture, as LXC calls it."""
    machine = os.uname().machine
    for pattern, name in (("i[3-6]86", "x86"), ("armv[78].*", "arm"), ("aarch64", "arm64")):
        if re.fullmatch(pattern, machine):
            return name
    little = machine.startswith("mips") and sys.byteorder == "little"
    return machine.replace("mips", "mipsel") if little else machine


def of_version_1(data: bytes) -> Policy | None:
    """A profile of version 1 (two lines, then numbers of calls of this machine's to allow) as a policy; else None."""
    version, _newline, rest = data.partition(b"\n")
    if version.strip() != b"1":
        return None
    library = _library()
    name_of = library.seccomp_syscall_resolve_num_arch
    name_of.argtypes, name_of.restype = [ctypes.c_uint32, ctypes.c_int], ctypes.c_char_p
    library.seccomp_arch_native.restype = ctypes.c_uint32
    numbers = (re.match(rb"\s*([0-9]{1,6})", line) for line in rest.split(b"\n")[1:])
    names = (name_of(library.seccomp_arch_native(), int(number[1])) for number in numbers if number)
    return Policy("allowlist", "kill", frozenset(Rule(native(), name.decode(), "allow") for name in names if name))


def try_out(ref: ContainerRef, text: bytes) -> None:
    """Have liblxc read the policy, for a container that has no root file system and never comes to be.

    InvalidInput with liblxc's words where it refuses.
    """
    with tempfile.TemporaryDirectory(prefix="community.lxc-") as scratch, _no_new_pivots():
        path = f"{scratch}/policy"
        with open(path, "wb") as stream:
            stream.write(text)
        log: tuple[str, ...] = ()
        try:
            _child.run(lambda: _start_nothing(scratch, path), what="try the policy out", timeout=_SECONDS, log=ref)
        except LxcError as error:
            log = error.lxc_log
    if any(_READ_FAILED.search(line) for line in log):
        words = [line.split(" - ", 2)[-1] for line in log if line.startswith("ERROR seccomp")]
        raise InvalidInput(
            f"liblxc refuses the seccomp policy: {'; '.join(words) or 'it does not say why'}", lxc_log=log
        )


@contextlib.contextmanager
def _no_new_pivots() -> Iterator[None]:
    """Where no container has ever ended, liblxc makes a cgroup to leave the trial's by, and does not remove it."""
    pivots = [hierarchy.directory("/lxc.pivot") for hierarchy in _cgroupfs.look().hierarchies]
    absent = [path for path in pivots if not os.path.isdir(path)]
    try:
        yield
    finally:
        for path in absent:
            # Another container may have come to use it meanwhile.
            with contextlib.suppress(OSError):
                os.rmdir(path)


def _start_nothing(scratch: str, policy: str) -> None:
    from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc

    name = f"trial{os.getpid()}"
    with _liblxc.load().container(name, NOWHERE) as container:
        keys = {
            "lxc.seccomp.profile": policy,
            # Also where we run under a filter ourselves.
            "lxc.seccomp.allow_nesting": "1",
            "lxc.rootfs.path": f"dir:{scratch}/none",
        }
        for key, value in keys.items():
            container.set_config_item(key, value)
        container.start(argv=["/none"], daemonize=False)
    raise HostError("a container without a root file system has started or not, which says nothing")


def require_listening(proxy: str) -> None:
    """HostError unless somebody listens: liblxc would report a successful start and the container be gone."""
    path = proxy[len("unix:") :] if proxy.startswith("unix:") else proxy
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC) as client:
        client.settimeout(5)
        try:
            client.connect(path)
        except OSError as error:
            raise HostError(
                f"notify.proxy: nobody listens on {path} as SOCK_SEQPACKET ({error.strerror or error}), and without it "
                "no container with this policy starts; the role lxc_seccomp_agent installs an agent"
            ) from error


@dataclass(frozen=True)
class Profile:
    """What a start is going to read."""

    path: str = ""
    digest: str | None = None


def check_before_start(document: Document | None) -> Profile:
    """The profile of the configuration. HostError where its policy needs an agent, and none is there."""
    entries = {} if document is None else dict(_config_includes.expand(document, _config_includes.read(document)))
    proxy, profile = entries.get("lxc.seccomp.notify.proxy", ""), entries.get("lxc.seccomp.profile", "")
    try:
        data = _seccomp_files.content(profile) if profile else None
    except HostError:
        # liblxc itself will say what is wrong with it.
        data = None
    if proxy and b"notify" in (data or b""):
        require_listening(proxy)
    return Profile(profile, _seccomp_files.digest(data))


def remember(ref: ContainerRef, *, init_pid: int, profile: Profile) -> None:
    """After a start: write the profile's hash down, unless the file has changed in the middle of it."""
    with contextlib.suppress(HostError):
        if profile.digest is not None and _seccomp_files.digest(_seccomp_files.content(profile.path)) == profile.digest:
            _seccomp_record.write(ref, init_pid=init_pid, profile=profile.path, digest=profile.digest)


def observe(ref: ContainerRef, init_pid: int, profile: str, *, ask: bool = True) -> Live | None:
    """None where init has ended meanwhile. ``profile`` is the one that the container was started with.

    With ``ask`` the monitor is asked for the notify descriptor (API extension seccomp_notify_fd_active); without, it is
    looked for among the descriptors that the monitor holds.
    """
    try:
        with Process(init_pid) as init:
            status = dict(line.split(":\t", 1) for line in init.read("status").split("\n") if ":\t" in line)
            began = _began(init)
            monitor = init.parent()
    except ProcessLookupError:
        return None
    filters = status.get("Seccomp_filters")
    return Live(
        mode=int(status.get("Seccomp", "0")),
        filters=None if filters is None else int(filters),
        notify_fd_active=_notify_fd_active(ref) if ask else _holds_notify_fd(monitor),
        profile=profile,
        changed=bool(profile) and _has_changed(ref, init_pid, profile, began),
    )


def is_outdated(ref: ContainerRef, init_pid: int, profile: str) -> bool:
    """Whether a start would read something else from the profile than that of this init did."""
    try:
        with Process(init_pid) as init:
            began = _began(init)
    except ProcessLookupError:
        return False
    # Without the file no start would come to an end.
    return os.path.isfile(profile) and _has_changed(ref, init_pid, profile, began)


def _has_changed(ref: ContainerRef, init_pid: int, profile: str, began: float) -> bool:
    """By its hash, where the start has written that down; else by the file's own time of change."""
    try:
        started_with = _seccomp_record.read(ref, init_pid=init_pid, profile=profile)
        if started_with is not None:
            return _seccomp_files.digest(_seccomp_files.content(profile)) != started_with
        # The start of init is known to a hundredth of a second.
        return os.stat(profile).st_ctime > began + 0.02
    except (OSError, HostError):
        return True


def _began(init: Process) -> float:
    booted = time.clock_gettime(time.CLOCK_REALTIME) - time.clock_gettime(time.CLOCK_BOOTTIME)
    return booted + init.born() / os.sysconf("SC_CLK_TCK")


def _notify_fd_active(ref: ContainerRef) -> bool:
    def ask() -> bool:
        from ansible_collections.community.lxc.plugins.module_utils._host import _liblxc

        with _liblxc.load().container(ref.name, ref.lxc_path) as container:
            fd = container.seccomp_notify_fd_active()
        if fd >= 0:
            os.close(fd)
        return fd >= 0

    return bool(_child.run(ask, what=f"ask for the notify descriptor of {ref}", timeout=_SECONDS).value)


def _holds_notify_fd(monitor: int) -> bool:
    directory = f"/proc/{monitor}/fd"
    with contextlib.suppress(OSError):
        for name in os.listdir(directory):
            with contextlib.suppress(OSError):
                if os.readlink(f"{directory}/{name}") == "anon_inode:seccomp notify":
                    return True
    return False
