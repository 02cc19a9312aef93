"""The dialog in which a shape of the canvas is configured; nothing is stored before the scenario is saved."""

import json
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from campaigns.reports import link_map
from contacts.segments.forms import RuleField
from flows import canvas, variants
from flows.graph import unstorable
from flows.models import Scenario, ScenarioState
from flows.nodes import registry
from flows.nodes.base import Node
from flows.views.editor import may_view, read_only
from templates_app import inserting
from templates_app.insertable import takes_inserts


@may_view
@require_POST
def node_dialog(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """With `opening`: the form of `config`. Else the posted form: JSON `{config, summary, problems, ports}`, or the
    form again with what is wrong. `node` is the shape's id, `graph` the drawing it stands in."""
    scenario = get_object_or_404(Scenario.objects.select_related("flow"), pk=pk)
    kind = registry().get(key)
    if kind is None:
        raise Http404
    opening = "opening" in request.POST
    config = _read(request.POST.get("config")) if opening else {}
    form = kind.form(config) if opening and config else kind.Form() if opening else kind.form(request.POST)
    graph = _read(request.POST.get("graph"))
    nodes = canvas.named_nodes(graph, request.POST.get("node", ""))
    fields = list(form.fields.values())
    for entry in fields:
        if isinstance(entry, RuleField):
            entry.nodes = nodes
    why = read_only(request, scenario)
    compared = _compared(scenario, kind, request.POST.get("node", ""))
    if not opening and not why and form.is_valid():
        config = {name: value for name, value in form.cleaned_data.items() if value not in (None, "", [], {})}
        return JsonResponse({"config": config, **canvas.described(kind, config, nodes)})
    origin = f"{scenario.origin}:{request.POST.get('node', '')}".replace("\0", "")
    found = {
        "kind": kind,
        "form": form,
        "scenario": scenario,
        "node": request.POST.get("node", ""),
        "graph": request.POST.get("graph", ""),
        "read_only": why,
        "compared": compared,
        "origin": origin,
        "clicked": link_map.clicked_last(origin) if request.user.has_perm("campaigns.view_message") else None,
        "wide": compared is not None
        or any(
            isinstance(field, RuleField) or isinstance(field.widget, forms.Textarea) for field in form.fields.values()
        ),
    }
    if not why and takes_inserts(form):
        event = canvas.event_of(graph)
        found |= {"of_event": event, "inserts": inserting.inserts(event)}
    return render(request, "flows/nodes/dialog.html", found)


def _compared(scenario: Scenario, kind: Node, node: str) -> variants.Compared | None:
    """What came of the ports of a shape so far, once contacts could pass it."""
    if not kind.compares or scenario.state == ScenarioState.DRAFT:
        return None
    return variants.compared(scenario, [node]).get(node)


def _read(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and not unstorable(found) else {}
