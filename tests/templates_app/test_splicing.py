"""Templates without tags are put together from pieces, and say the same as Liquid does."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liquid.exceptions import LiquidError

from templates_app import rendering, sandbox
from templates_app.rendering import RenderError

OUTPUTS = [
    "contact.first_name", "contact.attributes.x", 'contact.attributes["x"]', "contact.attributes.x.y",
    "contact.attributes.missing", "contact.nothing.at.all", "nobody.name", "event.x", "event",
    "now | date: '%Y' | size",
    "contact.attributes.x | default: 'A & B'", "contact.attributes.x | default: 'no', allow_false: true",
    "contact.attributes.missing | default: \"you <i>\"", "contact.first_name | default: 'friend' | upcase",
    "contact.first_name | default: contact.attributes.x", "contact.first_name | upcase",
    "contact.attributes.x | plus: 1",
    "contact.attributes.x | join: ', '", "contact.attributes.size", "contact.attributes.x.size",
    "contact.attributes.x.first", "contact.attributes.x.last", "contact.first_name.size", "'a' | append: 'b'", "(1..3)",
    "contact.attributes.x | escape",
]  # fmt: skip
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0{}%"), max_size=12)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts | st.just("<b>&'\"</b>"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.sampled_from(["x", "y"]), inner, max_size=3),
    max_leaves=5,
)


def by_liquid(source: str, escape: bool, context: dict[str, Any]) -> str | None:
    try:
        return sandbox.environment(escape).from_string(source).render(context)
    except (LiquidError, ArithmeticError, LookupError, TypeError, ValueError):
        return None


@given(st.lists(texts | st.sampled_from(OUTPUTS).map(lambda name: f"{{{{ {name} }}}}"), max_size=6), texts, json)
@settings(max_examples=100, deadline=None)
def test_pieces_say_what_liquid_says(words: list[str], name: str, value: Any) -> None:
    source = "".join(words)
    context = {
        "contact": {"first_name": name, "attributes": {"x": value}},
        "event": {"x": value},
        "unsubscribe_url": "",
    }
    for escape in (True, False):
        compiled = rendering.compile(source, escape)
        assert compiled.pieces is not None
        expected = by_liquid(source, escape, context)
        if expected is None:
            with pytest.raises(RenderError):
                compiled.render(context)
        else:
            assert compiled.render(context) == expected


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, 12, 10**400, 1.5, "", " ", "Zoë & <b>", [], ["a", "<", 1], {}, {"y": "<y>", "size": 3}],
)
def test_every_sort_of_output_and_value(output: str, value: Any) -> None:
    source = f"Dear {{{{ {output} }}}},"
    context = {"contact": {"first_name": "Ann", "attributes": {"x": value}}, "event": {"x": value}}
    for escape in (True, False):
        expected = by_liquid(source, escape, context)
        if expected is None:
            with pytest.raises(RenderError):
                rendering.compile(source, escape).render(context)
        else:
            assert rendering.compile(source, escape).render(context) == expected


def test_whitespace_control_reaches_the_fixed_text() -> None:
    assert rendering.compile("a {{- contact.x -}} b", False).render({"contact": {"x": "-"}}) == "a-b"


def test_tags_are_left_to_liquid() -> None:
    source = "{% assign contact = 'x' %}{{ contact }}"
    compiled = rendering.compile(source, False)
    assert compiled.pieces is None
    assert compiled.render({"contact": {}}) == "x"


def test_pieces_obey_the_limit_of_the_output() -> None:
    compiled = rendering.compile("{{ contact.x }}" * 11, False)
    assert len(compiled.render({"contact": {"x": "ab" * 40_000}})) == 880_000
    with pytest.raises(RenderError, match="limit"):
        compiled.render({"contact": {"x": "é" * 50_000}})
