# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A mount of a container, as ``lxc.mount.entry`` and ``lxc.mount.fstab`` describe it (fstab(5), one line)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model._mount_options import MountOptions, parse_options

_ESCAPES = (("\\", "\\134"), (" ", "\\040"), ("\t", "\\011"), ("\n", "\\012"))
_ESCAPED = re.compile(r"\\(134|040|011|012|\\)")
_DECODED = {"134": "\\", "040": " ", "011": "\t", "012": "\n", "\\": "\\"}
_BLANKS = " \t\n"
_FORBIDDEN = (("\n", "a newline"), ("\r", "a carriage return"), ("\0", "a NUL character"))


def escape(text: str) -> str:
    """One field of a mount entry: blanks, tabs and backslashes as getmntent(3) reads them."""
    for character, escaped in _ESCAPES:
        text = text.replace(character, escaped)
    return text


def unescape(text: str) -> str:
    """The value of a field, as getmntent(3) decodes it."""
    return _ESCAPED.sub(lambda match: _DECODED[match[1]], text)


@dataclass(frozen=True)
class Mount:
    """One mount. ``target`` is absolute inside the container and normal; ``fstype`` is ``bind`` for bind mounts."""

    source: str
    target: str
    fstype: str = "bind"
    options: MountOptions = field(default_factory=MountOptions)

    @property
    def is_bind(self) -> bool:
        return self.fstype == "bind"


def parse_entry(text: str, *, rootfs: Sequence[str] = ()) -> Mount | None:
    """A line of a mount table, or None where liblxc sees no mount in it.

    ``rootfs`` are the directories that an absolute target may begin with (``/var/lib/lxc/web/rootfs``): liblxc takes
    what follows, and ignores an absolute target elsewhere.
    """
    if text.lstrip(_BLANKS).startswith("#"):
        return None
    fields = [unescape(field) for field in re.split(r"[ \t\n]+", text.strip(_BLANKS)) if field]
    if len(fields) < 2:
        return None
    source, where, fstype, words = (*fields, "", "", "", "")[:4]
    target = _inside(where, rootfs)
    if target is None:
        return None
    options = parse_options(words.split(","))
    if options.bind:
        # liblxc hands the type on and the kernel ignores it: none, bind and auto all mean the same.
        return Mount(source=_normal(source), target=target, fstype="bind", options=options)
    return Mount(source=source, target=target, fstype=fstype, options=options)


def _inside(where: str, rootfs: Sequence[str]) -> str | None:
    if not where.startswith("/"):
        return _normal("/" + where)
    for directory in rootfs:
        root = _normal(directory)
        path = _normal(where)
        if path.startswith(root + "/"):
            return path[len(root) :]
    return None


def _normal(path: str) -> str:
    return "/" + posixpath.normpath(path).lstrip("/") if path.startswith("/") else posixpath.normpath(path)


def render_entry(mount: Mount) -> str:
    """The value of an ``lxc.mount.entry`` line: the target relative, as liblxc wants it."""
    words = ",".join(mount.options.words()) or "defaults"
    fstype = "none" if mount.is_bind else mount.fstype
    fields = (mount.source, mount.target.lstrip("/"), fstype, words)
    return " ".join([*(escape(field) for field in fields), "0", "0"])


def check_target(target: str) -> str:
    """The normal form of an absolute path inside the container. Raises InvalidInput."""
    _check_text("target", target)
    if not target.startswith("/"):
        raise InvalidInput(f"target: {target!r} is not an absolute path inside the container")
    if ".." in target.split("/"):
        raise InvalidInput(f"target: {target!r} holds '..'; give the path without it")
    normal = _normal(target)
    if normal == "/":
        raise InvalidInput("target: '/' is the container's root file system, which cannot be mounted over")
    return normal


def check_source(source: str, *, bind: bool) -> str:
    """The source as it is to be written. Raises InvalidInput."""
    _check_text("source", source)
    if not source:
        raise InvalidInput("source: is empty; a path of the host is needed")
    if bind and not source.startswith("/"):
        raise InvalidInput(f"source: {source!r} is not an absolute path of the host, which a bind mount needs")
    if source.startswith("#"):
        raise InvalidInput(f"source: {source!r} begins with '#', which begins a comment in a mount table")
    return _normal(source) if bind else source


def check_words(words: Sequence[str]) -> tuple[str, ...]:
    """Options as given by a task, each free of what an entry cannot hold. Raises InvalidInput."""
    for word in words:
        _check_text("options", word)
    return tuple(words)


def check_fstype(fstype: str) -> str:
    """A file system's name. Raises InvalidInput for what is no name at all."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", fstype) or fstype in ("none", "auto"):
        raise InvalidInput(f"fstype: {fstype!r} is not the name of a file system; 'bind' and names such as 'tmpfs' are")
    return fstype


def _check_text(option: str, text: str) -> None:
    for character, name in _FORBIDDEN:
        if character in text:
            raise InvalidInput(f"{option}: {text!r} holds {name}, which a mount entry cannot hold")
