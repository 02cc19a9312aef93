"""What a template may say, and what it can never do."""

from typing import Any

import pytest

from contacts.models import Contact
from templates_app import rendering, sandbox
from templates_app.rendering import Problem, RenderError

SCRIPT = '<script>alert("x")</script>'
ANN = {
    "contact": {"first_name": "Ann", "email": "ann@example.com", "attributes": {"city": "Paris", "bio": SCRIPT}},
    "event": {"amount": 12, "items": ["a", "b"]},
    "unsubscribe_url": "https://x.example/u?a=1&b=2",
}


def render(source: str, escape: bool = True, **context: Any) -> str:
    return rendering.compile(source, escape).render(ANN | context)


def test_a_contact_is_greeted_by_name() -> None:
    assert render("Hello {{ contact.first_name }} from {{ contact.attributes.city }}") == "Hello Ann from Paris"


def test_what_a_contact_does_not_have_prints_nothing_or_its_default() -> None:
    assert render("[{{ contact.attributes.pet }}][{{ event.nothing | default: 'none' }}]") == "[][none]"


def test_what_contacts_typed_is_text_in_html_and_untouched_in_plain_text() -> None:
    assert render("<b>{{ contact.attributes.bio }}</b>").count("<") == 2
    assert render("{{ contact.attributes.bio }}", escape=False) == SCRIPT
    assert render('<a href="{{ unsubscribe_url }}">') == '<a href="https://x.example/u?a=1&amp;b=2">'


@pytest.mark.parametrize("name", sorted(rendering._environment(True).filters))
def test_no_filter_lets_markup_of_contacts_through(name: str) -> None:
    for arguments in ("", ": 1", ': "a"', ': "a", contact.attributes.bio', ": contact.attributes.bio"):
        for value in ("contact.attributes.bio", "event.list", "event.encoded", "event.base64"):
            event = {"list": [SCRIPT, {"a": SCRIPT}], "encoded": "%3Cscript%3E", "base64": "PHNjcmlwdD4="}
            try:
                shown = render(f"{{{{ {value} | {name}{arguments} }}}}", event=event)
            except RenderError:
                continue
            assert "<script" not in shown


@pytest.mark.parametrize(
    "path",
    [
        "contact.__class__", "contact.first_name.__class__.__mro__", "contact.keys", "contact.first_name.format",
        "contact['__class__']", "event.items.__class__", "contact.attributes.pop", "contact.first_name.encode",
    ],
)  # fmt: skip
def test_nothing_of_python_can_be_reached(path: str) -> None:
    assert render(f"[{{{{ {path} }}}}]") == "[]"


@pytest.mark.parametrize("source", ["{% include 'x' %}", "{% render 'x' %}", "{{ contact.email | safe }}"])
def test_tags_and_filters_that_would_leave_the_sandbox_do_not_exist(source: str) -> None:
    assert rendering.problems(source)
    with pytest.raises(RenderError):
        render(source)


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..1000000000) %}x{% endfor %}",
        "{% for i in (1..9999999999999999999999) %}x{% endfor %}",
        "{% for i in (1..100) %}{% for j in (1..100) %}x{% endfor %}{% endfor %}",
        "{% for i in (1..4000) %}x{% endfor %}" * 3,
        "{% tablerow i in (1..1000000) %}x{% endtablerow %}",
        "{{ (1..1000000000) | join: ',' }}",
        "{{ (1..1000000000) | reverse | first }}",
        "{% assign a = 'aaaaaaaaaa' %}{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}{{ a }}",
        "{% assign a = 'aaaaaaaaaa' %}{% for i in (1..60) %}{% assign a = a | replace: 'a', a %}{% endfor %}",
        "{% assign a = 9 %}{% for i in (1..60) %}{% assign a = a | times: a %}{% endfor %}{{ a }}",
        "{% assign a = 'x,y' | split: ',' %}{% for i in (1..60) %}{% assign a = a | concat: a %}{% endfor %}",
        "{% capture a %}{% for i in (1..4000) %}" + "x" * 500 + "{% endfor %}{% endcapture %}{{ a }}",
        "{% for i in (1..4000) %}" + "y" * 500 + "{% endfor %}",
        "{% if true %}" * 60 + "{% endif %}" * 60,
        "{{ 1 | divided_by: 0 }}",
    ],
)
def test_a_template_that_wants_too_much_is_stopped(source: str) -> None:
    with pytest.raises(RenderError):
        render(source)


def test_a_loop_within_the_limits_is_rendered() -> None:
    assert render("{% for i in event.items %}{{ i }}{{ forloop.index }}{% endfor %}") == "a1b2"
    assert len(render(f"{{% for i in (1..{sandbox.LOOP_STEPS}) %}}x{{% endfor %}}")) == sandbox.LOOP_STEPS


def test_problems_name_the_line_and_what_is_unknown() -> None:
    source = "Hello {{ contact.frist_name }}\n\n{{ order.total }}\n{{ contact.email | shout }}"
    assert rendering.problems(source) == [
        Problem(1, "A contact has no field “frist_name”. An attribute is written contact.attributes.frist_name."),
        Problem(
            3,
            "There is no “order.total”. Known are contact, event, unsubscribe_url, preferences_url and confirm_url.",
        ),
        Problem(4, "There is no filter “shout”."),
    ]


@pytest.mark.parametrize(
    ("source", "line"),
    [("a\n{% if %}", 2), ("a\nb\n{{ contact.email", 3), ("{% endfor %}", 1), ("a\n{% nonsense %}", 2)],
)
def test_broken_liquid_is_a_problem_at_its_line(source: str, line: int) -> None:
    (problem,) = rendering.problems(source)
    assert problem.line == line
    with pytest.raises(RenderError):
        rendering.compile(source, True)


def test_attributes_events_and_a_templates_own_names_are_known() -> None:
    own = "{% assign a = 1 %}{{ a }}{% for i in event.x %}{{ i.y }}{% endfor %}"
    source = "{{ contact.attributes.any }}{{ event.any.thing }}" + own
    assert rendering.problems(source) == []
    assert rendering.names(source) == {"contact.attributes.any", "event.any.thing", "event.x"}


def test_the_context_of_a_contact_has_values_only() -> None:
    contact = Contact(pk=7, email=None, first_name="Ann", attributes={"city": "Paris"})
    context = rendering.context_of(contact, {"amount": 3})
    assert context["contact"]["email"] == ""
    assert rendering.compile("{{ contact.name }} {{ event.amount }}", False).render(context) == "Ann 3"
    assert rendering.problems("".join(f"{{{{ contact.{field} }}}}" for field in context["contact"])) == []


def test_a_source_is_parsed_once() -> None:
    assert rendering.compile("Hi {{ contact.email }}", True) is rendering.compile("Hi {{ contact.email }}", True)
    assert rendering.compile("Hi {{ contact.email }}", True) is not rendering.compile("Hi {{ contact.email }}", False)
