"""Gathers the numbers that a Prometheus server asks for, none of which costs a look through a big table."""

import time
from collections.abc import Iterator, Mapping

from django.db import connection
from django.db.models import Count, Model
from django_q.models import OrmQ

from campaigns.models import Message
from config import beats
from config.schedules import LANES
from contacts.models import Contact, Event
from flows.models import Execution


def lines() -> Iterator[str]:
    """The exposition format, version 0.0.4."""
    depths = dict(OrmQ.objects.values_list("key").annotate(Count("id")))
    yield from _metric("queue_depth", "Tasks in a lane's queue.", "lane", {lane: depths.get(lane, 0) for lane in LANES})
    silent = {lane: time.time() - at for lane in LANES if (at := beats.last(lane)) is not None}
    yield from _metric("lane_silence_seconds", "Since a worker of this machine last showed life.", "lane", silent)
    yield from _metric("messages", "Messages by state, estimated.", "state", _shares(Message, "state"))
    yield from _metric("executions", "Passes by state, estimated.", "state", _shares(Execution, "state"))
    rows = {str(model._meta.model_name): _rows(model) for model in (Contact, Event, Message, Execution)}
    yield from _metric("rows", "Rows of the big tables, estimated.", "table", rows)


def _metric(name: str, text: str, label: str, values: Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP waypost_{name} {text}"
    yield f"# TYPE waypost_{name} gauge"
    for key, value in values.items():
        yield f'waypost_{name}{{{label}="{key}"}} {value:.10g}'


def _rows(model: type[Model]) -> int:
    """What the planner believes; -1 of a table never analysed is nothing yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        return max(cursor.fetchone()[0], 0)


def _shares(model: type[Model], column: str) -> dict[str, float]:
    """How many rows have each value of a column with few values, by the planner's statistics."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT unnest(most_common_vals::text::text[]), unnest(most_common_freqs) FROM pg_stats
             WHERE schemaname = current_schema() AND tablename = %s AND attname = %s
            """,
            [model._meta.db_table, column],
        )
        rows = _rows(model)
        return {value: round(share * rows) for value, share in cursor.fetchall()}
