"""Pages by key instead of by number: the ten-thousandth page costs what the first one costs."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from rest_framework.pagination import CursorPagination


class KeysetPagination(CursorPagination):
    """The API's pages: `{"next": url, "previous": url, "results": […]}`, newest first; `?limit=` up to 1,000."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 1000


@dataclass(frozen=True)
class Page:
    """One page of a list: its rows, and the query strings that lead to its neighbours (empty where there is none)."""

    rows: list[Any]
    newer: str
    older: str


def page(queryset: QuerySet[Any], request: HttpRequest, size: int = 50) -> Page:
    """The page of `queryset`, by descending id, that `?before=ID` or `?after=ID` in the request asks for."""
    before, after = _id(request, "before"), _id(request, "after")
    if after is not None:
        rows = list(queryset.filter(pk__gt=after).order_by("pk")[: size + 1])
        more_newer, more_older = len(rows) > size, True
        rows = rows[:size][::-1]
    else:
        if before is not None:
            queryset = queryset.filter(pk__lt=before)
        rows = list(queryset.order_by("-pk")[: size + 1])
        more_newer, more_older = before is not None, len(rows) > size
        rows = rows[:size]
    return Page(
        rows,
        newer=_link(request, "after", rows[0]) if rows and more_newer else "",
        older=_link(request, "before", rows[-1]) if rows and more_older else "",
    )


def _id(request: HttpRequest, name: str) -> int | None:
    value = request.GET.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 19 else None


def _link(request: HttpRequest, name: str, row: Model) -> str:
    query = request.GET.copy()
    query.pop("before", None)
    query.pop("after", None)
    query[name] = str(row.pk)
    return f"?{query.urlencode()}"
