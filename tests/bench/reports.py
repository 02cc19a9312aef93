"""Reports from counts, against a full scan of the ledger that they stand for; and from the counts of fifty million.

First a ledger of so many messages is made, and its counts by a recount of it: each report must be what the scan gives.
Then the counts of 50,000,000 messages over two years are made: 100 nodes of scenarios that send every day, 200
campaigns of two weeks each, 12 countries, 4 devices. A line of JSON for each report.
`python -m tests.bench.reports [messages] [days]`
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.bench._database import cpu_seconds, database, peak_memory_mb, run

MESSAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
DAYS = int(sys.argv[2]) if len(sys.argv) > 2 else 730
MOST_MS = 300
LAST = date(2026, 11, 25)
NODES, CAMPAIGNS, RUNS = 100, 200, 14
COUNTRIES = ["FR", "DE", "GB", "ES", "IT", "NL", "BE", "PL", "SE", "US", "CA", "CH"]
DEVICES = ["desktop", "mobile", "tablet", "proxy"]
WHOLE = 50_000_000

# What can be asked, as (groups, filters, days).
ASKED: list[tuple[tuple[str, ...], dict[str, str], int]] = [
    *((((group,), {}, DAYS)) for group in (
        "day", "week", "month", "channel", "campaign", "scenario", "node", "variant", "segment", "template", "provider",
        "country", "language", "device")),
    (("month", "scenario"), {}, DAYS),
    (("week", "country"), {}, DAYS),
    (("country", "device"), {}, DAYS),
    (("scenario", "country"), {}, DAYS),
    (("month",), {"scenario": "1", "country": "FR"}, DAYS),
    (("day",), {"scenario": "1", "country": "FR"}, DAYS),
    (("day", "country"), {"scenario": "1"}, DAYS),
    (("day", "scenario"), {}, 90),
    (("day", "country"), {"channel": "email"}, 90),
    (("day", "device"), {"template": "1"}, 30),
]  # fmt: skip


def shop() -> None:
    """25 scenarios of four mails each, 200 campaigns, and the words that they send."""
    from campaigns.models import Campaign, Content, Origin, Provider
    from flows.models import Flow, Scenario
    from templates_app.models import Template, TemplateVersion
    from tests import make

    now = datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(3):
        Provider.objects.create(channel="email", kind="local", name=f"Account {n}")
    versions = [
        TemplateVersion.objects.create(template=Template.objects.create(name=f"Letter {n}", channel="email"), number=1)
        for n in range(40)
    ]
    mails = [(f"n{n}", "email", {"subject": f"Mail {n}", "body": "<p>Hello</p>"}) for n in range(4)]
    graph = make.graph(("in", "on_event", {"event": "order.placed"}), *mails, edges="in>n0 n0>n1 n1>n2 n2>n3")
    keys = []
    for n in range(NODES // 4):
        scenario = Scenario.objects.create(name=f"Scenario {n}", started_at=now)
        scenario.flow = Flow.objects.create(scenario=scenario, number=1, graph=graph, settled_at=now)
        scenario.save()
        keys += [f"scenario:{scenario.pk}:n{m}" for m in range(4)]
    for n in range(CAMPAIGNS):
        campaign = Campaign.objects.create(name=f"Campaign {n}", channel="email", created_at=now)
        keys.append(f"campaign:{campaign.pk}:a")
    Origin.objects.bulk_create(Origin(key=key) for key in keys)
    Content.objects.bulk_create(
        Content(digest=str(n), channel="email", subject=key, markup="html", template_version=versions[n % 40])
        for n, key in enumerate(keys)
    )
    # Origins and contents are numbered alike from here on.
    run("UPDATE campaigns_content c SET id = o.id FROM campaigns_origin o WHERE o.key = c.subject AND c.id <> o.id")


def ledger(messages: int) -> None:
    """Messages spread evenly over all origins, days and countries; two of five are opened, one of ten is clicked.

    Without the indexes that neither the reports nor the scan read: filling them would take hours.
    """
    run(
        """DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT indexrelid::regclass FROM pg_index
            WHERE indrelid = 'campaigns_message'::regclass AND NOT indisunique
        LOOP EXECUTE 'DROP INDEX ' || name; END LOOP; END $$"""
    )
    run(
        f"""INSERT INTO campaigns_message (contact_id, channel, origin_id, origin_pass, content_id, provider_id, state,
            queued_at, due_at, sent_at, country, language, domain, opened_at, opened_on, clicked_at, clicked_on)
        SELECT n, 'email', o, n, o, 1 + n %% 3 + (SELECT min(id) FROM campaigns_provider) - 1, 'sent', at, at, at,
            country, lower(country), 'example.com',
            CASE WHEN lot < 0.4 THEN at + interval '1 hour' END, CASE WHEN lot < 0.4 THEN device ELSE '' END,
            CASE WHEN lot < 0.1 THEN at + interval '2 hours' END, CASE WHEN lot < 0.1 THEN device ELSE '' END
        FROM (
            SELECT n, random() AS lot, 1 + (random() * {NODES + CAMPAIGNS - 1})::int AS o,
                timestamptz %s - random() * interval '1 day' * %s AS at,
                (%s::text[])[1 + (random() * 11)::int] AS country, (%s::text[])[1 + (random() * 3)::int] AS device
            FROM generate_series(1, %s) n
        ) x""",
        f"{LAST} 00:00:00+00", DAYS - 2, COUNTRIES, DEVICES, messages,
    )  # fmt: skip
    run("ANALYZE campaigns_message")


def recount() -> None:
    """The counts of the ledger."""
    run(
        """INSERT INTO campaigns_daycount (day, origin_id, content_id, provider_id, country, language, device,
            sent, opened, clicked, loose)
        SELECT (v.at AT TIME ZONE 'UTC')::date, origin_id, content_id, provider_id, country, language, v.device,
            count(*) FILTER (WHERE metric = 's'), count(*) FILTER (WHERE metric = 'o'),
            count(*) FILTER (WHERE metric = 'c'), false
        FROM campaigns_message CROSS JOIN LATERAL
            (VALUES ('s', sent_at, ''), ('o', opened_at, opened_on), ('c', clicked_at, clicked_on))
            v (metric, at, device)
        WHERE v.at IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7"""
    )


def fifty_million() -> None:
    """A row for each day, origin that sends on it, country and device, as squashing would leave it."""
    per_row = WHOLE // ((DAYS * NODES + CAMPAIGNS * RUNS) * len(COUNTRIES))
    run("TRUNCATE campaigns_daycount, campaigns_monthcount, campaigns_originday, campaigns_homeday")
    run(
        """INSERT INTO campaigns_daycount (day, origin_id, content_id, provider_id, country, language, device,
            sent, opened, clicked, unsubscribed, loose)
        SELECT (%s::date - d), o.id, o.id, o.id %% 3 + (SELECT min(id) FROM campaigns_provider), c.country,
            lower(c.country), v.device,
            CASE WHEN v.device = '' THEN %s + (o.id + d) %% 7 - 3 ELSE 0 END,
            CASE WHEN v.device <> '' THEN 5 ELSE 0 END, CASE WHEN v.device <> '' THEN 1 ELSE 0 END,
            CASE WHEN v.device = '' THEN 1 ELSE 0 END, false
        FROM generate_series(0, %s) d
        JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM campaigns_origin) o
            ON o.n < %s OR (o.n - %s) * %s / %s BETWEEN d - %s AND d
        CROSS JOIN unnest(%s::text[]) c (country) CROSS JOIN unnest(%s::text[]) v (device)""",
        LAST, per_row, DAYS - 1, NODES, NODES, DAYS, CAMPAIGNS, RUNS - 1, COUNTRIES, ["", *DEVICES],
    )  # fmt: skip


def coarser() -> None:
    from importlib import import_module

    filled = import_module("campaigns.migrations.0010_reports")
    names, sums = ", ".join(filled.METRICS), ", ".join(f"sum(d.{name})" for name in filled.METRICS)
    for statement in filled.COARSER:
        run(statement.format(names=names, sums=sums))
    for table in ("daycount", "monthcount", "originday", "homeday"):
        run(f"VACUUM ANALYZE campaigns_{table}")


SCAN = {
    "day": "(v.at AT TIME ZONE 'UTC')::date::text",
    "country": "country",
    "scenario": "CASE WHEN o.key LIKE 'scenario:%%' THEN split_part(o.key, ':', 2) ELSE '' END",
    "device": "v.device",
}


def scan(group: str) -> dict[str, tuple[int, int, int]]:
    """The same report as one would write it over the ledger."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {SCAN[group]}, count(*) FILTER (WHERE metric = 's'), count(*) FILTER (WHERE metric = 'o'),
                count(*) FILTER (WHERE metric = 'c')
            FROM campaigns_message m JOIN campaigns_origin o ON o.id = m.origin_id CROSS JOIN LATERAL
                (VALUES ('s', sent_at, ''), ('o', opened_at, opened_on), ('c', clicked_at, clicked_on))
                v (metric, at, device)
            WHERE v.at IS NOT NULL GROUP BY 1""".replace("%%", "%")
        )
        return {key: (sent, opened, clicked) for key, sent, opened, clicked in cursor.fetchall()}


@dataclass
class Took:
    """Milliseconds by the clock (the middle of the tries), and of CPU, ours and PostgreSQL's, which does not depend on
    what else the machine does."""

    ms: float
    cpu_ms: float


def timed(do: Callable[[], Any], times: int = 5) -> tuple[Took, Any]:
    """After one try for the caches; and what came of it."""
    found, spent, before = do(), [], sum(cpu_seconds().values())
    for _ in range(times):
        started = time.perf_counter()
        do()
        spent.append((time.perf_counter() - started) * 1000)
    return Took(statistics.median(spent), (sum(cpu_seconds().values()) - before) * 1000 / times), found


def against_the_ledger(messages: int) -> None:
    from campaigns.reports import reporting
    from campaigns.reports.query import Query

    ledger(messages)
    recount()
    coarser()
    for group in SCAN:
        query = Query((group,), LAST - timedelta(days=DAYS), LAST + timedelta(days=1))
        ours, report = timed(lambda query=query: reporting.report(query))
        theirs, wanted = timed(lambda group=group: scan(group), 1)
        counted = {
            row.of[0].key: (row.counts["sent"], row.counts["opened"], row.counts["clicked"])
            for row in report.rows
            if any(row.counts.values())
        }
        assert counted == wanted, group
        say(part="ledger", messages=messages, by=group, report_ms=ours.ms, scan_ms=theirs.ms,
            ratio=round(theirs.ms / ours.ms, 1), report_cpu_ms=ours.cpu_ms, scan_cpu_ms=theirs.cpu_ms)  # fmt: skip


def of_fifty_million() -> float:
    from campaigns.models import DayCount
    from campaigns.reports import reporting
    from campaigns.reports.query import Query

    fifty_million()
    coarser()
    rows, slowest = DayCount.objects.count(), 0.0
    for groups, filters, days in ASKED:
        query = Query(groups, LAST - timedelta(days=days - 1), LAST, filters, to_the_end=True)
        ours, report = timed(lambda query=query: reporting.report(query))
        slowest = max(slowest, ours.ms)
        narrowed = " ".join(f"{name}={value}" for name, value in filters.items())
        say(part="counts", counts=rows, by=" and ".join(groups), filters=narrowed, days=days, rows=len(report.rows),
            sent=report.total.counts["sent"], report_ms=ours.ms, cpu_ms=ours.cpu_ms)  # fmt: skip
    return slowest


def say(**facts: object) -> None:
    shown = {name: round(value, 1) if isinstance(value, float) else value for name, value in facts.items()}
    print(json.dumps({"bench": "reports", **shown}), flush=True)


def main() -> None:
    with database("reports"):
        shop()
        against_the_ledger(MESSAGES)
        slowest = of_fifty_million()
    say(slowest_ms=slowest, most_ms=MOST_MS, peak_memory_mb=peak_memory_mb())
    assert slowest < MOST_MS


if __name__ == "__main__":
    main()
