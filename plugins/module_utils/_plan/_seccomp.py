# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""A container's seccomp policy: persisted, and in force."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, Entry
from ansible_collections.community.lxc.plugins.module_utils._errors import HostError, InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host import (
    _config_file,
    _config_includes,
    _lock,
    _seccomp,
    _seccomp_files,
)
from ansible_collections.community.lxc.plugins.module_utils._host._binding import resolve
from ansible_collections.community.lxc.plugins.module_utils._host._running import UNRESPONSIVE, Look, settled_look
from ansible_collections.community.lxc.plugins.module_utils._model._ref import ContainerRef
from ansible_collections.community.lxc.plugins.module_utils._model._seccomp import Policy, parse
from ansible_collections.community.lxc.plugins.module_utils._model._seccomp_spec import SeccompSpec, seccomp_spec
from ansible_collections.community.lxc.plugins.module_utils._model._seccomp_start import start_calls
from ansible_collections.community.lxc.plugins.module_utils._plan._persist import persist_step
from ansible_collections.community.lxc.plugins.module_utils._plan._resource import Step

PROFILE = "lxc.seccomp.profile"
NESTING = "lxc.seccomp.allow_nesting"
PROXY = "lxc.seccomp.notify.proxy"
COOKIE = "lxc.seccomp.notify.cookie"
KEYS = (PROFILE, NESTING, PROXY, COOKIE)


@dataclass(frozen=True)
class Settings:
    """The four keys as they are in force for the next start, and the profile's content."""

    profile: str
    allow_nesting: bool
    proxy: str
    cookie: str
    hash: str | None = None
    policy: Policy | None = None


@dataclass(frozen=True)
class SeccompState:
    """``running`` are the keys that the container was started with. ``old`` are files that nobody needs any more."""

    document: Document
    persisted: Settings
    live: _seccomp.Live | None = None
    running: Mapping[str, tuple[str, ...]] | None = None
    old: tuple[str, ...] = ()
    edited: Document = field(default_factory=Document)
    wanted: Settings | None = None
    text: bytes | None = None


class SeccompResource:
    """The resource behind ``lxc_seccomp``."""

    kind = "seccomp"

    def __init__(self, ref: ContainerRef, spec: SeccompSpec) -> None:
        self.ref = ref
        self.spec = spec

    # ---- what is there

    def observe(self) -> SeccompState:
        document = _config_file.read(self.ref)
        if document is None:
            raise InvalidInput(f"There is no {self.ref}; lxc_container creates containers")
        persisted = read_settings(document)
        edited, text = self._edit(document, persisted)
        if edited != document:
            _config_file.check(self.ref, edited)
        wanted = read_settings(edited, text=text)
        if wanted != persisted or self.spec.profile:
            self._refuse(edited, wanted, text)
        look = settled_look(self.ref, document)
        if look.state == UNRESPONSIVE:
            raise HostError(f"The monitor of {self.ref} does not answer; lxc_container with state: stopped ends it")
        return SeccompState(
            document=document,
            persisted=persisted,
            live=observe_live(self.ref, look),
            running={key: look.running.get(key, ()) for key in KEYS} if look.init_pid > 0 else None,
            old=self._unused(wanted, look),
            edited=edited,
            wanted=wanted,
            text=text,
        )

    def _edit(self, document: Document, now: Settings) -> tuple[Document, bytes | None]:
        """The document as the task wants it, and the policy that has to be written for it."""
        spec, text = self.spec, None
        if spec.state == "absent":
            for key in KEYS:
                document = document.replace(key, ())
            return document, None
        if spec.profile is not None and spec.profile != now.profile:
            document = document.replace(PROFILE, [spec.profile])
        if spec.policy is not None and spec.policy != now.policy:
            text = spec.policy.render().encode()
            document = document.replace(PROFILE, [_seccomp_files.own_path(self.ref, text)])
        if spec.allow_nesting is not None and spec.allow_nesting != now.allow_nesting:
            document = document.replace(NESTING, [str(int(spec.allow_nesting))])
        for key, value, found in ((PROXY, spec.proxy, now.proxy), (COOKIE, spec.cookie, now.cookie)):
            if value is not None and value != found:
                document = document.replace(key, [value] if value else ())
        return document, text

    def _refuse(self, document: Document, wanted: Settings, text: bytes | None) -> None:
        """InvalidInput for a policy with which the container would not start, or would not be what it seems."""
        data = text if text is not None else _seccomp_files.content(wanted.profile) if wanted.profile else None
        if wanted.profile and data is None:
            raise InvalidInput(f"profile: there is no file {wanted.profile} on the managed host")
        if data is None:
            return
        option = "policy" if text is not None else "profile"
        policy = wanted.policy or _seccomp.of_version_1(data)
        if policy is not None:
            unknown = _seccomp.unknown_calls(policy) if text is not None else []
            if unknown:
                raise InvalidInput(f"policy: libseccomp says that {'; '.join(unknown)}")
            blocked = start_calls(dict(entries_of(document))).blocked(policy, native=_seccomp.native())
            if blocked:
                raise InvalidInput(
                    f"{option}: the container could not start, but fail or hang for ever, as LXC itself needs "
                    f"{', '.join(blocked)} in the container before its init is executed; let them through"
                )
        _seccomp.try_out(self.ref, data)
        if wanted.proxy and (wanted.policy is None or wanted.policy.notifies):
            _seccomp.require_listening(wanted.proxy)

    def _unused(self, wanted: Settings, look: Look) -> tuple[str, ...]:
        # lxc-attach reads the file that the container was started with.
        kept = {wanted.profile, *look.running.get(PROFILE, ())}
        files = [path for path in _seccomp_files.own_files(self.ref) if path not in kept]
        return tuple(path for path in files if path not in _seccomp_files.used_by_snapshots(self.ref, files))

    # ---- what should be there

    def desire(self, now: SeccompState) -> SeccompState:
        return replace(now, document=now.edited, persisted=now.wanted or now.persisted, text=None, old=())

    # ---- the way there

    def steps(self, now: SeccompState, want: SeccompState) -> Iterator[Step]:
        path = want.persisted.profile
        text = now.text
        if text is not None and _seccomp_files.content(path) != text:
            yield Step(
                f"write the seccomp policy {path}",
                lambda: _seccomp_files.write(path, text or b""),
                undo=lambda: _seccomp_files.remove(path),
            )
        if now.document != want.document:
            says = f"change the configuration of {self.ref}: {_difference(now.document, want.document)}"
            yield persist_step(self.ref, says=says, old=now.document, new=want.document)
        for file in now.old:
            says = f"remove the seccomp policy {file}, which nothing names any more"
            yield Step(says, functools.partial(_seccomp_files.remove, file))

    # ---- what is told

    def compare(self, state: SeccompState) -> dict[str, Any]:
        return show_settings(state.persisted)

    def pending(self, state: SeccompState) -> list[str]:
        return pending_seccomp(self.ref, state)

    def show(self, state: SeccompState) -> dict[str, Any]:
        return show_seccomp(state)

    def exclusive(self) -> AbstractContextManager[None]:
        return _lock.exclusive(self.ref)


def entries_of(document: Document) -> tuple[Entry, ...]:
    return _config_includes.expand(document, _config_includes.read(document))


def read_settings(document: Document, *, text: bytes | None = None) -> Settings:
    """``text`` is the content of a profile that is not written yet."""
    values = {key: value for key, value in entries_of(document) if key in KEYS}
    profile = values.get(PROFILE, "")
    data = text if text is not None else _seccomp_files.content(profile) if profile else None
    return Settings(
        profile=profile,
        allow_nesting=values.get(NESTING, "0") not in ("", "0"),
        proxy=values.get(PROXY, ""),
        cookie=values.get(COOKIE, ""),
        hash=_seccomp_files.digest(data),
        policy=_parsed(data),
    )


def _parsed(data: bytes | None) -> Policy | None:
    if data is None:
        return None
    try:
        return parse(data.decode("utf-8", errors="surrogateescape"))
    except InvalidInput:
        return None


def observe_live(ref: ContainerRef, look: Look, *, ask: bool = True) -> _seccomp.Live | None:
    """What a running container is under; None for any other."""
    if look.init_pid <= 0:
        return None
    return _seccomp.observe(ref, look.init_pid, "".join(look.running.get(PROFILE, ())[-1:]), ask=ask)


def section(ref: ContainerRef, document: Document, look: Look) -> dict[str, Any]:
    """What ``lxc_info`` shows. Asks no monitor."""
    running = {key: look.running.get(key, ()) for key in KEYS} if look.init_pid > 0 else None
    live = observe_live(ref, look, ask=False)
    state = SeccompState(document, read_settings(document), live=live, running=running)
    return {**show_seccomp(state), "drift": pending_seccomp(ref, state)}


def pending_seccomp(ref: ContainerRef, state: SeccompState) -> list[str]:
    """What waits for a restart: a running container keeps the policy that it was started with."""
    if state.running is None or state.live is None:
        return []
    now = state.persisted
    # liblxc prints the proxy without the word in front.
    proxy = now.proxy[len("unix:") :] if now.proxy.startswith("unix:") else now.proxy
    values = {PROFILE: now.profile, NESTING: str(int(now.allow_nesting)), PROXY: proxy, COOKIE: now.cookie}
    said = []
    for key, value in values.items():
        found = "".join(state.running[key][-1:])
        if value != (found or ("0" if key == NESTING else "")):
            said.append(f"{key} of {ref} takes effect at its next start")
    if not said and now.profile and state.live.changed:
        said.append(f"the content of {now.profile} was changed after {ref} was started, and takes effect at its next")
    return said


def show_settings(settings: Settings) -> dict[str, Any]:
    return {
        "profile": settings.profile or None,
        "hash": settings.hash,
        "policy": settings.policy.show() if settings.policy else None,
        "allow_nesting": settings.allow_nesting,
        "notify": {"proxy": settings.proxy or None, "cookie": settings.cookie or None},
    }


def show_seccomp(state: SeccompState) -> dict[str, Any]:
    """As ``lxc_seccomp`` and ``lxc_info`` return it."""
    live = state.live
    return {
        "persisted": show_settings(state.persisted),
        "live": live
        and {
            "mode": live.mode,
            "filters": live.filters,
            "notify_fd_active": live.notify_fd_active,
            "profile": live.profile or None,
        },
    }


def _difference(old: Document, new: Document) -> str:
    parts = []
    for key in KEYS:
        if old.values(key) != new.values(key):
            value = "".join(new.values(key)[-1:])
            parts.append(f"set {key} to {value!r}" if value else f"remove {key}")
    return "; ".join(parts)


def build_seccomp(params: Mapping[str, Any]) -> SeccompResource:
    """The resource that the options of ``lxc_seccomp`` describe."""
    return SeccompResource(resolve(params["container"], params["lxc_path"]), seccomp_spec(params))
