"""The canvas: its page, and what it saves, asks and polls as JSON."""

import json
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts import json_limits
from flows import canvas, cloning, objectives, saving, starting, stats, validation
from flows.graph import GraphError
from flows.models import Scenario, ScenarioState
from flows.views.moves import equip

may_view = permission_required("flows.view_scenario", raise_exception=True)
may_change = permission_required("flows.change_scenario", raise_exception=True)


def _scenario(pk: int) -> Scenario:
    return get_object_or_404(Scenario.objects.select_related("flow"), pk=pk)


@may_view
@require_GET
def scenario_editor(request: HttpRequest, pk: int) -> HttpResponse:
    scenario = _scenario(pk)
    equip([scenario])
    types = canvas.types()
    return render(
        request,
        "flows/scenario_editor.html",
        {
            "scenario": scenario,
            "graph": canvas.drawn(scenario, timezone.now()),
            "types": types,
            "palette": canvas.palette(types),
            "read_only": read_only(request, scenario),
            "keeps_trigger": scenario.state != ScenarioState.DRAFT,
            "objectives": objectives.KINDS,
            "objective_filter": json.dumps(scenario.objective.get("filter")),
            "most_days": objectives.MOST_DAYS,
        },
    )


def read_only(request: HttpRequest, scenario: Scenario) -> str:
    """Why this person cannot change the drawing now, as a sentence; empty where they can."""
    if not request.user.has_perm("flows.change_scenario"):
        return "You may look at this scenario, not change it."
    if scenario.state == ScenarioState.RUNNING:
        return "The scenario is running. Pause it to change it."
    return ""


@may_change
@require_POST
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """`{"graph", "objective", "base"}` → `{"number", "problems"}`, `{"refused": [problems]}` or `{"conflict": {…}}`.

    Answers that the page expects are no HTTP errors, which browsers would report as something that went wrong.
    """
    scenario = _scenario(pk)
    sent, now = _json(request), timezone.now()
    try:
        flow = saving.save(scenario, sent.get("graph"), sent.get("objective", {}), request.user, sent.get("base"), now)
    except saving.Invalid as error:
        return JsonResponse({"refused": canvas.pinned(error.problems)})
    except saving.Busy as error:
        return JsonResponse({"refused": [{"node": None, "message": str(error)}]})
    except saving.Conflict as error:
        theirs = error.flow
        at = timezone.localtime(theirs.created_at).strftime("%H:%M")
        by = str(theirs.created_by) if theirs.created_by else ""
        return JsonResponse({"conflict": {"number": theirs.number, "at": at, "by": by}})
    return JsonResponse({"number": flow.number, "problems": canvas.pinned(starting.check(scenario, now))})


@permission_required("flows.add_scenario", raise_exception=True)
@require_POST
def save_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Keeps a drawing that somebody else's save overtook, as a scenario of its own: `{"url"}`."""
    sent = _json(request)
    try:
        copy = cloning.clone(
            _scenario(pk), request.user, timezone.now(), graph=sent.get("graph"), objective=sent.get("objective", {})
        )
    except saving.Invalid as error:
        return JsonResponse({"refused": canvas.pinned(error.problems)})
    return JsonResponse({"url": reverse("scenario_editor", args=[copy.pk])})


@may_change
@require_POST
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    """`{"name"}` → the same, as it is kept, or `{"refused": sentence}`."""
    scenario = _scenario(pk)
    name = str(_json(request).get("name", "")).strip()
    if not 1 <= len(name) <= 200:
        return JsonResponse({"refused": "A name has 1 to 200 characters."})
    if problem := json_limits.text_problem(name):
        return JsonResponse({"refused": problem})
    Scenario.objects.filter(pk=scenario.pk).update(name=name)
    return JsonResponse({"name": name})


@may_change
@require_POST
def leaving(request: HttpRequest, pk: int) -> HttpResponse:
    """`{"graph"}`, not saved yet → `{"contacts": n}`: how many wait at shapes that it lacks, and would leave."""
    scenario = _scenario(pk)
    graph = _json(request).get("graph")
    try:
        gone = saving.removed(scenario, validation.tidy(graph))
    except GraphError:
        return JsonResponse({"contacts": 0})
    waiting = stats.live(scenario) if gone else {}
    return JsonResponse({"contacts": sum(waiting.get(node, {}).get("waiting", 0) for node in gone)})


@may_view
@require_GET
def counts(request: HttpRequest, pk: int) -> HttpResponse:
    """`{"state", "leaving": n, "nodes": {id: {"waiting": n, "failed": n, …}}}`, for the badges."""
    scenario = _scenario(pk)
    leaving = stats.leaving(scenario)
    return JsonResponse({"state": scenario.state, "leaving": leaving, "nodes": stats.live(scenario)})


def _json(request: HttpRequest) -> dict[str, Any]:
    try:
        sent = json.loads(request.body)
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}
