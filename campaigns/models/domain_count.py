"""What became of mails, counted per day, provider and domain of the recipient."""

from django.db import models

from campaigns.models.provider import Provider

DOMAIN_METRICS = (
    "sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed", "unknown",
)  # fmt: skip


class DomainCount(models.Model):
    """Differences, as those of DayCount; the sum is what a recount of the ledger by its `domain` gives."""

    day = models.DateField()
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    domain = models.CharField(max_length=255)
    sent = models.BigIntegerField(db_default=0)
    delivered = models.BigIntegerField(db_default=0)
    opened = models.BigIntegerField(db_default=0)
    clicked = models.BigIntegerField(db_default=0)
    bounced = models.BigIntegerField(db_default=0)
    complained = models.BigIntegerField(db_default=0)
    unsubscribed = models.BigIntegerField(db_default=0)
    failed = models.BigIntegerField(db_default=0)
    unknown = models.BigIntegerField(db_default=0)
    loose = models.BooleanField(db_default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "domain", "provider"],
                condition=models.Q(loose=False),
                nulls_distinct=False,
                name="domain_count_squashed",
            )
        ]
        indexes = [
            models.Index(fields=["day"], name="domain_count_day"),
            models.Index(fields=["id"], condition=models.Q(loose=True), name="domain_count_loose"),
        ]

    def __str__(self) -> str:
        return f"{self.domain} on {self.day}"
