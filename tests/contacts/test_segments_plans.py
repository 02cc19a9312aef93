"""Rule trees over many contacts: one query each, whose plan follows what is asked."""

import json
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import segments
from contacts.models import Contact, Event
from contacts.segments import compiler, following, gathering
from contacts.segments.where import Scope
from tests.make import NOW

VIP = {"rule": "tag", "name": "vip"}
MONTH = {"amount": 30, "unit": "days"}
LATELY = {"op": "in_last_days", "value": 30}
PAID = {"field": "amount", "op": "greater", "value": 5}


def sample_of_every_kind() -> list[dict]:
    return [
        {"rule": "attribute", "field": "city", "op": "equals", "value": "Paris"},
        {"rule": "attribute", "field": "born", "op": "in_last_days", "value": 30},
        {"rule": "attribute", "field": "email", "op": "contains", "value": "@"},
        VIP,
        {"rule": "consent", "channel": "email", "is": "unknown"},
        {"rule": "event", "name": "order", "count": {"op": ">=", "n": 3}, "within": {"amount": 1, "unit": "years"}},
        {"rule": "event", "name": "order", "when": {"of": "first", "op": "days_ago", "value": 100}},
        {"rule": "created", "op": "in_last_days", "value": 30},
        {"rule": "location", "of": "country", "in": ["FR", "US", "JE"]},
        {"rule": "location", "of": "language", "in": ["pt", "en-GB"]},
        {"rule": "message", "did": "opened", "count": {"op": "<", "n": 2}},
        {"rule": "event", "name": "order", "did": False, "where": [{"field": "amount", "op": ">", "value": 5}]},
    ]


CROWD = """
    INSERT INTO contacts_contact (first_name, last_name, timezone, language, attributes, created_at, updated_at)
    SELECT '', '', '', '', jsonb_build_object('city', CASE n %% 1000 WHEN 0 THEN 'Ys' ELSE 'c' || n %% 50 END, 'n', n),
           %(now)s, %(now)s
    FROM generate_series(1, 20000) n;
    INSERT INTO contacts_tag (name) VALUES ('vip');
    INSERT INTO contacts_contacttag (contact_id, tag_id, at)
    SELECT c.id, t.id, %(now)s FROM contacts_contact c, contacts_tag t WHERE c.id %% 100 = 0;
    INSERT INTO contacts_tag (name) SELECT 't' || k FROM generate_series(0, 49) k;
    INSERT INTO contacts_contacttag (contact_id, tag_id, at)
    SELECT c.id, t.id, %(now)s FROM contacts_contact c JOIN contacts_tag t ON t.name = 't' || c.id %% 50;
    INSERT INTO contacts_consent (contact_id, channel, state, at, source)
    SELECT id, 'email', 'subscribed', %(now)s, '' FROM contacts_contact WHERE id %% 2 = 0;
    INSERT INTO contacts_event (contact_id, name, properties, at)
    SELECT id, CASE WHEN k = 1 AND id %% 100 = 0 THEN 'rare' ELSE 'order' END, jsonb_build_object('amount', id %% 9),
           %(now)s - id %% 400 * interval '1 day'
    FROM contacts_contact, generate_series(1, 3) k
"""


@pytest.fixture
def crowd(db) -> list[int]:
    """20,000 contacts: 20 in Ys, 1 % tagged, 3 events each, one in a hundred of another name; with statistics."""
    with connection.cursor() as cursor:
        cursor.execute(CROWD, {"now": NOW})
        for table in ("contacts_contact", "contacts_contacttag", "contacts_consent", "contacts_event", "contacts_tag"):
            cursor.execute(f"ANALYZE {table}")
    return list(Contact.objects.order_by("pk").values_list("pk", flat=True))


def plan(rule: dict, contact_ids: list[int] | None = None) -> str:
    found = segments.where(rule, NOW, replace(Scope(), few=contact_ids is not None))
    sql, params = "SELECT contacts_contact.id FROM contacts_contact WHERE ", []
    if contact_ids is not None:
        sql, params = sql + "contacts_contact.id = ANY(%s) AND ", [contact_ids]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}({found.sql})", [*params, *found.params])
        return json.dumps(cursor.fetchall()[0][0])


def test_selective_rules_can_be_answered_from_indexes(crowd):
    with connection.cursor() as cursor:  # whether an index pays is the planner's business; that it can be used is ours
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "contact_attributes" in plan({"rule": "attribute", "field": "city", "op": "equals", "value": "Ys"})
    assert "contact_email_unique" in plan({"rule": "attribute", "field": "email", "op": "equals", "value": "a@b.c"})
    assert "contact_tag_unique" in plan(VIP)
    assert "event_name_at_contact" in plan({"rule": "event", "name": "rare"})
    created = {"rule": "attribute", "field": "created_at", "op": "before", "value": "2020-01-01"}
    assert "contacts_contact_created_at" in plan(created)
    assert "contacts_contact_created_at" in plan({"rule": "created", "op": "in_last_days", "value": 30})


@pytest.mark.parametrize("rule", sample_of_every_kind(), ids=lambda rule: f"{rule['rule']} {rule.get('op', '')}")
def test_a_batch_is_one_query_that_starts_from_its_ids(crowd, django_assert_num_queries, rule):
    few = crowd[:50]
    with django_assert_num_queries(1):
        found = segments.matching(rule, few, NOW)
    assert found <= set(few)
    assert "contacts_contact_pkey" in plan(rule, few) or "contact_present" in plan(rule, few)
    with CaptureQueriesContext(connection) as asked:
        total = segments.count(rule, NOW)
    assert len([each for each in asked if "contacts_contact" in each["sql"]]) == 1
    # The form for batches and the form for whole audiences say the same.
    assert len(segments.matching(rule, crowd, NOW)) == total


def counted(rule: dict) -> str:
    """The plan of a count, as if the table were too large to be read."""
    number = gathering.counted(rule, NOW, Scope())
    assert number is not None
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {number.sql}", number.params)
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize(
    ("rule", "index"),
    [
        (VIP, "contact_tag_unique"),
        ({"rule": "event", "name": "rare"}, "event_name_at_contact"),
        ({"rule": "event", "name": "rare", "did": False, "within": MONTH}, "event_name_at_contact"),
        ({"rule": "event", "name": "rare", "count": {"op": ">=", "n": 2}, "within": MONTH}, "event_name_at_contact"),
        ({"rule": "event", "name": "rare", "when": {"of": "first", **LATELY}}, "event_name_at_contact"),
        ({"rule": "event", "name": "rare", "where": [PAID], "within": MONTH}, "event_told"),
        ({"any": [VIP, {"rule": "event", "name": "rare", "did": False}]}, "event_name_at_contact"),
        ({"all": [VIP, {"rule": "event", "name": "rare", "where": [PAID]}]}, "contacts_contacttag"),
    ],
    ids=str,
)
def test_who_is_named_by_rows_is_counted_without_a_look_at_contacts(crowd, rule, index):
    found = counted(rule)
    assert index in found
    looks = [line for line in found.splitlines() if " on contacts_contact " in line]
    assert all("Index Only Scan" in line for line in looks), found


def test_properties_of_any_length_are_counted(crowd):
    written = [("bought", 1), ("bought", 900), ("bought", 40_000), ("email.sent", 900)]
    Event.objects.bulk_create(
        Event(contact_id=id, name=name, properties={"note": "x" * length, "sku": 14}, at=NOW)
        for id, (name, length) in zip(crowd, written, strict=False)
    )
    for name, number in (("bought", 3), ("email.sent", 1)):
        rule = {"rule": "event", "name": name, "where": [{"field": "sku", "op": "equals", "value": 14}]}
        assert segments.count(rule, NOW) == number == len(segments.matching(rule, crowd, NOW))


def test_settings_for_a_count_end_with_it(crowd):
    with connection.cursor() as cursor:
        cursor.execute("SHOW parallel_tuple_cost")
        before = cursor.fetchone()
        segments.count(VIP, NOW)
        cursor.execute("SHOW parallel_tuple_cost")
        assert cursor.fetchone() == before


def test_who_was_erased_or_is_gone_is_not_counted(crowd):
    rules = [rule for rule in sample_of_every_kind() if gathering.counted(rule, NOW, Scope())]
    rules += [
        {"any": rules[:3]},
        {"all": rules[:2]},
        {"all": [{"not": rules[0]}, rules[1]]},
        {"not": {"any": [*rules]}},
    ]
    erased, gone = crowd[99:400], crowd[400:900]
    Contact.objects.filter(pk__in=erased).update(erased_at=NOW)
    Contact.objects.filter(pk__in=gone).delete()
    for rule in rules:
        assert segments.count(rule, NOW) == len(segments.matching(rule, crowd, NOW)), rule


def test_no_rule_is_ever_null(crowd):
    for rule in sample_of_every_kind():
        found = compiler.where(rule, NOW)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM contacts_contact WHERE ({found.sql}) IS NULL", found.params)
            assert cursor.fetchone() == (0,), rule


@pytest.mark.django_db
def test_whether_events_wait_is_seen_at_the_end_of_the_log():
    """It is asked for every count of a segment, and usually nothing waits: reading the whole log would take minutes."""
    with CaptureQueriesContext(connection) as asked:
        following.is_behind()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {asked[0]['sql']}")
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert "Index Cond: (ROW(xact, id) > ROW(c.xact, c.event_id))" in plan
