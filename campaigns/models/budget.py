"""What there is to spend on messages, and what was spent."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from contacts.models.consent import Channel


class Budget(models.Model):
    """The one row, of which there is none until somebody turns the budget on.

    What messages in hand cost is reserved: it is gone from `balance` already. `short_of` is what the first message
    costs for which there was not enough.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    balance = models.DecimalField(max_digits=18, decimal_places=6, db_default=Decimal(0))
    limited = models.BooleanField(
        "Hard limit", default=True, help_text="Nothing is sent that the balance does not pay for."
    )
    warn_below = models.DecimalField(
        "Warn below",
        max_digits=18,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Home tells when the balance is less than this. Empty: it does not.",
    )
    short_of = models.DecimalField(max_digits=18, decimal_places=6, null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="budget_is_one")]

    def __str__(self) -> str:
        return f"{self.balance:f}"

    @property
    def is_empty(self) -> bool:
        """Whether it does not pay for the message that was to be sent next."""
        return self.limited and self.short_of is not None and self.balance < self.short_of


class Reservation(models.Model):
    """What the messages of one claim cost that are being handed over; gone when it is known what came of them."""

    owner = models.UUIDField(primary_key=True)
    amount = models.DecimalField(max_digits=18, decimal_places=6)
    messages = models.PositiveIntegerField()
    leased_until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.amount:f}"


class EntryKind(models.TextChoices):
    TOP_UP = "top_up", "Top-up"
    CHARGE = "charge", "Messages"
    REFUND = "refund", "Refund"
    CORRECTION = "correction", "Correction"


class LedgerEntry(models.Model):
    """One movement of the balance; insert-only. The balance and what is reserved are the sum of all amounts."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=EntryKind.choices)
    amount = models.DecimalField(max_digits=18, decimal_places=6, help_text="Negative where it was spent.")
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True)
    messages = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount:f}"
