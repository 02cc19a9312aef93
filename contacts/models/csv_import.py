"""Files of contacts on their way in."""

from django.conf import settings
from django.db import models


class CsvImport(models.Model):
    """One uploaded file: how its columns map to contact fields, how far it got, and what was refused."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"  # uploaded, the columns not yet confirmed
        QUEUED = "queued", "Queued"  # confirmed, waiting for a worker
        RUNNING = "running", "Running"  # a worker is reading it, slice by slice
        DONE = "done", "Done"
        FAILED = "failed", "Failed"  # the file could not be read; `error` says why

    file = models.FileField(upload_to="imports/")
    name = models.CharField(max_length=255)
    encoding = models.CharField(max_length=32, blank=True)
    delimiter = models.CharField(max_length=4, blank=True)
    mapping = models.JSONField(default=list, help_text="One target per column, in order; null leaves the column out.")
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    rows_total = models.BigIntegerField(default=0)
    rows_read = models.BigIntegerField(default=0)
    offset = models.BigIntegerField(default=0, help_text="Bytes of the file that have been read.")
    created = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    refused_file = models.FileField(upload_to="imports/", blank=True)
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name
