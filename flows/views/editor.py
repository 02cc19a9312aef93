"""The canvas: its page, and what it saves, asks and polls as JSON."""

import json
from dataclasses import asdict
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts import json_limits, periods
from contacts.days import day_of
from flows import canvas, cloning, overdue, period_stats, present, publishing, requeueing, saving, stats
from flows.chains.editing import ELSEWHERE
from flows.models import Scenario, ScenarioState
from flows.objective_form import ObjectiveForm
from flows.views.moves import equip

may_view = permission_required("flows.view_scenario", raise_exception=True)
may_change = permission_required("flows.change_scenario", raise_exception=True)


def scenario_of(pk: int) -> Scenario:
    return get_object_or_404(Scenario.objects.select_related("flow"), pk=pk)


@may_view
@require_GET
def scenario_editor(request: HttpRequest, pk: int) -> HttpResponse:
    return canvas_page(request, scenario_of(pk))


def canvas_page(
    request: HttpRequest, scenario: Scenario, graph: dict[str, Any] | None = None, shown: int | None = None
) -> HttpResponse:
    """The canvas with what is edited, or, to look at, with the `graph` of the version whose number is `shown`."""
    equip([scenario])
    types = canvas.types()
    return render(
        request,
        "flows/scenario_editor.html",
        {
            "scenario": scenario,
            "shown": shown,
            "opens": _opens(request, scenario),
            "draft": "" if shown else publishing.stamp(scenario),
            "graph": canvas.drawn(scenario, timezone.now(), graph),
            "types": types,
            "palette": canvas.palette(types),
            "read_only": read_only(request, scenario, shown),
            "keeps_trigger": scenario.state != ScenarioState.DRAFT,
            "objective_form": ObjectiveForm(scenario.objective),
            "most_counted": present.MOST_COUNTED,
        },
    )


def _opens(request: HttpRequest, scenario: Scenario) -> str:
    """The address of the dialog that opens with the page: `?dialog=settings`, for who may change them."""
    if request.GET.get("dialog") != "settings" or not request.user.has_perm("flows.change_scenario"):
        return ""
    return reverse("scenario_settings", args=[scenario.pk])


def read_only(request: HttpRequest, scenario: Scenario, shown: int | str | None = None) -> str:
    """Why this person cannot change the drawing now, as a sentence; empty where they can. `shown`, or `?version=` of a
    dialog, is the number of the version that they look at."""
    if shown := shown or request.GET.get("version"):
        return f"You are looking at version {shown}."
    if scenario.campaign_id:
        return ELSEWHERE
    if not request.user.has_perm("flows.change_scenario"):
        return "You may look at this scenario, not change it."
    return ""


@permission_required("flows.add_scenario", raise_exception=True)
@require_POST
def save_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Keeps a drawing that somebody else's save overtook, as a scenario of its own: `{"url"}`."""
    sent = json_of(request)
    try:
        copy = cloning.clone(
            scenario_of(pk), request.user, timezone.now(), graph=sent.get("graph"), objective=sent.get("objective", {})
        )
    except saving.Invalid as error:
        return JsonResponse({"refused": canvas.pinned(error.problems)})
    return JsonResponse({"url": reverse("scenario_editor", args=[copy.pk])})


@may_change
@require_POST
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    """`{"name"}` → the same, as it is kept, or `{"refused": sentence}`."""
    scenario = scenario_of(pk)
    name = str(json_of(request).get("name", "")).strip()
    if not 1 <= len(name) <= 200:
        return JsonResponse({"refused": "A name has 1 to 200 characters."})
    if problem := json_limits.text_problem(name):
        return JsonResponse({"refused": problem})
    Scenario.objects.filter(pk=scenario.pk).update(name=name)
    return JsonResponse({"name": name})


@may_view
@require_GET
def counts(request: HttpRequest, pk: int) -> HttpResponse:
    """`{"state", "leaving": n, "requeueing": n, "catching_up": {"done", "total"} or null, "nodes": {id: {"waiting": n,
    "failed": n, …}}}`, for the badges; with `?statistics=1` also how the open panel counts on:
    `{"now": {"inside": n, …}, "today": {"day": ISO date, "entered": n, …}}`."""
    scenario = scenario_of(pk)
    answer = {
        "state": scenario.state,
        "leaving": stats.leaving(scenario),
        "requeueing": requeueing.left(scenario),
        "catching_up": overdue.progress(scenario),
        "nodes": stats.live(scenario),
    }
    if "statistics" in request.GET:
        now = timezone.now()
        today = periods.preset("today", day_of(now))
        answer["now"] = asdict(present.now_in(scenario, now))
        answer["today"] = {"day": today.first.isoformat(), **period_stats.of_scenario(scenario, today).totals}
    return JsonResponse(answer)


def json_of(request: HttpRequest) -> dict[str, Any]:
    try:
        sent = json.loads(request.body)
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}
