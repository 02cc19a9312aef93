"""The list of campaigns, new ones, and their names."""

from collections.abc import Iterable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.mailings import lists, moves, saving
from campaigns.mailings.forms import CampaignListForm, NameForm, NewCampaignForm
from campaigns.models import Campaign
from contacts.models.consent import Channel
from contacts.pagination import page

may_view = permission_required("campaigns.view_campaign", raise_exception=True)
may_add = permission_required("campaigns.add_campaign", raise_exception=True)
may_change = permission_required("campaigns.change_campaign", raise_exception=True)

ICONS = {Channel.EMAIL: "mail", Channel.SMS: "message-square"}
HINTS = {Channel.EMAIL: "Newsletters, offers and news.", Channel.SMS: "Short, and read within minutes."}


def equip(campaigns: Iterable[Campaign]) -> None:
    """Give each campaign the `commands` that its menu offers."""
    for campaign in campaigns:
        campaign.commands = moves.possible(campaign.state)  # type: ignore[attr-defined]


@require_GET
@may_view
def show_all(request: HttpRequest) -> HttpResponse:
    form = CampaignListForm(request.GET)
    shown = page(lists.narrowed(form.asked), request)
    equip(shown.rows)
    context = {"page": shown, "lines": lists.lines(shown.rows), "form": form}
    return render(request, "campaigns/campaign_list.html", context)


@require_http_methods(["GET", "POST"])
@may_add
def create(request: HttpRequest) -> HttpResponse:
    channel = request.GET.get("channel", "")
    chosen = channel if channel in Channel.values else Channel.EMAIL.value
    form = NewCampaignForm(request.POST if request.method == "POST" else None, initial={"channel": chosen})
    if request.method == "POST" and form.is_valid():
        made = saving.create(form.cleaned_data, request.user, timezone.now())
        return redirect("campaign_audience", made.pk)
    choices = [(one.value, one.label, ICONS[one], HINTS[one]) for one in Channel]
    return render(request, "campaigns/campaign_create.html", {"form": form, "choices": choices})


@require_http_methods(["GET", "POST"])
@may_change
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, pk=pk)
    form = NameForm(request.POST if request.method == "POST" else None, instance=campaign)
    if request.method == "POST" and form.is_valid():
        saving.change(campaign, {"name": form.cleaned_data["name"]})
        messages.success(request, f"It is called “{campaign}” now.")
        return redirect("campaign_page", pk)
    return render(request, "campaigns/campaign_rename.html", {"campaign": campaign, "form": form})
