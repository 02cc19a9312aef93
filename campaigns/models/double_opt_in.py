"""How contacts are asked to confirm that they want to be written to."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from templates_app.models.template import Template

FEW = [MinValueValidator(1), MaxValueValidator(90)]


class DoubleOptIn(models.Model):
    """The one row of settings; `DoubleOptIn.current()` reads it."""

    template = models.ForeignKey(
        Template,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name="Mail that asks",
        help_text="A published email template with {{ confirm_url }} in it. None: a short text of Waypost’s own.",
    )
    days = models.PositiveSmallIntegerField(
        "Days for which its link works", default=7, validators=FEW, help_text="Then the contact has to be asked again."
    )
    most_a_day = models.PositiveSmallIntegerField(
        "At most so many to one contact in 24 hours",
        default=3,
        validators=FEW,
        help_text="So that nobody can use your sign-up form to fill somebody’s mailbox.",
    )

    class Meta:
        verbose_name_plural = "double opt-in"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="double_opt_in_single_row")]

    def __str__(self) -> str:
        return "Double opt-in"

    @classmethod
    def current(cls) -> "DoubleOptIn":
        """Not saved where nothing was ever set."""
        return cls.objects.select_related("template").filter(pk=1).first() or cls(pk=1)
