"""What happened to contacts: an append-only log that consumers read in the order of commits."""

from django.db import models
from django.db.models.expressions import RawSQL

from contacts.models.contact import TAKEN_ALONG, Contact


class Event(models.Model):
    """One thing that happened to one contact.

    `xact` is the id of the transaction that wrote the row. Consumers read by (xact, id) and only below the oldest
    transaction that is still running, so that a row which commits late is never passed over.
    """

    contact = models.ForeignKey(
        Contact, on_delete=TAKEN_ALONG, related_name="events", db_constraint=False, db_index=False
    )
    name = models.CharField(max_length=100)
    properties = models.JSONField(default=dict)
    at = models.DateTimeField()
    key = models.CharField(max_length=200, null=True, help_text="Makes recording idempotent.")
    xact = models.BigIntegerField(db_default=RawSQL("(pg_current_xact_id()::text)::bigint", ()), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="event_key_unique", condition=models.Q(key__isnull=False))
        ]
        # Two more, `event_told` and `event_told_long`, are for rules on properties: see migration 0015.
        indexes = [
            models.Index(fields=["xact", "id"], name="event_log"),
            models.Index(fields=["contact", "name", "at"], name="event_contact_name_at"),
            models.Index(fields=["name", "at", "contact"], name="event_name_at_contact"),
            # Who came into a segment and who left it, newest first.
            models.Index(
                models.F("properties__segment"),
                "id",
                name="event_of_segment",
                condition=models.Q(name__in=["segment.entered", "segment.left"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EventCursor(models.Model):
    """How far one consumer has read the log."""

    consumer = models.CharField(max_length=50, primary_key=True)
    xact = models.BigIntegerField(default=0)
    event_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.consumer
