"""Explains why contacts match a rule tree or do not: the verdict of every rule, and the values that it rests on.

The verdict of a rule is the answer of its very SQL, and that of a group follows from those in it, so that the
explanation and the segment can never differ. One query answers a tree, whatever its rules and however many contacts;
very large trees take one for each COLUMNS_AT_ONCE rules.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection

from contacts.remembering import remembering
from contacts.segments import compiler, explain, tree
from contacts.segments.registry import registry
from contacts.segments.where import PLAIN, InvalidRule, Scope, Where, fill, ids

COLUMNS_AT_ONCE = 300
_NOTHING = Where("NULL::jsonb")
_JOINS = {"all": "All of these", "any": "Any of these", "not": "Not this"}
_NONE = {"all": "Not all of these", "any": "None of these"}


@dataclass
class Verdict:
    """Whether a rule or a group `holds` for a contact. A rule has what is `actual`ly known; a group, and a rule about
    another segment, has `parts`."""

    holds: bool
    sentence: str
    actual: str = ""
    join: str = ""
    parts: "list[Verdict]" = field(default_factory=list)

    def lines(self, level: int = 0) -> "Iterator[tuple[int, Verdict]]":
        """Everything in it from top to bottom, with how deep it stands. Of a group that is negated one line is told."""
        waiting: list[tuple[int, Verdict]] = [(level, self)]
        while waiting:
            depth, verdict = waiting.pop()
            if verdict.join == "not" and verdict.parts[0].join in _NONE:
                inner = verdict.parts[0]
                verdict = replace(verdict, sentence=_NONE[inner.join], parts=inner.parts)
            yield depth, verdict
            waiting.extend((depth + 1, part) for part in reversed(verdict.parts))


def why(rule: Any, contact_ids: Sequence[int], now: datetime, scope: Scope = PLAIN) -> dict[int, Verdict]:
    """The verdict about each of the contacts that exist. Raises InvalidRule."""
    with remembering():
        scope = replace(compiler.leading_to([rule], scope), few=True)
        found = compiler.problems_inside(rule, scope)
        if found:
            raise InvalidRule(found)
        answers = _answers(list(_asked(rule, scope)), contact_ids, now)
        return {id: _verdict(rule, scope, iter(answer)) for id, answer in answers.items()}


def inside(contact_id: int, segment_ids: Sequence[int], now: datetime) -> dict[int, bool | None]:
    """Whether a contact is in each of the segments; None where a segment's rule cannot be asked."""
    rules = {id: {"rule": "segment", "id": id} for id in segment_ids}
    scope = replace(compiler.leading_to(list(rules.values()), PLAIN), few=True)
    sound = [id for id, rule in rules.items() if not compiler.problems_inside(rule, scope)]
    answer = _answers([(rules[id], scope) for id in sound], [contact_id], now, with_values=False).get(contact_id, [])
    return {**dict.fromkeys(segment_ids), **{id: holds for id, (holds, _) in zip(sound, answer, strict=True)}}


def _asked(rule: Any, scope: Scope) -> Iterator[tuple[dict[str, Any], Scope]]:
    """Every rule with the scope that it is asked in, those of other segments after the rule that leads to them."""
    for leaf in tree.leaves(rule):
        yield leaf, scope
        inner = registry()[leaf["rule"]].inner(leaf, scope)
        if inner is not None:
            yield from _asked(*inner)


def _answers(
    asked: Sequence[tuple[dict[str, Any], Scope]], contact_ids: Sequence[int], now: datetime, with_values: bool = True
) -> dict[int, list[tuple[bool, Any]]]:
    """For each contact, whether each of the rules holds, and the values behind it."""
    answers: dict[int, list[tuple[bool, Any]]] = {}
    for start in range(0, max(len(asked), 1), COLUMNS_AT_ONCE):
        columns = []
        for leaf, scope in asked[start : start + COLUMNS_AT_ONCE]:
            kind = registry()[leaf["rule"]]
            held = kind.held(leaf, now, scope) if with_values else None
            columns.append(fill(", ({0}), {1}", kind.sql(leaf, now, scope), held or _NOTHING))
        query = fill(
            'SELECT "contacts_contact"."id"{0} FROM unnest({1}) AS given (id)'
            ' JOIN contacts_contact ON "contacts_contact"."id" = given.id',
            Where("".join(column.sql for column in columns), tuple(p for column in columns for p in column.params)),
            ids(list(dict.fromkeys(contact_ids))),
        )
        with connection.cursor() as cursor:
            cursor.execute(query.sql, query.params)
            for id, *cells in cursor.fetchall():
                read = (tree.parsed(cell) if isinstance(cell, str) else cell for cell in cells[1::2])
                answers.setdefault(id, []).extend(zip(cells[::2], read, strict=True))
    return answers


def _verdict(rule: Any, scope: Scope, answers: Iterator[tuple[bool, Any]]) -> Verdict:
    if tree.is_empty(rule):
        return Verdict(True, "Everybody")
    if "rule" in rule:
        kind = registry()[rule["rule"]]
        holds, held = next(answers)
        inner = kind.inner(rule, scope)
        said = kind.sentence_in(rule, scope)
        return Verdict(
            holds,
            said[:1].upper() + said[1:],
            kind.told(rule, held),
            parts=[] if inner is None else [_verdict(*inner, answers)],
        )
    join = next(iter(rule))
    parts = [_verdict(child, scope, answers) for child in tree.children(rule)]
    each = [part.holds for part in parts]
    holds = not each[0] if join == "not" else all(each) if join == "all" else any(each)
    return Verdict(holds, _JOINS[join], join=join, parts=parts)


def told(rule: Any, verdict: Verdict) -> str:
    """The verdict about a tree as one sentence."""
    return f"{'Matches' if verdict.holds else 'Does not match'}: {explain.sentence(rule)}"
