"""Configured delivery accounts."""

from django.core.validators import MinValueValidator
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
