# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""Seccomp policies in LXC's version 2 syntax: text to rules, rules to text, and whether two say the same.

The grammar is that of liblxc's seccomp.c: a version, a line ``denylist|allowlist [ACTION]`` (or the older words
``blacklist`` and ``whitelist``), then ``[ARCH]`` sections with lines ``SYSCALL [ACTION] [INDEX,VALUE,OP,MASK]...``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput

ARCHITECTURES = (
    "all x86 x32 x86_64 arm arm64 ppc64le ppc64 ppc mips64 mips64n32 mips mipsel64 mipsel64n32 mipsel s390x s390"
).split()
_OLD_WORDS = {"blacklist": "denylist", "whitelist": "allowlist"}
_OPERATORS = {
    "SCMP_CMP_NE": "!=",
    "SCMP_CMP_LT": "<",
    "SCMP_CMP_LE": "<=",
    "SCMP_CMP_EQ": "==",
    "SCMP_CMP_GE": ">=",
    "SCMP_CMP_GT": ">",
    "SCMP_CMP_MASKED_EQ": "&=",
}
_WORDS = ("kill", "errno", "allow", "trap", "notify", "log", "trace")
_SYSCALL = re.compile(r"[a-z_][a-z0-9_]*")
_ARGUMENT = re.compile(r"\[\s*([^,\]]*),([^,\]]*),([^,\]]*)(?:,([^,\]]*))?\]")
_MAX = 2**64

# What a caller does not survive, or waits in for an agent that hears of it only after the start.
_ENDS = ("kill", "trap", "notify", "trace")


@dataclass(frozen=True, order=True)
class Argument:
    """A condition on one of the call's six arguments. ``mask`` is for the operator ``&=``."""

    index: int
    value: int
    op: str
    mask: int = 0

    def render(self) -> str:
        mask = f",{self.mask}" if self.op == "&=" else ""
        return f"[{self.index},{self.value},{self.op}{mask}]"


@dataclass(frozen=True, order=True)
class Rule:
    """One call. ``arguments`` have all to be met; they are sorted."""

    arch: str
    syscall: str
    action: str
    arguments: tuple[Argument, ...] = ()

    def render(self) -> str:
        conditions = " " + "".join(a.render() for a in self.arguments) if self.arguments else ""
        return f"{self.syscall} {self.action}{conditions}"


@dataclass(frozen=True)
class Policy:
    """``default`` is what becomes of a call that no rule names. Two policies are equal if they say the same."""

    mode: str
    default: str
    rules: frozenset[Rule]

    def render(self) -> str:
        """Version 2 text, the same for equal policies."""
        lines = ["2", f"{self.mode} {self.default}", "# Written by community.lxc.lxc_seccomp"]
        for arch in ARCHITECTURES:
            rules = sorted(rule for rule in self.rules if rule.arch == arch)
            if rules:
                lines += [f"[{arch}]", *(rule.render() for rule in rules)]
        return "".join(f"{line}\n" for line in lines)

    @property
    def notifies(self) -> bool:
        return self.default == "notify" or any(rule.action == "notify" for rule in self.rules)

    def lets_through(self, call: str, native: str) -> bool:
        """Whether the call is made whatever its arguments, on that architecture."""
        actions = {rule.action for rule in self._about(call, native) if not rule.arguments}
        return not actions - {"allow"} if self.default == "allow" else actions == {"allow"}

    def ends(self, call: str, native: str) -> bool:
        """Whether the call certainly ends its caller."""
        rules = self._about(call, native)
        actions = {rule.action for rule in rules if not rule.arguments}
        if not actions and not all(_ends(rule.action) for rule in rules):
            return False
        return any(map(_ends, actions or {self.default}))

    def _about(self, call: str, native: str) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.syscall == call and rule.arch in ("all", native))

    def show(self) -> dict[str, object]:
        return {
            "mode": self.mode,
            "default_action": self.default,
            "rules": [
                {
                    "syscall": rule.syscall,
                    "action": rule.action,
                    "arch": rule.arch,
                    "args": [[a.index, a.value, a.op, a.mask] for a in rule.arguments],
                }
                for rule in sorted(self.rules)
            ],
        }


def _ends(action: str) -> bool:
    return action.partition(" ")[0] in _ENDS


def default_of(mode: str) -> str:
    return "allow" if mode == "denylist" else "kill"


def rule_default_of(mode: str) -> str:
    return "kill" if mode == "denylist" else "allow"


def action(text: str, *, where: str) -> str:
    """``errno 13``, ``kill``, ... in one spelling. InvalidInput names ``where``."""
    word, _blank, number = text.strip().partition(" ")
    number = number.strip()
    if word not in _WORDS:
        raise InvalidInput(f"{where}: {text!r} is no seccomp action; {', '.join(_WORDS)} are, errno with a number")
    if word not in ("errno", "trace"):
        if number:
            raise InvalidInput(f"{where}: the action {word} takes no number, so {text!r} is refused")
        return word
    if not re.fullmatch(r"[0-9]{1,5}", number) or int(number) > (4095 if word == "errno" else 65535):
        raise InvalidInput(f"{where}: the action {word} takes a number (errno 1 is EPERM), so {text!r} is refused")
    return f"{word} {int(number)}"


def syscall(text: str, *, where: str) -> str:
    if not _SYSCALL.fullmatch(text):
        raise InvalidInput(f"{where}: {text!r} is not the name of a system call")
    return text


def argument(index: int, value: int, op: str, mask: int, *, where: str) -> Argument:
    """A checked condition."""
    op = _OPERATORS.get(op, op)
    if op not in _OPERATORS.values():
        raise InvalidInput(f"{where}: the operator {op!r} is none of {', '.join(_OPERATORS.values())}")
    if not 0 <= index <= 5:
        raise InvalidInput(f"{where}: a system call has the arguments 0 to 5, not {index}")
    for number in (value, mask):
        if not 0 <= number < _MAX:
            raise InvalidInput(f"{where}: {number} does not fit into 64 bits")
    return Argument(index=index, value=value, op=op, mask=mask if op == "&=" else 0)


def parse(text: str, *, where: str = "profile") -> Policy:
    """The policy that liblxc would read from the text. InvalidInput where it would refuse it, or it is version 1."""
    lines = text.split("\n")
    if len(lines) < 2 or lines[0].strip() != "2":
        raise InvalidInput(f"{where}: not a seccomp policy of version 2 (the first line is {lines[0]!r})")
    head, _blank, rest = lines[1].partition(" ")
    modes = [word for word in ("denylist", "allowlist", *_OLD_WORDS) if head.startswith(word)]
    if not modes:
        raise InvalidInput(f"{where}: the second line {lines[1]!r} begins with neither denylist nor allowlist")
    mode = _OLD_WORDS.get(modes[0], modes[0])
    default = _written_action(rest, where) or default_of(mode)
    return Policy(mode=mode, default=default, rules=frozenset(_rules(lines[2:], rule_default_of(mode), where)))


def _rules(lines: Iterable[str], default: str, where: str) -> Iterator[Rule]:
    arch = "all"
    for line in lines:
        if line.startswith("["):
            arch = line.strip("[]\r ").lower()
            if arch not in ARCHITECTURES:
                raise InvalidInput(f"{where}: {line!r} is no architecture of liblxc's")
            continue
        name, _blank, rest = line.partition(" ")
        # What begins with a blank has an empty name for liblxc, which skips unknown names.
        if name and not line.startswith("#"):
            head, bracket, conditions = rest.partition("[")
            found = _written_action(head, where) or default
            yield Rule(arch, name, found, tuple(sorted(_arguments(bracket + conditions, where))))


def _written_action(text: str, where: str) -> str:
    """By liblxc only the beginning of a word counts, and a comment is none."""
    text = text.strip()
    if not text or text.startswith("#"):
        return ""
    for word in _WORDS:
        if text.startswith(word):
            number = re.match(r"\s*(\d+)", text[len(word) :])
            return action(f"{word} {number[1]}" if number and word in ("errno", "trace") else word, where=where)
    raise InvalidInput(f"{where}: {text!r} is no seccomp action")


def _arguments(text: str, where: str) -> Iterator[Argument]:
    for index, value, op, mask in _ARGUMENT.findall(text):
        try:
            numbers = int(index, 0), int(value, 0), int(mask or "0", 0)
        except ValueError:
            raise InvalidInput(f"{where}: {text!r} are no conditions on arguments") from None
        yield argument(numbers[0], numbers[1], op.strip(), numbers[2], where=where)
