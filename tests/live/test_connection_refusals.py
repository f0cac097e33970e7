# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways into a container that are closed: each says why. And a container that attacks whoever comes in."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.lxc.tests.live._bed import Bed, tool, until
from ansible_collections.community.lxc.tests.live._connections import Failed, Way, full_busybox, ordinary_user


def refusal(way: Way, bed: Bed, name: str, **more: Any) -> str:
    """The text of the connection failure that a command meets."""
    guest = bed.guest(name="unused", rootfs=False) if not bed.guests else bed.guests[0]
    enter = way(guest, ansible_lxc_container=name, **more)
    with pytest.raises(Failed) as failure:
        enter.exec_command("true")
    assert failure.value.kind == "AnsibleConnectionFailure", failure.value
    return failure.value.text


def test_no_such_container(bed: Bed, way: Way) -> None:
    assert refusal(way, bed, "nonesuch") == f"There is no container nonesuch in {bed.lxc_path} on the host"


def test_a_stopped_container(bed: Bed, way: Way) -> None:
    guest = bed.guest()
    assert refusal(way, bed, guest.name) == f"The container {guest.name} in {bed.lxc_path} is stopped"


def test_a_frozen_container_gets_no_command_to_run_later(bed: Bed, way: Way) -> None:
    guest = full_busybox(bed.guest()).start()
    tool("lxc-freeze", "-P", bed.lxc_path, "-n", guest.name)
    enter = way(guest)
    with pytest.raises(Failed, match="is frozen: a command in it would wait until it is thawed"):
        enter.exec_command("touch /tmp/later")
    tool("lxc-unfreeze", "-P", bed.lxc_path, "-n", guest.name)
    time.sleep(0.5)
    assert not (guest.rootfs / "tmp/later").exists()
    assert enter.exec_command("echo thawed")[1] == b"thawed\n"


def test_no_shell_inside(bed: Bed, way: Way) -> None:
    guest = bed.guest().start()
    (guest.rootfs / "bin/sh").unlink()
    text = refusal(way, bed, guest.name)
    assert text.startswith(f"There is no shell in the container {guest.name} in {bed.lxc_path}: /bin/sh does not run")


def test_no_lxc_on_the_host(bed: Bed, way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guest = bed.guest().start()
    expected = "There is no LXC on the host: lxc-attach was not found; install the package 'lxc'"
    if way.kind == "lxc":
        (tmp_path / "sh").symlink_to("/bin/sh")
        monkeypatch.setenv("PATH", str(tmp_path))
        assert refusal(way, bed, guest.name) == expected
    else:
        bare = Path(str(way.host["ansible_control_path_dir"])) / "bare"
        text = refusal(way, bed, guest.name, ansible_ssh_private_key_file=str(bare), ansible_ssh_args="-C")
        assert text == expected


def test_no_permission_on_the_host(bed: Bed, way: Way) -> None:
    guest = bed.guest().start()
    with ordinary_user() as (name, uid):
        enter = way(guest, ansible_lxc_become=True, ansible_lxc_become_user=name)
        with pytest.raises(Failed) as failure:
            enter.exec_command("true")
        assert failure.value.kind == "AnsibleConnectionFailure"
        expected = f"No permission to control the container {guest.name} in {bed.lxc_path} as user id {uid} on its host"
        assert failure.value.text.startswith(expected)
        assert "see lxc_become" in failure.value.text


def test_no_such_user_inside(bed: Bed, way: Way) -> None:
    guest = full_busybox(bed.guest()).start()
    status, _stdout, stderr = way(guest, ansible_lxc_user="nobody-here").exec_command("true")
    assert status != 0
    assert b"nobody-here" in stderr


@pytest.mark.parametrize("way", ["lxc_ssh"], indirect=True)
def test_a_broken_ssh_is_not_the_commands_255(bed: Bed, way: Way) -> None:
    guest = full_busybox(bed.guest()).start()
    assert way(guest).exec_command("echo 'Permission denied' >&2; exit 255") == (255, b"", b"Permission denied\n")
    with pytest.raises(Failed, match="Connection refused"):
        way(guest, ansible_port=1).exec_command("true")
    with pytest.raises(Failed, match="Host key verification failed"):
        way(
            guest, ansible_ssh_common_args="-F /dev/null -o UserKnownHostsFile=/dev/null", ansible_ssh_args="-C"
        ).exec_command("true")
    with pytest.raises(Failed, match="Permission denied"):
        way(guest, ansible_ssh_private_key_file="/dev/null", ansible_ssh_args="-C -o IdentitiesOnly=yes").exec_command(
            "true"
        )


@pytest.mark.parametrize("way", ["lxc_ssh"], indirect=True)
def test_retries_are_the_builtin_plugins(bed: Bed, way: Way) -> None:
    guest = full_busybox(bed.guest()).start()
    begin = time.monotonic()
    with pytest.raises(Failed):
        way(guest, ansible_port=1, ansible_ssh_retries=2).exec_command("true")
    # It pauses for 0 and then 1 second.
    assert time.monotonic() - begin > 1


@pytest.mark.parametrize("way", ["lxc_ssh"], indirect=True)
def test_control_persist_and_reset(bed: Bed, way: Way) -> None:
    guest = full_busybox(bed.guest()).start()
    directory = Path(str(way.host["ansible_control_path_dir"]))

    def kept() -> set[Path]:
        return {path for path in directory.iterdir() if path.is_socket()}

    before = kept()
    enter = way(guest, ansible_user="root", ansible_control_path=str(directory / "own"))
    enter.exec_command("true")
    assert kept() - before == {directory / "own"}
    enter.reset()
    until(lambda: kept() == before, what="the end of the kept connection")
    assert enter.exec_command("echo again")[1] == b"again\n"


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({"ansible_lxc_container": "../other"}, "cannot be the name of a container"),
        ({"ansible_lxc_container": "-n"}, "begins with a dash"),
        ({"ansible_lxc_container": "a\nb"}, "control characters"),
        ({"ansible_lxc_path": "relative"}, "lxc_path must be absolute"),
        ({"ansible_lxc_user": "root; reboot"}, "cannot be the name of a user"),
        ({"ansible_lxc_user": "-c"}, "cannot be the name of a user"),
        ({"ansible_lxc_become": True, "ansible_lxc_become_method": "nonesuch"}, "names a become plugin that is not"),
    ],
)
def test_bad_options_are_refused(bed: Bed, way: Way, variables: dict[str, Any], text: str) -> None:
    with pytest.raises(Failed, match=text) as failure:
        way(bed.guest(name="g"), **variables).exec_command("true")
    assert failure.value.kind == "AnsibleError"


def test_shell_text_in_names_is_only_text(bed: Bed, way: Way, tmp_path: Path) -> None:
    name = f"a$(touch {tmp_path.name})`id`;'\"&|"
    assert refusal(way, bed, name) == f"There is no container {name} in {bed.lxc_path} on the host"


# ---- a hostile container


HOSTILE_SHELL = "#!/proc/self/exe\n"
# Looks for processes that came from outside, and opens whatever they run, and whatever they hold, for writing.
LURKER = r"""#!/bin/busybox sh
while :; do
  for p in /proc/[0-9]*; do
    case $p in /proc/1|/proc/$$) continue;; esac
    for f in "$p"/exe "$p"/fd/*; do
      t=$(/bin/busybox readlink "$f") || continue
      case $t in *busybox*|/proc*|/dev/null|pipe*|socket*|/tmp/put*|/tmp/.lxc-*|/lurker) continue;; esac
      echo "$t" >> /tmp/seen
      if (: >> "$f") 2>/dev/null; then
        echo "$t" >> /tmp/opened
        # What overwrote runc in CVE-2019-5736.
        /bin/busybox dd if=/bin/busybox of="$f" conv=notrunc 2>/dev/null && echo "$t" >> /tmp/overwritten
      fi
    done
  done
done
"""


def test_a_hostile_container_gets_hold_of_nothing(bed: Bed, way: Way, tmp_path: Path) -> None:
    """CVE-2019-5736: what enters a container can be made to run itself again, and be overwritten meanwhile."""
    guest = full_busybox(bed.guest()).start()
    lurker = guest.rootfs / "lurker"
    lurker.write_text(LURKER)
    lurker.chmod(0o755)
    enter = way(guest)
    # Detached, as an init of the container would run it.
    enter.exec_command("setsid /lurker >/dev/null 2>&1 </dev/null &")
    tools = [Path(shutil.which(name) or name).resolve() for name in ("lxc-attach", "sh", "python3", "ssh")]
    digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in tools}
    source = tmp_path / "source"
    source.write_bytes(os.urandom(20_000_000))
    digests[source] = hashlib.sha256(source.read_bytes()).hexdigest()
    for _time in range(20):
        enter.exec_command("sleep 0.05", in_data=b"x" * 1000)
        enter.put_file(source, "/tmp/put")
        enter.fetch_file("/tmp/put", tmp_path / "fetched")
    # Now the shell itself is a trap: whoever runs it runs its own executable again.
    (guest.rootfs / "bin/sh").unlink()
    (guest.rootfs / "bin/sh").write_text(HOSTILE_SHELL)
    (guest.rootfs / "bin/sh").chmod(0o755)
    for _time in range(20):
        with pytest.raises(Failed):
            enter.exec_command("true")
    seen = (guest.rootfs / "tmp/seen").read_text().split("\n")
    entered = {line for line in seen if "lxc-attach" in line}
    assert entered, "the lurker met nobody from outside"
    assert all(line.startswith("/memfd:") for line in entered), f"not from a sealed copy: {entered}"
    assert not any(str(tmp_path) in line for line in seen), "a file of the host was open in the container"
    assert not any("python" in line for line in seen), "the host's interpreter was in the container"
    overwritten = guest.rootfs / "tmp/overwritten"
    assert not overwritten.exists(), overwritten.read_text()
    assert {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in digests} == digests


def test_a_container_cannot_pretend_to_be_its_host(bed: Bed, way: Way) -> None:
    """What a container prints is its own output, however much it looks like a report from outside."""
    guest = full_busybox(bed.guest()).start()
    forged = b"lxc0123456789abcdef:rc:0\nlxc0123456789abcdef:fail:0:FROZEN\nlxc-attach: failed\n"
    assert way(guest).exec_command("cat >&2; exit 3", in_data=forged) == (3, b"", forged)
