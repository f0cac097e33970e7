# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""What a task says about a container's seccomp policy."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._model import _seccomp as seccomp
from ansible_collections.community.lxc.plugins.module_utils._model._seccomp import Argument, Policy, Rule

_SUN_PATH = 107


@dataclass(frozen=True)
class SeccompSpec:
    """None: leave alone. An empty string: remove. ``profile`` and ``policy`` are never both given."""

    state: str = "present"
    profile: str | None = None
    policy: Policy | None = None
    allow_nesting: bool | None = None
    proxy: str | None = None
    cookie: str | None = None


def seccomp_spec(params: Mapping[str, Any]) -> SeccompSpec:
    """The options of ``lxc_seccomp``, checked as far as no host is needed."""
    notify = params.get("notify") or {}
    profile, policy = params.get("profile"), params.get("policy")
    if params["state"] == "absent":
        given = [name for name in ("profile", "policy", "allow_nesting", "notify") if params.get(name) is not None]
        if given:
            raise InvalidInput(f"{given[0]}: with state: absent everything goes, so that it cannot be given")
        return SeccompSpec(state="absent")
    if profile and (not profile.startswith("/") or any(c in profile for c in "\n\r\0")):
        raise InvalidInput(f"profile: {profile!r} is not an absolute path")
    return SeccompSpec(
        profile=posixpath.normpath(profile) if profile else profile,
        policy=None if policy is None else _policy(policy),
        allow_nesting=params.get("allow_nesting"),
        proxy=_proxy(notify.get("proxy")),
        cookie=_cookie(notify.get("cookie")),
    )


def _policy(data: Mapping[str, Any]) -> Policy:
    mode = data["mode"]
    default = data.get("default_action") or seccomp.default_of(mode)
    rules = [rule for number, entry in enumerate(data.get("rules") or (), 1) for rule in _rules(entry, number, mode)]
    policy = Policy(mode, seccomp.action(default, where="policy.default_action"), frozenset(rules))
    for rule in sorted(policy.rules):
        if rule.action == policy.default:
            raise InvalidInput(
                f"policy.rules: {rule.syscall} has the action {rule.action}, which is the default action already; "
                "libseccomp refuses such a rule"
            )
    _refuse_contradictions(policy)
    return policy


def _refuse_contradictions(policy: Policy) -> None:
    seen: dict[tuple[str, str, tuple[Argument, ...]], str] = {}
    for rule in sorted(policy.rules):
        key = (rule.arch, rule.syscall, rule.arguments)
        if seen.setdefault(key, rule.action) != rule.action:
            raise InvalidInput(f"policy.rules: {rule.syscall} is to be both {seen[key]} and {rule.action}")


def _rules(entry: Mapping[str, Any], number: int, mode: str) -> Iterator[Rule]:
    where = f"policy.rules, rule {number}"
    arch = entry.get("arch") or "all"
    if arch not in seccomp.ARCHITECTURES:
        raise InvalidInput(f"{where}: the architecture {arch!r} is none of {', '.join(seccomp.ARCHITECTURES)}")
    action = seccomp.action(entry.get("action") or seccomp.rule_default_of(mode), where=where)
    arguments = tuple(sorted(_argument(item, where) for item in entry.get("args") or ()))
    if len({item.index for item in arguments}) < len(arguments):
        raise InvalidInput(f"{where}: libseccomp takes one condition for each argument")
    if not entry["syscalls"]:
        raise InvalidInput(f"{where}: syscalls is empty")
    for name in entry["syscalls"]:
        yield Rule(arch, seccomp.syscall(name, where=where), action, arguments)


def _argument(item: Any, where: str) -> Argument:
    if not isinstance(item, (list, tuple)) or not 3 <= len(item) <= 4:
        raise InvalidInput(f"{where}: {item!r} in args is not a list of index, value, operator and, for &=, a mask")
    index, value, op, mask = (*item, 0)[:4]
    if op in ("&=", "SCMP_CMP_MASKED_EQ") and len(item) != 4:
        raise InvalidInput(f"{where}: the operator {op} needs a mask, as in [0, 1, '&=', 1]")
    return seccomp.argument(_number(index, where), _number(value, where), str(op), _number(mask, where), where=where)


def _number(value: Any, where: str) -> int:
    try:
        if isinstance(value, bool):
            raise ValueError
        return int(str(value), 0)
    except ValueError:
        raise InvalidInput(f"{where}: {value!r} in args is not a number") from None


def _proxy(value: str | None) -> str | None:
    if not value:
        return value
    path = value[len("unix:") :]
    if not value.startswith("unix:/") or len(path.encode(errors="surrogateescape")) > _SUN_PATH:
        raise InvalidInput(
            f"notify.proxy: {value!r} is refused; unix: and an absolute path of at most {_SUN_PATH} bytes is accepted"
        )
    return value


def _cookie(value: str | None) -> str | None:
    if value and any(c in value for c in "\n\r\0"):
        raise InvalidInput(f"notify.cookie: {value!r} holds a character that a configuration line cannot hold")
    return value
