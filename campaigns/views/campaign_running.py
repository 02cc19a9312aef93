"""The page of a campaign that left or is about to: how far it is and what came of it, followed while it moves."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns.mailings import outcomes, wording
from campaigns.models import Campaign, CampaignState
from campaigns.models.campaign import Kind
from campaigns.views.campaigns import equip, may_view


@require_GET
@may_view
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft's first step, or how a campaign fares."""
    campaign = get_object_or_404(Campaign.objects.select_related("provider", "resends", "created_by"), pk=pk)
    if campaign.kind == Kind.CHAIN:
        return redirect("chain_page", pk)
    if campaign.state == CampaignState.DRAFT:
        return redirect("campaign_audience", pk)
    equip([campaign])
    context = {
        "campaign": campaign,
        "said": wording.said(campaign),
        "resent_as": campaign.resent_as.order_by("pk"),
        **_moving(campaign),
    }
    return render(request, "campaigns/campaign_page.html", context)


@require_GET
@may_view
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that asks for itself again while messages leave; the whole page anew where `?seen=` is not
    what it is now."""
    campaign = get_object_or_404(Campaign, pk=pk)
    answer = render(request, "campaigns/_campaign_progress.html", {"campaign": campaign, **_moving(campaign)})
    if request.GET.get("seen") != seen(campaign):
        answer["HX-Refresh"] = "true"
    return answer


def seen(campaign: Campaign) -> str:
    """What a page that shows this campaign has to be made anew for."""
    return f"{campaign.state} {campaign.phase} {campaign.winner}"


def _moving(campaign: Campaign) -> dict[str, Any]:
    return {
        "outcome": outcomes.outcome(campaign, timezone.now()),
        "seen": seen(campaign),
        "every": {CampaignState.SENDING: 2, CampaignState.SCHEDULED: 5}.get(CampaignState(campaign.state), 0),
    }
