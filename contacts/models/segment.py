"""Groups of contacts: those who match a rule tree, or those who were put in."""

from django.db import models
from django.db.models.functions import Lower


class Segment(models.Model):
    class Kind(models.TextChoices):
        DYNAMIC = "dynamic", "By rules"  # whoever matches its rule is in it
        STATIC = "static", "Fixed list"  # contacts are put in and taken out; its rule asks for its own members

    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.DYNAMIC, db_default=Kind.DYNAMIC)
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

    @property
    def is_static(self) -> bool:
        return self.kind == self.Kind.STATIC


class SegmentDay(models.Model):
    """How large a segment was at the end of a day (of today: is now), and how many came and went on it.

    Whoever changes members adds to the row of the day while holding the segment's lock (`contacts.segments.crossing`);
    `contacts.segments.sizing` puts the size right, because contacts who are deleted leave without a word.
    """

    pk = models.CompositePrimaryKey("segment_id", "day")
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, db_index=False)
    day = models.DateField(help_text="In the installation's zone.")
    size = models.BigIntegerField()
    entered = models.BigIntegerField(default=0, db_default=0, help_text="Those of whom `segment.entered` tells.")
    left = models.BigIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"{self.segment_id} on {self.day}: {self.size}"
