"""Keeps ways to look at the list of contacts under a name, for oneself or for everybody."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import F, Max

from contacts.contact_columns import LIST, cleaned
from contacts.models import SavedView
from contacts.people.selecting import of_filters

MOST = 50


def first_of(user: Any) -> SavedView | None:
    """The view with which the list opens."""
    return SavedView.objects.visible(user).filter(opens_for=user.pk).first()


@transaction.atomic
def keep(view: SavedView, filters: Any, columns: Iterable[str], now: datetime) -> SavedView:
    """Store a new one at the end, or what one shows now."""
    view.filters = dict(of_filters(filters).filters)
    keys = [column.key for column in cleaned(columns, LIST)]
    view.columns = [] if keys == list(LIST) else keys
    if view.pk is None:
        view.created_at = now
        last = SavedView.objects.filter(owner=view.owner).aggregate(last=Max("position"))["last"]
        view.position = 0 if last is None else last + 1
    view.save()
    return view


def is_changed(view: SavedView, filters: Any, columns: Iterable[str]) -> bool:
    """Whether what is shown is not what the view says."""
    shown = [column.key for column in cleaned(columns, LIST)]
    return dict(of_filters(filters).filters) != view.filters or shown != (view.columns or list(LIST))


@transaction.atomic
def open_first(view: SavedView | None, user: Any) -> None:
    """The list opens with this view from now on; with none, it shows everybody."""
    user.first_contact_view.clear()
    if view is not None:
        view.opens_for.add(user)


@transaction.atomic
def move(view: SavedView, by: int) -> None:
    """Let it change places with its neighbour among the owner's views: -1 to the front, 1 to the back."""
    mine = list(SavedView.objects.select_for_update().filter(owner=view.owner_id).order_by("position", "pk"))
    place = next(i for i, each in enumerate(mine) if each.pk == view.pk)
    other = place + by
    if 0 <= other < len(mine):
        mine[place], mine[other] = mine[other], mine[place]
    for position, each in enumerate(mine):
        SavedView.objects.filter(pk=each.pk).exclude(position=F("position") * 0 + position).update(position=position)


def query(view: SavedView) -> str:
    """What stands in the address of the list when the view is open."""
    asked = {**view.filters, **({"columns": ",".join(view.columns)} if view.columns else {})}
    return urlencode({"view": view.pk, **asked})
