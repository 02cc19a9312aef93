"""Changes that are made to many contacts at once, in the background."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class BulkEdit(models.Model):
    """One change of a selection: what is done, to how many, and how far it got.

    Whom it means is fixed when it is confirmed, in `BulkEditPart`s: what was counted is what is changed, also where the
    change itself moves contacts out of the selection, or others come into it meanwhile. A contact who is gone by the
    time it is their turn is passed over.
    """

    class Action(models.TextChoices):
        ADD_TAG = "add_tag", "Add tags"
        REMOVE_TAG = "remove_tag", "Remove tags"
        SET_CONSENT = "set_consent", "Set consent"
        SET_ATTRIBUTE = "set_attribute", "Set an attribute"
        CLEAR_ATTRIBUTE = "clear_attribute", "Clear an attribute"
        DELETE = "delete", "Delete"
        ERASE = "erase", "Erase"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"  # waiting for a worker
        RUNNING = "running", "Running"  # a worker is at it, slice by slice
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"  # an operator stopped it; what was changed by then stays changed
        FAILED = "failed", "Failed"  # a slice could not be done; `error` says why

    action = models.CharField(max_length=16, choices=Action.choices)
    values = models.JSONField(default=dict, help_text="What the action needs: tags, channel and state, key and value.")
    selection = models.JSONField(default=dict, help_text="How the contacts were chosen, for people to read.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    total = models.BigIntegerField(default=0, help_text="Contacts that were meant.")
    done = models.BigIntegerField(default=0, help_text="Of those, how many have had their turn.")
    changed = models.BigIntegerField(default=0, help_text="Of those, how many were not so already.")
    error = models.TextField(blank=True)
    source = models.CharField(max_length=200, help_text="What events and consent say made the change.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} ({self.total})"

    @property
    def working(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)

    @property
    def percent(self) -> int:
        return min(100, self.done * 100 // self.total) if self.total else 100


class BulkEditPart(models.Model):
    """The ids of the contacts of one slice, in their order; gone once the slice is done."""

    edit = models.ForeignKey(BulkEdit, on_delete=models.CASCADE, related_name="parts", db_index=False)
    place = models.IntegerField()
    contacts = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edit", "place"], name="bulk_edit_part_unique")]

    def __str__(self) -> str:
        return f"{self.edit_id}:{self.place}"
