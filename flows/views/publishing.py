"""What the canvas sends: a save, a draft, or the draft's publication; and the questions that are asked before."""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from flows import asking, canvas, diffing, publishing, saving, starting, validation
from flows.graph import GraphError, parse
from flows.models import Flow, Scenario
from flows.views.editor import json_of, may_change, scenario_of


@may_change
@require_POST
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """`{"graph", "objective", "base", "draft"}` and the answers to what `asked` asks → `{"number", "problems"}`, or
    `{"refused": [problems]}`, or `{"conflict": {"what", "at", "by"}}`.

    Answers that the page expects are no HTTP errors, which browsers would report as something that went wrong.
    """
    scenario, sent, now = scenario_of(pk), json_of(request), timezone.now()
    base, drafted, objective = sent.get("base"), sent.get("draft", ""), sent.get("objective", {})
    try:
        answers = publishing.answers(sent)
        flow = saving.save(scenario, sent.get("graph"), objective, request.user, base, now, answers, drafted)
    except (saving.Invalid, saving.Busy, saving.Conflict) as error:
        return _refused(error)
    return _live(scenario, flow)


@may_change
@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """`{"graph", "base", "draft"}` → `{"draft": stamp, "problems"}`, the stamp empty where that is live; else as
    `save`. Contacts follow the live version."""
    scenario, sent = scenario_of(pk), json_of(request)
    base, drafted = sent.get("base"), sent.get("draft", "")
    try:
        saving.keep_draft(scenario, sent.get("graph"), request.user, base, drafted, timezone.now())
    except (saving.Invalid, saving.Conflict) as error:
        return _refused(error)
    return JsonResponse({"draft": publishing.stamp(scenario), "problems": _problems(scenario)})


@may_change
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """The draft becomes the live version: asked and answered as `save`, without a graph."""
    scenario, sent, now = scenario_of(pk), json_of(request), timezone.now()
    base, drafted, objective = sent.get("base"), sent.get("draft", ""), sent.get("objective", {})
    try:
        answers = publishing.answers(sent)
        flow = saving.publish_draft(scenario, objective, request.user, base, drafted, now, answers)
    except (saving.Invalid, saving.NoDraft, saving.Conflict) as error:
        return _refused(error)
    return _live(scenario, flow)


def _live(scenario: Scenario, flow: Flow) -> HttpResponse:
    return JsonResponse({"number": flow.number, "problems": canvas.pinned(starting.check(scenario, timezone.now()))})


def _problems(scenario: Scenario) -> list[dict[str, Any]]:
    return canvas.pinned(validation.problems(scenario.draft)) if scenario.draft else []


def _refused(error: Exception) -> HttpResponse:
    if isinstance(error, saving.Invalid):
        return JsonResponse({"refused": canvas.pinned(error.problems)})
    if isinstance(error, saving.Conflict):
        at = timezone.localtime(error.at).strftime("%H:%M")
        return JsonResponse({"conflict": {"what": error.what, "at": at, "by": error.by}})
    return JsonResponse({"refused": [{"node": None, "message": str(error)}]})


@may_change
@require_POST
def asked(request: HttpRequest, pk: int) -> HttpResponse:
    """`{"graph"}` → a part of the dialog: what would change, and what becomes of the contacts whom that concerns."""
    scenario = scenario_of(pk)
    live = scenario.flow.graph if scenario.flow else canvas.EMPTY
    try:
        graph = validation.tidy(json_of(request).get("graph"))
    except GraphError:
        return HttpResponse("")  # saving it will say why not
    questions = asking.questions(scenario, graph)
    before, after = canvas.names(live), canvas.names(graph)
    steps = [(node.id, after[node.id]) for node in parse(graph).nodes.values() if not node.is_trigger]
    return render(
        request,
        "flows/_asked.html",
        {
            "scenario": scenario,
            "lines": diffing.in_words(live, graph),
            "removed": [(node, before[node], n) for node, n in questions.removed.items()],
            "steps": steps,
            "waits": [(before[node], after[node], n) for node, n in questions.waits.items()],
            "finished": sum(questions.ends.values()),
        },
    )


@may_change
@require_http_methods(["GET", "POST"])
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks, POST throws the draft away that was shown then."""
    scenario = scenario_of(pk)
    if request.method == "POST":
        with suppress(saving.NoDraft, saving.Conflict):  # the canvas shows what there is now
            saving.discard_draft(scenario, request.GET.get("draft", ""))
        return redirect("scenario_editor", pk)
    return render(
        request,
        "flows/scenario_confirm.html",
        {
            "scenario": scenario,
            "title": "Discard the draft?",
            "sentence": "What was changed since the live version is lost. Contacts notice nothing of it.",
            "action": "Discard draft",
            "post_url": f"{request.path}?{urlencode({'draft': publishing.stamp(scenario)})}",
        },
    )
