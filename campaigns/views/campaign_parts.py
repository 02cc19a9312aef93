"""What the steps of a campaign ask for while they are filled in: choices, the count, the file, the preview."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from campaigns import pick_field
from campaigns.campaign_message_forms import MessageForms
from campaigns.models import Campaign
from campaigns.views.campaigns import may_view
from contacts.models import Contact
from contacts.search import search
from templates_app import previewing
from templates_app.views.previews import preview_context

may_see_contacts = permission_required("contacts.view_contact", raise_exception=True)


@require_GET
@may_view
def choices(request: HttpRequest, of: str) -> HttpResponse:
    """Segments or tags whose names contain `?q=`, as boxes to tick."""
    words = request.GET.get("q", "")
    context = {"choices": pick_field.find(of, words), "words": words, "name": request.GET.get("name", "")}
    return render(request, "campaigns/_picker_choices.html", context)


@require_GET
@may_see_contacts
def people(request: HttpRequest) -> HttpResponse:
    """Contacts whom a message can be previewed as: `{"options": [[address, name], …]}`."""
    found = search(Contact.objects.all(), request.GET.get("q", ""))[:10]
    return JsonResponse({"options": [[_address(contact), contact.name] for contact in found]})


@require_POST
@may_view
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The variant that is looked at, in the words that stand in the form, as one contact would get it."""
    campaign = get_object_or_404(Campaign, pk=pk)
    forms = MessageForms(campaign, request.POST)
    return render(request, "campaigns/_campaign_preview.html", preview_of(request, campaign, forms))


def preview_of(request: HttpRequest, campaign: Campaign, forms: MessageForms) -> dict[str, Any]:
    shown = forms.of(request.POST.get("variant", ""))
    version, asked = shown.shown(), request.POST.get("as", "").strip()
    contact = _found(asked) if request.user.has_perm("contacts.view_contact") else None
    context: dict[str, Any] = {"campaign": campaign, "as": asked, "unknown": bool(asked) and contact is None}
    if version is not None:
        contact = contact or previewing.sample()
        context |= preview_context(request, version, contact) | {"field_prefix": f"{shown.key}-"}
        context["as_template"] = shown.from_template
    return context


def _found(address: str) -> Contact | None:
    if not address:
        return None
    exact = Contact.objects.alias(lowered=Lower("email")).filter(lowered=address.replace("\0", "").lower()).first()
    return exact or search(Contact.objects.all(), address).first()


def _address(contact: Contact) -> str:
    return contact.email or contact.phone or contact.external_id or ""
