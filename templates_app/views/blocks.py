"""What the block editor asks the server for: the mail as it looks now, saving, pictures."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST, require_safe

from contacts.models.consent import Channel
from templates_app import checks, composing, designing, picturing, previewing, publishing
from templates_app.forms import LONGEST_BODY
from templates_app.models import Image, Template, TemplateVersion
from templates_app.views.previews import chosen_contact

may_change = permission_required("templates_app.change_template", raise_exception=True)
# The page around it reaches into this document to mark blocks and to take drops. It may, for nothing in it can run.
CANVAS = (
    "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' http: https: data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)


class BadRequest(Exception):
    """What was sent cannot be read; the message is a sentence."""


@require_GET
@permission_required("templates_app.view_template", raise_exception=True)
def canvas(request: HttpRequest) -> HttpResponse:
    """The empty document into which the editor puts the mail."""
    response = HttpResponse("<!doctype html><title>Mail</title>")
    response["Content-Security-Policy"] = CANVAS
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_POST
@permission_required("templates_app.view_template", raise_exception=True)
def render(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """`{"html", "subject", "preheader", "problems", "findings"}` of a design that is not saved yet, with the marks of
    `designing`."""
    own = Template(channel=Channel.EMAIL)  # of a message that is no template's
    template = own if pk is None else get_object_or_404(Template, pk=pk, channel=Channel.EMAIL)
    try:
        sent = read(request)
        version = TemplateVersion(template=template, number=0, **words(sent))
        marked = designing.mjml_of(sent["design"], composing.look(), marked=True)
    except (BadRequest, designing.NotADesign) as error:
        return JsonResponse({"detail": str(error)}, status=400)
    contact = chosen_contact(str(sent.get("contact", "")))
    events = previewing.recent_events(contact)
    event = next((one for one in events if str(one.pk) == str(sent.get("event"))), None)
    found = checks.findings(version)
    version.body = marked
    shown = previewing.preview(version, contact, event)
    return JsonResponse(
        {
            "html": shown.html,
            "error": shown.error,
            "subject": shown.subject,
            "preheader": shown.preheader,
            "contact": {"id": contact.pk, "name": str(contact)},
            "events": [{"id": one.pk, "name": one.name, "at": one.at.isoformat()} for one in events],
            "problems": [vars(problem) for problem in designing.problems(sent["design"])],
            "findings": [_placed(finding, marked) for finding in found if finding.field != "design"],
        }
    )


@require_POST
@may_change
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Keeps the draft; `{"revision"}`, or 409 where somebody else has saved it since."""
    version = get_object_or_404(
        TemplateVersion.objects.select_related("template").filter(template__channel=Channel.EMAIL),
        template=pk,
        state=TemplateVersion.State.DRAFT,
    )
    try:
        sent = read(request)
        publishing.save_draft(version, words(sent), _revision(sent))
    except (BadRequest, designing.NotADesign) as error:
        return JsonResponse({"detail": str(error)}, status=400)
    except (publishing.NotADraft, publishing.Overtaken) as error:
        return JsonResponse({"detail": str(error)}, status=409)
    return JsonResponse({"revision": version.revision})


@require_POST
@may_change
def to_code(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with the MJML by hand; there is no way back to blocks for these words."""
    version = get_object_or_404(
        TemplateVersion.objects.select_related("template").filter(template__channel=Channel.EMAIL),
        template=pk,
        state=TemplateVersion.State.DRAFT,
    )
    try:
        publishing.save_draft(version, {"body": version.body, "markup": version.markup}, version.revision)
        messages.success(request, "The mail is MJML now, to be changed by hand.")
    except (publishing.NotADraft, publishing.Overtaken) as error:
        messages.error(request, str(error))
    return redirect("template_page", pk)


@require_POST
@may_change
def upload(request: HttpRequest) -> HttpResponse:
    """`{"url", "width", "height"}` of an uploaded picture, or 400 with why it was refused."""
    given = request.FILES.get("picture")
    if given is None:
        return JsonResponse({"detail": "Choose a picture."}, status=400)
    if (given.size or 0) > picturing.LARGEST:
        return JsonResponse({"detail": picturing.too_large(given.size or 0)}, status=400)
    try:
        image = picturing.keep(given.name or "", given.read(), request.user, timezone.now())
    except picturing.Refused as error:
        return JsonResponse({"detail": str(error)}, status=400)
    return JsonResponse({"url": picturing.address(image), "width": image.width, "height": image.height})


@login_not_required
@require_safe
@cache_control(public=True, max_age=31_536_000, immutable=True)
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """An uploaded picture, for whoever reads a mail with it."""
    image = Image.objects.filter(token=token).first()
    if image is None:
        raise Http404
    response = HttpResponse(bytes(image.data), content_type=image.kind)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _placed(finding: checks.Finding, marked: str) -> dict[str, Any]:
    """With the block that it is about, where it is about one."""
    place = designing.place_of(marked, finding.line) if finding.field == "body" and finding.line > 1 else ""
    return {**vars(finding), "place": place}


def read(request: HttpRequest) -> dict[str, Any]:
    """What an editor sent as JSON. Raises BadRequest."""
    if len(request.body) > 2 * LONGEST_BODY:
        raise BadRequest("The mail is too large.")
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("This is no JSON.") from error
    if not isinstance(sent, dict) or "\\u0000" in request.body.decode(errors="replace"):
        raise BadRequest("This is no design.")
    for name in ("subject", "preheader"):
        if not _is_line(sent.get(name, "")):
            raise BadRequest(f"The {name} is a text of at most 500 characters.")
    return sent


def _is_line(value: Any) -> bool:
    """A short text without half of a surrogate pair, which no database takes."""
    return isinstance(value, str) and len(value) <= 500 and not any("\ud800" <= letter <= "\udfff" for letter in value)


def words(sent: dict[str, Any]) -> dict[str, Any]:
    """The words of what was sent, its design composed. Raises designing.NotADesign."""
    lines = {name: " ".join(sent.get(name, "").split()) for name in ("subject", "preheader")}
    return {**lines, **composing.words(sent.get("design"))}


def _revision(sent: dict[str, Any]) -> int:
    revision = sent.get("revision")
    if not isinstance(revision, int) or isinstance(revision, bool):
        raise BadRequest("Say which revision of the draft this continues.")
    return revision
