"""Reports that somebody wants to see again."""

from django.conf import settings
from django.db import models

from contacts.models.sharing import Shareable


class SavedReport(models.Model):
    """`query` is the address's query string of the report: periods such as "last 30 days" stay what they say."""

    name = models.CharField(max_length=100)
    query = models.CharField(max_length=2000)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    shared = models.BooleanField(default=False, help_text="Everybody who signs in sees it.")
    created_at = models.DateTimeField()

    objects = Shareable.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_report_name")]

    def __str__(self) -> str:
        return self.name
