"""The guided page of a campaign that is being made: whom it reaches, what it says and when, one step each."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.mailings import checks, saving
from campaigns.mailings.forms import AudienceForm, FileForm, WhenForm
from campaigns.mailings.message_forms import MessageForms
from campaigns.mailings.moves import Problem, WrongState
from campaigns.models import Campaign, CampaignState
from campaigns.models.campaign import Kind
from campaigns.views.campaign_parts import file_context
from campaigns.views.campaigns import equip, may_change, may_view
from templates_app import inserting

STEPS = [("audience", "Audience"), ("message", "Message"), ("when", "When"), ("review", "Review")]
KEYS = [key for key, _label in STEPS]


def mailing_of(pk: int) -> Campaign:
    return get_object_or_404(Campaign.objects.select_related("provider"), pk=pk, kind=Kind.MAILING)


def step_of(problem: Problem) -> str:
    """The step in which a problem is mended."""
    return {"audience": "audience", "schedule": "when"}.get(problem.field, "message")


def step_context(request: HttpRequest, campaign: Campaign, step: str) -> dict[str, Any]:
    """What the frame around each step shows."""
    equip([campaign])
    place = KEYS.index(step)
    problems = checks.problems(campaign, timezone.now())
    wrong = {step_of(problem) for problem in problems if problem.field != "name"}
    return {
        "campaign": campaign,
        "step": step,
        "problems": problems,
        "steps": [
            {
                "key": key,
                "label": label,
                "url": reverse(f"campaign_{key}", args=[campaign.pk]),
                "passed": number < place and key not in wrong,
                "wrong": number < place and key in wrong,
            }
            for number, (key, label) in enumerate(STEPS)
        ],
        "back_url": reverse(f"campaign_{KEYS[place - 1]}", args=[campaign.pk]) if place else reverse("campaign_list"),
        "editable": request.user.has_perm("campaigns.change_campaign"),
    }


def _saved(request: HttpRequest, campaign: Campaign, step: str, fields: dict[str, Any]) -> HttpResponse:
    """Keep a step, and go on to the next one if that was the button."""
    try:
        saving.change(campaign, fields)
    except (saving.Invalid, WrongState) as error:
        messages.error(request, str(error))
        return redirect("campaign_page", campaign.pk)
    if request.POST.get("do") == "next":
        return redirect(f"campaign_{KEYS[KEYS.index(step) + 1]}", campaign.pk)
    messages.success(request, "Saved.")
    return redirect(f"campaign_{step}", campaign.pk)


@require_http_methods(["GET", "POST"])
@may_view
def audience(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = mailing_of(pk)
    if campaign.state != CampaignState.DRAFT:
        return redirect("campaign_page", pk)
    if request.method == "POST":
        return _save_audience(request, campaign)
    return _audience_page(request, campaign, AudienceForm(None, campaign))


@may_change
def _save_audience(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    form = AudienceForm(request.POST, campaign)
    if form.is_valid():
        return _saved(request, campaign, "audience", {"audience": form.audience})
    return _audience_page(request, campaign, form)


def _audience_page(request: HttpRequest, campaign: Campaign, form: AudienceForm) -> HttpResponse:
    context = {"form": form, "file_form": FileForm(), **(file_context(campaign) if form.has_file else {})}
    return render(request, "campaigns/campaign_audience.html", step_context(request, campaign, "audience") | context)


@require_http_methods(["GET", "POST"])
@may_view
def message(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = mailing_of(pk)
    if campaign.state != CampaignState.DRAFT:
        return redirect("campaign_page", pk)
    if request.method == "POST":
        return _save_message(request, campaign)
    return _message_page(request, campaign, MessageForms(campaign), request.GET.get("variant", ""))


@may_change
def _save_message(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    forms = MessageForms(campaign, request.POST)
    if forms.is_valid():
        return _saved(request, campaign, "message", forms.fields)
    return _message_page(request, campaign, forms, forms.first_wrong())


def _message_page(request: HttpRequest, campaign: Campaign, forms: MessageForms, variant: str) -> HttpResponse:
    context = step_context(request, campaign, "message") | message_context(forms, variant)
    return render(request, "campaigns/campaign_message.html", context)


def message_context(forms: MessageForms, variant: str) -> dict[str, Any]:
    return {
        "forms": forms,
        "variant": forms.of(variant).key,
        "inserts": inserting.inserts(event=None),
    }


@require_POST
@may_change
def variants(request: HttpRequest, pk: int, do: str) -> HttpResponse:
    """The variants of the page with one more or one less, as they stand in its form; nothing is saved by it."""
    campaign = mailing_of(pk)
    forms = MessageForms(campaign, request.POST)
    shown = request.POST.get("variant", "")
    if do == "add":
        shown = forms.add()
    elif do == "duplicate":
        shown = forms.duplicate(shown)
    else:
        shown = forms.remove(shown)
    context = {"campaign": campaign, "editable": True} | message_context(forms, shown)
    return render(request, "campaigns/_campaign_variants.html", context)


@require_http_methods(["GET", "POST"])
@may_view
def when(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = mailing_of(pk)
    if campaign.state != CampaignState.DRAFT:
        return redirect("campaign_page", pk)
    if request.method == "POST":
        return _save_when(request, campaign)
    return _when_page(request, campaign, _when_form(None, campaign))


@may_change
def _save_when(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    form = _when_form(request.POST, campaign)
    if form.is_valid():
        return _saved(request, campaign, "when", {"schedule": form.schedule})
    return _when_page(request, campaign, form)


def _when_form(data: Any, campaign: Campaign) -> WhenForm:
    return WhenForm(data, campaign, timezone.now(), timezone.get_current_timezone_name())


def _when_page(request: HttpRequest, campaign: Campaign, form: WhenForm) -> HttpResponse:
    return render(request, "campaigns/campaign_when.html", step_context(request, campaign, "when") | {"form": form})
