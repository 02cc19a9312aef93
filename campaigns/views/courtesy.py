"""The page on which it is said how often and at what hours contacts are written to."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.courtesy import saving
from campaigns.courtesy.forms import CourtesyForm
from campaigns.courtesy.wording import sentences
from campaigns.models import Courtesy

may_see = permission_required("campaigns.view_courtesy", raise_exception=True)


@require_http_methods(["GET", "POST"])
@may_see
def edit(request: HttpRequest) -> HttpResponse:
    """Everybody may read them; only administrators change them."""
    may_change = request.user.has_perm("campaigns.change_courtesy")
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    kept = Courtesy.current().rules
    form = CourtesyForm(request.POST or None, kept)
    if request.method == "POST" and form.is_valid():
        saving.keep(form.kept)
        messages.success(request, "The courtesy settings are saved, and hold for every message from now on.")
        return redirect("courtesy")
    said = sentences(form.kept if form.is_bound else kept)
    return render(request, "campaigns/courtesy.html", {"form": form, "may_change": may_change, "sentences": said})


@require_POST
@may_see
def preview(request: HttpRequest) -> HttpResponse:
    """What stands in the form now, in words; nothing is kept."""
    form = CourtesyForm(request.POST, {})
    valid = form.is_valid()
    context = {"sentences": sentences(form.kept), "wrong": not valid}
    return render(request, "campaigns/_courtesy_sentences.html", context)
