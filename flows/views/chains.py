"""Chains of mailings: a new one, its page with the list of steps, its audience, and what is asked before it is sent."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.mailings import audience
from campaigns.mailings.forms import AudienceForm, FileForm
from campaigns.models import Campaign, CampaignState, Kind
from campaigns.views.campaign_parts import file_context
from contacts import segments
from contacts.remembering import remembering
from flows import objectives, stats
from flows.chains import asking_terms, beginning, blocks, commanding, editing, naming, numbers, reviewing, wording
from flows.chains.beginning import parts_of
from flows.chains.forms import ChainSettingsForm, NewChainForm
from flows.models import Scenario
from flows.overdue import progress
from flows.transitions import WrongState
from templates_app import inserting

may_view = permission_required("campaigns.view_campaign", raise_exception=True)
may_add = permission_required("campaigns.add_campaign", raise_exception=True)
may_change = permission_required("campaigns.change_campaign", raise_exception=True)


def chain_of(pk: int) -> Campaign:
    return get_object_or_404(Campaign, pk=pk, kind=Kind.CHAIN)


def opened(request: HttpRequest, pk: int) -> tuple[Campaign, Scenario]:
    """The chain with the scenario that runs it, and what its menu needs."""
    campaign = chain_of(pk)
    scenario = beginning.scenario_of(campaign, request.user, timezone.now())
    scenario.catching_up = progress(scenario)  # type: ignore[attr-defined]
    commands = commanding.possible(campaign)
    if scenario.catching_up:  # type: ignore[attr-defined]
        commands = commands - {"resume"} | {"pause"}
    campaign.commands = commands  # type: ignore[attr-defined]
    return campaign, scenario


def sends(request: HttpRequest) -> bool:
    return request.user.has_perm("campaigns.send_campaign")


def editable(request: HttpRequest, campaign: Campaign) -> bool:
    """What is changed while it is scheduled goes out as it is: it needs what sending needs."""
    allowed = campaign.state != CampaignState.SCHEDULED or sends(request)
    return request.user.has_perm("campaigns.change_campaign") and campaign.state != CampaignState.CANCELLED and allowed


@require_http_methods(["GET", "POST"])
@may_add
def create(request: HttpRequest) -> HttpResponse:
    form = NewChainForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = beginning.begin(form.cleaned_data["name"], request.user, timezone.now())
        return redirect("chain_page", made.pk)
    return render(request, "flows/chain_create.html", {"form": form})


@require_GET
@may_view
def show(request: HttpRequest, pk: int) -> HttpResponse:
    campaign, scenario = opened(request, pk)
    found = blocks.of_chain(campaign, scenario)
    context = {
        "campaign": campaign,
        "scenario": scenario,
        "blocks": found,
        "editable": editable(request, campaign),
        "stamp": editing.stamp(scenario),
        "draft": scenario.draft is not None,
        "begins": wording.beginning(campaign.schedule),
        "goal": objectives.sentence(scenario.objective) if scenario.objective else "",
        "leaving": stats.leaving(scenario),
        "most": editing.MOST_STEPS,
        "inserts": inserting.inserts(event=None),
    }
    if campaign.started_at:
        context["total"] = numbers.shown(scenario)
    with remembering():  # what each step's form lets choose from
        return render(request, "flows/chain_page.html", context)


@require_GET
@may_view
def counts(request: HttpRequest, pk: int) -> HttpResponse:
    """`{"state", "steps": {key: {"waiting", "sent", …}}, "total": {…}}`, which the page asks for while it is sent."""
    campaign = chain_of(pk)
    scenario = beginning.scenario_of(campaign, request.user, timezone.now())
    found = numbers.by_step(scenario)
    steps = {key: {**each.as_json(), "percent": each.percent} for key, each in found.items() if key}
    return JsonResponse({"state": campaign.state, "steps": steps, "total": numbers.shown(scenario, found)})


@require_http_methods(["GET", "POST"])
@may_change
def settings(request: HttpRequest, pk: int) -> HttpResponse:
    """The dialog of a chain's name, when it begins, and what it is meant to achieve."""
    campaign, scenario = opened(request, pk)
    if campaign.state == CampaignState.SCHEDULED and not sends(request):
        raise PermissionDenied(editing.SENDERS_ONLY)
    data = request.POST if request.method == "POST" else None
    form = ChainSettingsForm(data, campaign, scenario, timezone.now(), timezone.get_current_timezone_name())
    if request.method == "POST" and form.is_valid():
        form.keep(request.user, timezone.now())
        messages.success(request, "Saved.")
        return HttpResponse(status=204, headers={"HX-Trigger": '{"dialog-close": true, "chain-settings": true}'})
    return render(request, "flows/chain_settings.html", {"campaign": campaign, "form": form})


@require_http_methods(["GET", "POST"])
@may_change
def whom(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is in its audience; only until it begins."""
    campaign, _scenario = opened(request, pk)
    if campaign.state not in commanding.SENDABLE:
        messages.info(request, "Everybody of its audience has entered: only a copy can have another one.")
        return redirect("chain_page", pk)
    if not editable(request, campaign):
        messages.info(request, editing.SENDERS_ONLY)
        return redirect("chain_page", pk)
    form = AudienceForm(request.POST if request.method == "POST" else None, campaign)
    if request.method == "POST" and form.is_valid():
        try:
            naming.aim_at(campaign, form.audience, sends(request))
        except WrongState as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "The audience is saved.")
        return redirect("chain_page", pk)
    context = {
        "campaign": campaign,
        "form": form,
        "file_form": FileForm(),
        "editable": True,
        **file_context(campaign),
    }
    return render(request, "flows/chain_audience.html", context)


@require_GET
@may_view
def reach(request: HttpRequest, pk: int) -> HttpResponse:
    """How many are in the audience: asked for after the page is there."""
    campaign = chain_of(pk)
    context: dict[str, Any] = {}
    try:
        context["counted"] = audience.counted(campaign, timezone.now())
    except segments.InvalidRule as error:
        context["problems"] = error.problems
    return render(request, "flows/_chain_reach.html", context)


@require_GET
@may_view
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom it would reach, what is wrong, and what each step does, before it is sent."""
    campaign, scenario = opened(request, pk)
    if campaign.state not in commanding.SENDABLE:
        return redirect("chain_page", pk)
    now = timezone.now()
    context: dict[str, Any] = {
        "campaign": campaign,
        "scenario": scenario,
        "reviewed": reviewing.review(campaign, scenario, now),
        "begins": wording.beginning(campaign.schedule),
        "later": campaign.schedule.get("when") == "at",
        "goal": objectives.sentence(scenario.objective) if scenario.objective else "",
        "warnings": dict(asking_terms.warnings(parts_of(campaign))),
    }
    return render(request, "flows/chain_review.html", context)
