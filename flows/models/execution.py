"""Contacts' passes through scenarios."""

from django.db import models

from contacts.models.contact import Contact
from flows.models.flow import Flow
from flows.models.scenario import Scenario


class ExecutionState(models.TextChoices):
    PENDING = "pending", "Pending"  # stands at a node and is to be worked on as soon as it is due
    PROCESSING = "processing", "Processing"  # being carried along; seen only inside a worker's transaction
    WAITING = "waiting", "Waiting"  # rests at a node until it is due, or until something happens
    COMPLETED = "completed", "Completed"  # came to an end of the flow
    FAILED = "failed", "Failed"  # a node could not be worked; `error` says why
    SKIPPED = "skipped", "Skipped"  # was let in but had nothing to do
    EXITED = "exited", "Exited"  # left before an end


# Where an execution that is not over can be seen.
INSIDE = (ExecutionState.PENDING, ExecutionState.WAITING)


class Execution(models.Model):
    """One contact's pass through a scenario: at exactly one node, in exactly one state.

    `single` is true while the pass takes up the contact's one place in the scenario (as the re-entry mode has it); the
    partial unique index on it is what refuses a second entry, also between two workers that enter the same contact at
    once.
    """

    # No database constraints towards the big tables: rows come by the million, from ids read in the same transaction.
    scenario = models.ForeignKey(Scenario, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    state = models.CharField(max_length=10, choices=ExecutionState.choices)
    node = models.CharField(max_length=50)
    due_at = models.DateTimeField(null=True)
    moves = models.IntegerField(default=0, help_text="Steps recorded so far; numbers the next one.")
    single = models.BooleanField(default=True)
    event_id = models.BigIntegerField(null=True, help_text="The event that let the contact in.")
    entered_at = models.DateTimeField()
    arrived_at = models.DateTimeField(help_text="When it came to the node where it stands.")
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scenario", "contact"], condition=models.Q(single=True), name="execution_single_pass"
            )
        ]
        indexes = [
            models.Index(
                # Who is inside: the due come first, and those who wait for something without end come last.
                fields=["scenario", "due_at"],
                name="execution_due",
                condition=models.Q(state__in=["pending", "waiting"]),
            ),
            models.Index(fields=["scenario", "node"], name="execution_failed", condition=models.Q(state="failed")),
            models.Index(fields=["contact"], name="execution_contact"),
            models.Index(fields=["scenario"], name="execution_pending", condition=models.Q(state="pending")),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.scenario_id}"
