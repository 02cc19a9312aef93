"""Sends, schedules, publishes, pauses, resumes, cancels, clones and deletes chains, each asked for with its counts."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.models import Campaign
from flows import publishing, saving, stats
from flows.chains import beginning, changing, commanding, editing
from flows.command_forms import OverdueForm
from flows.overdue import overdue, waiting_messages
from flows.transitions import NotReady, WrongState
from flows.views.chains import chain_of, may_add, may_change, opened
from flows.views.moves import counted

may_send = permission_required("campaigns.send_campaign", raise_exception=True)
may_delete = permission_required("campaigns.delete_campaign", raise_exception=True)


@require_POST
@may_send
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Now, or as it is scheduled unless `now` was asked for."""
    campaign = chain_of(pk)
    if campaign.schedule.get("when") == "at" and "now" not in request.POST:
        said = f"“{campaign}” is scheduled."
        return _moved(request, campaign, commanding.schedule, said, campaign.schedule, request.user, timezone.now())
    return _moved(request, campaign, commanding.send, f"“{campaign}” is being sent.", request.user, timezone.now())


@require_POST
@may_send
def unschedule(request: HttpRequest, pk: int) -> HttpResponse:
    said = "It is a draft again, and does not begin by itself."
    return _moved(request, chain_of(pk), commanding.unschedule, said, request.user, timezone.now())


@require_POST
@may_send
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    said = "Paused: nobody moves, nothing leaves."
    return _moved(request, chain_of(pk), commanding.pause, said, request.user, timezone.now())


@require_http_methods(["GET", "POST"])
@may_send
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks what to do with what is overdue, with its counts; POST resumes."""
    campaign, scenario = opened(request, pk)
    form = OverdueForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said, now = "Resumed: everybody goes on.", timezone.now()
        return _moved(request, campaign, commanding.resume, said, request.user, now, form.policy)
    found, now = overdue(scenario, timezone.now()), timezone.now()
    late = overdue(scenario, now, by=form.lateness) if found else found
    context = {"campaign": campaign, "scenario": scenario, "form": form, "overdue": found, "late": late}
    return render(request, "flows/chain_resume.html", context)


@require_http_methods(["GET", "POST"])
@may_send
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    campaign, scenario = opened(request, pk)
    if request.method == "POST":
        said = "Cancelled: whoever is inside leaves, and gets no further step."
        return _moved(request, campaign, commanding.cancel, said, request.user, timezone.now())
    inside = stats.overview([scenario])[scenario.pk]["inside"]
    queued = waiting_messages(scenario)
    details = [
        f"{counted(inside, 'waits', 'wait')} for a further step and will not get it.",
        f"{counted(queued, 'is', 'are', 'message')} queued and will not be sent.",
    ]
    sentence = "It cannot be resumed after that. It can be cloned."
    return _ask(request, campaign, f"Cancel “{campaign}”?", sentence, "Cancel the chain", details)


@require_POST
@may_add
def clone(request: HttpRequest, pk: int) -> HttpResponse:
    copy = beginning.clone(chain_of(pk), request.user, timezone.now())
    messages.success(request, f"“{copy}” is a draft with the same steps. Nothing of it was sent.")
    return redirect("chain_page", copy.pk)


@require_http_methods(["GET", "POST"])
@may_delete
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    campaign, scenario = opened(request, pk)
    if request.method == "POST":
        try:
            beginning.delete(campaign)
        except WrongState:
            messages.error(request, "Pause the chain, or cancel it, before you delete it.")
            return redirect("chain_page", pk)
        messages.success(request, f"“{campaign.name}” was deleted.")
        return redirect("campaign_list")
    counts = stats.overview([scenario])[scenario.pk]
    details = [
        f"{counted(counts['inside'], 'is', 'are')} inside now and would leave.",
        f"{counted(counts['entered'], 'has', 'have')} entered so far.",
    ]
    sentence = (
        "The chain and everybody's way through it are deleted for good. Messages that were sent stay in the ledger."
    )
    return _ask(request, campaign, f"Delete “{campaign}”?", sentence, "Delete", details)


@require_http_methods(["GET", "POST"])
@may_send
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks what becomes of the contacts whom the saved changes concern, with counts; POST makes them live."""
    campaign, scenario = opened(request, pk)
    if scenario.draft is None:
        messages.info(request, "Everything that was saved is live.")
        return redirect("chain_page", pk)
    asked = changing.asked(campaign, scenario)
    problems: list[str] = []
    if request.method == "POST":
        try:
            answers = changing.answers(asked, request.POST)
            editing.publish(campaign, request.user, request.POST.get("base"), timezone.now(), answers)
        except (changing.Unanswered, publishing.Conflict, saving.NoDraft) as error:
            problems = [str(error)]
        except publishing.Invalid as error:
            problems = list(dict.fromkeys(problem.message for problem in error.problems))
        else:
            said = "Published. Those who already passed get the new steps." if answers.backfill else "Published."
            messages.success(request, said)
            return redirect("chain_page", pk)
    context = {
        "campaign": campaign,
        "scenario": scenario,
        "asked": asked,
        "lines": changing.in_words(scenario),
        "problems": problems,
        "stamp": editing.stamp(scenario),
        "answered": request.POST,
    }
    return render(request, "flows/chain_publish.html", context)


@require_http_methods(["GET", "POST"])
@may_change
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    campaign, scenario = opened(request, pk)
    if request.method == "POST":
        try:
            editing.discard(campaign, request.user, timezone.now())
        except saving.NoDraft as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "The steps are those again that contacts follow.")
        return redirect("chain_page", pk)
    sentence = "What was saved since the chain was published is lost. Contacts notice nothing of it."
    return _ask(request, campaign, "Discard the changes?", sentence, "Discard changes", changing.in_words(scenario))


def _ask(
    request: HttpRequest, campaign: Campaign, title: str, sentence: str, action: str, details: list[str]
) -> HttpResponse:
    context: dict[str, Any] = {"campaign": campaign, "title": title, "sentence": sentence, "action": action}
    context |= {"details": details, "back_url": reverse("chain_page", args=[campaign.pk])}
    return render(request, "flows/chain_confirm.html", context)


def _moved(
    request: HttpRequest, campaign: Campaign, move: Callable[..., object], done: str, *told: Any
) -> HttpResponse:
    """Give a command and go back with a sentence about what came of it."""
    try:
        move(campaign, *told)
    except NotReady as error:
        messages.error(request, " ".join(dict.fromkeys(problem.message for problem in error.problems)))
        return redirect("chain_review", campaign.pk)
    except WrongState as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("chain_page", campaign.pk)
