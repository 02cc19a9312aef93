"""Hostile templates: none reads outside its context, runs longer than its limit or grows without bound."""

import tracemalloc
from time import thread_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates_app import rendering, sandbox
from templates_app.rendering import RenderError

LONG = "x" * 90_000
LOOP = f"{{% for i in (1..{sandbox.LOOP_STEPS}) %}}BODY{{% endfor %}}"


def context() -> dict[str, Any]:
    attributes = {"long": LONG, "numbers": list(range(5_000)), "markup": "<" * 90_000, "nested": {"a": [{"b": 1}]}}
    return {
        "contact": {"first_name": "Ann", "attributes": attributes},
        "event": {"n": 3},
        "unsubscribe_url": "https://u",
    }


def render(source: str, given: dict[str, Any] | None = None) -> str:
    return rendering.compile(source, True).render(given or context())


@pytest.mark.parametrize(
    "body",
    [
        "{{ contact.attributes.numbers | join: ',' | size }}",
        "{{ contact.attributes.numbers | sum }}",
        "{{ contact.attributes.long | newline_to_br | url_encode | size }}",
        "{% capture a %}{{ contact.attributes.numbers }}{% endcapture %}",
        "{% case i %}" + "{% when 0 %}x" * 300 + "{% endcase %}",
        "{% if false %}{% endif %}" * 3_000,
    ],
    ids=["join", "sum", "filters", "printed lists", "cases", "conditions"],
)
def test_a_template_of_many_allowed_steps_is_stopped_by_the_clock(body: str) -> None:
    started = thread_time()
    with pytest.raises(RenderError, match="longer than"):
        render(LOOP.replace("BODY", body))
    assert thread_time() - started < sandbox.SECONDS * 3


def test_outputs_without_any_tag_are_stopped_by_the_clock_together() -> None:
    with pytest.raises(RenderError, match="longer than"):
        render("{{ contact.attributes.long | newline_to_br | url_encode | size }}" * 6_000)


def test_a_list_that_names_a_long_text_again_and_again_is_not_joined() -> None:
    source = "{% assign a = contact.attributes.long | split: '-' %}" + "{% assign a = a | concat: a %}" * 12
    tracemalloc.start()
    try:
        with pytest.raises(RenderError, match="texts of a list"):
            render(source + "{{ a | join: '' | size }}")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("source", ["{% raw %}" * 50_000, "{% endraw %}" * 20_000 + "{%- raw -%}" * 20_000])
def test_tags_that_never_end_are_refused_at_once(source: str) -> None:
    started = thread_time()
    with pytest.raises(RenderError, match="never closed"):
        rendering.compile(source, True)
    assert thread_time() - started < 1


def test_what_is_raw_stays_as_it_is_written() -> None:
    assert render("{% raw %}{{ a }}{% endraw %}" * 100) == "{{ a }}" * 100
    assert render("{% comment %}{% raw %}{% endcomment %}x") == "x"


@pytest.mark.parametrize(
    "source",
    [
        "{{ contact" + "[contact" * 3_000 + "]" * 3_000 + " }}",
        "{% if " + "(" * 5_000 + "true" + ")" * 5_000 + " %}x{% endif %}",
        "{% if " + "true and " * 5_000 + "true %}x{% endif %}",
        "{% if true %}" * 5_000 + "{% endif %}" * 5_000,
    ],
    ids=["brackets", "parentheses", "conditions", "blocks"],
)
def test_deep_nesting_is_a_sentence_and_no_crash(source: str) -> None:
    with pytest.raises(RenderError):
        render(source)


NAMES = [
    "contact",
    "event",
    "i",
    "a",
    "unsubscribe_url",
    "forloop",
    "__class__",
    "first_name",
    "attributes",
    "long",
    "numbers",
]
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=5).map(".".join)
filters = st.sampled_from(sorted(rendering._environment(True).filters))
arguments = st.sampled_from(
    ["", ": 2", ": 999999999", ": ','", ": 'x', contact.attributes.long", ": a", ": '<b>'", ": -1"]
)
chains = st.lists(st.tuples(filters, arguments).map(lambda pair: f" | {pair[0]}{pair[1]}"), max_size=4).map("".join)
outputs = st.tuples(paths, chains).map(lambda pair: f"{{{{ {pair[0]}{pair[1]} }}}}")
assigned = st.tuples(paths, chains).map(lambda pair: f"{{% assign a = {pair[0]}{pair[1]} %}}")
sources = st.recursive(
    outputs | assigned | st.sampled_from(["text", "{% increment a %}", "{% cycle 'x', a %}", "{% break %}"]),
    lambda inner: st.tuples(
        st.sampled_from([
            "{%% for i in (1..4000) %%}%s{%% endfor %%}",
            "{%% for i in contact.attributes.numbers %%}%s{%% endfor %%}",
            "{%% capture a %%}%s{%% endcapture %%}",
            "{%% if a contains contact.attributes.long %%}x{%% else %%}%s{%% endif %%}",
            "{%% tablerow i in contact.attributes.numbers %%}%s{%% endtablerow %%}",
        ]),
        st.lists(inner, min_size=1, max_size=4).map("".join),
    ).map(lambda pair: pair[0] % pair[1]),
    max_leaves=8,
)  # fmt: skip


@given(sources)
@settings(max_examples=150, deadline=None)
def test_whatever_is_written_ends_soon_and_prints_no_more_than_it_may(source: str) -> None:
    given = context()
    started = thread_time()
    try:
        shown = render(source, given)
    except RenderError:
        shown = ""
    assert thread_time() - started < sandbox.SECONDS * 3
    assert len(shown.encode()) <= sandbox.OUTPUT_BYTES
    assert "<class" not in shown
    assert "object at 0x" not in shown
    assert given == context()  # nobody's data is changed
