"""One-time mailings and chains of mailings."""

from typing import Any

from django.conf import settings
from django.db import models

from campaigns.models.priority import priority_field
from campaigns.models.provider import Provider
from contacts.models.consent import Channel
from contacts.models.contact import Contact


class CampaignState(models.TextChoices):
    DRAFT = "draft", "Draft"  # being written; nothing was sent
    SCHEDULED = "scheduled", "Scheduled"  # begins by itself at `starts_at`
    SENDING = "sending", "Sending"  # messages are queued and handed over; also while an A/B test waits for its winner
    PAUSED = "paused", "Paused"  # an operator paused it: nothing is queued, nothing is handed over
    PAUSED_ERROR = "paused_error", "Paused: provider error"  # paused because a provider that it needs keeps failing
    PAUSED_BALANCE = "paused_balance", "Paused: budget empty"  # paused because there is no money for its next message
    SENT = "sent", "Sent"  # everybody of its audience was handed over, skipped or failed
    CANCELLED = "cancelled", "Cancelled"  # an operator ended it before that


class Kind(models.TextChoices):
    MAILING = "mailing", "One-time"
    CHAIN = "chain", "Chain"


def _audience() -> dict[str, Any]:
    return {"segments": [], "tags": [], "file": False, "exclude": [], "rule": None}


class Campaign(models.Model):
    """A mailing that is sent once, or a chain whose steps follow one another.

    The messages of a mailing have the origins "campaign:ID:VARIANT". A chain's steps are rows of their own, and the
    engine runs them as a scenario; its messages have the origins "campaign:ID:NODE".
    """

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.MAILING)
    # Empty for a chain, whose steps have one each.
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True)
    state = models.CharField(max_length=20, choices=CampaignState.choices, default=CampaignState.DRAFT, editable=False)
    state_reason = models.TextField(
        default="", editable=False, help_text="Why it came to its state, where nobody did it."
    )
    # Who gets it: everybody who is in one of the `segments` (ids), has one of the `tags` (names) or stands in the
    # uploaded file (`file`: true); all contacts where none of the three is given. Of those, nobody who is in a segment
    # of `exclude`, and only who matches the `rule` tree, if there is one.
    audience = models.JSONField(default=_audience, blank=True)
    # What is sent, 1 to 4 of {"key": "a", "template": id or null, "subject", "preheader", "body", "markup"}; with more
    # than one, `test` says how the best is found.
    variants = models.JSONField(default=list, blank=True)
    # {} or {"share_percent": 20, "wait_hours": 4, "measure": "opened" | "clicked" | "converted" | "revenue"}: so many
    # get a variant each at first, and everybody else gets the winner. `winner` is its key once that is decided.
    test = models.JSONField(default=dict, blank=True)
    winner = models.CharField(max_length=1, blank=True, editable=False)
    # {"when": "now"} or {"when": "at", "at": "2026-12-24T09:00", "timezone": IANA name or "contact"}, with an optional
    # "spread_hours": n, over which it is sent evenly.
    schedule = models.JSONField(default=dict, blank=True)
    topic = models.CharField(max_length=100, blank=True)
    utm = models.CharField(max_length=3, blank=True, default="", db_default="", help_text="As of Content.")
    priority = priority_field()
    # How late its messages may go; null is as the courtesy settings have it. A chain's steps have their own.
    late_hours = models.PositiveIntegerField(null=True, blank=True)
    provider = models.ForeignKey(Provider, null=True, blank=True, on_delete=models.SET_NULL)
    starts_at = models.DateTimeField(null=True, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    # How far the audience has been queued: contacts up to this id, in `phase` "test", "waiting", "rest" or "queued".
    phase = models.CharField(max_length=10, default="", editable=False)
    queued_up_to = models.BigIntegerField(default=0, editable=False)
    # What was sure when it began: the words of each variant (the ids of contents by key), how many contacts there were
    # to write to, and the highest lot that takes part in the test.
    contents = models.JSONField(default=dict, editable=False)
    audience_count = models.BigIntegerField(null=True, editable=False)
    test_below = models.BigIntegerField(null=True, editable=False)
    # When the phase began, and how many it has queued: what a mailing that is spread counts its places from.
    phase_at = models.DateTimeField(null=True, editable=False)
    phase_count = models.BigIntegerField(default=0, editable=False)
    decides_at = models.DateTimeField(null=True, editable=False, help_text="When the winner of the A/B test is chosen.")
    # Why the winner won, as a sentence, and what was measured then: {"a": {"sent": 40, "opened": 12, "rate": 0.3}, …}.
    winner_reason = models.TextField(default="", editable=False)
    test_numbers = models.JSONField(default=dict, editable=False)
    resends = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, editable=False, related_name="resent_as"
    )
    archived_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "starts_at"], name="campaign_by_state")]
        permissions = [("send_campaign", "Can send, pause and cancel campaigns")]

    def __str__(self) -> str:
        return self.name

    @property
    def origin(self) -> str:
        """What the origins of all its messages begin with."""
        return f"campaign:{self.pk}"


class Listed(models.Model):
    """A contact who stands in the file that was uploaded for a campaign."""

    # No database constraints: they would be half the cost of a file of a million. A row whose contact went while the
    # file was read names nobody.
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_constraint=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "contact"], name="listed_once")]

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.campaign_id}"


class ChainStep(models.Model):
    """One mailing of a chain, in the place `position`; `key` is the id of its node, and stays."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="steps", db_index=False)
    key = models.CharField(max_length=50)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=100)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    # As the config of an Email or SMS node: template, or subject, preheader and body; provider, topic.
    message = models.JSONField(default=dict, blank=True)
    # Who gets it: null is everybody who got the previous step, a rule tree is whoever came as far and matches it. In
    # the rule, messages of earlier steps are named by {"rule": "message", "did": …, "node": KEY}.
    terms = models.JSONField(null=True, blank=True)
    # {"kind": "at_once"}, {"kind": "delay", "amount": 2, "unit": "days"} or {"kind": "at", "at": "2026-12-24T09:00",
    # "timezone": IANA name or "contact"}.
    timing = models.JSONField(default=dict, blank=True)
    # As Scenario.objective: what this step alone is meant to achieve; {} where that is the chain's.
    objective = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["campaign", "position"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "key"], name="chain_step_key"),
            models.UniqueConstraint(
                fields=["campaign", "position"], name="chain_step_position", deferrable=models.Deferrable.DEFERRED
            ),
        ]

    def __str__(self) -> str:
        return self.name
