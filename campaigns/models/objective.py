"""What scenarios, campaigns and their steps are meant to achieve."""

from django.db import models


class ObjectiveKind(models.TextChoices):
    OPENED = "opened", "Opened a message"
    CLICKED = "clicked", "Clicked a link"
    EVENT = "event", "Did something (an event)"
    SEGMENT = "segment", "Entered a segment"


class Touch(models.TextChoices):
    """From when on a contact counts as touched by a message."""

    SENT = "sent", "Was sent it"
    OPENED = "opened", "Opened it"
    CLICKED = "clicked", "Clicked in it"


class Objective(models.Model):
    """The objective of all messages whose origin continues `owner`, unless a longer owner has one of its own.

    Owners: "scenario:12", "campaign:3", "campaign:3:n2". Without a kind there is no objective any more: the row stays
    for its conversions.
    """

    owner = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=8, choices=ObjectiveKind.choices, blank=True)
    event = models.CharField(max_length=100, blank=True)
    filter = models.JSONField(null=True, blank=True, help_text="A rule tree over the event's properties and contact.")
    # Not a foreign key: a segment that an objective names is not deleted (see `segment_uses`), and if it is, by other
    # means, nobody enters it any more.
    segment = models.BigIntegerField(null=True, blank=True)
    within_days = models.PositiveIntegerField(null=True, blank=True)
    touch = models.CharField(max_length=8, choices=Touch.choices, default=Touch.SENT)
    # The event's properties that hold its value and the currency of that; empty: it has no value, the installation's.
    value_property = models.CharField(max_length=100, blank=True)
    currency_property = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.owner
