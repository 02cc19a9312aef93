"""Shows every date in the time zone of whoever is signed in, else the installation's, and adds forgotten slashes."""

import time
from collections.abc import Callable
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.utils import timezone

from contacts.models import Installation

KNOWN_FOR = 10  # seconds for which a process takes the installation's zone as known


class SlashAdding(CommonMiddleware):
    """Leads to the address with its slash by a 308: after Django's 301, a program's POST would come back as a GET."""

    response_redirect_class = partial(HttpResponsePermanentRedirect, preserve_request=True)  # type: ignore[assignment]


def user_time_zone(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        zone = ""
        if request.user.is_authenticated:
            zone = getattr(request.user, "timezone", "") or _installation_zone(int(time.monotonic() / KNOWN_FOR))
        with timezone.override(ZoneInfo(zone) if zone else None):
            return get_response(request)

    return middleware


@lru_cache(maxsize=1)
def _installation_zone(_period: int) -> str:
    return Installation.current().zone_name


def forget_zone() -> None:
    """For who has just changed the installation's zone and looks at the next page."""
    _installation_zone.cache_clear()
