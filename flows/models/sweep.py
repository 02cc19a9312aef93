"""How far the regular walks over large tables have come."""

from django.db import models


class Sweep(models.Model):
    """A walk over a table in the order of its ids, slice by slice; `rested_at` is when it last came to the end."""

    name = models.CharField(max_length=50, primary_key=True)
    position = models.BigIntegerField(default=0)
    rested_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
