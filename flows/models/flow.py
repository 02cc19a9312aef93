"""Saved versions of scenarios' graphs."""

from django.conf import settings
from django.db import models

from flows.models.scenario import Scenario


class Flow(models.Model):
    """One saved graph; never changed afterwards. Saving again makes the next number."""

    scenario = models.ForeignKey(Scenario, on_delete=models.CASCADE, related_name="flows", db_index=False)
    number = models.PositiveIntegerField()
    graph = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["scenario", "number"], name="flow_number_unique")]

    def __str__(self) -> str:
        return f"{self.scenario} v{self.number}"
