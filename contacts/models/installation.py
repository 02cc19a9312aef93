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
    double_opt_in = models.BooleanField(
        "Programs cannot subscribe anybody by themselves",
        default=False,
        db_default=False,
        help_text="The API then has to ask the contact, who confirms by the link in an email (double opt-in).",
    )
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
    # Links in messages: under which host, which of their visits count, and what is added to where they lead.
    tracking_domain = models.CharField(
        max_length=253,
        blank=True,
        db_default="",
        help_text="A host of your own for what stands in messages, as in links.example.com. Empty: the address of this "
        "installation.",
    )
    former_tracking_domains = models.JSONField(default=list, editable=False, help_text="Their links go on working.")
    count_machine_opens = models.BooleanField(
        "Count machine-made opens",
        default=False,
        db_default=False,
        help_text="Such as those of mail programs that load every picture before anybody looks.",
    )
    count_machine_clicks = models.BooleanField(
        "Count machine-made clicks",
        default=False,
        db_default=False,
        help_text="Such as those of security scanners that follow every link.",
    )
    utm_on = models.BooleanField(
        "Add UTM parameters to links",
        default=False,
        db_default=False,
        help_text="Messages can say otherwise for themselves. A link that has some of its own stays as it is.",
    )
    utm_source = models.CharField("utm_source", max_length=200, blank=True, default="waypost", db_default="waypost")
    utm_medium = models.CharField("utm_medium", max_length=200, blank=True, default="{channel}", db_default="{channel}")
    utm_campaign = models.CharField(
        "utm_campaign", max_length=200, blank=True, default="{campaign}", db_default="{campaign}"
    )
    utm_content = models.CharField("utm_content", max_length=200, blank=True, default="{node}", db_default="{node}")
    utm_term = models.CharField("utm_term", max_length=200, blank=True, default="", db_default="")

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
