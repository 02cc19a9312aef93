"""Says rule trees in words."""

from typing import Any

from contacts.segments import tree
from contacts.segments.registry import registry
from contacts.segments.where import PLAIN, Scope


def sentence(rule: Any, scope: Scope = PLAIN) -> str:
    """The tree as one readable line, such as `Has the tag “vip” and (city is “Paris” or city is “Lyon”)`."""
    if tree.problems(rule):
        return "A rule that cannot be read"
    if tree.is_empty(rule):
        return "Every event" if scope.event else "Everybody"
    words = _words(rule, scope, outermost=True)
    return words[:1].upper() + words[1:]


def _words(rule: Any, scope: Scope, outermost: bool = False) -> str:
    if tree.is_empty(rule):
        return "anything"
    if "rule" in rule:
        kind = registry().get(rule["rule"])
        return kind.sentence_in(rule, scope) if kind else "…"
    if "not" in rule:
        denied = _denied(rule["not"], scope)
        if denied:
            return denied
        return f"not ({_words(rule['not'], scope, outermost=True)})"
    parts = [
        _words(child, scope, outermost=len(tree.children(rule)) == 1 and outermost) for child in tree.children(rule)
    ]
    joined = (" and " if "all" in rule else " or ").join(parts)
    return joined if outermost or len(parts) == 1 else f"({joined})"


def _denied(rule: Any, scope: Scope) -> str:
    """That a single rule does not hold, where its kind has words for it."""
    while not tree.is_empty(rule) and "rule" not in rule and "not" not in rule and len(tree.children(rule)) == 1:
        (rule,) = tree.children(rule)
    kind = registry().get(rule["rule"]) if not tree.is_empty(rule) and "rule" in rule else None
    return kind.sentence_not(rule, scope) if kind else ""
