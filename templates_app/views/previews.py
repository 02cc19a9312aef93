"""Previews of drafts: rendered on each change, kept for some minutes, shown in a frame that can do nothing."""

import secrets
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.html import escape
from django.views.decorators.http import require_GET, require_POST

from contacts.models import Contact
from contacts.models.consent import Channel
from templates_app import checks, previewing, sms_lengths
from templates_app.forms import WordsForm
from templates_app.framing import framed
from templates_app.models import Template, TemplateVersion

KEPT_FOR = 15 * 60  # seconds
LONGEST_SMS = 1_600
WIDTHS = [
    ("desktop", "Desktop", "monitor"),
    ("phone", "Phone", "smartphone"),
    ("dark", "Dark mode", "moon"),
    ("text", "Text", "file-text"),
]


@require_POST
@permission_required("templates_app.view_template", raise_exception=True)
def refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """The preview of words that are not saved yet."""
    template = get_object_or_404(Template, pk=pk)
    version = TemplateVersion(template=template, number=0, markup=_markup(template))
    form = WordsForm(request.POST, instance=version, channel=template.channel)
    form.is_valid()  # what is wrong with single fields is said when they are saved
    for name in form.fields:
        setattr(version, name, form.cleaned_data.get(name, ""))
    return render(request, "templates_app/_preview.html", preview_context(request, version))


@require_GET
@permission_required("templates_app.view_template", raise_exception=True)
def frame(request: HttpRequest, key: str) -> HttpResponse:
    html = cache.get(f"template-preview:{key}")
    if html is None:
        raise Http404("This preview is gone. Change something to make it anew.")
    return framed(html)


def preview_context(request: HttpRequest, version: TemplateVersion, contact: Contact | None = None) -> dict[str, Any]:
    """What _preview.html needs; as the contact that is asked for would read it where nobody is named."""
    contact = contact or chosen_contact(request.POST.get("contact", ""))
    events = previewing.recent_events(contact)
    event = next((one for one in events if str(one.pk) == request.POST.get("event")), None)
    shown = previewing.preview(version, contact, event)
    key = ""
    if shown.html:
        key = secrets.token_urlsafe(16)
        cache.set(f"template-preview:{key}", shown.html, KEPT_FOR)
    width = request.POST.get("width", "desktop")
    return {
        "preview": shown,
        "preview_key": key,
        "contact": contact,
        "events": events,
        "event": event,
        "findings": checks.findings(version),
        "lengths": sms_lengths.lengths(version.body, event.properties if event else None) if shown.parts else None,
        "width": width if width in {name for name, _label, _icon in WIDTHS} else "desktop",
        "widths": WIDTHS,
    }


@require_GET
@permission_required("templates_app.view_template", raise_exception=True)
def people(request: HttpRequest) -> HttpResponse:
    """Contacts to preview as, by what is typed."""
    context = {"people": previewing.found(request.GET.get("as", ""))}
    return render(request, "templates_app/_preview_people.html", context)


@require_GET
@permission_required("templates_app.view_template", raise_exception=True)
def thumbnail(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail that is sent, or would be, for a small frame in a list."""
    template = get_object_or_404(Template.objects.select_related("published"), pk=pk)
    version = template.published or template.versions.first()
    if version is None:
        raise Http404
    version.template = template
    shown = previewing.preview(version, previewing.sample())
    return framed(shown.html or f"<p>{escape(shown.text or shown.error)}</p>")


@require_POST
@login_required
def sms_count(request: HttpRequest) -> HttpResponse:
    """How long the SMS in the field `of` of another page's form is, and what it costs; nobody is named."""
    body = request.POST.get(request.GET.get("of", ""), "")[:LONGEST_SMS]
    if not body.strip():
        return HttpResponse()
    shown = previewing.preview(TemplateVersion(template=Template(channel=Channel.SMS), body=body), previewing.sample())
    found = sms_lengths.lengths(body)
    context = {"parts": shown.parts, "unicode": shown.unicode, "error": shown.error}
    costs = {"each": found.each, "currency": found.currency} if found else {}
    return render(request, "templates_app/_sms_count_live.html", context | costs)


def chosen_contact(chosen: str) -> Contact:
    """The contact of that number, or one to show something at all."""
    found = Contact.objects.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 19 else None
    return found or previewing.sample()


def _markup(template: Template) -> str:
    return TemplateVersion.Markup.TEXT if template.channel == "sms" else TemplateVersion.Markup.HTML
