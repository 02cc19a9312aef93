"""Shows every date in the time zone of whoever is signed in, and adds forgotten slashes."""

from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.utils import timezone


class SlashAdding(CommonMiddleware):
    """Leads to the address with its slash by a 308: after Django's 301, a program's POST would come back as a GET."""

    response_redirect_class = partial(HttpResponsePermanentRedirect, preserve_request=True)  # type: ignore[assignment]


def user_time_zone(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "timezone", "")
        with timezone.override(ZoneInfo(zone) if zone else None):
            return get_response(request)

    return middleware
