"""What contacts still get of steps that were inserted into a chain where they had passed already."""

from django.db import models

from flows.models.execution import Execution
from flows.models.flow import Flow
from flows.models.scenario import Scenario


class Errand(models.Model):
    """A pass is due at a node besides where it stands, or after it has ended, and goes on from there as long as it
    meets steps that the version `flow` inserted. `since` is when the one before them had run; with `resting` the node
    has been asked, and keeps it until `due_at`. Gone once it is done."""

    scenario = models.ForeignKey(Scenario, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    node = models.CharField(max_length=50)
    since = models.DateTimeField()
    due_at = models.DateTimeField()
    resting = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["execution", "flow"], name="errand_once"),
        ]
        indexes = [models.Index(fields=["scenario", "due_at"], name="errand_due")]

    def __str__(self) -> str:
        return f"{self.execution_id} at {self.node}"
