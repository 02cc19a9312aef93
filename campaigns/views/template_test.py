"""The dialog that sends a template to an address for real."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from campaigns import template_testing
from contacts.models import Contact
from contacts.models.consent import Channel
from templates_app import previewing
from templates_app.forms import WordsForm
from templates_app.models import Template, TemplateVersion

may_send = permission_required(["campaigns.send_campaign", "templates_app.view_template"], raise_exception=True)


@require_http_methods(["GET", "POST"])
@may_send
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """As it stands in the form where that came along, else as the version that is asked for is kept."""
    template = get_object_or_404(Template, pk=pk)
    asked = request.POST or request.GET
    contact = _contact(asked.get("contact", ""))
    events = previewing.recent_events(contact) if contact else []
    event = next((one for one in events if str(one.pk) == asked.get("event")), None)
    context: dict[str, Any] = {"template": template, "contact": contact, "event": event}
    if request.method == "GET":
        context["recipient"] = request.user.email if template.channel == Channel.EMAIL else ""
        context |= {"version": asked.get("version", ""), "in_form": "form" in asked}
        return render(request, "campaigns/template_test.html", context)
    recipients = [text.strip() for text in request.POST.get("recipient", "").replace(";", ",").split(",")]
    try:
        version = _version(request, template)
        given = [text for text in recipients if text]
        user_id = request.user.pk or 0
        context["tried"] = template_testing.send_test(version, given, user_id, timezone.now(), contact, event)
    except ValidationError as error:
        context["error"] = " ".join(error.messages)
    return render(request, "campaigns/_campaign_test_answer.html", context)


def _version(request: HttpRequest, template: Template) -> TemplateVersion:
    number = request.POST.get("version", "")
    versions = template.versions.all()
    kept = versions.filter(number=int(number)).first() if number.isdecimal() and len(number) < 9 else versions.first()
    if kept is None:
        raise ValidationError("There is no such version.")
    kept.template = template
    if "body" in request.POST:
        form = WordsForm(request.POST, instance=kept, channel=template.channel)
        if not form.is_valid():
            raise ValidationError("The message has errors. Mend them before a test is sent.")
    return kept


def _contact(chosen: str) -> Contact | None:
    return Contact.objects.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 19 else None
