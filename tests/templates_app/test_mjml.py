"""From MJML to HTML and to plain text, with the Liquid still in place."""

import pytest

from templates_app import designing, mjml, rendering
from templates_app.starters import starters


def design(inside: str) -> str:
    return f"<mjml><mj-body><mj-section><mj-column>\n{inside}\n</mj-column></mj-section></mj-body></mjml>"


def test_liquid_survives_in_text_in_attributes_and_between_elements() -> None:
    source = design(
        '{% if event.amount < 3 %}<mj-text>Hi {{ contact.first_name | default: "you" }}</mj-text>{% endif %}'
        '<mj-button href="{{ event.url | append: "?a=1&b=2" }}">Go</mj-button>'
    )
    html = rendering.html_of("mjml", source)
    for piece in (
        "{% if event.amount < 3 %}", "{% endif %}", '{{ contact.first_name | default: "you" }}',
        'href="{{ event.url | append: "?a=1&b=2" }}"',
    ):  # fmt: skip
        assert piece in html
    assert html.index("{% if") < html.index("Hi ") < html.index("{% endif %}") < html.index("Go")
    assert "mj-" not in html.replace("mj-column-per-100", "").replace("mj-outlook-group-fix", "")


def test_compiled_mails_load_nothing_from_elsewhere() -> None:
    social = (
        '<mj-social><mj-social-element name="facebook" href="https://example.com">F</mj-social-element></mj-social>'
    )
    html = rendering.html_of("mjml", design(f'<mj-text font-family="Roboto, Ubuntu">x</mj-text>{social}'))
    assert "fonts.googleapis" not in html
    assert "@import" not in html
    assert 'src="http' not in html


def test_unknown_tags_are_reported_at_their_line() -> None:
    assert mjml.problems(design("<mj-text>a</mj-text>\n<mj-txt>b</mj-txt>")) == [(3, "MJML has no tag “mj-txt”.")]


@pytest.mark.parametrize("source", ["hello", "<mjml><mj-body><mj-section></mj-body></mjml>", "<mjml><mj-body>"])
def test_what_is_no_mjml_is_reported(source: str) -> None:
    ((line, sentence),) = mjml.problems(source)
    assert line == 1
    assert sentence.startswith("This is not MJML")
    with pytest.raises(mjml.MjmlError):
        rendering.html_of("mjml", source)


def test_the_preheader_stands_first_is_hidden_and_escaped() -> None:
    html = rendering.html_of(
        "html", "<html><body class='a'><p>Body</p></body></html>", "1 < 2 & {{ contact.first_name }}"
    )
    assert html.index("<body") < html.index("1 &lt; 2 &amp; {{ contact.first_name }}") < html.index("<p>Body")
    assert rendering.text_of(html) == "Body"


@pytest.mark.parametrize("key", starters())
def test_every_starter_compiles_and_has_an_unsubscribe_link(key: str) -> None:
    starter = starters()[key]
    assert designing.problems(starter.design) == []
    body = designing.mjml_of(starter.design)
    assert mjml.problems(body) == []
    assert rendering.problems(body) == rendering.problems(starter.subject) == []
    html = rendering.html_of("mjml", body, starter.preheader)
    assert 'href="{{ unsubscribe_url }}"' in html
    assert len(html) < 40_000


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Hi</h1><p>One<br>two</p><p>Three</p>", "Hi\n\nOne\ntwo\n\nThree"),
        ('<p>See <a href="https://x.example/{{ id }}">this</a></p>', "See this (https://x.example/{{ id }})"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ('<a href="mailto:a@x.example">a@x.example</a>', "a@x.example"),
        ("<ul><li>a</li><li>b</li></ul><ol><li>c</li><li>d</li></ol>", "- a\n- b\n\n1. c\n2. d"),
        ("<table><tr><td>Total</td><td>12</td></tr></table>", "Total 12"),
        ('<p>{% if event.a < 3 %}x &amp; y{% endif %}</p>', "{% if event.a < 3 %}x & y{% endif %}"),
        ("<style>p { color: red }</style><script>x</script><p>Only this</p>", "Only this"),
        ('<div style="display:none">Hidden <div>deep</div></div><p>Shown</p>', "Shown"),
        ('<img src="a.png" alt="A cat"><img src="pixel.png">', "A cat"),
        ("<p>  many \n   blanks </p>", "many blanks"),
    ],
)  # fmt: skip
def test_the_plain_text_reads_like_a_letter(html: str, text: str) -> None:
    assert rendering.text_of(html) == text
