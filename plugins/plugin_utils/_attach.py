# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is PRIVATE to the collection: it may change at any time.

"""What both connection plugins do alike; they differ in how they reach the container's host."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.plugins.become import BecomeBase
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import become_loader, get_shell_plugin
from ansible.utils.display import Display

from ansible_collections.community.lxc.plugins.plugin_utils._files import (
    NOT_THERE,
    FileSink,
    FileSource,
    fetch_command,
    put_command,
)
from ansible_collections.community.lxc.plugins.plugin_utils._gates import Gate, GateError
from ansible_collections.community.lxc.plugins.plugin_utils._guest import (
    Entry,
    Guest,
    GuestUnreachable,
    enter,
    exit_status,
    read_reports,
)
from ansible_collections.community.lxc.plugins.plugin_utils._pump import BytesSink, BytesSource, Exchange, Sink, Source

display = Display()


class AttachConnection(ConnectionBase):
    """Everything but the transport to the host, which ``_transport`` is."""

    has_pipelining = True

    def _transport(self, argv: list[str] | str, exchange: Exchange, *, tty: bool) -> int:
        """Run ``argv``, or a command line of a POSIX shell, on the container's host; its exit status.

        :raises AnsibleConnectionFailure: the host cannot be reached.
        """
        raise NotImplementedError

    def _gate_timeout(self) -> float:
        """Seconds to wait for a sign from a privilege escalation."""
        return 30.0

    # ---- what ConnectionBase wants

    def set_options(
        self,
        task_keys: dict[str, Any] | None = None,
        var_options: dict[str, Any] | None = None,
        direct: dict[str, Any] | None = None,
    ) -> None:
        """Of a delegated task the container is the other host's: Ansible hands on the first one's name."""
        delegate = (task_keys or {}).get("delegate_to")
        if delegate and var_options and "inventory_hostname" in var_options:
            var_options = {**var_options, "inventory_hostname": delegate}
        ConnectionBase.set_options(self, task_keys=task_keys, var_options=var_options, direct=direct)

    def get_option(self, option: str, hostvars: dict[str, object] | None = None) -> Any:
        """Ansible asks for ``remote_user`` to expand ``~`` and to judge ``become``: the user in the container."""
        return ConnectionBase.get_option(self, "lxc_user" if option == "remote_user" else option, hostvars=hostvars)

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run ``cmd`` in the container: its own exit status, stdout and stderr."""
        self._begin()
        stdout = BytesSink()
        gates = self._guest_gates(cmd) if sudoable else []
        # With input there can be no terminal: the command would not see the end of it.
        tty = bool(sudoable and not in_data and self._wants_tty())
        status, stderr = self._enter(cmd, source=BytesSource(in_data or b""), stdout=stdout, gates=gates, tty=tty)
        return status, bytes(stdout.data), stderr

    # The builtin ssh plugin's methods return something, ConnectionBase's do not, and a heir of both must suit both.
    def put_file(self, in_path: str, out_path: str) -> Any:
        """Copy a file of the controller into the container."""
        self._begin()
        display.vvv(f"PUT {in_path} TO {out_path}", host=self._guest().container)
        if not os.path.exists(in_path):
            raise AnsibleFileNotFound(f"{in_path} is not there, so it cannot be put into the container")
        with self._local(FileSource, in_path) as source:
            command = put_command(path=out_path, size=source.size)
            status, stderr = self._enter(command, source=source, stdout=BytesSink())
        if status != 0:
            raise AnsibleError(f"{in_path} could not be put to {out_path!r} in {self._guest()}: {_text(stderr)}")

    def fetch_file(self, in_path: str, out_path: str) -> Any:
        """Copy a file of the container to the controller."""
        self._begin()
        display.vvv(f"FETCH {in_path} TO {out_path}", host=self._guest().container)
        with self._local(FileSink, out_path) as sink:
            entry = enter(self._guest(), "")
            command = fetch_command(path=in_path, key=f"{entry.key}f")
            status, stderr = self._enter(command, source=BytesSource(), stdout=sink)
            said = read_reports(f"{entry.key}f", stderr)
            what = f"{in_path!r} could not be fetched from {self._guest()}"
            if status != 0:
                failure = AnsibleFileNotFound if status == NOT_THERE else AnsibleError
                raise failure(f"{what}: {_text(said.rest)}")
            announced = said.words.get("size", "")
            if not announced.isdigit() or sink.size < int(announced):
                raise AnsibleError(f"{what}: only {sink.size} of {announced} bytes came")
            sink.keep()

    def reset(self) -> None:
        """Nothing is kept open between two commands."""
        self.close()
        self._connect()

    # ---- the way in

    def _begin(self) -> None:
        if not self._connected:
            self._connect()

    def _guest(self) -> Guest:
        guest = Guest(
            container=str(self.get_option("container")),
            lxc_path=str(self.get_option("lxc_path") or ""),
            user=str(self.get_option("lxc_user")),
        )
        problem = guest.problem()
        if problem:
            raise AnsibleError(problem)
        return guest

    def _enter(
        self, command: str, *, source: Source, stdout: Sink, gates: list[Gate] | None = None, tty: bool = False
    ) -> tuple[int, bytes]:
        """Run ``command`` in the container; its own exit status, and stderr."""
        entry = enter(self._guest(), command)
        argv, host_gates = self._on_host(entry)
        exchange = Exchange(
            source=source, stdout=stdout, gates=[*host_gates, *(gates or [])], gate_timeout=self._gate_timeout()
        )
        display.vvv(f"ENTER {entry.guest} AS {entry.guest.user}: {command}", host=entry.guest.container)
        try:
            status = self._transport(argv, exchange, tty=tty)
        except GateError as error:
            raise AnsibleError(str(error)) from error
        except OSError as error:
            raise AnsibleConnectionFailure(f"The command could not be run: {error}") from error
        reports = read_reports(entry.key, bytes(exchange.stderr.data))
        if tty and isinstance(stdout, BytesSink):
            # A terminal has but one stream.
            mixed = read_reports(entry.key, bytes(stdout.data))
            stdout.data[:] = mixed.rest
            reports.words.update(mixed.words)
        try:
            return exit_status(entry.guest, reports, transport_status=status), reports.rest
        except GuestUnreachable as error:
            raise AnsibleConnectionFailure(str(error)) from error

    def _wants_tty(self) -> bool:
        return False

    # ---- privilege escalation, on the host and in the container

    def _on_host(self, entry: Entry) -> tuple[list[str] | str, list[Gate]]:
        """What to run on the host, through its own sudo if that is asked for."""
        argv = entry.argv()
        if not self.get_option("lxc_become"):
            return argv, []
        plugin = self._host_become()
        shell = get_shell_plugin(shell_type="sh", executable="/bin/sh")
        command = plugin.build_become_command(shlex.join(argv), shell)
        return command, [Gate(plugin, password=self.get_option("lxc_become_password"), where="for the LXC host")]

    def _host_become(self) -> BecomeBase:
        method = self.get_option("lxc_become_method")
        plugin = become_loader.get(method)
        if not isinstance(plugin, BecomeBase):
            raise AnsibleError(f"lxc_become_method names a become plugin that is not there: {method!r}")
        wanted = {
            "become_user": self.get_option("lxc_become_user"),
            "become_pass": self.get_option("lxc_become_password"),
            "become_exe": self.get_option("lxc_become_exe"),
            "become_flags": self.get_option("lxc_become_flags"),
        }
        plugin.set_options(direct={name: value for name, value in wanted.items() if value is not None})
        if wanted["become_pass"] is None:
            # The container's become password, or the environment's, is none of the host's business.
            plugin.set_option("become_pass", "")
        return plugin

    def _guest_gates(self, cmd: str) -> list[Gate]:
        """The container's own become, if ``cmd`` was built by it."""
        plugin = self.become
        if plugin is None or not plugin.success or plugin.success not in cmd:
            return []
        password = plugin.get_option("become_pass", playcontext=self._play_context)
        return [Gate(plugin, password=password, where="inside the container")]

    @staticmethod
    @contextlib.contextmanager
    def _local(kind: type[Any], path: str) -> Iterator[Any]:
        """A file of the controller, closed at the end."""
        try:
            file = kind(path)
        except (OSError, ValueError) as error:
            raise AnsibleError(f"The file on the controller cannot be used: {error}") from error
        with contextlib.closing(file):
            try:
                yield file
            except OSError as error:
                raise AnsibleError(f"The file on the controller cannot be used: {error}") from error


def _text(output: bytes) -> str:
    return output.decode(errors="replace").strip() or "no reason was given"
