"""What the number on a shape stands for: who stands there or failed there, how they go on, and what came of the shape.

A page of its own, and over the canvas a dialog: htmx gets the dialog, in which links and forms change its middle.
"""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.reports import link_map
from contacts.days import day_of
from contacts.htmx import HtmxRequest
from contacts.models import Event
from contacts.pagination import page
from flows import canvas, node_numbers, present, requeueing
from flows.graph import NODE_ID
from flows.models import Execution, Scenario
from flows.transitions import NotReady, WrongState, may
from flows.views import statistics
from flows.views.editor import may_change, may_view
from flows.views.moves import counted, scenario_of

# What of a list's address leads back to the same place of it.
PLACE = ("show", "q", "after", "before")


def _drawn(pk: int, node: str) -> Scenario:
    scenario = scenario_of(pk)
    if scenario.flow is None or not NODE_ID.fullmatch(node):
        raise Http404
    return scenario


@may_view
@require_GET
def waiting(request: HtmxRequest, pk: int, node: str) -> HttpResponse:
    """`?show=failed`: those who failed here; `?show=numbers`: what came of it. `?q=` searches among contacts."""
    scenario, show = _drawn(pk, node), request.GET.get("show", "")
    name, _ports = canvas.called(scenario.flow.graph, node)
    parts = {"failed": _failed, "numbers": _numbers}
    failures = present.counted(present.failed_at(scenario, node))
    found = {
        "scenario": scenario,
        "node": node,
        "name": name,
        "show": show if show in parts else "",
        "q": request.GET.get("q", "")[:200],
        "waiting": node_numbers.waiting(scenario, node),
        "failures": failures,
        "more_failures": failures >= present.MOST_COUNTED,
        "may_requeue": may(scenario, "requeue"),
        "requeueing": requeueing.left(scenario, node),
        "back": back_to(request),
        **parts.get(show, _waiting)(request, scenario, node),
    }
    return render(request, f"flows/{'node_people' if request.htmx else 'node_waiting'}.html", found)


def _waiting(request: HttpRequest, scenario: Scenario, node: str) -> dict[str, Any]:
    found = present.waiting_at(scenario, node, request.GET.get("q", ""))
    after, before = (present.Key.read(request.GET.get(name, "")) for name in ("after", "before"))
    people = present.people(found, after, before)
    latest, with_context = present.at_most_until(scenario, people.rows), present.with_context(people.rows)
    for execution in people.rows:
        execution.at_most = execution.pk in latest
        execution.has_context = execution.pk in with_context
    return {
        "rows": people.rows,
        "earlier": _turned(request, before=people.earlier),
        "later": _turned(request, after=people.later),
        "stuck": requeueing.stuck(scenario, node, timezone.now()),
    }


def _failed(request: HttpRequest, scenario: Scenario, node: str) -> dict[str, Any]:
    shown = page(present.failed_at(scenario, node, request.GET.get("q", "")).select_related("contact"), request)
    with_context = present.with_context(shown.rows)
    for execution in shown.rows:
        execution.has_context = execution.pk in with_context
    return {"rows": shown.rows, "page": shown, "errors": present.errors_at(scenario, node)}


def _numbers(request: HttpRequest, scenario: Scenario, node: str) -> dict[str, Any]:
    period, problem = statistics.asked(request, otherwise="all")
    return {
        "numbers": node_numbers.of_node(scenario, node, period),
        "origin": f"{scenario.origin}:{node}",
        "clicked": link_map.clicked_last(f"{scenario.origin}:{node}"),
        "choice": statistics.choice(period.since(day_of(scenario.created_at)), problem),
    }


def _turned(request: HttpRequest, **to: str) -> str:
    """The query string of another page of the list; empty where there is none."""
    ((name, key),) = to.items()
    if not key:
        return ""
    query = _place(request)
    for either in ("after", "before"):
        query.pop(either, None)
    query[name] = key
    return f"?{query.urlencode()}"


def _place(request: HttpRequest) -> QueryDict:
    query = QueryDict(mutable=True)
    query.update({name: request.GET[name] for name in PLACE if request.GET.get(name)})
    return query


def back_to(request: HttpRequest) -> str:
    """What is added to the address of a command, so that it leads back to the same place of the list."""
    return _place(request).urlencode()


def back(request: HttpRequest, scenario: Scenario, node: str) -> HttpResponse:
    place = back_to(request)
    return redirect(f"{reverse('scenario_waiting', args=[scenario.pk, node])}{'?' if place else ''}{place}")


@may_view
@permission_required("contacts.view_contact", raise_exception=True)
@require_GET
def context(request: HttpRequest, pk: int, execution: int) -> HttpResponse:
    """What templates and conditions read as event.* in this pass, as a file."""
    one = get_object_or_404(Execution, scenario=scenario_of(pk), pk=execution)
    event = get_object_or_404(Event, pk=one.event_id)
    said = {
        "scenario": pk,
        "execution": one.pk,
        "contact": one.contact_id,
        "name": event.name,
        "at": event.at.isoformat(),
        "event": event.properties,
    }
    answer = HttpResponse(json.dumps(said, indent=2, ensure_ascii=False), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="context-{one.pk}.json"'
    return answer


@may_change
@require_http_methods(["GET", "POST"])
def requeue(request: HtmxRequest, pk: int, node: str) -> HttpResponse:
    """All who failed or are stuck at the shape, or with `?execution=ID` that one."""
    scenario, now = _drawn(pk, node), timezone.now()
    one = None
    if asked := request.GET.get("execution"):
        if not asked.isdecimal() or len(asked) > 18:
            raise Http404
        one = get_object_or_404(Execution.objects.select_related("contact"), scenario=scenario, node=node, pk=asked)
    if request.method == "POST":
        _again(request, scenario, node, one)
        return back(request, scenario, node)
    failed = 0 if one else present.failed_at(scenario, node).count()
    stuck = 0 if one else requeueing.stuck(scenario, node, now)
    details = [] if one else [f"{counted(failed, 'has', 'have')} failed here."]
    if stuck:
        details.append(f"{counted(stuck, 'is', 'are')} stuck here.")
    sentence = "They go on at once, from this step. Whoever is inside again by now, and may be so only once, stays out."
    if one:
        sentence = f"{one.contact} goes on at once, from this step."
    if scenario.state == "completed_partial":
        sentence += " The scenario runs again until they are through."
    return ask(
        request,
        scenario,
        node,
        title="Try again?",
        sentence=sentence,
        details=details,
        action="Try again",
        danger=False,
    )


def ask(request: HtmxRequest, scenario: Scenario, node: str, **words: Any) -> HttpResponse:
    """Asks for a command: in a list (`?in=row`, `?in=list`) at that place, else as a dialog or a page."""
    inside = request.GET.get("in", "")
    shown = {
        "scenario": scenario,
        "post_url": request.get_full_path(),
        "inside": inside,
        "back_url": f"{reverse('scenario_waiting', args=[scenario.pk, node])}?{back_to(request)}",
        **words,
    }
    in_list = request.htmx and inside in ("row", "list")
    return render(request, "flows/_asked_in_list.html" if in_list else "flows/scenario_command.html", shown)


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
