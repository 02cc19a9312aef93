"""What became of messages, counted per day and by everything that reports group by; and coarser, for long periods."""

from django.db import models

from campaigns.models.content import Content
from campaigns.models.origin import Origin
from campaigns.models.provider import Provider
from contacts.models.consent import Channel

METRICS = (
    "sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed", "skipped", "unknown",
    "converted",
)  # fmt: skip


class Counted(models.Model):
    """A column for each metric: how many messages."""

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

    class Meta:
        abstract = True


class DayCount(Counted):
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


# The coarser counts hold what DayCount holds, without its loose rows: whoever squashes those adds them here.


class MonthCount(Counted):
    """All columns of DayCount, by month."""

    month = models.DateField(help_text="Its first day.")
    origin = models.ForeignKey(Origin, on_delete=models.CASCADE, db_index=False)
    content = models.ForeignKey(Content, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    country = models.CharField(max_length=2)
    language = models.CharField(max_length=16)
    device = models.CharField(max_length=8)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month", "origin", "content", "provider", "country", "language", "device"],
                nulls_distinct=False,
                name="month_count_unique",
            )
        ]
        indexes = [models.Index(fields=["origin", "month"], name="month_count_origin")]

    def __str__(self) -> str:
        return f"{self.origin_id} in {self.month:%Y-%m}"


class OriginDay(Counted):
    """By day, without where contacts are at home and what they read on."""

    day = models.DateField()
    origin = models.ForeignKey(Origin, on_delete=models.CASCADE, db_index=False)
    content = models.ForeignKey(Content, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, db_constraint=False, db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "origin", "content", "provider"], nulls_distinct=False, name="origin_day_unique"
            )
        ]
        indexes = [models.Index(fields=["origin", "day"], name="origin_day_origin")]

    def __str__(self) -> str:
        return f"{self.origin_id} on {self.day}"


class HomeDay(Counted):
    """By day, without what messages belong to and say."""

    day = models.DateField()
    channel = models.CharField(max_length=8, choices=Channel.choices)
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    country = models.CharField(max_length=2)
    language = models.CharField(max_length=16)
    device = models.CharField(max_length=8)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "channel", "provider", "country", "language", "device"],
                nulls_distinct=False,
                name="home_day_unique",
            )
        ]
        # To tell which values there are, without reading all rows.
        indexes = [
            models.Index(fields=["country"], name="home_day_country"),
            models.Index(fields=["language"], name="home_day_language"),
        ]

    def __str__(self) -> str:
        return f"{self.country} on {self.day}"
