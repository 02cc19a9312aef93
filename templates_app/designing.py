"""Reads what the block editor saves, says what is wrong with it, and writes it as MJML.

A design is `{"look": {…}, "sections": [{"id", "layout", "background", "padding", "columns": [[block, …], …]}]}`, and a
block `{"id", "type", "values": {field: value}}`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from templates_app.blocks import registry
from templates_app.blocks.base import COLOUR, Block, Look, attributes

LAYOUTS = {"1": (100,), "1-1": (50, 50), "1-2": (33, 67), "2-1": (67, 33), "1-1-1": (33, 34, 33)}
FONTS = {
    "Helvetica, Arial, sans-serif": "Helvetica",
    "Georgia, 'Times New Roman', serif": "Georgia",
    "Verdana, Geneva, sans-serif": "Verdana",
    "'Trebuchet MS', Helvetica, sans-serif": "Trebuchet",
    "'Courier New', Courier, monospace": "Courier",
}
MOST_SECTIONS, MOST_BLOCKS = 60, 300
LARGEST = 400_000  # bytes of JSON: far more than any mail that Gmail does not clip
ID = re.compile(r"[A-Za-z0-9]{1,20}")
_MARK = re.compile(r"\bwp-(?:block|section)-([A-Za-z0-9]+)")
# Mails that say nothing of dark mode are turned about by mail programs as they like.
DARK = (
    '<mj-raw><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
    "</mj-raw><mj-style>@media (prefers-color-scheme: dark) { .wp-page, .wp-page > div { background: #14161b "
    "!important; } .wp-plain, .wp-plain > table { background: #1e2128 !important; } .wp-plain div, .wp-plain h1, "
    ".wp-plain h2, .wp-plain h3, .wp-plain td { color: #e6e8ec !important; } }</mj-style>"
)


class NotADesign(Exception):
    """What was sent cannot be read as a design; the message is a sentence."""


@dataclass(frozen=True)
class Problem:
    """What cannot be used of a design that can be read: `place` is the id of a block or section, or "look"."""

    place: str
    field: str
    sentence: str


def check(design: Any) -> None:
    """Raises NotADesign for what has not even the shape of one."""
    sections = design.get("sections") if isinstance(design, dict) else None
    if not isinstance(sections, list) or not isinstance(design.get("look", {}), dict):
        raise NotADesign("A design has a look and sections.")
    seen: set[str] = set()
    for section in sections:
        _check_section(section, seen)
    if not _is_storable(design):
        raise NotADesign("A design holds texts, whole numbers and lists of them, and is no larger than a mail.")
    if len(sections) > MOST_SECTIONS or len(seen) > MOST_SECTIONS + MOST_BLOCKS:
        raise NotADesign(f"A mail has at most {MOST_SECTIONS} sections and {MOST_BLOCKS} blocks.")


def _is_storable(design: Any) -> bool:
    """Whether PostgreSQL can keep it (no NUL, no half surrogate, no NaN), and whether it is small enough to work on."""
    try:
        written = json.dumps(design, allow_nan=False, ensure_ascii=False)
        return len(written.encode()) <= LARGEST and "\\u0000" not in written
    except (UnicodeEncodeError, ValueError, RecursionError):
        return False


def _check_section(section: Any, seen: set[str]) -> None:
    if not isinstance(section, dict) or not _is_new_id(section.get("id"), seen):
        raise NotADesign("Each section has an id of its own.")
    columns = section.get("columns")
    if not isinstance(section.get("layout"), str) or section["layout"] not in LAYOUTS:
        raise NotADesign(f"The layout of a section is one of {', '.join(LAYOUTS)}.")
    if not isinstance(columns, list) or len(columns) != len(LAYOUTS[section["layout"]]):
        raise NotADesign("A section has as many columns as its layout.")
    for column in columns:
        for block in column if isinstance(column, list) else [None]:
            _check_block(block, seen)


def _check_block(block: Any, seen: set[str]) -> None:
    if not isinstance(block, dict) or not _is_new_id(block.get("id"), seen):
        raise NotADesign("Each block has an id of its own.")
    if not isinstance(block.get("type"), str) or block["type"] not in registry():
        raise NotADesign("There is no such block.")
    if not isinstance(block.get("values"), dict):
        raise NotADesign("A block has values.")


def problems(design: dict[str, Any]) -> list[Problem]:
    """What of a design cannot be used; where its MJML has the defaults meanwhile. Raises NotADesign."""
    check(design)
    found = [Problem("look", name, sentence) for name, sentence in _problems_of_look(design.get("look", {}))]
    for section in design["sections"]:
        found += [Problem(section["id"], name, sentence) for name, sentence in _problems_of_section(section)]
        for block in (block for column in section["columns"] for block in column):
            kind = registry()[block["type"]]
            found += [Problem(block["id"], name, sentence) for name, sentence in kind.problems(block["values"])]
    return found


def _problems_of_look(look: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("background", "surface", "text", "accent"):
        if look.get(name) and not (isinstance(look[name], str) and COLOUR.fullmatch(look[name])):
            yield name, "A colour is written #rrggbb."
    if look.get("font") and (not isinstance(look["font"], str) or look["font"] not in FONTS):
        yield "font", f"One of {', '.join(FONTS.values())}."
    width = look.get("width", 600)
    if not isinstance(width, int) or isinstance(width, bool) or not 320 <= width <= 900:
        yield "width", "320 to 900 pixels."


def _problems_of_section(section: dict[str, Any]) -> Iterator[tuple[str, str]]:
    background, padding = section.get("background", ""), section.get("padding", 24)
    if background and not (isinstance(background, str) and COLOUR.fullmatch(background)):
        yield "background", "A colour is written #rrggbb."
    if not isinstance(padding, int) or isinstance(padding, bool) or not 0 <= padding <= 120:
        yield "padding", "0 to 120 pixels."


def _is_new_id(key: Any, seen: set[str]) -> bool:
    if not isinstance(key, str) or not ID.fullmatch(key) or key in seen:
        return False
    seen.add(key)
    return True


def mjml_of(design: Any, brand: Look = Look(), marked: bool = False) -> str:  # noqa: B008 - it is frozen
    """The MJML of a design. `marked`: with classes "wp-block-ID" and "wp-section-ID" by which the editor finds
    them again, on the same lines as without.

    What cannot be used is left out, or is as it would be by default: `problems` says so. Raises NotADesign.
    """
    check(design)
    look = look_of(design, brand)
    sections = "\n".join(_section(section, look, marked) for section in design["sections"])
    return (
        f"<mjml>\n<mj-head><mj-attributes><mj-all {attributes(font_family=look.font)} /></mj-attributes>{DARK}"
        "</mj-head>\n"
        f'<mj-body {attributes(background_color=look.background, width=f"{look.width}px")} css-class="wp-page">\n'
        f"{sections}\n</mj-body>\n</mjml>\n"
    )


def look_of(design: dict[str, Any], brand: Look) -> Look:
    """The brand's look, changed by what the design says for itself."""
    said = design.get("look", {})
    bad = dict(_problems_of_look(said))
    return replace(brand, **{name: value for name, value in said.items() if value and name in LOOKS - bad.keys()})


LOOKS = {field.name for field in fields(Look)} - {"address", "logo"}


def _section(section: dict[str, Any], look: Look, marked: bool) -> str:
    bad = dict(_problems_of_section(section))
    own = "" if "background" in bad else section.get("background", "")
    padding = 24 if "padding" in bad else section.get("padding", 24)
    classes = " ".join(filter(None, ("" if own else "wp-plain", f"wp-section-{section['id']}" if marked else "")))
    said = attributes(background_color=own or look.surface, padding=f"{padding}px 32px", css_class=classes)
    columns = "".join(
        _column(section["id"], place, width, blocks, look, marked)
        for place, (width, blocks) in enumerate(zip(LAYOUTS[section["layout"]], section["columns"], strict=True))
    )
    return f"<mj-section {said}>{columns}</mj-section>"


def _column(section: str, place: int, width: int, blocks: list[dict], look: Look, marked: bool) -> str:
    inside = "\n".join(_block(block, look, marked) for block in blocks)
    if marked and not blocks:
        inside = '<mj-text align="center" color="#98a0ae" padding="18px 0">Drop a block here</mj-text>'
    said = attributes(
        width=f"{width}%" if width < 100 else "", css_class=f"wp-column-{section}-{place}" if marked else ""
    )
    return f"<mj-column {said}>{inside}</mj-column>"


def _block(block: dict[str, Any], look: Look, marked: bool) -> str:
    kind = registry()[block["type"]]
    mark = f'css-class="wp-block-{block["id"]}"' if marked else ""
    bad = dict(kind.problems(block["values"]))
    said = {name: value for name, value in block["values"].items() if name not in bad}
    return kind.mjml(kind.defaults() | said, look, mark)


def place_of(marked: str, line: int) -> str:
    """The id of the block or section that stands at a line of marked MJML; "" where there is none."""
    above = marked.split("\n")[:line]
    for text in reversed(above):
        if found := _MARK.findall(text):
            return found[-1]
    return ""


def described() -> dict[str, Any]:
    """The kinds of blocks, layouts and fonts, as the editor needs to know them."""
    return {
        "kinds": {key: _described(kind) for key, kind in registry().items()},
        "layouts": {key: list(widths) for key, widths in LAYOUTS.items()},
        "fonts": FONTS,
    }


def _described(kind: Block) -> dict[str, Any]:
    return {"label": kind.label, "defaults": kind.defaults(), "fields": [asdict(field) for field in kind.fields]}


def empty(*blocks: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A design of one section with these blocks (kind, values), to start from."""
    written = [{"id": f"b{n}", "type": key, "values": values} for n, (key, values) in enumerate(blocks, start=1)]
    return {
        "look": {},
        "sections": [{"id": "s1", "layout": "1", "background": "", "padding": 32, "columns": [written]}],
    }
