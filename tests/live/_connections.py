# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the connection and inventory plugins stand on: an ssh server of their own, plugins, a Debian."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import itertools
import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.community.lxc.tests.live._ansible import COLLECTIONS
from ansible_collections.community.lxc.tests.live._bed import Bed, Guest
from ansible_collections.community.lxc.tests.live._host import tool, until

_counter = itertools.count()
KINDS = ("lxc", "lxc_ssh")
Variables = dict[str, Any]


@dataclass(frozen=True)
class Sshd:
    """An ssh server on the loopback interface, with a host key and client keys of its own.

    Who comes with the key ``bare`` finds nothing in his ``PATH``.
    """

    directory: Path
    port: int

    @property
    def key(self) -> Path:
        return self.directory / "id"

    def variables(self, user: str = "root") -> Variables:
        """How Ansible reaches it: with host key checking, as in real life."""
        return {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.port,
            "ansible_user": user,
            "ansible_ssh_private_key_file": str(self.key),
            "ansible_ssh_common_args": f"-F /dev/null -o UserKnownHostsFile={self.directory}/known_hosts",
            "ansible_host_key_checking": True,
            "ansible_control_path_dir": str(self.directory),
        }


@contextlib.contextmanager
def running_sshd(directory: Path) -> Iterator[Sshd]:
    for name in ("id", "bare", "host"):
        tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name))
    # Read by the server in the name of the user who comes, so within everyone's reach.
    authorized = Path(tempfile.mkdtemp(prefix="clx-keys-", dir="/var/tmp"))
    authorized.chmod(0o755)
    bare = 'command="PATH=/nonexistent; export PATH; eval \\"$SSH_ORIGINAL_COMMAND\\"" '
    (authorized / "keys").write_text(
        (directory / "id.pub").read_text() + bare + (directory / "bare.pub").read_text(),
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kind, key = (directory / "host.pub").read_text().split()[:2]
    (directory / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
    (directory / "conf").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {directory}/host\nAuthorizedKeysFile {authorized}/keys\n"
        "StrictModes no\nPermitRootLogin yes\nUsePAM no\nMaxStartups 100\nMaxSessions 100\nPidFile none\n"
        # What the account's own start-up files print and do is not what is tested.
        f"SetEnv HOME={directory}\n"
        "PasswordAuthentication yes\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", str(directory / "conf"), "-E", str(directory / "log")])

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        until(answers, what="the ssh server")
        yield Sshd(directory=directory, port=port)
    finally:
        server.terminate()
        server.wait(timeout=10)
        shutil.rmtree(authorized)
        for kept in directory.iterdir():
            if kept.is_socket():
                subprocess.run(["ssh", "-S", str(kept), "-O", "exit", "x"], capture_output=True, check=False)


class Failed(Exception):
    """What a connection plugin raised, with the name of the exception's class."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind
        self.text = text


class Connection:
    """A connection plugin with its options set from variables, as a task would have it, in a process of its own."""

    def __init__(self, kind: str, variables: Mapping[str, Any]) -> None:
        driver = Path(__file__).parent / "_driver.py"
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self._process = subprocess.Popen(
            [sys.executable, str(driver), str(COLLECTIONS), kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environment, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_LOCAL_TEMP": "/tmp"},
        )
        self._send(dict(variables))

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        answer: tuple[int, bytes, bytes] = self._call("exec_command", cmd=cmd, in_data=in_data, sudoable=sudoable)
        return answer

    def put_file(self, in_path: str | Path, out_path: str) -> None:
        self._call("put_file", in_path=str(in_path), out_path=out_path)

    def fetch_file(self, in_path: str, out_path: str | Path) -> None:
        self._call("fetch_file", in_path=in_path, out_path=str(out_path))

    def get_option(self, option: str) -> Any:
        return self._call("get_option", option=option)

    def reset(self) -> None:
        self._call("reset")

    def peak(self) -> int:
        """The most memory that the process ever had, in bytes."""
        return int(self._call("peak")) * 1024

    def close(self) -> None:
        for end in (self._process.stdin, self._process.stdout):
            if end:
                end.close()
        self._process.wait(timeout=30)

    def _send(self, what: Any) -> None:
        if self._process.stdin:
            pickle.dump(what, self._process.stdin)
            self._process.stdin.flush()

    def _call(self, method: str, **arguments: Any) -> Any:
        self._send((method, arguments))
        if self._process.stdout is None:
            raise AssertionError("the driver has no stdout")
        kind, value = pickle.load(self._process.stdout)
        if kind:
            raise Failed(kind, value)
        return value


def guest_variables(guest: Guest) -> Variables:
    return {"inventory_hostname": guest.name, "ansible_lxc_path": guest.lxc_path}


@dataclass(frozen=True)
class Way:
    """One of the two ways into a container."""

    kind: str
    host: Variables
    made: list[Connection] = field(default_factory=list)

    def __call__(self, guest: Guest, **more: Any) -> Connection:
        self.made.append(Connection(self.kind, {**self.variables(guest), **more}))
        return self.made[-1]

    def variables(self, guest: Guest) -> Variables:
        return {**guest_variables(guest), **self.host, "ansible_connection": f"community.lxc.{self.kind}"}

    def inventory(self, guest: Guest, directory: Path, **more: Any) -> list[str]:
        """Arguments for ansible-playbook; the one host is the guest."""
        variables = {**self.variables(guest), "ansible_python_interpreter": "/usr/bin/python3", **more}
        del variables["inventory_hostname"]
        path = directory / f"hosts-{self.kind}.json"
        path.write_text(json.dumps({"all": {"hosts": {guest.name: variables}}}))
        return ["-i", str(path), "-l", guest.name]


def full_busybox(guest: Guest) -> Guest:
    """All that busybox has, and a user ``worker``."""
    for name in tool("busybox", "--list").stdout.split():
        link = guest.rootfs / "bin" / name
        if not link.is_symlink() and name != "busybox":
            link.symlink_to("busybox")
    with (guest.rootfs / "etc/passwd").open("a") as users, (guest.rootfs / "etc/group").open("a") as groups:
        users.write("worker:x:1000:1000::/home/worker:/bin/sh\n")
        groups.write("worker:x:1000:\n")
    home = guest.rootfs / "home/worker"
    home.mkdir(parents=True)
    os.chown(home, 1000, 1000)
    (guest.rootfs / "tmp").chmod(0o1777)
    return guest


# ---- a Debian, for what needs Python inside

_PACKAGES = "python3,sudo,systemd-sysv,dbus,iproute2,passwd,procps"
_RECIPE = [
    "--variant=minbase",
    "--format=tar",
    f"--include={_PACKAGES}",
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "locale")),
    # A boot takes a second, and no test waits for the network.
    "--customize-hook=chroot $1 systemctl mask systemd-networkd-wait-online.service apt-daily.timer",
    "--customize-hook=chroot $1 useradd -m -s /bin/bash worker",
    "--customize-hook=echo worker:worker-secret | chroot $1 chpasswd",
    "--customize-hook=echo 'worker ALL=(ALL) ALL' > $1/etc/sudoers.d/worker",
    "bookworm",
]


def debian_tarball() -> Path:
    """The root file system, made once and kept under a name that says how it was made."""
    cache = Path.home() / ".cache/community.lxc"
    cache.mkdir(parents=True, exist_ok=True)
    wanted = cache / f"debian-{hashlib.sha256(json.dumps(_RECIPE).encode()).hexdigest()[:16]}.tar"
    with (cache / "debian.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not wanted.exists():
            with tempfile.NamedTemporaryFile(dir=cache, suffix=".tmp") as unfinished:
                tool("mmdebstrap", *_RECIPE, unfinished.name, timeout=600)
                os.link(unfinished.name, wanted)
    return wanted


def debian_guest(bed: Bed, *lines: str) -> Guest:
    """A Debian with systemd and Python, running."""
    guest = bed.guest(
        "lxc.include = /usr/share/lxc/config/debian.common.conf",
        "lxc.apparmor.profile = unconfined",
        "lxc.signal.halt = SIGRTMIN+3",
        "lxc.signal.reboot = SIGINT",
        *lines,
        rootfs=False,
    )
    guest.rootfs.mkdir()
    tool("tar", "-xf", str(debian_tarball()), "-C", str(guest.rootfs), "--numeric-owner", "--xattrs", timeout=300)
    tool("lxc-start", "-P", guest.lxc_path, "-n", guest.name, timeout=60)
    until(lambda: _booted(guest), seconds=60, what="the boot of Debian")
    return guest


def _booted(guest: Guest) -> bool:
    return guest.attach("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")


@contextlib.contextmanager
def ordinary_user(password: str = "") -> Iterator[tuple[str, int]]:
    """A user of this host, for as long as the test runs; its name and number."""
    name = f"clx{os.getpid():x}u{next(_counter)}"
    hashed = tool("openssl", "passwd", "-6", password or "unused").stdout.strip()
    tool("useradd", "-M", "-d", "/", "-s", "/bin/sh", "-p", hashed, name)
    try:
        yield name, int(tool("id", "-u", name).stdout)
    finally:
        # Even with a kept ssh connection of his.
        tool("userdel", "--force", name)


@contextlib.contextmanager
def sudoer(rule: str, *, password: str) -> Iterator[tuple[str, int]]:
    """A user with that rule in the sudoers file, such as ``ALL=(root) ALL``."""
    with ordinary_user(password) as (name, uid):
        rules = Path("/etc/sudoers.d", name)
        rules.write_text(f"Defaults:{name} !lecture\n{name} {rule}\n")
        rules.chmod(0o440)
        try:
            yield name, uid
        finally:
            rules.unlink()
