"""Turns the budget on, puts money into it and changes its limits."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Sum

from campaigns.models import Budget, EntryKind, LedgerEntry, Reservation

TURNED_OFF = "The budget was turned off."


class TooMuch(Exception):
    """More is to be taken out than there is; the text is a sentence."""


def turn_on() -> Budget:
    """With nothing in it and its hard limit on; one that is on stays as it is."""
    return Budget.objects.get_or_create(pk=1)[0]


@transaction.atomic
def turn_off(user: Any, now: datetime) -> Decimal:
    """Messages are sent whatever they cost from here on. What was left is taken out, which the ledger says with who did
    it; turned on again, it begins with nothing. Returns what was left. Raises Budget.DoesNotExist.

    What messages in hand have reserved goes with it: without a budget nothing is charged."""
    locked = Budget.objects.select_for_update().get(pk=1)
    reserved = Reservation.objects.aggregate(amount=Sum("amount"))["amount"] or Decimal(0)
    left = locked.balance + reserved
    Reservation.objects.all().delete()
    LedgerEntry.objects.create(at=now, kind=EntryKind.CORRECTION, amount=-left, note=TURNED_OFF, by=user)
    locked.delete()
    return left


@transaction.atomic
def top_up(amount: Decimal, note: str, user: Any, now: datetime) -> Budget:
    """Put money in; a negative amount corrects what was put in before. Raises TooMuch, or Budget.DoesNotExist."""
    locked = Budget.objects.select_for_update().get(pk=1)
    if amount < 0 and locked.balance + amount < 0:
        raise TooMuch("So much is not there: what messages cost stays charged.")
    Budget.objects.filter(pk=1).update(balance=F("balance") + amount)
    kind = EntryKind.TOP_UP if amount > 0 else EntryKind.CORRECTION
    LedgerEntry.objects.create(at=now, kind=kind, amount=amount, note=note, by=user)
    locked.refresh_from_db()
    return locked


def change(**fields: Any) -> None:
    """`limited` and `warn_below`."""
    Budget.objects.filter(pk=1).update(**fields)


def is_low(budget: Budget | None) -> bool:
    """Whether there is less than somebody wants to be warned of, or not enough for the next message."""
    if budget is None:
        return False
    return budget.is_empty or (budget.warn_below is not None and budget.balance < budget.warn_below)
