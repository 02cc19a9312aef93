"""The list of campaigns, new ones, their names, and the page that each one has in its state."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from campaigns import campaign_lists
from campaigns.campaign_forms import CampaignListForm, NameForm, NewCampaignForm
from campaigns.models import Campaign, CampaignState
from contacts.models.consent import Channel
from contacts.pagination import page

may_view = permission_required("campaigns.view_campaign", raise_exception=True)
may_add = permission_required("campaigns.add_campaign", raise_exception=True)
may_change = permission_required("campaigns.change_campaign", raise_exception=True)


@require_GET
@may_view
def show_all(request: HttpRequest) -> HttpResponse:
    form = CampaignListForm(request.GET)
    shown = page(campaign_lists.narrowed(form.asked), request)
    context = {"page": shown, "lines": campaign_lists.lines(shown.rows), "form": form}
    return render(request, "campaigns/campaign_list.html", context)


@require_http_methods(["GET", "POST"])
@may_add
def create(request: HttpRequest) -> HttpResponse:
    channel = request.GET.get("channel", "")
    chosen = channel if channel in Channel.values else Channel.EMAIL.value
    form = NewCampaignForm(request.POST if request.method == "POST" else None, initial={"channel": chosen})
    if request.method == "POST" and form.is_valid():
        made = form.save(commit=False)
        made.channel, made.created_at, made.created_by = form.cleaned_data["channel"], timezone.now(), request.user
        made.save()
        return redirect("campaign_audience", made.pk)
    icons = {"email": "mail", "sms": "message-square"}
    hints = {"email": "Newsletters, offers and news.", "sms": "Short, and read within minutes."}
    choices = [(one.value, one.label, icons[one], hints[one]) for one in Channel]
    return render(request, "campaigns/campaign_create.html", {"form": form, "choices": choices})
