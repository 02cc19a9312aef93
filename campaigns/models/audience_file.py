"""Files that name the audiences of campaigns, while they are read and after."""

from django.db import models

from campaigns.models.campaign import Campaign
from contacts.models import CsvImport


class AudienceFile(models.Model):
    """The file that was uploaded last for a campaign: how far it is read, and what came of it."""

    class State(models.TextChoices):
        READING = "reading", "Reading"  # a worker reads it, slice by slice
        DONE = "done", "Done"
        FAILED = "failed", "Failed"  # it was not read to its end; `error` says why

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, primary_key=True, related_name="audience_file")
    # Where its bytes lie while it is read; they go after that.
    file = models.OneToOneField(
        CsvImport, null=True, on_delete=models.SET_NULL, related_name="audience_file", editable=False
    )
    name = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.READING)
    error = models.TextField(blank=True)
    columns = models.JSONField(default=dict, help_text="Which column is which identifier.")
    percent = models.PositiveSmallIntegerField(default=0)
    rows_read = models.BigIntegerField(default=0)
    listed = models.BigIntegerField(default=0, help_text="Contacts that it names.")
    repeated = models.BigIntegerField(default=0, help_text="Rows that name somebody again.")
    unknown = models.BigIntegerField(default=0, help_text="Rows that name nobody.")
    unknown_rows = models.JSONField(default=list, help_text="The first of those: line, text and sentence.")

    def __str__(self) -> str:
        return self.name or f"File of {self.campaign_id}"

    @property
    def reading(self) -> bool:
        return self.state == self.State.READING
