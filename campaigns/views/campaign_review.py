"""The last step before a campaign leaves: who gets what and when, what it costs, what is wrong, and a test of it."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.mailings import checks, estimating, testing, wording
from campaigns.mailings.message_forms import MessageForms
from campaigns.mailings.moves import NotReady, Problem
from campaigns.models import Campaign, CampaignState
from campaigns.views.campaign_steps import mailing_of, step_context, step_of
from campaigns.views.campaigns import may_view
from contacts.models.consent import Channel

may_send = permission_required("campaigns.send_campaign", raise_exception=True)


@require_GET
@may_view
def review(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = mailing_of(pk)
    if campaign.state != CampaignState.DRAFT:
        return redirect("campaign_page", pk)
    context = step_context(request, campaign, "review")
    context |= {"said": wording.said(campaign), "problems": _linked(campaign, context["problems"])}
    return render(request, "campaigns/campaign_review.html", context)


@require_GET
@may_view
def estimate(request: HttpRequest, pk: int) -> HttpResponse:
    """What the page loads after itself: size, cost, time, and advice."""
    return render(request, "campaigns/_campaign_estimate.html", estimated(mailing_of(pk)))


def estimated(campaign: Campaign) -> dict[str, Any]:
    now = timezone.now()
    context: dict[str, Any] = {"campaign": campaign, "problems": checks.problems(campaign, now)}
    if not any(problem.field == "audience" for problem in context["problems"]):
        found = context["estimate"] = estimating.estimate(campaign, now)
        context["duration"] = "" if found.seconds is None else wording.duration(found.seconds)
        context["warnings"] = _linked(campaign, checks.warnings(campaign, now))
    return context


def _linked(campaign: Campaign, problems: list[Problem]) -> list[tuple[str, str]]:
    """Each with the address of the place where it is mended; none for the name, which is mended anywhere."""

    def place(problem: Problem) -> str:
        if problem.field == "name":
            return ""
        step, (_, _, rest) = step_of(problem), problem.field.partition(".")
        query = f"?variant={rest[:1]}" if problem.field.startswith("variants.") else ""
        return reverse(f"campaign_{step}", args=[campaign.pk]) + query

    return [(problem.sentence, place(problem)) for problem in problems]


@require_http_methods(["GET", "POST"])
@may_send
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """A dialog that sends the message to an address for real: as it stands in the form where it came from one."""
    campaign = mailing_of(pk)
    context: dict[str, Any]
    if request.method == "GET":
        recipient = request.user.email if campaign.channel == Channel.EMAIL else ""
        keys = request.GET.getlist("keys") or [variant["key"] for variant in campaign.variants]
        context = {"campaign": campaign, "recipient": recipient, "only": request.GET.get("variant", "")}
        context["letters"] = [(key, key.upper()) for key in keys]
        return render(request, "campaigns/campaign_test.html", context)
    context = {"campaign": campaign}
    variant = request.POST.get("only", "")
    if "keys" in request.POST:
        forms = MessageForms(campaign, request.POST)
        if not forms.is_valid():
            context["error"] = "The message has errors. Save it to see them, and send a test when they are mended."
            return render(request, "campaigns/_campaign_test_answer.html", context)
        campaign.variants = forms.fields["variants"]
        campaign.topic, campaign.provider = forms.fields["topic"], forms.sender.cleaned_data["provider"]
    recipients = [text.strip() for text in request.POST.get("recipient", "").replace(";", ",").split(",")]
    try:
        asked = [text for text in recipients if text]
        context["tried"] = testing.send_test(campaign, asked, request.user.pk or 0, timezone.now(), variant)
    except ValidationError as error:
        context["error"] = " ".join(error.messages)
    except NotReady as error:
        context["error"] = str(error)
    return render(request, "campaigns/_campaign_test_answer.html", context)
