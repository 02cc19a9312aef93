"""Gives an installation a budget and adds it up."""

from decimal import Decimal

from django.db.models import Sum

from campaigns import funding
from campaigns.models import Budget, LedgerEntry, Price, Reservation
from tests.make import NOW

D = Decimal


def money(balance: str, **prices: str) -> None:
    """So much to spend, and what an email and an SMS cost."""
    for channel, amount in {"email": "0.01", **prices}.items():
        Price.objects.update_or_create(channel=channel, country="", defaults={"amount": D(amount)})
    funding.turn_on()
    if D(balance):
        funding.top_up(D(balance), "First", None, NOW)


def adds_up() -> Decimal:
    """The balance, after a look at whether balance, reservations and ledger agree."""
    balance = Budget.objects.get().balance
    reserved = Reservation.objects.aggregate(n=Sum("amount"))["n"] or D(0)
    assert balance + reserved == LedgerEntry.objects.aggregate(n=Sum("amount"))["n"]
    return balance
