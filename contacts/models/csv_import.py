"""Files of contacts on their way in."""

from django.conf import settings
from django.db import models


class CsvImport(models.Model):
    """One uploaded file: how its columns map to contact fields, how far it got, and what was refused."""

    class State(models.TextChoices):
        CONVERTING = "converting", "Converting"  # a workbook whose rows are being turned into CSV
        DRAFT = "draft", "Draft"  # uploaded, the columns not yet confirmed
        QUEUED = "queued", "Queued"  # confirmed, waiting for a worker
        RUNNING = "running", "Running"  # a worker is reading it, slice by slice
        DONE = "done", "Done"
        FAILED = "failed", "Failed"  # the file could not be read; `error` says why
        CANCELLED = "cancelled", "Cancelled"  # stopped by somebody; what was taken in until then stays
        UNDOING = "undoing", "Undoing"  # contacts that it created are being deleted, slice by slice
        UNDONE = "undone", "Undone"  # all of them are gone but those whom something touched since

    name = models.CharField(max_length=255)
    size = models.BigIntegerField(default=0, help_text="Bytes of the file.")
    encoding = models.CharField(max_length=32, blank=True)
    delimiter = models.CharField(max_length=4, blank=True)
    headers = models.JSONField(default=list)
    mapping = models.JSONField(default=list, help_text="One target per column, in order; null leaves the column out.")
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    rows_read = models.BigIntegerField(default=0)
    lines_read = models.BigIntegerField(default=0)
    offset = models.BigIntegerField(default=0, help_text="Bytes of the file that have been read.")
    created = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)
    # Contacts that it created have ids above the first and up to the second of these; others may have such ids, too.
    contacts_after = models.BigIntegerField(null=True, editable=False)
    contacts_until = models.BigIntegerField(null=True, editable=False)
    undone_until = models.BigIntegerField(default=0, editable=False, help_text="The id that undoing has come to.")
    undone = models.BigIntegerField(default=0, help_text="Contacts that were deleted again.")
    kept = models.BigIntegerField(default=0, help_text="Contacts that stay though it was undone.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def percent(self) -> int:
        return min(100, self.offset * 100 // self.size) if self.size else 0

    @property
    def working(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING, self.State.CONVERTING, self.State.UNDOING)

    @property
    def undone_percent(self) -> int:
        return min(100, (self.undone + self.kept) * 100 // self.created) if self.created else 0


class CsvChunk(models.Model):
    """A piece of an uploaded file. It is kept in the database, where workers on every machine can read it."""

    csv_import = models.ForeignKey(CsvImport, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    place = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["csv_import", "place"], name="csv_chunk_unique")]

    def __str__(self) -> str:
        return f"{self.csv_import_id}:{self.place}"


class CsvAhead(models.Model):
    """A piece of a file that was taken in and committed before the pieces ahead of it; gone once those are, too."""

    csv_import = models.ForeignKey(CsvImport, on_delete=models.CASCADE, related_name="ahead")
    begins = models.BigIntegerField()
    ends = models.BigIntegerField()
    lines_read = models.BigIntegerField()
    rows_read = models.BigIntegerField()
    created = models.BigIntegerField()
    refused = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.csv_import_id}: {self.begins}–{self.ends}"


class CsvRefusal(models.Model):
    """A row of a file that was not taken in, and why."""

    csv_import = models.ForeignKey(CsvImport, on_delete=models.CASCADE, related_name="refusals")
    line = models.BigIntegerField(help_text="Where the row begins in the file, from 1.")
    reason = models.TextField()
    cells = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"Line {self.line}: {self.reason}"
