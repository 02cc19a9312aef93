"""The shape of rule trees: groups (all, any, not) around rules, read without trusting anything."""

import json
from collections.abc import Iterator
from typing import Any

from contacts.segments.values import MAX_TEXT

Rule = dict[str, Any]

GROUPS = ("all", "any", "not")
# More than anybody draws, and what Python can still go through level by level; see also `compiler.MAX_STACKED`.
MAX_DEPTH = 110
MAX_RULES = 500


def is_empty(tree: Any) -> bool:
    """Whether the tree asks nothing, so that everybody matches."""
    return tree is None or tree == {} or tree == {"all": []}


def children(tree: Rule) -> list[Any]:
    """What a group holds; a rule holds nothing."""
    if "not" in tree:
        return [tree["not"]]
    return list(tree.get("all", tree.get("any", [])))


def leaves(tree: Any) -> Iterator[Rule]:
    """Every rule of a sound tree, from left to right."""
    waiting = [tree]
    while waiting:
        item = waiting.pop()
        if is_empty(item):
            continue
        if "rule" in item:
            yield item
        else:
            waiting.extend(reversed(children(item)))


def places(tree: Any) -> Iterator[str]:
    """Where each rule of a sound tree stands, in the order of `leaves`: `all[1].not.any[0]`; "" for a rule alone."""
    waiting = [(tree, "")]
    while waiting:
        item, place = waiting.pop()
        if is_empty(item):
            continue
        if "rule" in item:
            yield place
            continue
        dot, name = "." if place else "", next(iter(item))
        inside = [f"{place}{dot}{name}{'' if name == 'not' else f'[{n}]'}" for n in range(len(children(item)))]
        waiting.extend(reversed(list(zip(children(item), inside, strict=True))))


def depth(tree: Any) -> int:
    """How many levels a sound tree has."""
    level, deep = [tree], 0
    while level:
        deep += 1
        level = [child for item in level if not is_empty(item) and "rule" not in item for child in children(item)]
    return deep


def problems(tree: Any) -> list[str]:
    """What is wrong with the shape, as sentences; the rules' own contents are their kinds' business."""
    found: list[str] = []
    count = 0
    waiting: list[tuple[Any, int]] = [(tree, 1)]
    # A list of what is still to be seen instead of recursion: hostile trees may be deeper than Python's stack.
    while waiting:
        item, depth = waiting.pop()
        if is_empty(item):
            continue
        if depth > MAX_DEPTH:
            return [f"The groups are nested more than {MAX_DEPTH} deep."]
        shape = _shape(item)
        if shape:
            found.append(shape)
        elif "rule" in item:
            count += 1
            found.extend(_unstorable(item))
        else:
            waiting.extend((child, depth + 1) for child in reversed(children(item)))
    if count > MAX_RULES:
        found.append(f"There are more than {MAX_RULES} rules.")
    return list(dict.fromkeys(found))


def _shape(item: Any) -> str:
    if not isinstance(item, dict):
        return 'A rule is an object such as {"rule": "tag", "name": "vip"}, or a group of rules: all, any or not.'
    if "rule" in item:
        return "" if isinstance(item["rule"], str) else "“rule” names a kind of rule."
    groups = [name for name in GROUPS if name in item]
    if len(item) != 1 or not groups:
        return "A group has exactly one key: all, any or not."
    if groups == ["not"]:
        return ""
    if not isinstance(item[groups[0]], list):
        return f"“{groups[0]}” holds a list of rules."
    return "A group of which any rule should match has no rules." if item == {"any": []} else ""


def _unstorable(rule: Rule) -> list[str]:
    """What PostgreSQL could not take, or nobody means."""
    waiting: list[tuple[Any, int]] = [(rule, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return [f"A rule's values are nested more than {MAX_DEPTH} deep."]
        if isinstance(item, dict):
            waiting.extend((part, depth + 1) for pair in item.items() for part in pair)
        elif isinstance(item, list):
            waiting.extend((part, depth + 1) for part in item)
        elif isinstance(item, str):
            if len(item) > MAX_TEXT:
                return [f"A value is longer than {MAX_TEXT} characters."]
            if "\x00" in item or any("\ud800" <= char <= "\udfff" for char in item):
                return ["A value holds characters that cannot be stored."]
        elif isinstance(item, (int, float)) and not abs(item) < 1e30:
            return ["A number is too large."]
    return []


def parsed(text: str) -> Any:
    """JSON as a tree; what is not JSON, or deeper than can be read, comes back as a text, which no tree is."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return "unreadable"
