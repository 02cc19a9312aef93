"""Pages of reports on scenarios: how far contacts came, and what became of those who entered in the same week."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contacts.days import day_of
from flows.cohorts import WEEKS as WEEKS_USUALLY
from flows.cohorts import cohorts
from flows.funnel import funnel
from flows.models import Scenario
from flows.report_forms import CohortForm, FunnelForm

may_read = permission_required("flows.view_scenario", raise_exception=True)


@require_GET
@may_read
def show_funnel(request: HttpRequest) -> HttpResponse:
    form = FunnelForm(_with_scenario(request))
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        scenario = form.cleaned_data["scenario"]
        context["scenario"] = scenario
        if scenario:
            since, until = form.asked_days(day_of(timezone.now()))
            context |= {"stages": funnel(scenario, since, until), "since": since, "until": until}
    return render(request, "flows/report_funnel.html", context)


@require_GET
@may_read
def show_cohorts(request: HttpRequest) -> HttpResponse:
    form = CohortForm({"weeks": str(WEEKS_USUALLY)} | _with_scenario(request))
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        scenario = form.cleaned_data["scenario"]
        context["scenario"] = scenario
        if scenario:
            found = cohorts(scenario, timezone.now(), form.asked_weeks)
            context |= {"cohorts": found, "weeks": range(max((len(one.done) for one in found), default=0))}
    return render(request, "flows/report_cohorts.html", context)


def _with_scenario(request: HttpRequest) -> dict[str, Any]:
    """What is asked for; the scenario that was started last, where none is named."""
    asked: dict[str, Any] = dict(request.GET.items())
    if not asked.get("scenario"):
        newest = Scenario.objects.exclude(flow=None).order_by(F("started_at").desc(nulls_last=True), "-pk").first()
        asked["scenario"] = newest.pk if newest else ""
    return asked
