"""The trace: what happened to every execution, node by node."""

from django.db import models

from flows.models.execution import Execution


class Step(models.Model):
    """One thing that happened to an execution at a node. (execution, number) makes it happen once."""

    pk = models.CompositePrimaryKey("execution_id", "number")
    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    number = models.IntegerField()
    node = models.CharField(max_length=50)
    # The port by which it left, or "end", "exited", "failed".
    outcome = models.CharField(max_length=20)
    reason = models.TextField(default="")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.node}: {self.outcome}"
