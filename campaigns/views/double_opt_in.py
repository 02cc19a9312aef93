"""Asking a contact to confirm that they want emails, and the settings of that."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from campaigns import asking_consent
from campaigns.contents import Unpublished
from campaigns.double_opt_in_forms import AskForm, DoubleOptInForm
from campaigns.models import DoubleOptIn
from contacts.models import Contact, Installation
from contacts.visitors import proof_of


@permission_required("contacts.change_contact", raise_exception=True)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=pk)
    form = AskForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        who = request.user.get_username()
        proof = proof_of(request, who, form="contact page")
        try:
            sent = asking_consent.ask(pk, form.cleaned_data["topics"], timezone.now(), asking_consent.ASKED, proof)
        except (asking_consent.NotAsked, Unpublished) as refusal:
            messages.error(request, str(refusal))
        else:
            said = f"{contact} is asked by email." if sent else f"{contact} has subscribed to all of this already."
            messages.success(request, said)
        return redirect("contact_page", pk)
    return render(request, "campaigns/ask_consent.html", {"contact": contact, "form": form})


@permission_required("campaigns.view_doubleoptin", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """Everybody may read the settings; only administrators change them."""
    may_change = request.user.has_perm("campaigns.change_doubleoptin")
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    settings = DoubleOptIn.current()
    form = DoubleOptInForm(request.POST or None, instance=settings, installation=Installation.current())
    if not may_change:
        for field in form.fields.values():
            field.disabled = True
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "The settings of double opt-in are saved.")
        return redirect("double_opt_in")
    return render(request, "campaigns/double_opt_in.html", {"form": form, "may_change": may_change})
