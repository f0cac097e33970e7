# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Device rules, compared as what they allow and not as text. Pure.

The kernel's device controller (v1), and liblxc's eBPF program (v2), know a default and exceptions from it. A rule
for ``a`` sets the default and forgets the exceptions; any other rule adds an exception or takes back the very same.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput

ALL = "rwm"
_DEVICE = re.compile(r"([bc])\s+(\d+|\*):(\d+|\*)")
_MAJOR_LIMIT, _MINOR_LIMIT = 2**12, 2**20

Key = tuple[str, str, str]
"""Type (``b`` or ``c``), major and minor; ``*`` stands for all."""


@dataclass(frozen=True)
class Rule:
    """Allow or deny ``access`` (some of ``rwm``) to a device; ``key`` None: to all devices."""

    allow: bool
    key: Key | None
    access: str = ALL

    @property
    def device(self) -> str:
        return "a" if self.key is None else f"{self.key[0]} {self.key[1]}:{self.key[2]}"

    @property
    def text(self) -> str:
        """As the kernel, and a configuration line, takes it."""
        return "a" if self.key is None else f"{self.device} {self.access}"

    @property
    def verb(self) -> str:
        """The file of v1, and the end of the key: ``devices.allow``."""
        return "devices.allow" if self.allow else "devices.deny"


@dataclass(frozen=True)
class Policy:
    """What a list of rules amounts to. ``exceptions``: device -> access that is not as the default."""

    allow: bool = True
    exceptions: Mapping[Key, str] = field(default_factory=dict)

    def then(self, rule: Rule) -> Policy:
        """The policy after one more rule."""
        if rule.key is None:
            return Policy(allow=rule.allow)
        exceptions = dict(self.exceptions)
        access = set(exceptions.pop(rule.key, ""))
        access = access - set(rule.access) if rule.allow == self.allow else access | set(rule.access)
        if access:
            exceptions[rule.key] = ordered(access)
        return Policy(allow=self.allow, exceptions=exceptions)

    def permits(self, key: Key, access: str) -> bool:
        """Whether one kind of access (one letter) to one device is allowed."""
        hit = any(covers(wide, key) and access in letters for wide, letters in self.exceptions.items())
        return hit != self.allow

    def reduced(self) -> Policy:
        """Without exceptions that a wider one covers: policies that allow alike are then equal, as a rule."""
        kept = {
            key: access
            for key, access in self.exceptions.items()
            if not any(
                other != key and covers(other, key) and set(access) <= set(letters)
                for other, letters in self.exceptions.items()
            )
        }
        return Policy(allow=self.allow, exceptions=dict(sorted(kept.items())))

    def rules(self) -> tuple[Rule, ...]:
        """The shortest list that makes this policy from nothing."""
        return self._rules

    @functools.cached_property
    def _rules(self) -> tuple[Rule, ...]:
        reduced = self.reduced()
        exceptions = (Rule(allow=not self.allow, key=key, access=access) for key, access in reduced.exceptions.items())
        return (Rule(allow=self.allow, key=None), *exceptions)


def ordered(access: Iterable[str]) -> str:
    letters = set(access)
    return "".join(letter for letter in ALL if letter in letters)


def covers(wide: Key, narrow: Key) -> bool:
    """Whether every device of the second is one of the first."""
    return wide[0] == narrow[0] and all(w in ("*", n) for w, n in zip(wide[1:], narrow[1:]))


def overlap(one: Key, other: Key) -> bool:
    return one[0] == other[0] and all("*" in (a, b) or a == b for a, b in zip(one[1:], other[1:]))


def parse_device(text: str) -> Key | None:
    """``c 10:200``, ``b 8:*`` or ``a``. ValueError says what would be accepted."""
    if text.strip() in ("a", "a *:*"):
        return None
    match = _DEVICE.fullmatch(text.strip())
    if not match:
        raise ValueError("'a', or 'b' or 'c' and MAJOR:MINOR, each a number or *")
    for number, limit in ((match[2], _MAJOR_LIMIT), (match[3], _MINOR_LIMIT)):
        if number != "*" and int(number) >= limit:
            raise ValueError(
                f"'b' or 'c' and MAJOR:MINOR, with a major below {_MAJOR_LIMIT} and a minor below {_MINOR_LIMIT}"
            )
    major, minor = (number if number == "*" else str(int(number)) for number in (match[2], match[3]))
    return (match[1], major, minor)


def parse_access(text: str) -> str:
    if not text or set(text) - set(ALL):
        raise ValueError("some of the letters r, w and m")
    return ordered(text)


def named(allow: bool, device: str, access: str) -> Rule:
    """A rule of a task. InvalidInput for what the kernel would refuse, or would take without effect."""
    try:
        key = parse_device(device)
    except ValueError as error:
        raise InvalidInput(f"devices: device: {device!r} is not accepted; accepted is {error}") from error
    try:
        letters = parse_access(access)
    except ValueError as error:
        raise InvalidInput(f"devices: access: {access!r} is not accepted; accepted are {error}") from error
    if key is None and letters != ALL:
        raise InvalidInput(f"devices: access: {access!r} is not accepted with 'a', all devices; accepted is {ALL}")
    return Rule(allow=allow, key=key, access=letters)


def parse_line(verb: str, text: str) -> Rule | None:
    """A rule as it stands in a configuration or in ``devices.list``; None: not understood."""
    fields = text.split()
    try:
        key = parse_device(" ".join(fields[:2]) if fields[:1] != ["a"] else "a")
        access = parse_access(fields[2]) if key is not None else ALL
    except (ValueError, IndexError):
        return None
    return Rule(allow=verb.endswith("allow"), key=key, access=access)


def policy_of(rules: Sequence[Rule], *, unified: bool) -> Policy:
    """What a configured list amounts to. Without a rule for ``a``, v1 starts from all allowed, liblxc's v2 from none.

    Without any rule all is allowed on both.
    """
    return _policy_of(tuple(rules), unified)


# Many containers have the rules of the same included file.
@functools.lru_cache(maxsize=64)
def _policy_of(rules: tuple[Rule, ...], unified: bool) -> Policy:
    policy = Policy(allow=not (unified and rules))
    for rule in rules:
        policy = policy.then(rule)
    return policy.reduced()


def extend(base: Policy, rules: Sequence[Rule], *, unified: bool) -> Policy:
    """The policy that a task wants. InvalidInput for a rule that the controller cannot express after the others."""
    policy = base
    for rule in rules:
        policy = policy.then(rule)
        if rule.key is not None:
            _refuse_without_effect(policy, rule, rule.key)
    if unified and policy.allow:
        _refuse_partial_denial(policy)
    return policy.reduced()


def _refuse_without_effect(policy: Policy, rule: Rule, key: Key) -> None:
    if rule.allow != policy.allow:
        return
    for other, access in policy.exceptions.items():
        if overlap(other, key) and set(access) & set(rule.access):
            done, wanted = ("denies", "allow") if rule.allow else ("allows", "deny")
            raise InvalidInput(
                f"devices: {rule.text!r} cannot be {'allowed' if rule.allow else 'denied'} while another rule {done} "
                f"{other[0]} {other[1]}:{other[2]} {access}: the device controller "
                f"knows no exception from an exception; {wanted} exactly that one, or name its devices one by one"
            )


def _refuse_partial_denial(policy: Policy) -> None:
    for key, access in policy.exceptions.items():
        if len(set(access) & set("rw")) == 1:
            raise InvalidInput(
                f"devices: on cgroup v2 {key[0]} {key[1]}:{key[2]} {access} cannot be denied where all is allowed: "
                "opening for both reading and writing still goes through; deny rwm, or deny 'a' and allow the rest"
            )


def difference(base: Policy | None, want: Policy) -> tuple[Rule, ...]:
    """The rules that lead from ``base`` (None: nothing was said) to ``want``."""
    want = want.reduced()
    if base is None or base.allow != want.allow:
        return want.rules()
    base = base.reduced()
    rules = []
    for key in sorted({**base.exceptions, **want.exceptions}):
        old, new = set(base.exceptions.get(key, "")), set(want.exceptions.get(key, ""))
        if old - new:
            # The whole exception first: liblxc's program takes back only what was given in the same words.
            rules.append(Rule(allow=want.allow, key=key, access=ordered(old)))
            old = set()
        if new - old:
            rules.append(Rule(allow=not want.allow, key=key, access=ordered(new)))
    return tuple(rules)


def probes(keys: Iterable[Key]) -> dict[str, Key]:
    """One real device number for each device that rules speak of, by its text, and one for the default (``a``).

    A number that no other rule speaks of stands for ``*``.
    """
    found = sorted(set(keys))
    majors = {key[1] for key in found}
    free_major = next(str(n) for n in range(_MAJOR_LIMIT - 2, 0, -1) if str(n) not in majors)
    minors = {key[2] for key in found}
    free_minor = next(str(n) for n in range(_MINOR_LIMIT - 2, 0, -1) if str(n) not in minors)
    numbers: dict[str, Key] = {"a": ("c", free_major, free_minor)}
    for kind, major, minor in found:
        concrete = (kind, free_major if major == "*" else major, free_minor if minor == "*" else minor)
        numbers[f"{kind} {major}:{minor}"] = concrete
    if any(key == ("c", "*", "*") for key in found):
        numbers["a"] = ("b", free_major, free_minor)
    return numbers


def expected(policy: Policy, numbers: Mapping[str, Key]) -> dict[str, str]:
    """What a test of these numbers should find: text -> the letters that are allowed."""
    return {text: "".join(letter for letter in ALL if policy.permits(key, letter)) for text, key in numbers.items()}


def live_rules(base: Policy | None, want: Policy, *, unified: bool) -> tuple[Rule, ...]:
    """What to tell a running container. On v2 the first rule that matches wins, so an exception that is replaced by
    another for the same devices means a fresh start from ``a``, during which for an instant only the default holds.
    """
    rules = difference(base, want)
    if not unified or (rules and rules[0].key is None):
        return rules
    taken = [rule.key for rule in rules if rule.key and rule.allow == want.allow]
    rest = list(want.reduced().exceptions)
    return want.rules() if any(overlap(key, other) for key in taken for other in rest) else rules
