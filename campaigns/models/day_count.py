"""What became of messages, counted per day and by everything that reports group by."""

from django.db import models

from campaigns.models.content import Content
from campaigns.models.origin import Origin
from campaigns.models.provider import Provider

METRICS = (
    "sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed", "skipped", "unknown",
    "converted",
)  # fmt: skip


class DayCount(models.Model):
    """Differences to what happened on a day (in the installation's zone) to messages that agree in all other columns.

    The sum is the count: what a recount of the ledger by the same columns gives. New rows are `loose`; they are
    squashed in the background into one per combination. `country` and `language` are the message's; `device` is where
    it was opened or clicked, and empty for everything else.
    """

    day = models.DateField()
    origin = models.ForeignKey(Origin, on_delete=models.CASCADE, db_index=False)
    content = models.ForeignKey(Content, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    country = models.CharField(max_length=2)
    language = models.CharField(max_length=16)
    device = models.CharField(max_length=8)
    sent = models.BigIntegerField(db_default=0)
    delivered = models.BigIntegerField(db_default=0)
    opened = models.BigIntegerField(db_default=0)
    clicked = models.BigIntegerField(db_default=0)
    bounced = models.BigIntegerField(db_default=0)
    complained = models.BigIntegerField(db_default=0)
    unsubscribed = models.BigIntegerField(db_default=0)
    failed = models.BigIntegerField(db_default=0)
    skipped = models.BigIntegerField(db_default=0)
    unknown = models.BigIntegerField(db_default=0)
    converted = models.BigIntegerField(db_default=0)
    loose = models.BooleanField(db_default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "origin", "content", "provider", "country", "language", "device"],
                condition=models.Q(loose=False),
                nulls_distinct=False,
                name="day_count_squashed",
            )
        ]
        indexes = [
            models.Index(fields=["origin", "day"], name="day_count_origin"),
            models.Index(fields=["day"], name="day_count_day"),
            models.Index(fields=["id"], condition=models.Q(loose=True), name="day_count_loose"),
        ]

    def __str__(self) -> str:
        return f"{self.origin_id} on {self.day}"
