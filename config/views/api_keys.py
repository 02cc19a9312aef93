"""Keys with which programs use the API: shown once, revoked for good."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.forms import ApiKeyForm
from config.models import ApiKey


@permission_required("config.view_apikey", raise_exception=True)
def show_all(request: HttpRequest) -> HttpResponse:
    keys = ApiKey.objects.select_related("owner")
    return render(request, "config/api_key_list.html", {"keys": keys, "now": timezone.now()})


@never_cache
@permission_required("config.add_apikey", raise_exception=True)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """The answer to the POST is the only page that ever has the key itself."""
    form = ApiKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        row, key = ApiKey.objects.issue(
            form.cleaned_data["name"],
            form.scopes_chosen(),
            owner=request.user,
            expires_at=form.expires_at(timezone.now()),
        )
        return render(request, "config/api_key_created.html", {"row": row, "key": key})
    return render(request, "config/api_key_form.html", {"form": form})


@permission_required("config.change_apikey", raise_exception=True)
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(ApiKey, pk=pk)
    if request.method == "POST":
        if ApiKey.objects.filter(pk=pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
            messages.success(request, f"“{row.name}” is revoked. Programs using it are refused from now on.")
        return redirect("api_key_list")
    return render(request, "config/api_key_revoke.html", {"row": row})
