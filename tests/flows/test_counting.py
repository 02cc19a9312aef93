"""Counts are read without a look at history, however much of it there is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import counting as messages
from flows import counting, entering, starting, stats
from flows.models import NodeCount
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def test_live_counts_ask_only_for_counts_and_by_their_index():
    scenario = make.scenario(make.graph(("in", "now", {}), ("mail", "email", {"subject": "Hi", "body": "Hi"}),
                                        edges="in>mail"))  # fmt: skip
    NodeCount.objects.bulk_create(
        NodeCount(scenario=scenario, node="in", metric=f"left:{n}", n=1) for n in range(20) for _ in range(500)
    )
    others = make.scenario(make.graph(("in", "now", {}), edges=""))
    NodeCount.objects.bulk_create(
        NodeCount(scenario=others, node="in", metric=f"left:{n}", n=1) for n in range(20) for _ in range(1_500)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE flows_nodecount")
    with CaptureQueriesContext(connection) as asked:
        stats.live(scenario)
    history = ("flows_execution", "flows_step", "campaigns_message", "contacts_event")
    for query in asked.captured_queries:
        assert not [table for table in history if f'"{table}"' in query["sql"]], query["sql"]
        if "flows_nodecount" in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {query['sql']}")
                plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "node_count_lookup" in plan, plan
            assert "Seq Scan" not in plan, plan


def test_squashing_keeps_the_rows_few_while_contacts_pass(monkeypatch):
    monkeypatch.setattr(entering, "BATCH", 5)
    make.contacts(400)
    scenario = make.scenario(make.graph(("in", "now", {}), ("mail", "email", {"subject": "Hi", "body": "Hi"}),
                                        edges="in>mail"))  # fmt: skip
    starting.start(scenario, NOW)
    entering.plan(NOW)
    most = 0
    while entering.admit(NOW):
        most = max(most, NodeCount.objects.count())
        counting.squash(NOW)
        messages.squash(NOW)
    metrics = NodeCount.objects.values("node", "metric").distinct().count()
    assert most <= metrics * 2
    assert stats.live(scenario)["in"]["left:next"] == 400
    assert stats.live(scenario)["mail"]["queued"] == 400
