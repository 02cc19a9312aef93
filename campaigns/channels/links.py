"""Finds the links of a message's text and leaves marks in their place, once per content.

A mark begins with a NUL, which neither PostgreSQL's text nor its JSON can hold: nothing that a contact's data says can
be taken for one.
"""

import html
import re

MARK = "\0"
PIXEL = "\0o"  # the address of the open pixel
CLICK = "\0c"  # what the addresses of tracked links begin with; the link's number follows
FRESH = "\0f"  # around a link whose Liquid is rendered first: \0f NUMBER \0= the rendered address \0.
FRESH_LINK = re.compile("\0f(\\d+)\0=(.*?)\0\\.", re.DOTALL)

# The `href` of whatever people can click in a mail, Outlook's vector buttons included. Quoted attributes may hold “>”.
_HREF = re.compile(
    r"""(<(?:a|area|v:roundrect|v:rect)\b(?:[^>"']|"[^"]*"|'[^']*')*?\shref\s*=\s*)(?:"([^"]*)"|'([^']*)')""",
    re.IGNORECASE,
)
# In plain text an address ends before blanks and before the punctuation of its sentence. Liquid may stand in it.
_IN_TEXT = re.compile(r"https?://(?:\{\{.*?\}\}|\{%.*?%\}|[^\s<>\"{])+", re.IGNORECASE)
_OWN = re.compile(r"^\s*\{\{-?\s*(?:unsubscribe|preferences|confirm)_url\b[^}]*\}\}")


def is_tracked(url: str) -> bool:
    """Whether clicks on it are counted: web addresses, and Liquid that may become one; never our own pages."""
    url = url.strip()
    if _OWN.match(url):
        return False
    return url.lower().startswith(("http://", "https://", "{{", "{%"))


def is_fresh(url: str) -> bool:
    """Whether the address is another one for each contact."""
    return "{{" in url or "{%" in url


def mark_html(source: str) -> tuple[str, list[str]]:
    """The HTML with marks instead of its tracked links, and the links by number."""
    found: list[str] = []

    def replace(match: re.Match[str]) -> str:
        written = match[2] if match[2] is not None else match[3]
        url = html.unescape(written).strip()
        if not is_tracked(url):
            return match[0]
        found.append(url)
        number = len(found) - 1
        mark = f"{FRESH}{number}\0={written}\0." if is_fresh(url) else f"{CLICK}{number}"
        return f'{match[1]}"{mark}"' if match[2] is not None else f"{match[1]}'{mark}'"

    return _HREF.sub(replace, source), found


def mark_text(source: str) -> tuple[str, list[str]]:
    """The plain text with marks `\\0cNUMBER\\0.` instead of its links, and the links by number."""
    found: list[str] = []

    def replace(match: re.Match[str]) -> str:
        url = match[0].rstrip(".,;:!?)'’”»")
        if len(found) == 255:  # A short token has one byte for the number.
            return match[0]
        found.append(url)
        return f"{CLICK}{len(found) - 1}\0.{match[0][len(url) :]}"

    return _IN_TEXT.sub(replace, source), found
