"""What is shown when a request cannot be answered: one page for every reason, JSON where a program asked."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request, 400, "That request makes no sense here", "Something in it is malformed. Go back and try again."
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request,
        403,
        "Your role does not allow this",
        str(exception) or "Ask an administrator if you need to do this. Nothing was changed.",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, "There is nothing here", "The page was moved or deleted, or the address has a typo.")


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(
        request,
        500,
        "Something broke on our side",
        "The error was written to the log. Try again; if it stays, tell whoever runs this installation.",
    )


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        request,
        403,
        "This form has expired",
        "You signed in or out in another tab, or cookies are blocked. Go back, reload the page and send it again.",
    )


@login_not_required
def locked_out(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    return _page(
        request,
        429,
        "Too many attempts to sign in",
        "For safety this account is closed to your address for 15 minutes. Then you can try again.",
    )


@login_not_required
def admin_login(request: HttpRequest) -> HttpResponse:
    """The admin's sign-in is everybody's; who is signed in and still sent here may not enter."""
    if request.user.is_authenticated:
        raise PermissionDenied("Only administrators can open the database admin.")
    return redirect(f"{reverse('login')}?{urlencode({'next': request.GET.get('next', reverse('admin:index'))})}")


def _page(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": f"{title}."}, status=status)
    return render(request, "config/error.html", {"status": status, "title": title, "sentence": sentence}, status=status)
