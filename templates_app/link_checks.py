"""Finds links of a mail that lead nowhere."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

from templates_app import tokens

# What people can click, in HTML and in MJML. Quoted attributes may hold “>”.
_HREF = re.compile(
    r"""<(?:a|area|mj-button|mj-image|mj-navbar-link|mj-social-element|mj-hero)\b(?:[^>"']|"[^"]*"|'[^']*')*?\shref\s*=\s*"""
    r"""(?:"([^"]*)"|'([^']*)'|([^\s>]+))""",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_LOOKS_LIKE_A_SITE = re.compile(r"(www\.|[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(/|$))", re.IGNORECASE)
OTHER_SCHEMES = ("mailto", "tel", "sms")


def problems(source: str) -> Iterator[tuple[int, str, bool]]:
    """(line, sentence, whether nobody could follow it at all) of each link that is not one."""
    hidden = tokens.hide_in_lines(source)
    for match in _HREF.finditer(hidden):
        written = next((part for part in match.groups() if part is not None), "")
        sentence, fatal = _problem(unescape(written).strip())
        if sentence:
            yield hidden.count("\n", 0, match.start()) + 1, sentence, fatal


def _problem(url: str) -> tuple[str, bool]:
    if not url:
        return "A link leads nowhere: its address is empty.", False
    if "{{" in url or "}}" in url or "{%" in url:
        return f"The address {_quoted(url)} has a field that is not closed: each {{{{ needs its }}}}.", True
    if tokens.begins_with_liquid(url):
        return "", False
    if url.startswith("#"):
        return ("A link leads to “#”, which is nowhere.", False) if url == "#" else ("", False)
    scheme = _SCHEME.match(url)
    if not scheme or _LOOKS_LIKE_A_SITE.match(url):
        if _LOOKS_LIKE_A_SITE.match(url):
            return f"The address {_quoted(url)} needs https:// in front.", True
        return f"The address {_quoted(url)} is no address on the web: write it in full, with https://.", True
    name = scheme[1].lower()
    if name in OTHER_SCHEMES:
        return ("", False) if url[len(name) + 1 :].strip() else (f"The link {_quoted(url)} says nobody.", True)
    if name not in ("http", "https"):
        return f"The address {_quoted(url)} begins with {name}:, which mail programs do not open.", True
    return _problem_on_the_web(url)


def _problem_on_the_web(url: str) -> tuple[str, bool]:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return f"The address {_quoted(url)} cannot be read.", True
    if not re.match(r"https?://[^/]", url, re.IGNORECASE) or not host:
        return f"The address {_quoted(url)} names no site after https://.", True
    if re.search(r"\s", url):
        return f"The address {_quoted(url)} has a blank in it: write %20.", True
    if tokens.holds_liquid(host):
        return "", False
    if "." not in host and host != "localhost" and ":" not in host:
        return f"The address {_quoted(url)} names no site: “{host}” has no ending such as .com.", True
    if host in ("localhost", "127.0.0.1", "::1"):
        return f"The address {_quoted(url)} leads to the reader’s own machine.", False
    return "", False


def _quoted(url: str) -> str:
    shown = re.sub(r"wpliquid\d+q", "{{ … }}", url)
    return f"“{shown[:60]}{'…' if len(shown) > 60 else ''}”"
