"""What the operator says an attribute of contacts is, and the passes over contacts that follow from that."""

from django.db import models
from django.db.models.functions import Lower


class Attribute(models.Model):
    """The definition of an attribute. Attributes that nobody defined hold whatever they are given."""

    class Type(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        BOOLEAN = "boolean", "Yes or no"
        DATE = "date", "Date"
        DATETIME = "datetime", "Date and time"
        CHOICE = "choice", "Choice"
        LIST = "list", "List"

    name = models.CharField(max_length=100, help_text="Its key in Contact.attributes; never changes.")
    label = models.CharField(max_length=100)
    description = models.CharField(max_length=500, blank=True)
    type = models.CharField(max_length=8, choices=Type.choices, default=Type.TEXT)
    choices = models.JSONField(default=list, blank=True, help_text="The texts that a choice or a list may hold.")
    position = models.PositiveIntegerField(default=0)
    # As of the last pass over all contacts; NULL until there has been one.
    size = models.BigIntegerField(null=True, editable=False, help_text="How many contacts have a value.")
    unfit = models.BigIntegerField(null=True, editable=False, help_text="How many of these do not fit the type.")
    convertible = models.BigIntegerField(null=True, editable=False, help_text="How many of those could be made to.")
    counted_at = models.DateTimeField(null=True, editable=False, help_text="When that pass began.")
    changed_at = models.DateTimeField(
        null=True, editable=False, help_text="When many contacts were last changed in it."
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(Lower("name"), name="attribute_name_unique")]

    def __str__(self) -> str:
        return self.label

    @property
    def outdated(self) -> bool:
        """Whether many contacts were changed since they were counted."""
        return bool(self.counted_at and self.changed_at and self.changed_at > self.counted_at)


class AttributeSweep(models.Model):
    """One pass over all contacts about one attribute, slice by slice; gone once it has ended."""

    class Kind(models.TextChoices):
        COUNT = "count", "Count"  # how many have a value, and how many values do not fit
        CONVERT = "convert", "Convert"  # the values that do not fit and can be made to
        REMOVE = "remove", "Remove"  # the values of an attribute that is defined no more

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    after = models.BigIntegerField(default=0, help_text="The contact up to whom it has got.")
    until = models.BigIntegerField(default=0, help_text="The newest contact when it began.")
    size = models.BigIntegerField(default=0)
    unfit = models.BigIntegerField(default=0)
    convertible = models.BigIntegerField(default=0)
    source = models.CharField(max_length=200, blank=True, help_text="Who wanted it, for the timelines.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["name", "kind"], name="attribute_sweep_unique")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def percent(self) -> int:
        return min(100, self.after * 100 // self.until) if self.until else 0
