"""Keys with which programs call the API: only a hash is kept."""

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, key: str, now: datetime) -> "ApiKey | None":
        """The key's row, or None when it is unknown, revoked or expired."""
        alive = models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=now)
        return self.filter(alive, hashed=_hashed(key), revoked_at__isnull=True).first()

    def issue(self, name: str, scopes: list[str] | None = None, **fields) -> "tuple[ApiKey, str]":
        """A new key's row and the key itself, which can never be read again."""
        key = f"wp_{secrets.token_urlsafe(32)}"
        return self.create(name=name, prefix=key[:10], hashed=_hashed(key), scopes=scopes or ["*"], **fields), key


class ApiKey(models.Model):
    """One program's key. A scope is "*" or "resource:read" / "resource:write", as in "contacts:write"."""

    name = models.CharField(max_length=200)
    prefix = models.CharField(max_length=16)
    hashed = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=64), default=list)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def allows(self, scope: str) -> bool:
        return "*" in self.scopes or scope in self.scopes
