"""Leads requests for static files of another version, as from a page opened before an upgrade, to the present ones."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect


@login_not_required
def lead(request: HttpRequest, version: str, path: str) -> HttpResponse:
    if version == settings.STATIC_VERSION:
        raise Http404  # it would lead back here
    return HttpResponseRedirect(settings.STATIC_URL + path)
