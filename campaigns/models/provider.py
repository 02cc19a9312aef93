"""Configured delivery accounts."""

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
