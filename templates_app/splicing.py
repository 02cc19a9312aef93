"""Takes templates without tags apart, so that what is the same for every contact is worked on only once."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from liquid import RenderContext
from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path, PositionalArgument, StringLiteral
from liquid.builtin.output import OutputNode
from liquid.stringify import to_liquid_string
from markupsafe import escape

from templates_app.sandbox import NUMBER_BITS, TEXT_CHARACTERS

_SPECIAL = {"size", "first", "last"}  # which Liquid also answers where there is no such key
_MISSING = object()
_MARKUP = re.compile("[<>&'\"]")


class Output:
    """One `{{ … }}`. Fields of dictionaries, with `default` or without, are read here; the rest is left to Liquid."""

    def __init__(self, node: OutputNode, escaped: bool) -> None:
        self.expression = node.expression
        self.escaped = escaped
        self.path, self.default = _plain(node.expression)

    def text(self, context: dict[str, Any], liquid: Callable[[], RenderContext]) -> str:
        """What Liquid prints for it. `liquid` makes Liquid's own context if that is needed. Raises what Liquid does."""
        if self.path is not None:
            value = _found(context, self.path)
            if value is _MISSING or value == "":
                return self.default
            if type(value) is str and len(value) <= TEXT_CHARACTERS:
                return str(escape(value)) if self.escaped and _MARKUP.search(value) else value
            if type(value) is int and value.bit_length() <= NUMBER_BITS:
                return str(value)
        return to_liquid_string(self.expression.evaluate(liquid()), self.escaped)


def pieces(nodes: Sequence[Node], escaped: bool) -> tuple[str | Output, ...] | None:
    """Fixed text and outputs in their order; None where there are tags, which may change what comes after them."""
    found: list[str | Output] = []
    for node in nodes:
        if isinstance(node, ContentNode):
            found.append(lines_unified(node.text))
        elif isinstance(node, OutputNode):
            found.append(Output(node, escaped))
        else:
            return None
    return tuple(found)


def lines_unified(text: str) -> str:
    """As Liquid's own output has them: every line ends in a line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _plain(expression: object) -> tuple[tuple[str, ...] | None, str]:
    """(the names to follow, what to print where nothing is found); (None, "") for what only Liquid can work out."""
    if not isinstance(expression, FilteredExpression) or not isinstance(expression.left, Path):
        return None, ""
    path = [segment for segment in expression.left.path if isinstance(segment, str) and segment not in _SPECIAL]
    if len(path) < len(expression.left.path):
        return None, ""
    if not expression.filters:
        return tuple(path), ""
    (first, *more), literal = expression.filters, None
    if first.name == "default" and len(first.args) == 1 and isinstance(first.args[0], PositionalArgument):
        literal = first.args[0].value
    if more or not isinstance(literal, StringLiteral) or len(literal.value) > TEXT_CHARACTERS:
        return None, ""
    return tuple(path), literal.value  # which is not escaped: the template's author wrote it


def _found(context: dict[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = context
    if path[0] not in context:
        return None  # Liquid knows some names by itself.
    for name in path:
        if type(value) is not dict:
            return None
        value = value.get(name, _MISSING)
        if value is _MISSING:
            return _MISSING
    return value
