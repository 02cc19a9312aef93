"""Compiles MJML to HTML that loads nothing from elsewhere, and reports what the compiler would pass over in silence."""

import re
from html.parser import HTMLParser

import mjml as compiler

from templates_app import tokens

TAGS = {
    "mjml", "mj-head", "mj-body", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-font", "mj-preview",
    "mj-style", "mj-title", "mj-accordion", "mj-accordion-element", "mj-accordion-title", "mj-accordion-text",
    "mj-button", "mj-carousel", "mj-carousel-image", "mj-column", "mj-divider", "mj-group", "mj-hero", "mj-image",
    "mj-navbar", "mj-navbar-link", "mj-raw", "mj-section", "mj-social", "mj-social-element", "mj-spacer", "mj-table",
    "mj-text", "mj-wrapper",
}  # fmt: skip
# Where the compiler takes elements only: Liquid between them must stand in <mj-raw>.
CONTAINERS = {"mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"}
PREHEADER = (
    '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden">'
    "{}</div>"
)


class MjmlError(Exception):
    """The body is not MJML; the message is a sentence."""


def compile(body: str) -> str:
    """The HTML of an MJML body; Liquid may stand anywhere in it and stays as it is.

    Raises:
        MjmlError: it cannot be parsed.
    """
    source, pieces = tokens.hide(body)
    try:
        html = compiler.mjml2html(_wrapped(source), fonts={}, social_icon_origin="data:,", disable_comments=True)
    except ValueError as error:
        raise MjmlError(f"This is not MJML: {error}.") from error
    return tokens.show(html, pieces)


def problems(body: str) -> list[tuple[int, str]]:
    """(line, sentence) for tags that MJML does not have, and for a body that cannot be compiled."""
    reader = _Reader()
    reader.feed(tokens.hide_in_lines(body))
    reader.close()
    found = [(line, f"MJML has no tag “{tag}”.") for line, tag in reader.unknown]
    if not found:
        try:
            compile(body)
        except MjmlError as error:
            found.append((_line_of(body, str(error)), str(error)))
    return found


def with_preheader(html: str, preheader: str) -> str:
    """The HTML with a text that inboxes show after the subject, and that nobody sees in the mail itself."""
    hidden = PREHEADER.format(tokens.escaped(preheader))
    body = re.search(r"<body\b[^>]*>", html, re.IGNORECASE)
    return html[: body.end()] + hidden + html[body.end() :] if body else hidden + html


def _wrapped(source: str) -> str:
    """Liquid that stands between elements, put into <mj-raw>."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for (row, column), data in reversed(reader.between):
        at = starts[row - 1] + column
        source = f"{source[:at]}<mj-raw>{data.strip()}</mj-raw>{source[at + len(data) :]}"
    return source


def _line_of(body: str, sentence: str) -> int:
    """The compiler names a position as bytes from the start, where it names one."""
    position = re.search(r"\bat position (\d+)|\((\d+)(?::|\.\.)\d+\)", sentence)
    if not position:
        return 1
    return body.count("\n", 0, int(position.group(1) or position.group(2))) + 1


class _Reader(HTMLParser):
    """Finds unknown tags, and text with Liquid in it between elements, with their places."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []
        self.unknown: list[tuple[int, str]] = []
        self.between: list[tuple[tuple[int, int], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag.startswith("mj") and tag not in TAGS:
            self.unknown.append((self.getpos()[0], tag))
        if tag.startswith("mj"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in CONTAINERS and tokens.holds_liquid(data):
            self.between.append((self.getpos(), data))
