"""Draws the clicks on a message's links over the rendered mail: a badge at each, with its share and number."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.html import format_html

from campaigns.channels import links
from campaigns.models import Content, Link, LinkCount, Origin
from contacts.models import Contact
from contacts.models.consent import Channel
from templates_app import mjml, rendering

_CLICKS = """
SELECT number, sum(clicks)::bigint, sum(people)::bigint FROM campaigns_linkcount
WHERE content_id = %s AND (%s::bigint IS NULL OR origin_id = %s) GROUP BY number
"""
_SENT = """
SELECT coalesce(sum(sent), 0)::bigint FROM (
    SELECT sent FROM campaigns_originday
    WHERE content_id = %(content)s AND (%(origin)s::bigint IS NULL OR origin_id = %(origin)s)
    UNION ALL SELECT sent FROM campaigns_daycount
    WHERE loose AND content_id = %(content)s AND (%(origin)s::bigint IS NULL OR origin_id = %(origin)s)
) d
"""
# A start tag that leads to a tracked link, whose mark is still in it.
_TAG = re.compile(r"""<(a|area|v:roundrect|v:rect)\b(?:[^>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_MARK = re.compile("\0c(\\d+)|\0f(\\d+)\0=.*?\0\\.", re.DOTALL)
# Mails style themselves inline, in a frame that allows it (see templates_app.framing). The colours are those of the
# strongest link and of the weakest: dark text on light stays readable on any mail.
_BADGE = (
    '<span style="display:inline-block;margin:0 2px;padding:1px 6px;border-radius:9px;background:{};color:{};'
    "font:600 11px/16px Helvetica,Arial,sans-serif;letter-spacing:0;text-decoration:none;white-space:nowrap;"
    'vertical-align:middle;text-align:center;box-shadow:0 0 0 1px #fff" title="{}">{}</span>'
)


@dataclass(frozen=True)
class Clicks:
    """One tracked link. `share` of all clicks on the message's links, from 0 to 1; None where there are none."""

    number: int
    url: str
    clicks: int
    people: int
    share: float | None

    @property
    def place(self) -> int:
        return self.number + 1


def clicked_last(key: str) -> int | None:
    """The content whose links were clicked most recently, of all that a place sent; None before the first click."""
    counts = LinkCount.objects.filter(origin__key=key).order_by("-day", "-content_id")
    return counts.values_list("content_id", flat=True).first()


def clicks(content: Content, origin: Origin | None) -> list[Clicks]:
    """All its tracked links in their order, also those that nobody clicked."""
    which = origin.pk if origin else None
    with connection.cursor() as cursor:
        cursor.execute(_CLICKS, [content.pk, which, which])
        counts = {number: (n, people) for number, n, people in cursor.fetchall()}
    total = sum(n for n, _ in counts.values())
    return [
        Clicks(number, url, *counts.get(number, (0, 0)), counts.get(number, (0, 0))[0] / total if total else None)
        for number, url in Link.objects.filter(content=content).order_by("number").values_list("number", "url")
    ]


def sent(content: Content, origin: Origin | None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_SENT, {"content": content.pk, "origin": origin.pk if origin else None})
        return cursor.fetchone()[0]


def drawn(content: Content, found: Sequence[Clicks]) -> str:
    """The mail as somebody without a name gets it, or the text of an SMS; its links lead nowhere."""
    by_number = {each.number: each for each in found}
    try:
        if content.channel == Channel.SMS:
            return _text(content, by_number)
        marked, _ = links.mark_html(rendering.html_of(content.markup, content.body, content.preheader))
        source = rendering.compile(marked, escape=True).render(rendering.context_of(_somebody()))
    except (rendering.RenderError, mjml.MjmlError) as error:
        return format_html("<p>{}</p>", str(error))
    return _TAG.sub(lambda tag: _with_badge(tag[0], tag[1], by_number), source).replace("\0", "")


def _with_badge(tag: str, name: str, found: dict[int, Clicks]) -> str:
    mark = _MARK.search(tag)
    if mark is None:
        return tag
    link = found.get(int(mark[1] or mark[2]))
    # Vector buttons stand in comments for Outlook, and a map has no place for text.
    badge = _badge(link) if link and name.lower() == "a" else ""
    return f"{_MARK.sub('#', tag)}{badge}"


def _badge(link: Clicks) -> str:
    strong = (link.share or 0) >= 0.2
    what = f"{link.place} · {round((link.share or 0) * 100)} % · {link.clicks}"
    title = f"Link {link.place}: {link.clicks} clicks, {link.url}"
    return format_html(_BADGE, "#9f1239" if strong else "#ffe4e6", "#ffffff" if strong else "#881337", title, what)


def _text(content: Content, found: dict[int, Clicks]) -> str:
    marked, urls = links.mark_text(content.body)
    text = html.escape(rendering.compile(marked, escape=False).render(rendering.context_of(_somebody())))

    def link(match: re.Match[str]) -> str:
        number = int(match[1])
        return f"<u>{html.escape(urls[number])}</u>{_badge(found[number]) if number in found else ''}"

    return re.sub("\0c(\\d+)\0\\.", link, text).replace("\0", "").replace("\n", "<br>")


def _somebody() -> Contact:
    return Contact(pk=0, email="somebody@example.com", first_name="Somebody", attributes={})
