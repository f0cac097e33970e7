# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enter a container of another host, over ssh."""

from __future__ import annotations

DOCUMENTATION = r"""
name: lxc_ssh
short_description: Run tasks in an LXC container of another host
version_added: 0.1.0
author:
  - The community.lxc authors (@ansible-collections)
description:
  - Reaches the container's host as the builtin ssh connection plugin does, with all of its options (C(ControlPersist),
    retries, host keys, passwords), and enters the container there with C(lxc-attach).
  - Exit codes are the command's own, V(255) included; stdout and stderr stay apart, and both directions take any amount
    of data.
  - Files are streamed, checked, and appear under their final name only when they are whole. They need neither C(sftp)
    nor C(scp) on the host, so the options of those two are without effect.
  - O(host), O(port), O(remote_user) and so on name the container's host. Set C(ansible_host) for each
    container, as the inventory plugin P(community.lxc.lxc#inventory) does.
extends_documentation_fragment:
  - community.lxc._ssh
  - community.lxc._attach
seealso:
  - plugin: community.lxc.lxc
    plugin_type: connection
    description: The same for containers of this host.
  - plugin: community.lxc.lxc
    plugin_type: inventory
    description: Finds the containers, and sets the options of this plugin.
"""

EXAMPLES = r"""
---
- name: Configure what is inside the container web1 of the host lxc1.example.com
  hosts: web1
  vars:
    ansible_connection: community.lxc.lxc_ssh
    ansible_host: lxc1.example.com
    ansible_user: admin
    ansible_lxc_become: true
    ansible_lxc_become_password: "{{ vault_admin_password }}"
  tasks:
    - name: Install a web server
      ansible.builtin.package:
        name: nginx

    - name: Boot the container again
      ansible.builtin.reboot:
        boot_time_command: cut -d ' ' -f 22 /proc/1/stat
"""

import os
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection.ssh import AnsibleControlPersistBrokenPipeError
from ansible.plugins.connection.ssh import Connection as SshConnection
from ansible.utils.display import Display

from ansible_collections.community.lxc.plugins.plugin_utils._attach import AttachConnection
from ansible_collections.community.lxc.plugins.plugin_utils._guest import shell_words
from ansible_collections.community.lxc.plugins.plugin_utils._pump import Exchange, run

display = Display()


class Connection(AttachConnection, SshConnection):
    """The container's host is at the other end of ssh."""

    transport = "community.lxc.lxc_ssh"
    _building = False

    # ---- whose user

    def get_option(self, option: str, hostvars: dict[str, object] | None = None) -> Any:
        """While the ssh command is built, ``remote_user`` is the user on the host."""
        if self._building:
            return SshConnection.get_option(self, option, hostvars=hostvars)
        return super().get_option(option, hostvars=hostvars)

    def _build_command(self, binary: str, subsystem: str, *other_args: bytes | str) -> list[bytes]:
        self._building = True
        try:
            return super()._build_command(binary, subsystem, *other_args)
        finally:
            self._building = False

    # ---- the way to the host

    def _transport(self, argv: list[str] | str, exchange: Exchange, *, tty: bool) -> int:
        """Over ssh, with the builtin plugin's retries."""
        self.host = self.get_option("host") or self._play_context.remote_addr
        command = argv if isinstance(argv, str) else shell_words(argv)
        ssh = self.get_option("ssh_executable")
        wanted = ["-tt"] if tty else []
        built = self._build_command(ssh, "ssh", *wanted, self.host, f"/bin/sh -c {shell_words([command])}")
        # Typed as bytes in the builtin plugin, which only hands it through to _bare_run.
        handed: Any = exchange
        status: int = self._run(built, handed)[0]
        if status == 255:
            raise AnsibleConnectionFailure(f"The LXC host {self.host} was lost: {_text(exchange)}")
        return status

    def _bare_run(
        self, cmd: list[bytes], in_data: Any, sudoable: bool = True, checkrc: bool = True
    ) -> tuple[int, bytes, bytes]:
        """One attempt. Unlike the builtin plugin's, both directions move at once, and stdin always comes to its end."""
        if not isinstance(in_data, Exchange):
            result: tuple[int, bytes, bytes] = super()._bare_run(cmd, in_data, sudoable=sudoable, checkrc=checkrc)
            return result
        display.vvv(f"SSH: EXEC {shell_words([word.decode(errors='replace') for word in cmd])}", host=self.host)
        password = self.get_option("password") or self._play_context.password
        pipe = self.sshpass_pipe if password and cmd[0] == b"sshpass" else None
        options = self._ssh_options()
        try:
            if pipe:
                options["pass_fds"] = pipe
                # Short enough to fit into the pipe before anyone reads it.
                os.write(pipe[1], password.encode(errors="surrogateescape") + b"\n")
            status = run(cmd, in_data, options=options)
        finally:
            for descriptor in pipe or ():
                os.close(descriptor)
            self.sshpass_pipe = None
            self._forget_password()
        self._check(cmd, status, in_data, password=password)
        return status, b"", bytes(in_data.stderr.data)

    def _ssh_options(self) -> dict[str, Any]:
        """For ``Popen``: ansible-core 2.19 and later can hand a password to ssh through shared memory."""
        prepare = getattr(self, "_init_shm", dict)
        return dict(prepare())

    def _forget_password(self) -> None:
        shared = getattr(self, "shm", None)
        if shared is not None:
            shared.close()
            try:
                shared.unlink()
            except FileNotFoundError:
                display.debug("The shared memory with the ssh password is gone already")
            self.shm = None

    def _check(self, cmd: list[bytes], status: int, exchange: Exchange, *, password: str | None) -> None:
        """What the builtin plugin says about the failures of ssh itself."""
        if status == 0:
            return
        stderr = bytes(exchange.stderr.data)
        host_key = b"Host key verification failed" in stderr or b"read_passphrase: can't open /dev/tty" in stderr
        host_key = host_key or (cmd[0] == b"sshpass" and status == 6)
        if password and host_key and self.get_option("host_key_checking"):
            raise AnsibleError(
                "An ssh password cannot be used while host key checking is enabled and the host's key is not known. "
                f"Add the key of {self.host} to the known_hosts file."
            )
        if status == 255 and b"mux_client_hello_exchange: write packet: Broken pipe" in stderr:
            raise AnsibleControlPersistBrokenPipeError(f"The kept ssh connection is gone: {_text(exchange)}")

    # ---- what the builtin plugin does otherwise

    def _wants_tty(self) -> bool:
        return bool(self.get_option("use_tty"))

    def _gate_timeout(self) -> float:
        return 2.0 + float(self.get_option("timeout"))

    def reset(self) -> None:
        """Close the kept connection to the host."""
        SshConnection.reset(self)


def _text(exchange: Exchange) -> str:
    return bytes(exchange.stderr.data).decode(errors="replace").strip() or "ssh gave no reason"
