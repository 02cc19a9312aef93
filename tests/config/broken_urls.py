"""All pages, and some that cannot be answered."""

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config import urls
from config.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret detail")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def senseless(request: HttpRequest) -> HttpResponse:
    raise BadRequest


urlpatterns = [
    path("broken/", broken),
    path("forbidden/", forbidden),
    path("senseless/", senseless),
    *urls.urlpatterns,
]
