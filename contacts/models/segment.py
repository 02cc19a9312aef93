"""Named rule trees over contacts."""

from django.db import models
from django.db.models.functions import Lower


class Segment(models.Model):
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    rule = models.JSONField(default=dict, help_text='A rule tree; {"all": []} is everybody.')
    # The last count and when it was made, for lists; pages that need the exact number count afresh.
    size = models.BigIntegerField(null=True, editable=False)
    counted_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="segment_name_unique")]

    def __str__(self) -> str:
        return self.name
