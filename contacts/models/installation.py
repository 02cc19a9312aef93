"""What holds for the whole installation and is set in its pages rather than in the environment."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from contacts.zones import validate_zone


class Installation(models.Model):
    """The one row of settings; `Installation.current()` reads it."""

    class ConsentPolicy(models.TextChoices):
        OPT_OUT = "opt_out", "Opt-out: write to everybody who has not unsubscribed"
        OPT_IN = "opt_in", "Opt-in: write only to those who subscribed"

    name = models.CharField(max_length=200, default="Waypost", help_text="Shown to contacts, on the unsubscribe page.")
    timezone = models.CharField(max_length=64, blank=True, validators=[validate_zone])
    language = models.CharField(max_length=16, default="en")
    consent_policy = models.CharField(max_length=8, choices=ConsentPolicy.choices, default=ConsentPolicy.OPT_OUT)
    keep_steps_days = models.PositiveIntegerField(
        "Keep steps for (days)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="What happened to contacts in scenarios, node by node, counted from when they left. Empty: for ever.",
    )
    keep_events_days = models.PositiveIntegerField(
        "Keep events for (days)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="What is on contacts’ timelines; rules about events know only what is kept. Empty: for ever.",
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="installation_single_row")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "Installation":
        return cls.objects.get_or_create(pk=1)[0]

    @property
    def zone_name(self) -> str:
        """The zone of contacts who have none of their own."""
        return self.timezone or settings.TIME_ZONE
