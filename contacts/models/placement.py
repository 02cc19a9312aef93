"""Contacts on their way into a fixed list: those whom a file names, or those who match a rule."""

from django.db import models

from contacts.models.csv_import import CsvImport
from contacts.models.segment import Segment


class Placement(models.Model):
    """One lot of contacts that is put into a static segment slice by slice, and what came of it."""

    class State(models.TextChoices):
        WORKING = "working", "Working"  # a worker puts them in, slice by slice
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"  # somebody stopped it; who was put in stays
        FAILED = "failed", "Failed"  # it did not come to its end; `error` says why

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="placements")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WORKING)
    error = models.TextField(blank=True)
    source = models.CharField(max_length=200, blank=True, help_text="Who did it, for the timeline.")
    name = models.CharField(max_length=255, help_text="Of the file, or of the segment that is copied.")
    created_at = models.DateTimeField()

    # Of a file: where its bytes lie while it is read; they go after that.
    file = models.OneToOneField(
        CsvImport, null=True, on_delete=models.SET_NULL, related_name="placement", editable=False
    )
    columns = models.JSONField(default=dict, help_text="Which column is which identifier.")
    creating = models.BooleanField(default=False, help_text="Whether unknown people become contacts.")
    # Of a rule: contacts above `after` are still to come.
    rule = models.JSONField(null=True)
    after = models.BigIntegerField(default=0)

    percent = models.PositiveSmallIntegerField(default=0)
    rows_read = models.BigIntegerField(default=0)
    placed = models.BigIntegerField(default=0, help_text="Contacts who were not in it before.")
    repeated = models.BigIntegerField(default=0, help_text="Rows of those who were in it already.")
    created = models.BigIntegerField(default=0, help_text="Contacts who were made for it.")
    unknown = models.BigIntegerField(default=0, help_text="Rows that name nobody.")
    unknown_rows = models.JSONField(default=list, help_text="The first of those: line, text and sentence.")

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="placement_working", condition=models.Q(state="working")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def working(self) -> bool:
        return self.state == self.State.WORKING
