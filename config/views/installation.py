"""What holds for the whole installation."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from config.forms import InstallationForm
from config.middleware import forget_zone
from contacts.models import Installation


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """Everybody may read the settings; only administrators change them."""
    may_change = request.user.has_perm("contacts.change_installation")
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    form = InstallationForm(request.POST or None, instance=Installation.current())
    if not may_change:
        for field in form.fields.values():
            field.disabled = True
    if request.method == "POST" and form.is_valid():
        form.save()
        forget_zone()
        messages.success(request, "Settings saved.")
        return redirect("settings")
    return render(request, "config/installation.html", {"form": form, "may_change": may_change})
