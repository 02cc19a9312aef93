"""Answers on the tracking domain with nothing but what stands in messages: links, pictures, the pages for contacts.

No sign-in, no API and no page of the application is there, whatever else points at this server.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from campaigns.tracking import addresses

# The pages for contacts bring their style sheet along; the last one answers the check of the settings page.
_PATHS = re.compile(r"/(?:[csoupy]/.|static/|link-check/)")


def only_links(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        host = split_domain_port(request.META.get("HTTP_HOST", ""))[0]
        if host not in addresses.domains():
            return get_response(request)
        if not _PATHS.match(request.path_info):
            return HttpResponse("There is nothing here.\n", content_type="text/plain", status=404)
        # The operator allowed this host by setting it, also where ALLOWED_HOSTS names only the application's own.
        request.get_host = lambda: host  # type: ignore[method-assign]
        return get_response(request)

    return middleware
