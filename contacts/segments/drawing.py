"""Turns a rule tree into what the builder's templates draw: groups, rules and their controls."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, TypeGuard

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from contacts.segments import tree, values
from contacts.segments.comparison_form import ListField, PairField, PickField
from contacts.segments.registry import registry
from contacts.segments.rule_list import RuleListField
from contacts.segments.rules.base import RuleForm, RuleKind, truth
from contacts.segments.where import Scope

_GROUP, _ROW = "contacts/_rule_group.html", "contacts/_rule_row.html"

# How a group joins what is in it, and how each is written as a tree.
JOINS = {
    "all": "all of these match",
    "any": "any of these matches",
    "not all": "not all of these match",
    "not any": "none of these matches",
}


@dataclass
class Control:
    """One input of a rule. `key` is its place in the rule's JSON ("within.amount"), `type` how its text is read."""

    key: str
    type: str
    label: str
    html: str = ""
    parts: list[str] = field(default_factory=list)
    chips: list[str] = field(default_factory=list)
    rows: "list[Row]" = field(default_factory=list)


@dataclass
class Row:
    """One rule. `kinds` are what it may be; a row with one kind does not ask."""

    kind: RuleKind | None
    kinds: list[RuleKind]
    controls: list[Control]
    is_group = False


@dataclass
class Group:
    """A group and what is in it."""

    join: str
    items: "list[Group | Row]"
    is_group = True
    joins = JOINS


def drawn(rule: Any, scope: Scope) -> Group:
    """The outermost group. What is no tree at all is drawn as an empty one."""
    found = _drawn(rule, scope)
    return found if isinstance(found, Group) else Group("all", [found])


def html(group: Group, outermost: bool = True) -> SafeString:
    """The group as the builder shows it. What is in it is drawn first: templates that include themselves would use up
    the stack where groups are nested deep."""
    parts = [
        html(item, outermost=False) if isinstance(item, Group) else render_to_string(_ROW, {"row": item})
        for item in group.items
    ]
    return render_to_string(_GROUP, {"group": group, "parts": parts, "outermost": outermost})


def new_row(scope: Scope) -> Row:
    return Row(None, kinds(scope), [])


def property_row(scope: Scope) -> Row:
    """A row of the list inside an event rule."""
    return row({"rule": "property"}, _of_events(scope), [registry()["property"]])


def kinds(scope: Scope) -> list[RuleKind]:
    return [kind for kind in registry().values() if kind.offered(scope)]


def row(rule: dict[str, Any], scope: Scope, offered: list[RuleKind] | None = None) -> Row:
    kind = registry().get(rule["rule"]) if isinstance(rule.get("rule"), str) else None
    controls = list(_controls(kind.Form(rule, scope), scope)) if kind else []
    return Row(kind, offered or kinds(scope), controls)


def _drawn(item: Any, scope: Scope, depth: int = 0) -> Group | Row:
    if not isinstance(item, dict) or tree.is_empty(item) or depth > tree.MAX_DEPTH:
        return Group("all", [])
    if "rule" in item:
        return row(item, scope)
    if "not" in item:
        inner = _drawn(item["not"], scope, depth + 1)
        if isinstance(inner, Group) and inner.join in ("all", "any"):
            return Group(f"not {inner.join}", inner.items)
        return Group("not any", [inner])
    join = "all" if "all" in item else "any"
    children = item.get(join)
    return Group(join, [_drawn(child, scope, depth + 1) for child in children] if isinstance(children, list) else [])


def _controls(form: RuleForm, scope: Scope) -> Iterator[Control]:
    form.prefix, form.use_required_attribute = f"rule-{token_hex(4)}", False
    for name, entry in form.fields.items():
        kind, label = _type(entry), str(entry.label or name)
        control = Control(name.replace("__", "."), kind, label)
        attrs: dict[str, str | bool] = {
            "data-key": control.key,
            "data-type": kind,
            "aria-label": label,
            "autocomplete": "off",
        }
        given = form.initial.get(name)
        if kind == "rules":
            asked = given if isinstance(given, list) else []
            inner = _of_events(scope)
            control.rows = [
                row({**each, "rule": "property"}, inner, [registry()["property"]])
                for each in asked
                if isinstance(each, dict)
            ]
        elif kind == "pair":
            pair = [*(given if isinstance(given, list) else [given]), None, None][:2]
            control.parts = [
                entry.widget.render(
                    f"{form.prefix}-{name}-{n}", _shown(item), {**attrs, "aria-label": f"{label}, {word}"}
                )
                for n, (item, word) in enumerate(zip(pair, ("from", "to"), strict=True))
            ]
        elif kind == "list":
            given = given if isinstance(given, list) else [given]
            control.chips = [text for item in given if (text := _shown(item))]
            typed = {**entry.widget.attrs, "aria-label": label, "autocomplete": "off", "data-type": "list"}
            control.html = entry.widget.render(f"{form.prefix}-{name}", "", typed)
        elif isinstance(entry, PickField):
            known = entry.name_of(given) if _is_id(given) else ""
            chosen = {"data-picked": given} if known else {}
            shown = known or (f"No longer there ({given})" if _is_id(given) else _shown(given))
            given_attrs = {**entry.widget.attrs, **attrs, **chosen}
            control.html = entry.widget.render(f"{form.prefix}-{name}", shown, given_attrs)
        else:
            form.initial[name] = _shown(given)
            control.html = str(form[name].as_widget(attrs=attrs))
        yield control


def _type(entry: forms.Field) -> str:
    if isinstance(entry, RuleListField):
        return "rules"
    if isinstance(entry, ListField):
        return "list"
    if isinstance(entry, PairField):
        return "pair"
    if isinstance(entry, PickField):
        return "picked"
    if isinstance(entry, forms.TypedChoiceField):
        return {int: "whole", truth: "truth"}.get(entry.coerce, "text")
    if isinstance(entry, forms.FloatField):
        return "number"
    if isinstance(entry, forms.BooleanField):
        return "checked"
    return "whole" if isinstance(entry, forms.IntegerField) else "text"


def _is_id(item: Any) -> TypeGuard[int]:
    return isinstance(item, int) and not isinstance(item, bool) and 0 < item < 2**63


def _shown(item: Any) -> str:
    """A value as text in an input; a missing one is empty."""
    if isinstance(item, list):
        item = item[0] if item else None
    return values.texts(item)[0] if item is not None and values.is_scalar(item) else ""


def _of_events(scope: Scope) -> Scope:
    return Scope(event=True, segment=scope.segment)
