"""Counts the clicks on each link of each message that was written, from counts per day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from campaigns.models import Content, Link
from campaigns.origins import Named, Place, places

MOST = 500

_CLICKS = """
SELECT o.key, l.content_id, l.number, sum(l.clicks)::bigint, sum(l.people)::bigint
FROM campaigns_linkcount l JOIN campaigns_origin o ON o.id = l.origin_id
WHERE l.day BETWEEN %s AND %s {only} GROUP BY 1, 2, 3 HAVING sum(l.clicks) <> 0 ORDER BY 4 DESC, 1, 2, 3 LIMIT %s
"""


@dataclass(frozen=True)
class Clicked:
    """One link of a message. `clicks` are messages in which it was clicked, `people` contacts who did so for the first
    time; `sent` is how many of these messages were sent in the period."""

    key: str
    place: Place
    content: Content
    url: str
    number: int
    clicks: int
    people: int
    sent: int

    @property
    def rate(self) -> float | None:
        return self.clicks / self.sent if self.sent else None


def origins(places: Mapping[int, Place], asked: Mapping[str, str]) -> list[int] | None:
    """Those of the scenario and the campaign that are asked for, by their keys; None where neither is."""
    if not asked:
        return None
    return [pk for pk, place in places.items() if all(_is(getattr(place, name), key) for name, key in asked.items())]


def _is(named: Named | None, key: str) -> bool:
    return named is not None and named.key == key


def clicked(since: date, until: date, origins: Sequence[int] | None = None) -> list[Clicked]:
    """Links that were clicked in the period, the most often clicked first; at most MOST. Six queries."""
    only = "AND l.origin_id = ANY(%s::bigint[])" if origins is not None else ""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLICKS.format(only=only), [since, until, *([list(origins)] if origins is not None else []), MOST]
        )
        rows = cursor.fetchall()
    known = places({key for key, *_ in rows})
    contents = Content.objects.in_bulk({content for _, content, *_ in rows})
    urls = {(link.content_id, link.number): link.url for link in Link.objects.filter(content__in=list(contents))}
    sent = _sent(since, until, list(contents))
    return [
        Clicked(
            key,
            known[key],
            contents[content],
            urls.get((content, number), "A link that is gone"),
            number,
            clicks,
            people,
            sent.get((key, content), 0),
        )
        for key, content, number, clicks, people in rows
    ]


def _sent(since: date, until: date, contents: list[int]) -> dict[tuple[str, int], int]:
    """By origin and content."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT o.key, d.content_id, sum(d.sent)::bigint FROM (
                SELECT origin_id, content_id, sent FROM campaigns_originday
                WHERE day BETWEEN %s AND %s AND content_id = ANY(%s::bigint[])
                UNION ALL SELECT origin_id, content_id, sent FROM campaigns_daycount
                WHERE loose AND day BETWEEN %s AND %s AND content_id = ANY(%s::bigint[])
            ) d JOIN campaigns_origin o ON o.id = d.origin_id GROUP BY 1, 2""",
            [since, until, contents] * 2,
        )
        return {(key, content): n for key, content, n in cursor.fetchall()}
