"""Messages that the built-in local outbox kept instead of delivering, to be read in the browser."""

from django.db import models

from contacts.models.consent import Channel


class InboxMessage(models.Model):
    channel = models.CharField(max_length=8, choices=Channel.choices)
    message_id = models.BigIntegerField(
        null=True, db_index=True, help_text="The ledger's row; null for a test message."
    )
    sender = models.CharField(max_length=320)
    recipient = models.CharField(max_length=320)
    subject = models.TextField(blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.subject or self.text[:60]}"
