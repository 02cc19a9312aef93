"""The send ledger: one row per message and contact, kept for good."""

from django.db import models

from campaigns.models.content import Content
from campaigns.models.origin import Origin
from campaigns.models.provider import Provider
from contacts.models.consent import Channel
from contacts.models.contact import Contact


class MessageState(models.TextChoices):
    QUEUED = "queued", "Queued"  # wanted; nobody has it in hand
    SENDING = "sending", "Sending"  # a worker owns it until its lease ends
    SENT = "sent", "Sent"  # the provider took it
    DELIVERED = "delivered", "Delivered"  # the provider says it arrived
    BOUNCED = "bounced", "Bounced"  # the provider says that there is no such address, at once or later
    COMPLAINED = "complained", "Complained"
    FAILED = "failed", "Failed"  # the provider refused it; `reason` has its words
    SKIPPED = "skipped", "Skipped"  # we did not send it; `reason` says why
    UNKNOWN = "unknown", "Unknown"  # a worker died between hand-over and record; never sent again by itself


class Message(models.Model):
    """One email or SMS to one contact.

    (origin, origin_pass, visit) is unique: whoever asks twice for the same message gets it once. `origin_pass` and
    `visit` are opaque numbers of the asker (flows: the execution's id and the number of its step).
    """

    # No database constraint: the ledger's rows come in by the million, from contacts read in the same statement.
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    origin = models.ForeignKey(Origin, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    origin_pass = models.BigIntegerField(db_default=0)
    visit = models.IntegerField(db_default=0)
    content = models.ForeignKey(Content, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    event_id = models.BigIntegerField(null=True, help_text="The event whose properties templates read as event.*")
    state = models.CharField(max_length=10, choices=MessageState.choices, db_default=MessageState.QUEUED.value)
    reason = models.TextField(db_default="")
    attempts = models.PositiveSmallIntegerField(
        db_default=0, help_text="How often a provider was asked and did not take it for now."
    )
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    provider_message_id = models.CharField(max_length=255, null=True)
    parts = models.PositiveSmallIntegerField(db_default=1, help_text="SMS segments.")
    # Where the contact was at home when the message was sent, and on what it was first opened and clicked.
    country = models.CharField(max_length=2, db_default="", help_text="ISO 3166; empty: not known, or not sent.")
    language = models.CharField(max_length=16, db_default="")
    domain = models.CharField(max_length=255, db_default="", help_text="Of the address that an email was sent to.")
    opened_on = models.CharField(max_length=8, db_default="")
    clicked_on = models.CharField(max_length=8, db_default="")
    owner = models.UUIDField(null=True, help_text="The claim that has it in hand.")
    leased_until = models.DateTimeField(null=True)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Not to be sent before.")
    planned_at = models.DateTimeField(null=True, help_text="When it was due at first, where it was put off since.")
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True, help_text="First time.")
    clicked_at = models.DateTimeField(null=True, help_text="First time.")
    failed_at = models.DateTimeField(null=True)
    unknown_at = models.DateTimeField(null=True, help_text="Since when nobody knows what became of it.")
    skipped_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    complained_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["origin_pass", "origin", "visit"], name="message_once_per_visit")
        ]
        indexes = [
            models.Index(fields=["contact", "id"], name="message_contact"),
            models.Index(fields=["origin", "id"], name="message_origin"),
            # What somebody looks for in lists, among a ledger of which nearly all was sent.
            models.Index(
                fields=["state", "id"],
                name="message_exceptions",
                condition=models.Q(state__in=["bounced", "complained", "failed", "skipped", "unknown"]),
            ),
            models.Index(
                fields=["origin", "due_at"], name="message_queue", condition=models.Q(state=MessageState.QUEUED)
            ),
            # What was counted as sent before it was lost.
            models.Index(
                fields=["origin"],
                name="message_lost_later",
                condition=models.Q(state__in=["bounced", "failed"], sent_at__isnull=False),
            ),
            models.Index(
                fields=["leased_until"], name="message_leases", condition=models.Q(state=MessageState.SENDING)
            ),
            models.Index(
                fields=["provider_message_id"],
                name="message_provider_id",
                condition=models.Q(provider_message_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk} ({self.state})"
