"""The audience at a million contacts and twenty million events: counts, lists, searches and pages.

Counts of segments stand beside the SQL that one would write by hand, asked in turns in the same run. Pages are asked of
Django as a browser would ask for them, over and over with other contacts, words and places. PostgreSQL with durable
settings. How members follow what changes is measured by `tests.bench.membership`.
`python -m tests.bench.audience [contacts] [events] [rounds]`
"""

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.bench import _population
from tests.bench._database import cpu_seconds, database, peak_memory_mb
from tests.bench._population import NOW

CONTACTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
EVENTS = int(sys.argv[2]) if len(sys.argv) > 2 else 20 * CONTACTS
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 5
ASKED = 40  # times each page is asked for

CITY = {"rule": "attribute", "field": "city", "op": "equals", "value": "city34"}
TEAM = {"rule": "attribute", "field": "plan", "op": "equals", "value": "team"}
ADULT = {"rule": "attribute", "field": "age", "op": "between", "value": [30, 49]}
TAG = {"rule": "tag", "name": "tag18"}
SUBSCRIBED = {"rule": "consent", "channel": "email", "is": "subscribed"}
UNKNOWN = {"rule": "consent", "channel": "email", "is": "unknown"}
BOUGHT = {
    "rule": "event",
    "name": "order.placed",
    "count": {"op": ">=", "n": 2},
    "within": {"amount": 90, "unit": "days"},
}
SKU = {"rule": "event", "name": "order.placed", "where": [{"field": "sku", "op": "equals", "value": 14}]}
NO_CART = {"rule": "event", "name": "cart.changed", "did": False, "within": {"amount": 30, "unit": "days"}}

_CITY = """c.attributes @> '{"city": "city34"}'"""
_TEAM = """c.attributes @> '{"plan": "team"}'"""
_ADULT = "(c.attributes ->> 'age')::numeric BETWEEN 30 AND 49"
_TAG = (
    "EXISTS (SELECT FROM contacts_contacttag t WHERE t.contact_id = c.id AND t.tag_id ="
    " (SELECT id FROM contacts_tag WHERE name = 'tag18'))"
)
_SAID = "EXISTS (SELECT FROM contacts_consent k WHERE k.contact_id = c.id AND k.channel = 'email'{})"
_BOUGHT = """c.id IN (SELECT contact_id FROM contacts_event WHERE name = 'order.placed'
    AND at > timestamptz '2026-03-02 09:00+00' - interval '90 days' AND at <= timestamptz '2026-03-02 09:00+00'
    GROUP BY 1 HAVING count(*) >= 2)"""
_SKU = """EXISTS (SELECT FROM contacts_event e WHERE e.contact_id = c.id AND e.name = 'order.placed'
    AND e.properties @> '{"sku": 14}')"""
_NO_CART = """NOT EXISTS (SELECT FROM contacts_event e WHERE e.contact_id = c.id AND e.name = 'cart.changed'
    AND e.at > timestamptz '2026-03-02 09:00+00' - interval '30 days' AND e.at <= timestamptz '2026-03-02 09:00+00')"""

# Five rules of several kinds each, beside what one would write by hand over `c`, a contact.
MIXED: dict[str, tuple[Any, str]] = {
    "all_of_five": (
        {"all": [CITY, TEAM, TAG, SUBSCRIBED, BOUGHT]},
        " AND ".join([_CITY, _TEAM, _TAG, _SAID.format(" AND k.state = 'subscribed'"), _BOUGHT]),
    ),
    "nested": (
        {"all": [ADULT, {"any": [TAG, {"not": TEAM}]}, SUBSCRIBED, NO_CART]},
        f"{_ADULT} AND ({_TAG} OR NOT {_TEAM}) AND {_SAID.format(' AND k.state = ' + chr(39) + 'subscribed' + chr(39))}"
        f" AND {_NO_CART}",
    ),
    "any_of_five": (
        {"any": [CITY, TAG, BOUGHT, SKU, UNKNOWN]},
        " OR ".join([_CITY, _TAG, _BOUGHT, _SKU, f"NOT {_SAID.format('')}"]),
    ),
}
_SUBSCRIBED = _SAID.format(" AND k.state = 'subscribed'")
MONTHS = {"rule": "event", "name": "order.placed", "within": {"amount": 90, "unit": "days"}}
EVER = {"rule": "event", "name": "order.placed"}
_EVER = "EXISTS (SELECT FROM contacts_event e WHERE e.contact_id = c.id AND e.name = 'order.placed'{})"
_MONTHS = _EVER.format(" AND e.at >= timestamptz '2026-03-02 09:00+00' - interval '90 days'")
JOINED = {"rule": "attribute", "field": "joined", "op": "before", "value": "2025-02-02"}
# What people look at while they build a segment, beside what one would write by hand: the live count should take less
# than 300 ms.
TYPICAL: dict[str, tuple[Any, str]] = {
    "attribute": (CITY, _CITY),
    "attribute_between": (ADULT, _ADULT),
    "attribute_date": (JOINED, "(c.attributes ->> 'joined')::date < '2025-02-02'"),
    "tag": (TAG, _TAG),
    "consent": (SUBSCRIBED, _SUBSCRIBED),
    "consent_unknown": (UNKNOWN, f"NOT {_SAID.format('')}"),
    "event": (SKU, _SKU),
    "event_ever": (EVER, _EVER.format("")),
    "event_count": (BOUGHT, _BOUGHT),
    "event_did_not": (NO_CART, _NO_CART),
    "attribute_and_tag": ({"all": [TEAM, TAG]}, f"{_TEAM} AND {_TAG}"),
    "city_and_bought": ({"all": [CITY, BOUGHT]}, f"{_CITY} AND {_BOUGHT}"),
    "consent_and_event": ({"all": [SUBSCRIBED, MONTHS]}, f"{_SUBSCRIBED} AND {_MONTHS}"),
}


def by_hand(sql: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM contacts_contact c WHERE {sql}")
        return cursor.fetchone()[0]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def in_turns(sql: str, ask: Callable[[], int | None]) -> tuple[list[float], list[float], int]:
    """The seconds of what is asked and of the SQL by hand, which have to give the same number; and that number."""
    ours, floors, expected = [], [], 0
    for _ in range(ROUNDS + 1):
        floor, expected = timed(lambda: by_hand(sql))
        spent, found = timed(ask)
        assert found == expected, (sql, found, expected)
        ours.append(spent)
        floors.append(floor)
    return ours[1:], floors[1:], expected  # the first ones find cold caches


def counts() -> None:
    from contacts import segments

    for name, (rule, sql) in MIXED.items():
        ours, floors, found = in_turns(sql, lambda rule=rule: segments.count(rule, NOW))
        say(
            "count_of_mixed_rules",
            rules=name,
            contacts=found,
            floor_ms=ms(statistics.median(floors)),
            ours_ms=ms(statistics.median(ours)),
            ratio=round(statistics.median(ours) / statistics.median(floors), 3),
            most_ratio=1.3,
        )


def previews() -> None:
    from contacts.segments import previewing

    for name, (rule, sql) in TYPICAL.items():
        spent, floors, found = in_turns(sql, lambda rule=rule: previewing.preview(rule, previewing.Scope(), NOW).count)
        say(
            "live_preview",
            rules=name,
            contacts=found,
            ms=ms(statistics.median(spent)),
            least_ms=ms(min(spent)),
            floor_ms=ms(statistics.median(floors)),
            most_ms=300,
            load=round(os.getloadavg()[0], 1),
        )


def pages(busy: int) -> None:
    from django.db import connection

    from contacts.models import Contact, Segment, Tag
    from contacts.segments import following, refreshing
    from tests import people

    client = people.signed_in(people.person("administrator", "bench"))
    chance = random.Random(6)
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM contacts_contact")
        first, last = cursor.fetchone()
    tag = Tag.objects.get(name="tag18").pk
    segment = Segment.objects.create(name="Team in city 34", rule={"all": [CITY, TEAM]}).pk
    from contacts import timeline

    timeline.skip_to_now(following.CONSUMER)
    filled, _ = timed(lambda: [None for _ in iter(lambda: refreshing.refresh(NOW), False)])
    say("first_pass_of_a_segment", seconds=round(filled, 2))

    def one() -> Contact:
        return Contact.objects.filter(pk__gte=chance.randint(first, last)).order_by("pk")[0]

    def piece(text: str, length: int) -> str:
        start = chance.randint(0, max(0, len(text) - length))
        return text[start : start + length]

    asked: dict[str, Callable[[], tuple[str, dict[str, Any]]]] = {
        "list_first": lambda: ("/contacts/", {}),
        "list_deep": lambda: ("/contacts/", {"before": chance.randint(first + 50, last)}),
        "list_by_tag": lambda: ("/contacts/", {"tag": tag}),
        "list_by_consent": lambda: ("/contacts/", {"consent": "email:unsubscribed"}),
        "list_by_segment": lambda: ("/contacts/", {"segment": segment}),
        "search_address": lambda: ("/contacts/", {"q": one().email}),
        "search_piece_of_address": lambda: ("/contacts/", {"q": piece(one().email.partition("@")[0], 7)}),
        "search_middle_of_address": lambda: ("/contacts/", {"q": piece(one().email, 10)}),
        "search_piece_of_name": lambda: ("/contacts/", {"q": piece(one().last_name, 4)}),
        "search_two_names": lambda: ("/contacts/", {"q": f"{(c := one()).first_name} {c.last_name}"}),
        "search_three_letters": lambda: ("/contacts/", {"q": piece(one().email, 3)}),
        "search_two_letters": lambda: ("/contacts/", {"q": one().first_name[:2]}),
        "search_one_letter": lambda: ("/contacts/", {"q": one().first_name[:1]}),
        "search_common": lambda: ("/contacts/", {"q": chance.choice(["gmail", "@outlook.com", ".com", "ann", "mail"])}),
        "search_nowhere": lambda: ("/contacts/", {"q": chance.choice(["zzzz", "nobody@nowhere", "gmailcom", "xqj"])}),
        "search_common_runs_nowhere": lambda: ("/contacts/", {"q": chance.choice(["outlook.gmail", "acme.exa.mple"])}),
        "search_phone": lambda: ("/contacts/", {"q": f"06 {chance.randint(10, 99)} {chance.randint(10, 99)}"}),
        "search_in_segment": lambda: ("/contacts/", {"q": one().first_name, "segment": segment}),
        "contact_page": lambda: (f"/contacts/{one().pk}/", {}),
        "contact_page_busy": lambda: (f"/contacts/{busy}/", {}),
        "segment_list": lambda: ("/segments/", {}),
        "segment_page": lambda: (f"/segments/{segment}/", {}),
        "segment_count": lambda: (f"/segments/{segment}/count/", {}),
    }
    for name, ask in asked.items():
        walls, cpus = [], []
        for _ in range(ASKED + 3):
            url, query = ask()
            before = cpu_seconds()
            seconds, answer = timed(lambda url=url, query=query: client.get(url, query))
            assert answer.status_code == 200, (url, query, answer.status_code)
            after = cpu_seconds()
            walls.append((seconds, str(query)))
            cpus.append(sum(after[name] - before[name] for name in before))
        walls, cpus = sorted(walls[3:]), sorted(cpus[3:])
        p95 = int(len(walls) * 0.95) - 1
        say(
            "page",
            page=name,
            p50_ms=ms(statistics.median(seconds for seconds, _ in walls)),
            p95_ms=ms(walls[p95][0]),
            most_ms=150,
            cpu_p50_ms=ms(statistics.median(cpus)),
            cpu_p95_ms=ms(cpus[p95]),
            slowest=walls[-1][1],
        )


def ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def say(of: str, **found: Any) -> None:
    print(json.dumps({"bench": "audience", "of": of, **found}), flush=True)


def measure(busy: int) -> None:
    pages(busy)
    counts()
    previews()


def main() -> None:
    with database("audience"):
        built, busy = timed(lambda: _population.build(CONTACTS, EVENTS))
        say("population", contacts=CONTACTS, events=EVENTS, seconds=round(built, 1))
        measure(busy)
        say("memory", peak_memory_mb=peak_memory_mb())


if __name__ == "__main__":
    main()
