"""Compiles a rule tree to the ids of those whom it means, from the rows that its rules ask about, not from contacts.

A rule on tags, consent or events says of everybody whether they match, yet its own rows name all who do. Counting those
spares the look at a million contacts. Where a rule asks for what only a contact's row knows, there is no such way.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contacts.segments import compiler, tree
from contacts.segments.registry import registry
from contacts.segments.where import EVERYBODY, Gathered, Scope, Where, all_of, any_of, fill

# The column of a contact that is asked for; conditions on ids alone can be put to ids alone.
_COLUMN = re.compile(r'\bcontacts_contact"?\s*\.\s*"?(\w+)')
_NOBODY = Where("SELECT NULL::bigint AS id WHERE FALSE")
_AMONG = 'SELECT "contacts_contact"."id" FROM ({0}) AS contacts_contact WHERE {1}'

# Rows of those who were erased stay where they tell nothing of anybody.
_PRESENT = """SELECT id FROM ({0}) AS gathered WHERE NOT EXISTS (
    SELECT FROM contacts_contact AS gone WHERE gone.id = gathered.id AND gone.erased_at IS NOT NULL
)"""
_COUNT = "SELECT count(*), min(id) FROM ({0}) AS present"
_OTHERS = """SELECT (SELECT count(*) FROM contacts_contact WHERE erased_at IS NULL)
    - (SELECT count(*) FROM ({0}) AS present), NULL::bigint"""


@dataclass(frozen=True)
class _Part:
    """A part of a tree both ways: as ids, where that can be, and as a condition on a contact."""

    ids: Gathered | None
    condition: Where

    def __invert__(self) -> "_Part":
        return _Part(~self.ids if self.ids else None, ~self.condition)


def counted(rule: Any, now: datetime, scope: Scope) -> Where | None:
    """A SELECT of how many contacts match a tree that is known to be sound, and of the first of them where that is told
    on the way; None where only contacts' rows can tell."""
    found = gathered(rule, now, scope)
    return fill(_OTHERS if found.others else _COUNT, _present(found.chosen)) if found else None


def present(found: Gathered) -> Where:
    """A SELECT of the ids of those who are meant."""
    if not found.others:
        return _present(found.chosen)
    return fill("SELECT id FROM contacts_contact WHERE erased_at IS NULL AND id NOT IN ({0})", found.chosen)


def _present(chosen: Where) -> Where:
    return fill(_PRESENT, chosen)


def gathered(rule: Any, now: datetime, scope: Scope) -> Gathered | None:
    return _part(rule, now, scope).ids


def _part(rule: Any, now: datetime, scope: Scope) -> _Part:
    if tree.is_empty(rule):
        return _Part(Gathered(_NOBODY, others=True), EVERYBODY)
    if "rule" in rule:
        kind = registry()[rule["rule"]]
        return _Part(kind.gathered(rule, now, scope), kind.sql(rule, now, scope))
    parts = [_part(child, now, scope) for child in tree.children(rule)]
    if "not" in rule:
        return ~parts[0]
    if "all" in rule:
        return _Part(_common(parts), all_of(compiler.apart([part.condition for part in parts])))
    neither = _common([~part for part in parts])
    return _Part(~neither if neither else None, any_of(part.condition for part in parts))


def _common(parts: Sequence[_Part]) -> Gathered | None:
    """Those who are in all parts: some of whom one of them gathers, or everybody but those whom any leaves out."""
    if len(parts) == 1:
        return parts[0].ids
    if not any(part.ids and not part.ids.others for part in parts):
        return _nobody_of(parts)
    if compiler.are_many([part.condition for part in parts]):
        return None
    # Begun with a part whose rows come as they are, if there is one; such rows as have to be put in order come last,
    # each time those of fewer people.
    order = sorted(parts, key=_place)
    chosen = order[0].ids.chosen if order[0].ids else _NOBODY
    rest = [part.condition for part in order[1:] if _place(part) != 1]
    if not all(_asks_ids_alone(condition) for condition in rest):
        return None
    if rest:
        chosen = fill(_AMONG, chosen, all_of(rest))
    for part in order[1:]:
        if _place(part) == 1 and part.ids and part.ids.among:
            chosen = part.ids.among(chosen)
    return Gathered(chosen)


def _place(part: _Part) -> int:
    if part.ids is None or part.ids.others:
        return 2
    return 1 if part.ids.among else 0


def _nobody_of(parts: Sequence[_Part]) -> Gathered | None:
    left_out = [part.ids.chosen for part in parts if part.ids]
    if len(left_out) < len(parts):
        return None
    united = Where(" UNION ".join(f"({each.sql})" for each in left_out), tuple(p for w in left_out for p in w.params))
    return Gathered(united, others=True)


def _asks_ids_alone(condition: Where) -> bool:
    return {column.lower() for column in _COLUMN.findall(condition.sql)} <= {"id"}
