"""Makes the plain-text alternative of an email's HTML: paragraphs, lists and links that can be read and clicked."""

import re
from html.parser import HTMLParser

from templates_app import tokens

BLOCKS = {
    "address", "article", "blockquote", "div", "dl", "dt", "dd", "fieldset", "figure", "footer", "form", "header",
    "main", "nav", "pre", "section", "table", "tr", "ul", "ol", "li", "hr",
}  # fmt: skip
ROWS = {"li", "tr", "dt", "dd"}  # the next one starts its own line
PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6"}
SILENT = {"head", "style", "script", "title", "noscript", "template"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def text_of(html: str) -> str:
    """The text of an HTML body whose Liquid may still be in it: render the result without escaping."""
    source, pieces = tokens.hide(html)
    reader = _Reader()
    reader.feed(source)
    reader.close()
    return tokens.show(reader.text(), pieces)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.silent = ""  # the tag whose content is left out
        self.depth = 0  # how many of that tag are open
        self.lists: list[int | None] = []  # the running number of an ordered list, None for bullets
        self.link = ""
        self.link_starts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if self.silent:
            self.depth += tag == self.silent
            return
        if tag in SILENT or _hidden(attributes):
            if tag not in VOID:
                self.silent, self.depth = tag, 1
            return
        if tag in PARAGRAPHS:
            self.out.append("\n\n")
        elif tag in BLOCKS:
            self.out.append("\n")
        if tag in {"ul", "ol"}:
            self.lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            number = self.lists[-1] if self.lists else None
            self.out.append("  " * max(len(self.lists) - 1, 0) + (f"{number}. " if number else "- "))
            if number:
                self.lists[-1] = number + 1
        elif tag == "br":
            self.out.append("\n")
        elif tag == "hr":
            self.out.append("---\n")
        elif tag in {"td", "th"}:
            self.out.append(" ")
        elif tag == "img" and attributes.get("alt"):
            self.out.append(attributes["alt"] or "")
        elif tag == "a":
            self.link, self.link_starts = attributes.get("href") or "", len(self.out)

    def handle_endtag(self, tag: str) -> None:
        if self.silent:
            self.depth -= tag == self.silent
            if not self.depth:
                self.silent = ""
            return
        if tag == "a" and self.link:
            label = " ".join("".join(self.out[self.link_starts :]).split())
            address = self.link.removeprefix("mailto:").removeprefix("tel:")
            if not address.startswith("#") and label != address:
                self.out.append(f" ({address})" if label else address)
            self.link = ""
        elif tag in {"ul", "ol"} and self.lists:
            self.lists.pop()
        if tag in PARAGRAPHS:
            self.out.append("\n\n")
        elif tag in BLOCKS and tag not in ROWS:
            self.out.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.out.append(re.sub(r"\s+", " ", data))

    def text(self) -> str:
        # The indent of a list item stays; every other blank next to a line's end goes.
        lines = [re.sub(r"(?<=\S)[ \t]+", " ", line).rstrip() for line in "".join(self.out).split("\n")]
        lines = [line if re.match(r" *(- |\d+\. )", line) else line.strip() for line in lines]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _hidden(attributes: dict[str, str | None]) -> bool:
    return "display:none" in (attributes.get("style") or "").replace(" ", "").lower()
