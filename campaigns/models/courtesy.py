"""How often and at what hours contacts are written to, and who was written to lately."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from campaigns.models.message import Message
from contacts.models.consent import Channel
from contacts.models.contact import TAKEN_ALONG, Contact


class Courtesy(models.Model):
    """The one row of rules; `Courtesy.current()` reads it. `campaigns.courtesy.rules` says what `rules` holds."""

    rules = models.JSONField(default=dict, blank=True)
    # Whether `RecentMessage` has what was sent before caps were set. The first sender that needs it sees to it.
    remembers = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name_plural = "courtesy"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="courtesy_single_row")]

    def __str__(self) -> str:
        return "Courtesy"

    @classmethod
    def current(cls) -> "Courtesy":
        """Not saved where nothing was ever set."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    @property
    def is_silent(self) -> bool:
        return not any(self.rules.get(part) for part in ("caps", "quiet", "late_hours"))


class RecentMessage(models.Model):
    """A message that counts towards caps: in a sender's hands, or sent. Kept for as long as the longest window, and
    only while there are caps."""

    message = models.OneToOneField(Message, primary_key=True, on_delete=models.CASCADE, db_constraint=False)
    contact = models.ForeignKey(Contact, on_delete=TAKEN_ALONG, db_constraint=False, db_index=False)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["contact", "at"], name="recent_message_contact", include=["channel"]),
            BrinIndex(fields=["at"], name="recent_message_at"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} by {self.channel}"
