"""Automated flows that operators name, start and pause."""

from django.conf import settings
from django.db import models


class ScenarioState(models.TextChoices):
    DRAFT = "draft", "Draft"  # never started
    SCHEDULED = "scheduled", "Scheduled"  # will start by itself
    RUNNING = "running", "Running"  # contacts enter and move
    PAUSED = "paused", "Paused"  # nobody enters, nobody moves
    PAUSED_ERROR = "paused_error", "Paused: provider error"
    PAUSED_BALANCE = "paused_balance", "Paused: budget empty"
    STOPPED = "stopped", "Stopped"
    COMPLETED = "completed", "Completed"  # nobody is inside and nobody can enter any more
    COMPLETED_PARTIAL = "completed_partial", "Completed in part"


class Reentry(models.TextChoices):
    ONCE = "once", "Once: a contact enters one time only"
    NOT_WHILE_INSIDE = "not_while_inside", "Not while inside: again only after having left"


class Scenario(models.Model):
    """What an operator starts. Its graph is the one of `flow`, the newest saved version."""

    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    state = models.CharField(max_length=20, choices=ScenarioState.choices, default=ScenarioState.DRAFT)
    # {} is none; otherwise {"kind": "opened" | "clicked" | "event", "event": name, "filter": rule tree or null,
    # "within_days": n}
    objective = models.JSONField(default=dict, blank=True)
    reentry = models.CharField(max_length=20, choices=Reentry.choices, default=Reentry.NOT_WHILE_INSIDE)
    flow = models.ForeignKey("Flow", null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    started_at = models.DateTimeField(null=True, editable=False)
    # The name of the events that let contacts in; empty where the trigger does not listen.
    listens_to = models.CharField(max_length=100, blank=True, editable=False)
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
