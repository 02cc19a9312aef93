"""Saved versions of scenarios' graphs."""

from django.conf import settings
from django.db import models

from flows.models.scenario import Scenario


class Flow(models.Model):
    """One saved graph; never changed afterwards. Saving again makes the next number.

    What has to happen to the contacts who were inside when the version became the live one is written down with it and
    worked off in slices; `settled_at` is when that was done.
    """

    scenario = models.ForeignKey(Scenario, on_delete=models.CASCADE, related_name="flows", db_index=False)
    number = models.PositiveIntegerField()
    graph = models.JSONField()
    redirects = models.JSONField(default=dict, help_text="Removed node → where its contacts go, or null: they leave.")
    retimes = models.JSONField(default=list, help_text="Nodes whose waiters wait anew, counted from their arrival.")
    backfills = models.JSONField(
        default=list, help_text="[node, port] of ends that lead on now, for those who had finished there."
    )
    inserts = models.JSONField(
        default=dict,
        help_text="`ways`: [node, port, node where it led] that lead to inserted steps now, for those who have passed "
        "there; `steps`: the keys of those steps.",
    )
    settled_up_to = models.BigIntegerField(default=0, help_text="Executions up to this id have been worked off.")
    settled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["scenario", "number"], name="flow_number_unique")]
        indexes = [
            models.Index(fields=["id"], name="flow_unsettled", condition=models.Q(settled_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.scenario} v{self.number}"
