"""The settings page of links in messages, and the check of their domain."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.tracking import domain_checking, settings
from campaigns.tracking.domain_checking import Checked
from campaigns.tracking.settings import TrackingForm
from contacts.models import Installation

MAY_CHANGE = "contacts.change_installation"


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """Everybody may read the settings; only administrators change them."""
    may_change = request.user.has_perm(MAY_CHANGE)
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    installation = Installation.current()
    here = split_domain_port(request.get_host())[0]
    form = TrackingForm(request.POST or None, instance=installation, here=here)
    if not may_change:
        for field in form.fields.values():
            field.disabled = True
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Settings saved. They hold from now on.")
        return redirect("tracking_settings")
    domain = form.initial["tracking_domain"]
    context = {
        "form": form,
        "utm": [form[name] for name in form.fields if name.startswith("utm_") and name != "utm_on"],
        "may_change": may_change,
        "domain": domain,
        "former": installation.former_tracking_domains,
        "record": settings.record(domain or "links.example.com"),
        "placeholders": settings.placeholders(),
    }
    return render(request, "campaigns/tracking_settings.html", context)


@require_POST
@permission_required(MAY_CHANGE, raise_exception=True)
def check(request: HttpRequest) -> HttpResponse:
    """Asks the domain in the field, saved or not."""
    try:
        domain = settings.host(request.POST.get("tracking_domain", ""))
        checked = domain_checking.check(domain) if domain else Checked(False, "Write a domain first.")
    except ValidationError as error:
        checked = Checked(False, " ".join(error.messages))
    return render(request, "campaigns/_tracking_answer.html", {"checked": checked})
