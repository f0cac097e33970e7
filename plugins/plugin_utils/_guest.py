# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is PRIVATE to the collection: it may change at any time.

"""The way into a container: what runs on its host, what runs inside, and what both report. Pure.

Two small POSIX shell scripts do it. The one on the host asks LXC for the container's state and calls ``lxc-attach``,
which re-executes itself from a sealed copy: no interpreter of the host ever enters a container. The one inside runs the
command. Both report on stderr, in lines that begin with a random key, since an exit status alone cannot tell a
command's 1 or 255 from a failure of ``lxc-attach`` or of ssh, nor a killed command from a finished one.
"""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

GUEST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# $1 key, $2 container, $3 lxc_path or nothing; the rest goes to the script inside.
_ON_HOST = r"""
k=$1 n=$2 p=$3; shift 3
say() { printf '%s:%s\n' "$k" "$1" >&2; }
command -v lxc-attach >/dev/null 2>&1 || { say fail:absent; exit 0; }
s=$(LC_ALL=C lxc-info -n "$n" ${p:+-P "$p"} -sH 2>&1) || :
[ "$s" = RUNNING ] || { say "fail:$(id -u):$(printf %s "$s" | tr '\n' ' ')"; exit 0; }
r=0
lxc-attach -n "$n" ${p:+-P "$p"} --clear-env -v PATH=@PATH@ -- /bin/sh -c "$@" || r=$?
say "host:$r"
""".replace("@PATH@", GUEST_PATH)

# $1 key, $2 user, $3 command. The home directory is looked up inside, by the container's own shell.
_INSIDE = r"""
printf '%s:in\n' "$1" >&2
eval "HOME=~$2"
cd "$HOME" 2>/dev/null || { HOME=/; cd /; }
USER=$2 LOGNAME=$2; export HOME USER LOGNAME
if [ "$2" = root ]; then /bin/sh -c "$3"; else su -s /bin/sh "$2" -c "$3"; fi
r=$?
printf '%s:rc:%s\n' "$1" "$r" >&2
exit "$r"
"""

_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_TEXT_LIMIT = 2000


class GuestUnreachable(Exception):
    """The command did not run to its end in the container; the text says why, in one sentence."""


@dataclass(frozen=True, kw_only=True)
class Guest:
    """One container, seen from its host."""

    container: str
    lxc_path: str = ""
    """Empty: liblxc's own default."""
    user: str = "root"

    def problem(self) -> str:
        """Why this can be no container; empty if it can."""
        if not self.container or "/" in self.container or self.container in (".", ".."):
            return f"{self.container!r} cannot be the name of a container"
        if self.container.startswith("-"):
            return f"{self.container!r} cannot be the name of a container: it begins with a dash"
        if re.search(r"[\x00-\x1f]", self.container + self.lxc_path):
            return f"{self.container!r} in {self.lxc_path!r} cannot be a container: there are control characters"
        if self.lxc_path and not self.lxc_path.startswith("/"):
            return f"lxc_path must be absolute, not {self.lxc_path!r}"
        if not _USER.fullmatch(self.user):
            return f"{self.user!r} cannot be the name of a user inside a container"
        return ""

    def __str__(self) -> str:
        return f"{self.container} in {self.lxc_path}" if self.lxc_path else self.container


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry into a container, recognised in the output by its key."""

    guest: Guest
    command: str
    key: str

    def argv(self) -> list[str]:
        """For the container's host: run as the user who may control the container."""
        guest = self.guest
        inside = [_INSIDE, "sh", self.key, guest.user, self.command]
        return ["/bin/sh", "-c", _ON_HOST, "lxc", self.key, guest.container, guest.lxc_path, *inside]


def enter(guest: Guest, command: str) -> Entry:
    """A new entry, with a key of its own."""
    return Entry(guest=guest, command=command, key=f"lxc{secrets.token_hex(8)}")


def shell_words(words: Sequence[str]) -> str:
    """``words`` as one command line of a POSIX shell."""
    return " ".join(shlex.quote(word) for word in words)


@dataclass(frozen=True, kw_only=True)
class Reports:
    """What both scripts said, taken out of the output."""

    rest: bytes
    words: dict[str, str]


def read_reports(key: str, output: bytes) -> Reports:
    """Take the reports that carry ``key`` out of ``output``."""
    found: dict[str, str] = {}

    def keep(match: re.Match[bytes]) -> bytes:
        word, _colon, value = match[1].decode(errors="replace").partition(":")
        found[word] = value
        return b""

    rest = re.sub(re.escape(key.encode()) + rb":([^\n]*?)\r*\n", keep, output)
    return Reports(rest=rest, words=found)


def exit_status(guest: Guest, reports: Reports, *, transport_status: int) -> int:
    """The command's own exit status.

    :raises GuestUnreachable: the command did not run to its end.
    """
    words = reports.words
    text = reports.rest[-_TEXT_LIMIT:].decode(errors="replace").strip()
    if "fail" in words:
        raise GuestUnreachable(_refusal(guest, words["fail"]))
    if "rc" in words and words["rc"].isdigit():
        return int(words["rc"])
    if "in" in words:
        raise GuestUnreachable(f"The container {guest} went away while the command ran in it; {_said(text)}")
    if "host" in words:
        if words["host"] in ("126", "127"):
            raise GuestUnreachable(f"There is no shell in the container {guest}: /bin/sh does not run; {_said(text)}")
        raise GuestUnreachable(f"lxc-attach could not enter the container {guest}; {_said(text)}")
    raise GuestUnreachable(
        f"Nothing ran on the LXC host to enter the container {guest} (status {transport_status}); {_said(text)}"
    )


def _said(text: str) -> str:
    return f"the output was: {text}" if text else "there was no output"


def _refusal(guest: Guest, report: str) -> str:
    """``absent``, or the user id and what ``lxc-info`` said."""
    if report == "absent":
        return "There is no LXC on the host: lxc-attach was not found; install the package 'lxc'"
    uid, _colon, said = report.partition(":")
    said = said.strip()
    if said == "FROZEN":
        return f"The container {guest} is frozen: a command in it would wait until it is thawed"
    if said == "STOPPED":
        return f"The container {guest} is stopped"
    if said.isupper() and said.isalpha():
        return f"The container {guest} is not running but {said}"
    if re.search(r"nsuffici?ent priv|Failed to create lock|Permission denied|Failure to retrieve", said) and uid != "0":
        return (
            f"No permission to control the container {guest} as user id {uid} on its host; "
            f"see lxc_become (lxc-info: {said})"
        )
    if "doesn't exist" in said:
        hint = "" if uid == "0" else f"; asked as user id {uid}, see lxc_become"
        return f"There is no container {guest} on the host{hint}"
    return f"LXC does not tell the state of the container {guest}; {_said(said)}"
