"""Where messages come from, as an opaque key of whoever asked for them."""

from django.db import models

from campaigns.models.priority import Priority

# The mails that ask contacts for their consent. They are no marketing: consent is not asked before they are sent.
ASKED_BY = "consent:ask"


class Origin(models.Model):
    """A key such as "scenario:12:n7" or "campaign:3:2", kept once so that messages carry a number.

    While `held` is true nothing of this origin is handed to a provider. What has a higher `priority` is claimed first.
    """

    key = models.CharField(max_length=200, unique=True)
    held = models.BooleanField(default=False)
    late_from = models.DateTimeField(
        null=True, help_text="When an operator said what becomes of what is overdue: nothing is late from before then."
    )
    priority = models.SmallIntegerField(choices=Priority.choices, db_default=Priority.NORMAL.value)

    def __str__(self) -> str:
        return self.key


class OriginCount(models.Model):
    """Insert-only differences; the sum per origin and metric is the count. Squashed in the background.

    Why messages were skipped ("skipped:REASON") is counted per day: DayCount knows no reasons.
    """

    origin = models.ForeignKey(Origin, on_delete=models.CASCADE, db_index=False)
    metric = models.CharField(max_length=40)
    day = models.DateField(null=True, help_text="In the installation's zone; null: of no day, or before days were.")
    n = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["origin", "metric"], name="origin_count_lookup", include=["n"])]

    def __str__(self) -> str:
        return f"{self.metric} {self.n:+}"
