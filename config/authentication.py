"""Who a program is and what it may do: `Authorization: Bearer KEY`, scopes, and a rate limit per key."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from config.models import ApiKey

# The framework's views import this module.
if TYPE_CHECKING:
    from rest_framework.views import APIView


class ApiKeyAuthentication(BaseAuthentication):
    """Sets `request.auth` to the ApiKey and `request.user` to its owner (None for a key without one)."""

    def authenticate(self, request: Request) -> tuple[object, ApiKey] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        now = timezone.now()
        key = ApiKey.objects.usable(parts[1].decode("latin-1"), now) if len(parts) == 2 else None
        if key is None:
            raise AuthenticationFailed("This API key is unknown, revoked or expired.")
        # Written at most once a minute, so that a busy key does not make every read a write.
        if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return key.owner, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasScope(BasePermission):
    """Asks the key for `RESOURCE:read` or `RESOURCE:write`; a view names its resource in `scope`.

    An action that only reads although it is a POST says so with `reads = True` on its method or view.
    """

    message = "This API key does not have the scope that is needed here."

    def has_permission(self, request: Request, view: APIView) -> bool:
        resource = getattr(view, "scope", None)
        if not isinstance(request.auth, ApiKey) or resource is None:
            return False
        handler = getattr(view, getattr(view, "action", "") or "", None)
        reads = request.method in ("GET", "HEAD", "OPTIONS") or getattr(handler, "reads", False)
        return request.auth.allows(f"{resource}:{'read' if reads else 'write'}")


class KeyThrottle(SimpleRateThrottle):
    """So many requests per key and clock minute (or second, hour, day): API_THROTTLE.

    It counts, where its parent class keeps a list of the times of all requests and writes it at each of them.
    """

    scope = "api_key"
    duration: int  # seconds, from the rate
    num_requests: int

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return f"throttle:{request.auth.pk}" if isinstance(request.auth, ApiKey) else None

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = self.get_cache_key(request, view)
        if key is None:
            return True
        key = f"{key}:{int(self.timer() // self.duration)}"
        count = self.cache.get(key, 0)
        if count >= self.num_requests:
            return False
        self.cache.set(key, count + 1, self.duration)
        return True

    def wait(self) -> float:
        """Seconds until the next period begins; DRF sends them as Retry-After."""
        return self.duration - self.timer() % self.duration
