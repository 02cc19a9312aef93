"""The rule builder as a form field: its value is a rule tree, or None where nothing is asked."""

import json
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from contacts.remembering import remembering
from contacts.segments import compiler, drawing, tree
from contacts.segments.where import Scope


class RuleWidget(forms.Widget):
    """A hidden input with the tree as JSON, kept in step by the builder around it, so that a plain POST works."""

    use_fieldset = True
    scope = Scope()

    def format_value(self, value: Any) -> Any:
        return tree.parsed(value) if isinstance(value, str) and value else value

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        rule = self.format_value(value)
        place = place_of(self.scope, name)
        with remembering():  # what is asked for each rule, such as the attributes that are defined
            group = drawing.drawn(rule, self.scope)
        found = {
            "name": name,
            "id": (attrs or {}).get("id") or f"id_{name}",
            "json": "" if tree.is_empty(rule) else json.dumps(rule),
            "group": group,
            "empty_group": drawing.Group("any", []),
            "new_row": drawing.new_row(self.scope),
            "property_row": drawing.property_row(self.scope),
            "place": place,
            "vals": json.dumps({"place": place}),
        }
        return render_to_string("contacts/rule_builder.html", found)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data


class RuleField(forms.Field):
    """A rule tree. `scope` says what it may ask; `nodes` are the (id, label) of a scenario's nodes that it may name.

    Both may be set on the bound form's field: `form.fields["rule"].nodes = […]`. Also takes a tree instead of JSON, for
    forms that are bound to a saved config.
    """

    widget = RuleWidget

    def __init__(
        self, *, scope: Scope | None = None, nodes: Sequence[tuple[str, str]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.scope = scope or Scope()
        if nodes is not None:
            self.nodes = nodes

    def __deepcopy__(self, memo: dict[int, Any]) -> "RuleField":
        result = super().__deepcopy__(memo)
        result.widget = copy(self.widget)
        return result

    @property
    def scope(self) -> Scope:
        return self.widget.scope

    @scope.setter
    def scope(self, scope: Scope) -> None:
        self.widget.scope = scope

    @property
    def nodes(self) -> Sequence[tuple[str, str]] | None:
        return self.scope.nodes

    @nodes.setter
    def nodes(self, nodes: Sequence[tuple[str, str]] | None) -> None:
        self.scope = replace(
            self.scope, nodes=None if nodes is None else tuple((str(id), str(text)) for id, text in nodes)
        )

    def to_python(self, value: Any) -> Any:
        rule = tree.parsed(value) if isinstance(value, str) and value else value
        return None if tree.is_empty(rule) or rule == "" else rule

    def validate(self, value: Any) -> None:
        if value is None:
            if self.required:
                raise ValidationError("Add at least one rule.", code="required")
            return
        problems = compiler.problems(value, self.scope)
        if problems:
            raise ValidationError(problems)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)


def place_of(scope: Scope, name: str = "") -> str:
    """What the builder's requests carry along, so that the server knows where the tree stands; read by `scope_at`."""
    nodes = None if scope.nodes is None else [list(node) for node in scope.nodes]
    flags = {"event": scope.event, "entry": scope.entry}
    return json.dumps({**flags, "nodes": nodes, "segment": scope.segment, "name": name})


def scope_at(place: str) -> tuple[Scope, str]:
    """The scope and the hidden input's name that `place_of` wrote. It comes back through the browser: checked."""
    given = tree.parsed(place)
    given = given if isinstance(given, dict) else {}
    nodes = given.get("nodes")
    pairs = [pair for pair in nodes if isinstance(pair, list) and len(pair) == 2] if isinstance(nodes, list) else None
    segment = given.get("segment")
    return (
        Scope(
            event=given.get("event") is True,
            entry=given.get("entry") is True,
            nodes=None if pairs is None else tuple((str(id), str(label)) for id, label in pairs),
            segment=segment if isinstance(segment, int) and 0 < segment < 2**63 else None,
        ),
        str(given.get("name") or ""),
    )
