"""Checks rule trees and compiles them to one SQL expression."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection

from contacts.remembering import remembered
from contacts.segments import tree
from contacts.segments.registry import registry
from contacts.segments.where import EVERYBODY, PLAIN, PRESENT, InvalidRule, Scope, Where, all_of, any_of

# Other segments' rules are compiled in place, so a few segments of segments could become a query without end.
MAX_COMPILED = 2000
# Levels of a rule with those of the segments in it: each takes two of the thousand calls that Python allows.
MAX_STACKED = 200
# Sub-queries that PostgreSQL may join as it likes; see `apart`.
MOST_JOINED = 24

# The rules of the segments that some rules lead to, however far: one query. UNION ends on cycles.
_REACHED = """
    WITH RECURSIVE reached(id, rule) AS (
        SELECT id, rule FROM contacts_segment WHERE id = ANY(%s)
        UNION
        SELECT s.id, s.rule
        FROM reached r
        CROSS JOIN LATERAL jsonb_path_query(r.rule, '$.** ? (@.rule == "segment").id') AS link(id)
        JOIN contacts_segment s ON to_jsonb(s.id) = link.id
    )
    SELECT id, rule::text FROM reached
"""


def problems(rule: Any, scope: Scope = PLAIN) -> list[str]:
    """What is wrong with a rule tree, as sentences; it may be anything that JSON can hold. Empty when it is sound."""
    found = tree.problems(rule)
    return found or problems_inside(rule, _with_segments(rule, scope))


def problems_inside(rule: Any, scope: Scope) -> list[str]:
    """The same where `scope.known` is filled in already."""
    found = tree.problems(rule)
    if found:
        return found
    if len(scope.inside) > tree.MAX_DEPTH:
        return [f"Segments refer to each other more than {tree.MAX_DEPTH} deep."]
    if not scope.inside and _weight(rule, scope, {}) > MAX_COMPILED:
        return [f"With the segments that it refers to the rule has more than {MAX_COMPILED} rules."]
    if not scope.inside and _stacked(rule, scope, {}) > MAX_STACKED:
        return [f"With the segments that it refers to the rule is nested more than {MAX_STACKED} deep."]
    for leaf in tree.leaves(rule):
        found.extend(_of_rule(leaf, scope))
    return list(dict.fromkeys(found))


def wrong_rules(rule: Any, scope: Scope = PLAIN) -> list[tuple[int, str]]:
    """Which rules of a tree of sound shape are wrong, counted from left to right, and why; one may be wrong twice."""
    if tree.problems(rule):
        return []
    scope = _with_segments(rule, scope)
    return [(place, text) for place, leaf in enumerate(tree.leaves(rule)) for text in _of_rule(leaf, scope)]


def _of_rule(leaf: tree.Rule, scope: Scope) -> list[str]:
    kind = registry().get(leaf["rule"])
    return kind.problems(leaf, scope) if kind else [_unknown(leaf["rule"])]


def _unknown(kind: str) -> str:
    return f"“{kind[:50]}” is not a kind of rule." if kind else "Choose what the rule is about, or remove it."


def where(rule: Any, now: datetime, scope: Scope = PLAIN) -> Where:
    """One boolean expression over the row `contacts_contact` (and `contacts_event` where `scope.event`), never NULL.

    Raises InvalidRule. Makes no query, or one where the tree refers to segments.
    """
    scope = _with_segments(rule, scope)
    found = problems_inside(rule, scope)
    if found:
        raise InvalidRule(found)
    return PRESENT if tree.is_empty(rule) else PRESENT & compiled(rule, now, scope)


def compiled(rule: Any, now: datetime, scope: Scope) -> Where:
    """`where` of a tree that is known to be sound, in a scope whose `known` is filled in."""
    if tree.is_empty(rule):
        return EVERYBODY
    if "rule" in rule:
        return registry()[rule["rule"]].sql(rule, now, scope)
    parts = [compiled(child, now, scope) for child in tree.children(rule)]
    if "not" in rule:
        return ~parts[0]
    return all_of(apart(parts)) if "all" in rule else any_of(parts)


def are_many(parts: Sequence[Where]) -> bool:
    """Whether planning them together would take long."""
    return sum(part.sql.count("SELECT") for part in parts) > MOST_JOINED


def apart(parts: Sequence[Where]) -> Sequence[Where]:
    """Many sub-queries that all have to hold, so that PostgreSQL does not try them as joins in every order: planning
    two hundred takes it forty seconds."""
    if not are_many(parts):
        return parts
    return [Where(f"({part.sql}) IS TRUE", part.params) if "SELECT" in part.sql else part for part in parts]


def leading_to(rules: Sequence[Any], scope: Scope) -> Scope:
    """The scope with the segments filled in that any of the rules leads to: one query at most, for all of them."""
    return _naming({id for rule in rules if not tree.problems(rule) for id in used_segments(rule)}, scope)


def used_segments(rule: Any) -> set[int]:
    """The ids of the segments that a sound tree names itself."""
    named = [leaf.get("id") for leaf in tree.leaves(rule) if leaf["rule"] == "segment"]
    return {id for id in named if isinstance(id, int) and not isinstance(id, bool) and 0 < id < 2**63}


def _with_segments(rule: Any, scope: Scope) -> Scope:
    return scope if tree.problems(rule) else _naming(used_segments(rule), scope)


def _naming(ids: set[int], scope: Scope) -> Scope:
    named = sorted(ids)
    if not named:
        return scope
    return replace(scope, known=remembered(("segments reached", *named), lambda: _reached(named)))


def _reached(named: list[int]) -> dict[int, Any]:
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, [named])
        return {id: tree.parsed(text) for id, text in cursor.fetchall()}


def _weight(rule: Any, scope: Scope, seen: dict[int, int]) -> int:
    """How many rules the tree has with its segments written out. A segment that is being counted counts 0: cycles are
    refused elsewhere."""
    total = 0
    for leaf in tree.leaves(rule):
        total += 1
        for id in used_segments(leaf) & scope.known.keys():
            if id not in seen:
                seen[id] = 0
                if not tree.problems(scope.known[id]):
                    seen[id] = _weight(scope.known[id], scope, seen)
            total += seen[id]
    return total


def _stacked(rule: Any, scope: Scope, seen: dict[int, int]) -> int:
    """How many levels the tree has with its segments written out."""
    deepest = 0
    for id in used_segments(rule) & scope.known.keys():
        if id not in seen:
            seen[id] = 0
            if not tree.problems(scope.known[id]):
                seen[id] = _stacked(scope.known[id], scope, seen)
        deepest = max(deepest, seen[id])
    return tree.depth(rule) + deepest
