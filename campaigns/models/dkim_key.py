"""The key with which the mails of an account are signed."""

from django.db import models

from campaigns.models.provider import Provider


class DkimKey(models.Model):
    """`secret` is one encrypted token (see `campaigns.secrets`) that holds the private key; it is never shown."""

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, primary_key=True, related_name="dkim")
    domain = models.CharField(max_length=253)
    selector = models.CharField(max_length=63)
    secret = models.TextField(editable=False)
    enabled = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"
