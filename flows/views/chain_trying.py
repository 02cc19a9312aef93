"""Tries a chain out: a dialog that sends a step to an address, and what the review says of its cost."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.mailings import wording
from campaigns.mailings.moves import NotReady
from campaigns.models import Campaign, ChainStep
from contacts import segments
from contacts.models.consent import Channel
from flows.chains import beginning, blocks, trying
from flows.chains.compiling import Part
from flows.chains.step_form import StepForm
from flows.views.chain_commands import may_send
from flows.views.chain_steps import KEY
from flows.views.chains import chain_of, may_view


@require_http_methods(["GET", "POST"])
@may_send
def test(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Sends a step as it stands in its block, or as it was saved where no block was sent."""
    campaign = chain_of(pk)
    if not KEY.fullmatch(key):
        raise Http404
    sent = f"{key}-channel" in request.POST or f"{key}-channel" in request.GET
    channel = request.GET.get(f"{key}-channel") if sent else _saved(campaign, key).channel
    if request.method == "GET":
        like = trying.as_mailing(campaign, Part(key, "", str(channel)))
        context = {"campaign": like, "recipient": request.user.email if channel == Channel.EMAIL else ""}
        context |= {"action": reverse("chain_step_test", args=[pk, key]), "words": f"#step-{key} [data-step-form]"}
        return render(request, "campaigns/campaign_test.html", context)
    return render(request, "campaigns/_campaign_test_answer.html", _tried(request, campaign, key, sent))


def _tried(request: HttpRequest, campaign: Campaign, key: str, sent: bool) -> dict[str, Any]:
    part = _as_it_stands(key, request) if sent else _part(campaign, key)
    if part is None:
        return {"error": "The message has errors. Save the step to see them, and send a test when they are mended."}
    recipients = [text.strip() for text in request.POST.get("recipient", "").replace(";", ",").split(",")]
    try:
        asked = [text for text in recipients if text]
        return {
            "campaign": campaign,
            "tried": trying.send_test(campaign, part, asked, request.user.pk or 0, timezone.now()),
        }
    except ValidationError as error:
        return {"error": " ".join(error.messages)}
    except NotReady as error:
        return {"error": str(error)}


def _as_it_stands(key: str, request: HttpRequest) -> Part | None:
    form = StepForm(key, [], {}, request.POST)
    if not form.message.is_valid():
        return None
    message = {name: value for name, value in form.message.cleaned_data.items() if value not in (None, "")}
    return Part(key, form.name, form.channel if form.channel in Channel.values else Channel.EMAIL, message)


def _saved(campaign: Campaign, key: str) -> StepForm:
    try:
        return blocks.of_row(campaign, key)
    except ChainStep.DoesNotExist as error:
        raise Http404 from error


def _part(campaign: Campaign, key: str) -> Part:
    return next(part for part in beginning.parts_of(campaign) if part.key == key)


@require_GET
@may_view
def estimate(request: HttpRequest, pk: int) -> HttpResponse:
    """What the review loads after itself."""
    campaign = chain_of(pk)
    parts = beginning.parts_of(campaign)
    context: dict[str, Any] = {"campaign": campaign}
    try:
        found = context["whole"] = trying.estimate(campaign, parts, timezone.now()) if parts else None
    except segments.InvalidRule:
        found = None  # which the review says already
    if found and found.first.seconds is not None:
        context["duration"] = wording.duration(found.first.seconds)
    return render(request, "flows/_chain_estimate.html", context)
