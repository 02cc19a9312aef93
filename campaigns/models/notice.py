"""What providers told us of messages, kept as it came: applied once, and remembered for a while."""

from django.db import models

from campaigns.models.provider import Provider


class What(models.TextChoices):
    TAKEN = "taken", "Taken"
    DELIVERED = "delivered", "Delivered"
    SOFT = "soft", "Soft bounce"  # given up for now: a full mailbox, a server that is away
    HARD = "hard", "Hard bounce"  # there is no such address
    REFUSED = "refused", "Refused"  # by the provider itself, for whatever reason
    COMPLAINED = "complained", "Complained"
    OPENED = "opened", "Opened"
    CLICKED = "clicked", "Clicked"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"


class Notice(models.Model):
    """One thing that a provider said of one message.

    Rows are only ever inserted by webhooks; (provider, key) is unique, so that what comes twice is kept once. `due_at`
    is when it is to be applied; null: it has been.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    key = models.CharField(
        max_length=200, help_text="The provider's own number of the event, or a hash of all it says."
    )
    what = models.CharField(max_length=12, choices=What.choices)
    message_id = models.BigIntegerField(null=True, help_text="The ledger's row, where our token came back.")
    provider_message_id = models.CharField(max_length=255, blank=True)
    recipient = models.CharField(max_length=320, blank=True)
    reason = models.TextField(blank=True)
    url = models.TextField(blank=True)
    agent = models.CharField(max_length=200, blank=True, db_default="", help_text="Whose visit it was, in their words.")
    device = models.CharField(max_length=8, blank=True)
    at = models.DateTimeField(help_text="When it happened, as the provider says.")
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["due_at"], name="notice_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["provider", "received_at"], name="notice_received"),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.recipient}"
