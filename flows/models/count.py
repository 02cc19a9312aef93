"""Counts per node, as insert-only differences."""

from django.db import models

from flows.models.scenario import Scenario


class NodeCount(models.Model):
    """A difference to a count of a node: "entered", "waiting" (up and down), "left:PORT", "exited", "failed".

    The sum is the count. Squashed in the background; never a GROUP BY over history.
    """

    scenario = models.ForeignKey(Scenario, on_delete=models.CASCADE, db_index=False)
    node = models.CharField(max_length=50)
    metric = models.CharField(max_length=40)
    n = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["scenario", "node", "metric"], name="node_count_lookup", include=["n"])]

    def __str__(self) -> str:
        return f"{self.node} {self.metric} {self.n:+}"
