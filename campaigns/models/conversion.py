"""Contacts who achieved an objective, the message that it belongs to, and what it was worth."""

from django.db import models

from campaigns.models.content import Content
from campaigns.models.message import Message
from campaigns.models.objective import Objective
from campaigns.models.origin import Origin
from campaigns.models.provider import Provider
from contacts.models.contact import TAKEN_ALONG, Contact


class Conversion(models.Model):
    """An event that belongs to a message. `first`: by it the message became converted; later ones add their value.

    Kept for good, also where the event itself is pruned. Goes with its contact (by a trigger, as events do).
    """

    objective = models.ForeignKey(Objective, on_delete=models.PROTECT, db_index=False)
    message = models.ForeignKey(Message, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    contact = models.ForeignKey(Contact, on_delete=TAKEN_ALONG, db_constraint=False)
    event_id = models.BigIntegerField()
    at = models.DateTimeField(help_text="When the event happened.")
    value = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217; empty without a value.")
    first = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_id", "objective"], name="conversion_once_per_event"),
            models.UniqueConstraint(
                fields=["message"], condition=models.Q(first=True), name="conversion_once_per_message"
            ),
        ]
        indexes = [
            models.Index(fields=["message"], name="conversion_message"),
            models.Index(fields=["objective", "id"], name="conversion_objective"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} at {self.at}"


class Revenue(models.Model):
    """Differences to what the conversions of a day were worth, by all that reports group by; squashed like DayCount."""

    day = models.DateField()
    origin = models.ForeignKey(Origin, on_delete=models.CASCADE, db_index=False)
    content = models.ForeignKey(Content, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    country = models.CharField(max_length=2)
    language = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=24, decimal_places=4)
    loose = models.BooleanField(db_default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "origin", "content", "provider", "country", "language", "currency"],
                condition=models.Q(loose=False),
                nulls_distinct=False,
                name="revenue_squashed",
            )
        ]
        indexes = [
            models.Index(fields=["origin", "day"], name="revenue_origin"),
            models.Index(fields=["day"], name="revenue_day"),
            models.Index(fields=["id"], condition=models.Q(loose=True), name="revenue_loose"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} on {self.day}"
