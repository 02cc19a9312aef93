"""Send, schedule, pause, resume, cancel and the rest, each asked for in a dialog that says whom it concerns."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.mailings import commands, outcomes, saving, wording
from campaigns.mailings.moves import NotReady, WrongState
from campaigns.models import Campaign
from campaigns.models.campaign import Kind
from campaigns.views.campaign_review import estimated, may_send
from campaigns.views.campaign_steps import mailing_of
from campaigns.views.campaigns import may_add, may_change
from contacts.htmx import HtmxRequest


@require_http_methods(["GET", "POST"])
@may_send
def send(request: HtmxRequest, pk: int) -> HttpResponse:
    """GET asks, with the count, which a dialog loads after itself; POST sends, or schedules if that is its schedule."""
    campaign = mailing_of(pk)
    later = campaign.schedule.get("when") == "at" and "now" not in request.GET
    if request.method == "POST":
        if later:
            return moved(request, campaign, commands.schedule, f"“{campaign}” is scheduled.", timezone.now())
        return moved(request, campaign, commands.send, f"“{campaign}” is being sent.", timezone.now())
    context: dict[str, Any] = {
        "campaign": campaign,
        "later": later,
        "now": "now" in request.GET,
        "when": wording.when(campaign),
        "asks": bool(request.htmx) and "counted" not in request.GET,
    }
    if not context["asks"]:
        context |= {**estimated(campaign), "said_test": wording.test(campaign)}
    return render(request, "campaigns/campaign_send.html", context)


def counted(n: int, what: str = "contact") -> str:
    return f"{intcomma(n)} {what}{'' if n == 1 else 's'}"


@require_http_methods(["GET", "POST"])
@may_send
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = mailing_of(pk)
    if request.method == "POST":
        return moved(request, campaign, commands.pause, "Paused: nothing leaves any more.", timezone.now())
    found = outcomes.outcome(campaign, timezone.now())
    details = [
        f"{counted(found.total.sent)} got it already.",
        f"{counted(found.waiting)} will wait until you resume it.",
    ]
    sentence = "What a provider has in hand at this moment still goes out. Everything else stays where it is."
    return _ask(request, campaign, f"Pause “{campaign}”?", sentence, "Pause", details, danger=False)


@require_http_methods(["GET", "POST"])
@may_send
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = mailing_of(pk)
    if request.method == "POST":
        return moved(request, campaign, commands.resume, "Resumed: it goes on where it stopped.", timezone.now())
    found = outcomes.outcome(campaign, timezone.now())
    details = [
        f"{counted(found.waiting)} will get it.",
        f"{counted(found.total.sent)} got it already, and get no second one.",
    ]
    sentence = "It goes on where it stopped. Consent is asked once more before each message."
    return _ask(request, campaign, f"Resume “{campaign}”?", sentence, "Resume", details, danger=False)


@require_http_methods(["GET", "POST"])
@may_send
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = mailing_of(pk)
    if request.method == "POST":
        return moved(request, campaign, commands.cancel, "Cancelled: nobody gets it any more.", timezone.now())
    found = outcomes.outcome(campaign, timezone.now())
    if campaign.started_at:
        details = [
            f"{counted(found.total.sent)} got it already; that cannot be taken back.",
            f"{counted(found.waiting)} of its audience will not get it.",
        ]
    else:
        details = ["It has not begun: nobody got it."]
    sentence = "It cannot be resumed after that. It can be cloned."
    return _ask(request, campaign, f"Cancel “{campaign}”?", sentence, "Cancel the campaign", details, keep="Keep it")


@require_http_methods(["GET", "POST"])
@may_add
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks with the number, and makes a draft, whose pages say the rest."""
    campaign, now = mailing_of(pk), timezone.now()
    if request.method == "POST":
        try:
            made = commands.resend_to_unopened(campaign, request.user, now)
        except WrongState as error:
            messages.error(request, str(error))
            return redirect("campaign_page", pk)
        messages.success(request, "This draft goes to those who did not open. Change its subject, and review it.")
        return redirect("campaign_message", made.pk)
    found = outcomes.outcome(campaign, now)
    opened = found.total.counts.get("opened", 0)
    details = [
        f"{counted(found.total.sent - opened)} got it and did not open it.",
        f"{counted(opened)} opened it and are left alone.",
    ]
    sentence = "A new draft is made, with the same words. Nothing is sent before you have reviewed it."
    return _ask(
        request, campaign, "Resend to those who did not open?", sentence, "Create the draft", details, danger=False
    )


@require_POST
@may_send
def unschedule(request: HttpRequest, pk: int) -> HttpResponse:
    said = "It is a draft again, and does not begin by itself."
    return moved(request, mailing_of(pk), commands.unschedule, said, timezone.now())


@require_POST
@may_change
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, pk=pk)
    return moved(request, campaign, commands.archive, f"“{campaign}” is archived.", timezone.now())


@require_POST
@may_change
def unarchive(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, pk=pk)
    return moved(request, campaign, commands.unarchive, f"“{campaign}” is in the list again.")


@require_POST
@may_add
def clone(request: HttpRequest, pk: int) -> HttpResponse:
    copy = commands.clone(get_object_or_404(Campaign, pk=pk, kind=Kind.MAILING), request.user, timezone.now())
    messages.success(request, f"“{copy}” is a draft. Nothing of it was sent.")
    return redirect("campaign_page", copy.pk)


@require_http_methods(["GET", "POST"])
@may_change
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = mailing_of(pk)
    if request.method == "POST":
        try:
            saving.delete(campaign)
        except WrongState as error:
            messages.error(request, str(error))
            return redirect("campaign_page", pk)
        messages.success(request, f"“{campaign}” is deleted.")
        return redirect("campaign_list")
    return _ask(
        request,
        campaign,
        f"Delete “{campaign}”?",
        "The draft is deleted for good. Nothing of it was sent.",
        "Delete",
        [],
    )


def _ask(
    request: HttpRequest,
    campaign: Campaign,
    title: str,
    sentence: str,
    action: str,
    details: list[str],
    danger: bool = True,
    keep: str = "Cancel",
) -> HttpResponse:
    context = {"campaign": campaign, "title": title, "sentence": sentence, "action": action, "details": details}
    context |= {"danger": danger, "keep": keep, "back_url": reverse("campaign_page", args=[campaign.pk])}
    return render(request, "confirm.html", context)


def moved(request: HttpRequest, campaign: Campaign, move: Callable[..., object], done: str, *told: Any) -> HttpResponse:
    """Give a command and go back with a sentence about what came of it."""
    try:
        move(campaign, *told)
    except NotReady as error:
        messages.error(request, str(error))
        return redirect("campaign_review", campaign.pk)
    except WrongState as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("campaign_list") if request.POST.get("from") == "list" else redirect("campaign_page", campaign.pk)
