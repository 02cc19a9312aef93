"""Says how many rows a list has: exactly where that is cheap, else as the planner reckons."""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

COUNTED = 10_000


@dataclass(frozen=True)
class Total:
    number: int
    exact: bool


def total(rows: QuerySet[Any, Any]) -> Total:
    """The size of a list, in a time that does not grow with it."""
    if not rows.query.where and (reckoned := _reckoned(rows.model)) > 10 * COUNTED:
        return Total(_rounded(reckoned), False)
    counted = rows.order_by().values("pk")[: COUNTED + 1].count()
    if counted <= COUNTED:
        return Total(counted, True)
    plan = json.loads(rows.order_by().values("pk").explain(format="json"))[0]["Plan"]
    return Total(_rounded(max(counted, int(plan["Plan Rows"]))), False)


def _reckoned(model: type[Model]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        return cursor.fetchone()[0]


def _rounded(number: int) -> int:
    """To two figures: more would promise what the planner does not know."""
    step = 10 ** max(0, len(str(number)) - 2)
    return round(number / step) * step
