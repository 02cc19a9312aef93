"""What the steps of a campaign ask for while they are filled in: choices, the count, the file, the preview."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns import pick_field
from campaigns.mailings import audience, audience_files, listing
from campaigns.mailings.forms import AudienceForm, FileForm
from campaigns.mailings.message_forms import MessageForms
from campaigns.mailings.moves import WrongState
from campaigns.models import AudienceFile, Campaign
from campaigns.views.campaigns import may_change, may_view
from contacts import csv_writing
from contacts.imports.csv_sniffing import Unreadable
from contacts.models import Contact
from contacts.search import search
from templates_app.views.previews import preview_context

may_see_contacts = permission_required("contacts.view_contact", raise_exception=True)


@require_GET
@may_view
def choices(request: HttpRequest, of: str) -> HttpResponse:
    """Segments or tags whose names contain `?q=`, as boxes to tick."""
    words = request.GET.get("q", "")
    context = {"choices": pick_field.find(of, words), "words": words, "name": request.GET.get("name", "")}
    return render(request, "campaigns/_picker_choices.html", context)


@require_POST
@may_view
def count(request: HttpRequest, pk: int) -> HttpResponse:
    """How many the audience reaches as it stands in the form, and who is left out."""
    campaign = get_object_or_404(Campaign, pk=pk)
    form = AudienceForm(request.POST, campaign)
    if not form.is_valid():
        return render(request, "campaigns/_campaign_reach.html", {"form": form})
    campaign.audience = form.audience
    context = {"campaign": campaign, "reach": audience.counted(campaign, timezone.now())}
    return render(request, "campaigns/_campaign_reach.html", context)


@require_POST
@may_change
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Keeps whom a file names at once, and says who of it was not found."""
    campaign = get_object_or_404(Campaign, pk=pk)
    context: dict[str, Any] = {}
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        context["file_error"] = " ".join(map(str, form.errors["file"]))
    else:
        try:
            file = form.cleaned_data["file"]
            audience_files.upload(campaign, file.name, file.chunks(), timezone.now())
        except (Unreadable, WrongState) as error:
            context["file_error"] = str(error)
    campaign.refresh_from_db()
    return _file_part(request, campaign, context)


@require_POST
@may_change
def forget_file(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, pk=pk)
    context = {}
    try:
        audience_files.remove(campaign)
    except WrongState as error:
        context["file_error"] = str(error)
    campaign.refresh_from_db()
    return _file_part(request, campaign, context)


@require_GET
@may_view
def file_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the file is read: asked for every second until it is, and then the whole part comes anew."""
    campaign = get_object_or_404(Campaign, pk=pk)
    kept = audience_files.of(campaign)
    if kept and kept.reading:
        return render(request, "campaigns/_campaign_file_kept.html", {"campaign": campaign, **file_context(campaign)})
    answer = _file_part(request, campaign, {})
    answer["HX-Retarget"], answer["HX-Reswap"] = "#file-part", "outerHTML"
    return answer


def file_context(campaign: Campaign) -> dict[str, Any]:
    """What the part about its file shows. The list of one that is being read is not counted anew every second."""
    kept = audience_files.of(campaign)
    return {
        "kept": kept,
        "most_unknown": listing.MOST_UNKNOWN,
        "listed": kept.listed if kept and kept.reading else listing.listed(campaign),
    }


def _file_part(request: HttpRequest, campaign: Campaign, context: dict[str, Any]) -> HttpResponse:
    editable = request.user.has_perm("campaigns.change_campaign")
    context = {"campaign": campaign, "editable": editable, **file_context(campaign), **context}
    answer = render(request, "campaigns/_campaign_file.html", context)
    answer["HX-Trigger-After-Settle"] = "recount"
    return answer


@require_GET
@may_change
def unknown_rows(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows of a file that named nobody, as a file."""
    found = get_object_or_404(AudienceFile, campaign=pk).unknown_rows
    rows = [[str(row["line"]), row["text"], row["sentence"]] for row in found]
    lines = [csv_writing.line(row) for row in [["Line", "Row", "Reason"], *rows]]
    answer = HttpResponse("\ufeff" + "".join(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="not-found-{pk}.csv"'
    return answer


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
    variant = MessageForms(campaign, request.POST).of(request.POST.get("variant", ""))
    version, asked = variant.shown(), request.POST.get("as", "").strip()
    contact = _found(asked) if request.user.has_perm("contacts.view_contact") else None
    context: dict[str, Any] = {"campaign": campaign, "as": asked, "unknown": bool(asked) and contact is None}
    if version is not None:
        context |= preview_context(request, version, contact)
        context["field_prefix"] = f"{variant.key}-"
    return render(request, "campaigns/_campaign_preview.html", context)


def _found(address: str) -> Contact | None:
    address = address.replace("\0", "")
    if not address:
        return None
    exact = Contact.objects.alias(lowered=Lower("email")).filter(lowered=address.lower()).first()
    return exact or search(Contact.objects.all(), address).first()


def _address(contact: Contact) -> str:
    return contact.email or contact.phone or contact.external_id or ""
