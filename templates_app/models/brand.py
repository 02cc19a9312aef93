"""How the installation's mails look unless they say otherwise."""

from django.core.validators import RegexValidator
from django.db import models

colour = RegexValidator(r"^#[0-9a-fA-F]{6}$", "A colour is written #rrggbb.")


class Brand(models.Model):
    """The one row of it; `Brand.current()` reads it."""

    accent = models.CharField("Accent", max_length=7, default="#3257e0", validators=[colour])
    text = models.CharField("Text", max_length=7, default="#3d4452", validators=[colour])
    background = models.CharField("Background", max_length=7, default="#f1f3f7", validators=[colour])
    surface = models.CharField("Behind the text", max_length=7, default="#ffffff", validators=[colour])
    font = models.CharField(max_length=60, default="Helvetica, Arial, sans-serif")
    logo = models.CharField(max_length=500, blank=True, help_text="The address of a picture; upload it below.")
    address = models.CharField(
        "Postal address",
        max_length=300,
        blank=True,
        help_text="Stands in every footer; the law of many countries asks for it.",
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="brand_single_row")]

    def __str__(self) -> str:
        return "Brand"

    @classmethod
    def current(cls) -> "Brand":
        return cls.objects.filter(pk=1).first() or cls(pk=1)
