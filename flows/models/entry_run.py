"""Moments at which a trigger lets an audience in, worked off slice by slice."""

from django.db import models

from flows.models.flow import Flow
from flows.models.scenario import Scenario


class EntryRun(models.Model):
    """One run of a trigger: everybody of its audience whose id is above `after`, up to `upto`, still has to enter.

    A run of many is cut into parts, rows like itself, which several workers let in at once.

    `key` names the moment (unique per scenario), so that planning it twice makes it once. `config` is what the
    trigger node wrote down for this run, such as a local date or the zones whose contacts it is for.
    """

    scenario = models.ForeignKey(Scenario, on_delete=models.CASCADE, db_index=False)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE)
    key = models.CharField(max_length=100)
    config = models.JSONField(default=dict)
    due_at = models.DateTimeField()
    after = models.BigIntegerField(default=0)
    upto = models.BigIntegerField(null=True, help_text="Of a part: the last contact that may be in it.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scenario", "key"], name="entry_run_unique")]
        indexes = [
            models.Index(
                fields=["scenario", "due_at"], name="entry_run_open", condition=models.Q(finished_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.scenario_id} {self.key}"
