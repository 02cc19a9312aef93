"""Counts per node and day, as insert-only differences."""

from django.db import models

from flows.models.scenario import Scenario


class NodeCount(models.Model):
    """A difference to a count of a node: "entered", "waiting" and "late" (up and down), "left:PORT", "ended", "exited",
    "failed".

    Under the node "" stands what became of passes as a whole, by the state in which they were over: "completed",
    "exited", "failed". The sum is the count. New rows are `loose`; they are squashed in the background into one row per
    day. Never a GROUP BY over history.
    """

    scenario = models.ForeignKey(Scenario, on_delete=models.CASCADE, db_index=False)
    node = models.CharField(max_length=50)
    metric = models.CharField(max_length=40)
    day = models.DateField(null=True, help_text="In the installation's zone; null: before days were kept.")
    n = models.BigIntegerField()
    loose = models.BooleanField(db_default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scenario", "node", "metric", "day"],
                condition=models.Q(loose=False),
                nulls_distinct=False,
                name="node_count_squashed",
            )
        ]
        indexes = [
            models.Index(fields=["scenario", "node", "metric", "day"], name="node_count_lookup", include=["n"]),
            models.Index(fields=["id"], condition=models.Q(loose=True), name="node_count_loose"),
        ]

    def __str__(self) -> str:
        return f"{self.node} {self.metric} {self.n:+}"
