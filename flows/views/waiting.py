"""The page of who stands at one shape of a scenario now."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from contacts.pagination import page
from flows import canvas, journeys
from flows.models import Scenario
from flows.views.editor import may_view


@may_view
@require_GET
def waiting(request: HttpRequest, pk: int, node: str) -> HttpResponse:
    scenario = get_object_or_404(Scenario.objects.select_related("flow"), pk=pk)
    if scenario.flow is None:
        raise Http404
    shown = page(journeys.waiting_at(scenario, node), request)
    since = journeys.arrivals(shown.rows)
    for execution in shown.rows:
        execution.since = since[execution.pk]
    name, _ports = canvas.called(scenario.flow.graph, node)
    return render(request, "flows/node_waiting.html", {"scenario": scenario, "name": name, "page": shown})
