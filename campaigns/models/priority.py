"""What goes first where not everything can go."""

from typing import Any

from django.db import models


class Priority(models.IntegerChoices):
    HIGH = 1, "High"
    NORMAL = 0, "Normal"
    LOW = -1, "Low"


def priority_field(**options: Any) -> "models.SmallIntegerField[int, int]":
    return models.SmallIntegerField(
        choices=Priority.choices,
        default=Priority.NORMAL,
        help_text="Whose messages go first where a contact may get one more only, or a provider is busy.",
        **options,
    )
