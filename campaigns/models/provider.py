"""Configured delivery accounts."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower

from contacts.models.consent import Channel


class Provider(models.Model):
    """An account that delivers one channel's messages; `kind` names the module that speaks its protocol.

    `secrets` is one encrypted token; read it through `campaigns.secrets`, never show it.
    """

    channel = models.CharField(max_length=8, choices=Channel.choices)
    kind = models.CharField(max_length=32)
    name = models.CharField(max_length=200)
    settings = models.JSONField(default=dict, blank=True)
    secrets = models.TextField(blank=True, editable=False)
    is_default = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    per_second = models.PositiveIntegerField(
        "Messages per second",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="So many are handed over in a second at most, by all workers together. Empty: as fast as can be.",
    )
    per_day = models.PositiveIntegerField(
        "Messages per day",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="So many at most in a day of the installation’s zone; the others go the next day. Empty: no limit.",
    )
    # What takes over. Messages keep their row and their Message-ID, and only those go on that were certainly not taken.
    fallback = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name="Next provider",
        help_text="Takes over while this one fails. Empty: what needs this one is paused.",
    )
    spills_over = models.BooleanField(
        "Beyond the day’s limit, use the next provider",
        default=False,
        help_text="Otherwise what is more than a day’s worth waits for the next day.",
    )
    most_failures = models.PositiveIntegerField(
        "Failures in a row",
        default=10,
        validators=[MinValueValidator(1)],
        help_text="After so many it is left alone for a while. A contact’s wrong address is no failure.",
    )
    most_percent = models.PositiveSmallIntegerField(
        "Failures in percent",
        default=50,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="It is left alone as well when so many of at least 20 messages fail within ten minutes.",
    )
    resumes_itself = models.BooleanField(
        "Resume by itself",
        default=False,
        help_text="What was paused because of this provider goes on when it works again. Otherwise you resume it.",
    )
    warmup_starts = models.DateField(
        "Warm-up from", null=True, blank=True, help_text="The first day of a new account. Empty: no warm-up."
    )
    warmup_first = models.PositiveIntegerField(
        "First day’s messages", default=50, validators=[MinValueValidator(1)], help_text="So many on the first day."
    )
    warmup_growth = models.DecimalField(
        "Growth per day",
        max_digits=4,
        decimal_places=2,
        default=Decimal("1.5"),
        validators=[MinValueValidator(Decimal("1.05")), MaxValueValidator(Decimal(10))],
        help_text="Each day takes so many times what the day before took.",
    )
    warmup_days = models.PositiveSmallIntegerField(
        "Days of warm-up",
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text="After these only the limits above hold.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["channel", "name"]
        constraints = [
            models.UniqueConstraint("channel", Lower("name"), name="provider_name_unique"),
            models.UniqueConstraint(
                fields=["channel"], condition=models.Q(is_default=True), name="provider_one_default_per_channel"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Allowance(models.Model):
    """How much a provider with a limit may take at this moment, for all workers on all machines: a token bucket.

    `tokens` were there at the moment `at`; `per_second` of them come back each second, up to one second's worth.
    """

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, primary_key=True)
    tokens = models.FloatField()
    at = models.DateTimeField()
    day = models.DateField()
    today = models.PositiveIntegerField(default=0, help_text="How many were handed over on `day`.")

    def __str__(self) -> str:
        return f"{self.provider_id}: {self.tokens:g}"


class BreakerState(models.TextChoices):
    CLOSED = "closed", "Works"
    OPEN = "open", "Left alone"  # nothing is handed over until the next probe
    HALF_OPEN = "half_open", "Being tried"  # one message may go; what comes of it decides


class Breaker(models.Model):
    """Whether a provider is left alone because it keeps failing, for all workers on all machines.

    There is none where nothing has ever failed. `tried` and `failed` count since `counted_since`, the first failure of
    the present window. `holds` are the origins of what was paused because of it, such as "scenario:12".
    """

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, primary_key=True)
    state = models.CharField(max_length=10, choices=BreakerState.choices, db_default=BreakerState.CLOSED.value)
    failures = models.PositiveIntegerField(db_default=0, help_text="In a row, up to now.")
    counted_since = models.DateTimeField(null=True)
    tried = models.PositiveIntegerField(db_default=0)
    failed = models.PositiveIntegerField(db_default=0)
    reason = models.TextField(db_default="", help_text="The provider’s last words.")
    opened_at = models.DateTimeField(null=True)
    probes_at = models.DateTimeField(null=True, help_text="When it is tried next.")
    probed_until = models.DateTimeField(null=True, help_text="Until when one worker has the probe in hand.")
    openings = models.PositiveSmallIntegerField(db_default=0, help_text="Since it worked last; the back-off grows.")
    holds = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.provider_id}: {self.state}"


class BreakerTurn(models.Model):
    """What a breaker did and when, and who made it do so; insert-only."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="turns")
    at = models.DateTimeField()
    to = models.CharField(max_length=10, choices=BreakerState.choices)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.to} {self.at}"


class TopicRoute(models.Model):
    """Through which provider messages about a topic go, unless they name one themselves."""

    channel = models.CharField(max_length=8, choices=Channel.choices)
    topic = models.CharField(max_length=100)
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["channel", "topic"]
        constraints = [models.UniqueConstraint("channel", Lower("topic"), name="topic_route_unique")]

    def __str__(self) -> str:
        return f"{self.channel} {self.topic}"
