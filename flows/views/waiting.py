"""The page of who stands at one shape of a scenario, or failed there, and how they go on."""

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from contacts.pagination import page
from flows import canvas, journeys, requeueing
from flows.models import Execution, Scenario
from flows.transitions import NotReady, WrongState, may
from flows.views.editor import may_change, may_view
from flows.views.moves import counted, scenario_of


def _drawn(pk: int) -> Scenario:
    scenario = scenario_of(pk)
    if scenario.flow is None:
        raise Http404
    return scenario


@may_view
@require_GET
def waiting(request: HttpRequest, pk: int, node: str) -> HttpResponse:
    """`?show=failed`: those who failed here."""
    scenario, failed = _drawn(pk), request.GET.get("show") == "failed"
    found = journeys.failed_at(scenario, node) if failed else journeys.waiting_at(scenario, node)
    shown = page(found, request)
    since = journeys.arrivals(shown.rows)
    for execution in shown.rows:
        execution.since = since[execution.pk]
    name, _ports = canvas.called(scenario.flow.graph, node)
    return render(
        request,
        "flows/node_waiting.html",
        {
            "scenario": scenario,
            "node": node,
            "name": name,
            "page": shown,
            "failed": failed,
            "failures": journeys.failed_at(scenario, node).count(),
            "stuck": 0 if failed else requeueing.stuck(scenario, node, timezone.now()),
            "may_requeue": may(scenario, "requeue"),
            "requeueing": requeueing.left(scenario, node),
        },
    )


@may_change
@require_http_methods(["GET", "POST"])
def requeue(request: HttpRequest, pk: int, node: str) -> HttpResponse:
    """All who failed or are stuck at the shape, or with `?execution=ID` that one."""
    scenario, now = _drawn(pk), timezone.now()
    one = None
    if asked := request.GET.get("execution"):
        if not asked.isdecimal() or len(asked) > 18:
            raise Http404
        one = get_object_or_404(Execution.objects.select_related("contact"), scenario=scenario, node=node, pk=asked)
    if request.method == "POST":
        _again(request, scenario, node, one)
        return redirect("scenario_waiting", scenario.pk, node)
    failed = journeys.failed_at(scenario, node).count()
    stuck = requeueing.stuck(scenario, node, now)
    details = [] if one else [f"{counted(failed, 'has', 'have')} failed here."]
    if stuck and not one:
        details.append(f"{counted(stuck, 'is', 'are')} stuck here.")
    sentence = "They go on at once, from this step. Whoever is inside again by now, and may be so only once, stays out."
    if one:
        sentence = f"{one.contact} goes on at once, from this step."
    if scenario.state == "completed_partial":
        sentence += " The scenario runs again until they are through."
    return render(
        request,
        "flows/scenario_command.html",
        {
            "scenario": scenario,
            "title": "Try again?",
            "sentence": sentence,
            "details": details,
            "action": "Try again",
            "danger": False,
            "post_url": request.get_full_path(),
        },
    )


def _again(request: HttpRequest, scenario: Scenario, node: str, one: Execution | None) -> None:
    try:
        done = requeueing.requeue(scenario, timezone.now(), node=None if one else node, ids=[one.pk] if one else None)
    except NotReady as error:
        messages.error(request, " ".join(problem.message for problem in error.problems))
    except WrongState as error:
        messages.error(request, str(error))
    else:
        said = f"{counted(done.requeued, 'goes', 'go')} on."
        if done.left:
            said += f" {intcomma(done.left)} more follow."
        if done.refused:
            said += f" {counted(done.refused, 'is', 'are')} inside again already, or had gone on."
        messages.success(request, said)
