"""Automated flows that operators name, start and pause."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from campaigns.models import Campaign
from campaigns.models.priority import priority_field


class ScenarioState(models.TextChoices):
    DRAFT = "draft", "Draft"  # never started
    SCHEDULED = "scheduled", "Scheduled"  # starts by itself at `starts_at`
    RUNNING = "running", "Running"  # contacts enter and move
    PAUSED = "paused", "Paused"  # an operator paused it: nobody enters, nobody moves
    PAUSED_ERROR = "paused_error", "Paused: provider error"  # paused because a provider that it needs keeps failing
    PAUSED_BALANCE = "paused_balance", "Paused: budget empty"  # paused because there is no money for its next message
    STOPPED = "stopped", "Stopped"  # an operator ended it; who was inside has left, or is kept until it starts again
    COMPLETED = "completed", "Completed"  # nobody is inside and nobody can enter any more
    COMPLETED_PARTIAL = "completed_partial", "Completed in part"  # the same, but the pass of some contacts failed


class Reentry(models.TextChoices):
    ONCE = "once", "Once: a contact enters one time only"
    NOT_WHILE_INSIDE = "not_while_inside", "Not while inside: again only after having left"
    RESTART = "restart", "Restart: entering again ends the pass before and begins anew"
    EVERY_TIME = "every_time", "Every time: passes may run side by side"
    SPACED = "spaced", "At most every so often: not while inside, and some time after the last entry"


class Follows(models.TextChoices):
    LIVE = "live", "Everybody follows the newest version"
    ENTERED = "entered", "Contacts finish the version that they entered"


class Cleared(models.TextChoices):
    """What made everybody leave, as the last step of their way says it."""

    STOPPED = "stopped", "The scenario was stopped."
    CLEARED = "cleared", "All contacts were taken out of the scenario."


class Scenario(models.Model):
    """What an operator starts. Its graph is the one of `flow`, the newest saved version."""

    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    state = models.CharField(max_length=20, choices=ScenarioState.choices, default=ScenarioState.DRAFT)
    # As `campaigns.objectives` has it, where a row of its own mirrors it: {} is none; otherwise {"kind": "opened" |
    # "clicked" | "event" | "segment", "within_days": n, "touch": …}, with the event, its filter and where its value
    # stands, or the segment.
    objective = models.JSONField(default=dict, blank=True)
    reentry = models.CharField(max_length=20, choices=Reentry.choices, default=Reentry.NOT_WHILE_INSIDE)
    # The least time between two entries of a contact, for SPACED.
    reentry_hours = models.PositiveIntegerField(null=True, blank=True)
    # Who leaves before an end: {"objective": bool, "rule": rule tree or null, "segment": id or null}. Whoever is in the
    # segment does not enter either. Keys that are left out are no, null and null.
    exits = models.JSONField(default=dict, blank=True)
    follows = models.CharField(max_length=10, choices=Follows.choices, default=Follows.LIVE)
    most_rounds = models.PositiveIntegerField(
        default=100, help_text="How often a contact goes back to an earlier step of the same loop; then it leaves."
    )
    priority = priority_field()
    keeps_when_stopped = models.BooleanField(
        default=False, help_text="Whether contacts inside stay where they are when the scenario is stopped."
    )
    # The chain of mailings that this is, where it was made as one.
    campaign = models.OneToOneField(Campaign, null=True, on_delete=models.CASCADE, related_name="+", editable=False)
    flow = models.ForeignKey("Flow", null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    state_reason = models.TextField(
        default="", editable=False, help_text="Why it came to its state, where nobody did it."
    )
    # A graph that is being edited beside the live one, as the canvas saved it; null where there is none.
    draft = models.JSONField(null=True, editable=False)
    draft_saved_at = models.DateTimeField(null=True, editable=False)
    draft_saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    starts_at = models.DateTimeField(null=True, editable=False)  # when a scheduled one starts
    started_at = models.DateTimeField(null=True, editable=False)
    # Everybody whose pass has an id up to this leaves as soon as a worker gets to them; null once all have left. (Ids,
    # because the clocks of those who enter contacts and of those who make them leave are not the same.)
    cleared_upto = models.BigIntegerField(null=True, editable=False)
    cleared_because = models.CharField(max_length=10, choices=Cleared.choices, default="", editable=False)
    # What the operator wants of the work that is overdue when the scenario goes on: {} is to send it;
    # {"resumed": ISO moment, "skip_older_than": seconds} skips messages of contacts who were due longer before then.
    # Before it goes on: {"do", "hours"} of a scheduled one, with "since", "command" and counts what `flows.overdue` is
    # at. Beside either: "requeue", what `flows.requeueing` is at.
    overdue = models.JSONField(default=dict, editable=False)
    # The name of the events that let contacts in; empty where the trigger does not listen.
    listens_to = models.CharField(max_length=100, blank=True, editable=False)
    # The names of the events that contacts inside may be waiting for.
    awaits = ArrayField(models.CharField(max_length=100), default=list, editable=False)
    # Triggers that follow the clock: all their runs before this moment are planned; null when none will come.
    next_run_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "next_run_at"], name="scenario_next_run"),
            models.Index(fields=["listens_to"], name="scenario_listeners", condition=models.Q(state="running")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def origin_priority(self) -> int:
        """Of its messages: a chain has its campaign's."""
        return self.campaign.priority if self.campaign_id and self.campaign else self.priority

    @property
    def origin(self) -> str:
        """What the origins of all its messages begin with."""
        return f"campaign:{self.campaign_id}" if self.campaign_id else f"scenario:{self.pk}"
