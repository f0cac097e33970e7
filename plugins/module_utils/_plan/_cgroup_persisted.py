# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The cgroup part of a configuration: read, and edited. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document, Entry
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_mount as mount
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_devices import (
    Policy,
    Rule,
    parse_line,
    policy_of,
)
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_dialect import Dialect
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_limit import Limits
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_placement import (
    KEYS,
    RELATIVE,
    Placement,
    placement_of,
)
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_value import Value


@dataclass(frozen=True)
class Persisted:
    """What a configuration amounts to, included files and all."""

    placement: Placement = field(default_factory=Placement)
    limits: Limits = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    mount_form: str = ""

    def policy(self, dialect: Dialect) -> Policy:
        return policy_of(self.rules, unified=dialect.unified)


def read(entries: Iterable[Entry], dialect: Dialect) -> Persisted:
    """From all entries in order."""
    found = tuple(entries)
    return Persisted(
        placement=placement_of({key: values[-1] for key, values in _grouped(found).items()}),
        limits=dialect.limits(_files(found, dialect)),
        rules=_rules(found, dialect),
        mount_form=mount.form_of([value for key, value in found if key == mount.KEY]),
    )


def _grouped(entries: Sequence[Entry]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for key, value in entries:
        values.setdefault(key, []).append(value)
    return values


def _files(entries: Sequence[Entry], dialect: Dialect) -> dict[str, Value]:
    files: dict[str, Value] = {}
    for key, value in entries:
        file = key[len(dialect.prefix) :] if key.startswith(dialect.prefix) else ""
        if not file or dialect.name_of(file) is None:
            continue
        # An empty value forgets what was said before.
        files[file] = (*files.get(file, ()), *value.splitlines()) if value else ()
    several = {file for file in files if dialect.holds_lines(file)}
    return {file: lines if file in several else lines[-1:] for file, lines in files.items() if lines}


def _rules(entries: Sequence[Entry], dialect: Dialect) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for key, value in entries:
        if key in (f"{dialect.devices}allow", f"{dialect.devices}deny"):
            rule = parse_line(key, value)
            rules += [rule] if rule else []
    return tuple(rules)


# ---- editing


def edit_placement(document: Document, old: Placement, new: Placement) -> Document:
    """Only the keys whose value changes are touched."""
    for option, key in KEYS.items():
        value = getattr(new, option)
        if value != getattr(old, option):
            document = document.replace(key, [value] if value else [])
    if old.relative != new.relative:
        document = document.replace(RELATIVE, ["1"] if new.relative else [])
    return document


def edit_limits(document: Document, old: Limits, new: Limits, dialect: Dialect) -> Document:
    """``new`` holds every limit that is to stand in the configuration; those as in ``old`` keep their lines."""
    changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    if "memory.max" in changed and "memory.swap.max" in new and not dialect.unified:
        # On v1 both are counted in one file.
        changed.add("memory.swap.max")
    wanted = dialect.files(dialect.with_partners({name: new[name] for name in changed if name in new}, new))
    for name in sorted(changed):
        for file in dialect.files_of(name):
            document = document.replace(f"{dialect.prefix}{file}", wanted.get(file, ()) if name in new else ())
    return document


def edit_devices(document: Document, rules: Sequence[Rule], dialect: Dialect, *, start: int = 0) -> Document:
    """The configuration's own rules, replaced; those above the line with the number ``start`` stay."""
    entries = [(f"{dialect.prefix}{rule.verb}", rule.text) for rule in rules]
    return document.replace_prefix(dialect.devices, entries, start=start)


def edit_mount(document: Document, form: str) -> Document:
    """The cgroup word of ``lxc.mount.auto``; every other word stays."""
    lines = document.values(mount.KEY)
    return document if mount.form_of(lines) == form else document.replace(mount.KEY, mount.with_form(lines, form))
