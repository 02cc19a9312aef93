"""Whether a contact may be written to on a channel."""

from django.db import models
from django.db.models.functions import Lower

from contacts.models.contact import TAKEN_ALONG, Contact


class Channel(models.TextChoices):
    EMAIL = "email", "Email"
    SMS = "sms", "SMS"


class ConsentState(models.TextChoices):
    SUBSCRIBED = "subscribed", "Subscribed"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    PENDING = "pending", "Pending"  # asked to confirm by email and has not yet; not written to meanwhile
    UNKNOWN = "unknown", "Unknown"


# What can be said of a contact. Pending only comes of asking them.
SAYABLE = (ConsentState.SUBSCRIBED.value, ConsentState.UNSUBSCRIBED.value, ConsentState.UNKNOWN.value)


class Said(models.Model):
    """Something that was said about being written to: what, when, how, by whom, and what proves it."""

    channel = models.CharField(max_length=8, choices=Channel.choices)
    state = models.CharField(max_length=12, choices=ConsentState.choices)
    at = models.DateTimeField()
    source = models.CharField(max_length=200, blank=True, help_text="Where it was said: import, api, unsubscribe page…")
    by = models.CharField(max_length=200, blank=True, db_default="", help_text="Who or which program kept it.")
    # {"ip", "agent", "message": id, "import": id, "file", "basis", "form", "text": of an SMS, "provider", "told": what
    # the provider said}, as far as there is any of it.
    proof = models.JSONField(null=True, blank=True)

    class Meta:
        abstract = True


class Consent(Said):
    """What a contact last said about a channel; no row means unknown. What was said before is `PastConsent`."""

    contact = models.ForeignKey(
        Contact, on_delete=TAKEN_ALONG, related_name="consents", db_constraint=False, db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "channel"], name="consent_unique")]

    def __str__(self) -> str:
        return f"{self.channel}: {self.state}"


class Suppression(models.Model):
    """An address that is never written to, whatever its contact's consent says; "@example.com" is a whole domain."""

    channel = models.CharField(max_length=8, choices=Channel.choices)
    address = models.CharField(max_length=254)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("channel", Lower("address"), name="suppression_unique")]

    def __str__(self) -> str:
        return self.address


class Lifting(models.Model):
    """An address that may be written to again: why it was on the list, and who took it off, when and why."""

    channel = models.CharField(max_length=8, choices=Channel.choices)
    address = models.CharField(max_length=254)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was on the list.")
    since = models.DateTimeField()
    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    why = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index("channel", Lower("address"), name="lifting_address")]

    def __str__(self) -> str:
        return self.address
