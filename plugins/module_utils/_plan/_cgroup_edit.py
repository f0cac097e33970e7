# Copyright (c) 2026, the community.lxc authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection: it may change at any time.

"""The configuration that a task about cgroups wants. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.community.lxc.plugins.module_utils._config._document import Document
from ansible_collections.community.lxc.plugins.module_utils._errors import InvalidInput
from ansible_collections.community.lxc.plugins.module_utils._host._config_includes import KEY as INCLUDE
from ansible_collections.community.lxc.plugins.module_utils._host._config_includes import Includes, expand
from ansible_collections.community.lxc.plugins.module_utils._model import _cgroup_devices as devices
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_devices import Policy, Rule
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_dialect import Dialect
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_limit import Limits
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_spec import CgroupSpec
from ansible_collections.community.lxc.plugins.module_utils._model._cgroup_value import Value
from ansible_collections.community.lxc.plugins.module_utils._plan import _cgroup_persisted as persisted
from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup_persisted import Persisted
from ansible_collections.community.lxc.plugins.module_utils._plan._cgroup_state import (
    CgroupState,
    show_placement,
    shown,
)


def edit(spec: CgroupSpec, document: Document, now: Persisted, includes: Includes, dialect: Dialect) -> Document:
    """The document with what the task names, and everything else as it was. InvalidInput for what cannot be."""
    edited = persisted.edit_placement(document, now.placement, spec.place(now.placement))
    edited = persisted.edit_limits(edited, now.limits, _limits(spec, now.limits, dialect), dialect)
    edited = _edit_devices(spec, edited, now, includes, dialect)
    return edited if spec.mount_form is None else persisted.edit_mount(edited, spec.mount_form)


def _limits(spec: CgroupSpec, now: Limits, dialect: Dialect) -> dict[str, Value]:
    if spec.absent:
        return {}
    named = {name: value for name, value in spec.limits.items() if value is not None}
    kept = {name: value for name, value in now.items() if name not in spec.limits}
    return {**kept, **dialect.settle(named, kept)}


def _edit_devices(
    spec: CgroupSpec, document: Document, now: Persisted, includes: Includes, dialect: Dialect
) -> Document:
    if spec.absent or spec.rules == ():
        return persisted.edit_devices(document, (), dialect)
    if spec.rules is None:
        return document
    kept = persisted.edit_devices(document, (), dialect) if spec.purge_rules else document
    start = devices.policy_of(_rules(kept, includes, dialect), unified=dialect.unified)
    wanted = devices.extend(start, spec.rules, unified=dialect.unified)
    # What cannot be reached by rules that come after (a list of v2 that starts without 'a') is written anew.
    if now.rules and wanted == now.policy(dialect) and _explicit(now.rules):
        return document
    return _with_policy(document, wanted, includes, dialect, purge=spec.purge_rules)


def _with_policy(document: Document, wanted: Policy, includes: Includes, dialect: Dialect, *, purge: bool) -> Document:
    """Own rules below the last include that has some, or an included ``a`` would undo them."""
    end = _end_of_includes(document, includes, dialect)
    above, below = Document(document.lines[:end]), document.lines[end:]
    if purge:
        above = persisted.edit_devices(above, (), dialect)
    before = _rules(above, includes, dialect)
    after = devices.difference(devices.policy_of(before, unified=dialect.unified) if before else None, wanted)
    if devices.policy_of((*before, *after), unified=dialect.unified) != wanted:
        # A narrower rule, above, that a wider one has hidden: only 'a' forgets both.
        after = wanted.rules()
    return persisted.edit_devices(Document((*above.lines, *below)), after, dialect, start=len(above.lines))


def _end_of_includes(document: Document, includes: Includes, dialect: Dialect) -> int:
    """The number of lines up to the last include with device rules."""
    with_rules = {value for value, entries in includes.items() if persisted.read(entries, dialect).rules}
    numbers = [n for n, line in enumerate(document.lines, 1) if line.key == INCLUDE and line.value in with_rules]
    return max(numbers, default=0)


def _explicit(rules: Sequence[Rule]) -> bool:
    return any(rule.key is None for rule in rules)


def _rules(document: Document, includes: Includes, dialect: Dialect) -> tuple[Rule, ...]:
    return persisted.read(expand(document, includes), dialect).rules


def refuse_what_stays(spec: CgroupSpec, wanted: Persisted, dialect: Dialect) -> None:
    """InvalidInput where an included file has the last word, which no line of the container's own can take away."""
    stays = [name for name, value in spec.limits.items() if value is None and name in wanted.limits]
    stays += [option for option, given in spec.directories.items() if getattr(wanted.placement, option) != given]
    stays += ["cgroup_mount"] if spec.mount_form is not None and wanted.mount_form != spec.mount_form else []
    named = {name: value for name, value in spec.limits.items() if value is not None}
    settled = dialect.settle(named, wanted.limits)
    stays += [name for name, value in settled.items() if wanted.limits.get(name) != value]
    if stays:
        raise InvalidInput(
            f"{', '.join(stays)}: a file that the configuration includes says otherwise, and has the last word"
        )


def difference(now: CgroupState, want: CgroupState, dialect: Dialect) -> str:
    """In words."""
    old, new = now.persisted, want.persisted
    before, after = show_placement(old.placement), show_placement(new.placement)
    parts = [_change(option, after[option]) for option in after if before[option] != after[option]]
    for name in sorted({*old.limits, *new.limits}):
        if old.limits.get(name) != new.limits.get(name):
            parts.append(_change(name, shown(new.limits.get(name))))
    if old.policy(dialect) != new.policy(dialect) or bool(old.rules) != bool(new.rules):
        parts.append("replace the device rules")
    if old.mount_form != new.mount_form:
        parts.append(_change("cgroup_mount", new.mount_form or None))
    return "; ".join(parts) or "write it in the words of this host's cgroups"


def _change(name: str, value: object) -> str:
    return f"remove {name}" if value in (None, False) else f"set {name} to {value}"
