"""Counts everything anew from the ledger, and says where any count, page or answer differs from that."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection

from campaigns.models.day_count import METRICS
from campaigns.models.domain_count import DOMAIN_METRICS

Key = tuple[Any, ...]
# The moments of a message, by the metric that each of them counts for; opening and clicking also know the device.
MOMENTS = {
    "sent": "sent_at",
    "delivered": "delivered_at",
    "opened": "opened_at",
    "clicked": "clicked_at",
    "bounced": "bounced_at",
    "complained": "complained_at",
    "unsubscribed": "unsubscribed_at",
    "failed": "failed_at",
    "skipped": "skipped_at",
    "unknown": "unknown_at",
}
_CONVERTED = "('converted', (SELECT c.at FROM campaigns_conversion c WHERE c.message_id = m.id AND c.first), '')"
DEVICE = {"opened": "m.opened_on", "clicked": "m.clicked_on"}
KEYS = (
    "day",
    "origin",
    "content",
    "provider",
    "country",
    "language",
    "device",
    "channel",
    "template",
    "domain",
    "metric",
)
_LEDGER = """
SELECT (v.at AT TIME ZONE %s)::date, o.key, m.content_id, m.provider_id, m.country, m.language, v.device, m.channel,
    t.template_id, m.domain, v.metric, count(*)
FROM campaigns_message m JOIN campaigns_origin o ON o.id = m.origin_id
JOIN campaigns_content c ON c.id = m.content_id
LEFT JOIN templates_app_templateversion t ON t.id = c.template_version_id
CROSS JOIN LATERAL (VALUES {moments}) v (metric, at, device) WHERE v.at IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
"""


def rows(sql: str, values: Iterable[Any] = ()) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        return cursor.fetchall()


def ledger(zone: str = "UTC") -> Counter[Key]:
    """How many messages by KEYS: only the ledger is asked, and the conversions of its messages."""
    moments = ", ".join(
        f"('{metric}', m.{column}, {DEVICE.get(metric, chr(39) * 2)})" for metric, column in MOMENTS.items()
    )
    return Counter({tuple(key): n for *key, n in rows(_LEDGER.format(moments=f"{moments}, {_CONVERTED}"), [zone])})


_EARNED = """
SELECT (v.at AT TIME ZONE %s)::date, o.key, m.content_id, m.provider_id, m.country, m.language, '', m.channel,
    t.template_id, m.domain, v.currency, sum(v.value)
FROM campaigns_conversion v JOIN campaigns_message m ON m.id = v.message_id
JOIN campaigns_origin o ON o.id = m.origin_id JOIN campaigns_content c ON c.id = m.content_id
LEFT JOIN templates_app_templateversion t ON t.id = c.template_version_id
WHERE v.value IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
"""


def earned(zone: str = "UTC") -> Counter[Key]:
    """What conversions were worth by KEYS, with the currency in the metric's place."""
    return Counter({tuple(key): amount for *key, amount in rows(_EARNED, [zone])})


def summed(counts: Counter[Key], read: Callable[[dict[str, Any]], Iterable[Key]]) -> Counter[Key]:
    """The same by other keys: `read` says under which ones each of the old ones counts."""
    found: Counter[Key] = Counter()
    for key, n in counts.items():
        for other in read(dict(zip(KEYS, key, strict=True))):
            found[other] += n
    return found


def by(*names: str) -> Callable[[dict[str, Any]], list[Key]]:
    return lambda key: [tuple(key[name] for name in names)]


def unlike(counted: Counter[Key], wanted: Counter[Key]) -> dict[Key, tuple[int, int]]:
    """Key → (what is counted, what a recount gives), where they differ."""
    return {
        key: (counted[key], wanted[key])
        for key in sorted(counted.keys() | wanted.keys(), key=repr)
        if counted[key] != wanted[key]
    }


def _stored(sql: str, metrics: Iterable[str]) -> Counter[Key]:
    """Of a statement with keys first and a column for each metric."""
    names = list(metrics)
    found: Counter[Key] = Counter()
    for row in rows(sql):
        key, counts = row[: -len(names)], row[-len(names) :]
        for metric, n in zip(names, counts, strict=True):
            if n:
                found[*key, metric] += n
    return found


def of_tables(zone: str = "UTC") -> dict[str, dict]:
    """Where the stored counts differ: per day, coarser, by domain, by link and per origin."""
    truth = ledger(zone)
    sums = ", ".join(f"sum({metric})::bigint" for metric in METRICS)
    columns = ", ".join(METRICS)

    def coarse(table: str, keys: str, loose: str, joined: str = "") -> Counter[Key]:
        """A coarser table, and the rows per day that were not added to it yet."""
        names = ", ".join(str(n + 1) for n in range(len(keys.split(","))))
        return _stored(
            f"""SELECT {keys}, {sums} FROM (
                SELECT {keys}, {columns} FROM campaigns_{table}
                UNION ALL SELECT {loose}, {columns} FROM campaigns_daycount d {joined} WHERE loose
            ) x GROUP BY {names}""",
            METRICS,
        )

    keys = dict(rows("SELECT id, key FROM campaigns_origin"))

    def named(counts: Counter[Key], place: int) -> Counter[Key]:
        """With the origin's key in the place of its id."""
        return Counter({(*key[:place], keys[key[place]], *key[place + 1 :]): n for key, n in counts.items()})

    plain = ("day", "origin", "content", "provider", "country", "language", "device", "metric")
    days = _stored(
        f"""SELECT day, origin_id, content_id, provider_id, country, language, device, {sums}
        FROM campaigns_daycount GROUP BY 1, 2, 3, 4, 5, 6, 7""",
        METRICS,
    )
    columns_of = "origin_id, content_id, provider_id, country, language, device"
    months = coarse("monthcount", f"month, {columns_of}", f"date_trunc('month', day)::date, {columns_of}")
    origin_days = coarse(
        "originday", "day, origin_id, content_id, provider_id", "day, origin_id, content_id, provider_id"
    )
    homes = coarse(
        "homeday",
        "day, channel, provider_id, country, language, device",
        "day, c.channel, d.provider_id, country, language, device",
        "JOIN campaigns_content c ON c.id = d.content_id",
    )
    domains = _stored(
        f"""SELECT day, domain, provider_id, {", ".join(f"sum({metric})::bigint" for metric in DOMAIN_METRICS)}
        FROM campaigns_domaincount GROUP BY 1, 2, 3""",
        DOMAIN_METRICS,
    )
    in_domains = Counter({k: n for k, n in truth.items() if k[9] and k[10] in DOMAIN_METRICS})
    found = {
        "per day": unlike(named(days, 1), summed(truth, by(*plain))),
        "per month": unlike(
            named(months, 1),
            summed(truth, lambda k: [(k["day"].replace(day=1), *(k[name] for name in plain[1:]))]),
        ),
        "per day and origin": unlike(
            named(origin_days, 1), summed(truth, by("day", "origin", "content", "provider", "metric"))
        ),
        "per day and home": unlike(
            homes, summed(truth, by("day", "channel", "provider", "country", "language", "device", "metric"))
        ),
        "per domain": unlike(domains, summed(in_domains, by("day", "domain", "provider", "metric"))),
        "per origin": _of_origins(truth),
        "per link": _of_links(zone),
    }
    return {what: differing for what, differing in found.items() if differing}


def _of_origins(truth: Counter[Key]) -> dict:
    counted = Counter(
        {
            (key, metric): int(n)
            for key, metric, n in rows(
                """SELECT o.key, c.metric, sum(c.n) FROM campaigns_origincount c
                JOIN campaigns_origin o ON o.id = c.origin_id GROUP BY 1, 2 HAVING sum(c.n) <> 0"""
            )
        }
    )
    wanted = summed(truth, by("origin", "metric"))
    for key, n in rows(
        "SELECT o.key, count(*) FROM campaigns_message m JOIN campaigns_origin o ON o.id = m.origin_id GROUP BY 1"
    ):
        wanted[key, "queued"] = n
    for key, reason, n in rows(
        """SELECT o.key, left('skipped:' || m.reason, 40), count(*) FROM campaigns_message m
        JOIN campaigns_origin o ON o.id = m.origin_id WHERE m.state = 'skipped' GROUP BY 1, 2"""
    ):
        wanted[key, reason] = n
    return unlike(counted, wanted)


def _of_links(zone: str) -> dict:
    """Against the timeline, which has an event for the first click on each link of a message."""
    counted = _stored(
        """SELECT l.day, o.key, l.content_id, l.number, sum(l.clicks)::bigint, sum(l.people)::bigint
        FROM campaigns_linkcount l JOIN campaigns_origin o ON o.id = l.origin_id GROUP BY 1, 2, 3, 4""",
        ("clicks", "people"),
    )
    wanted: Counter[Key] = Counter()
    people = set()
    for day, key, content, number, contact in rows(
        """SELECT (e.at AT TIME ZONE %s)::date, o.key, m.content_id, (e.properties ->> 'link')::int, m.contact_id
        FROM contacts_event e JOIN campaigns_message m ON m.id = (e.properties ->> 'message')::bigint
        JOIN campaigns_origin o ON o.id = m.origin_id WHERE e.name IN ('email.clicked', 'sms.clicked')
        ORDER BY e.at, e.id""",
        [zone],
    ):
        wanted[day, key, content, number, "clicks"] += 1
        if (key, content, number, contact) not in people:
            people.add((key, content, number, contact))
            wanted[day, key, content, number, "people"] += 1
    return unlike(counted, wanted)
