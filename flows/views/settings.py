"""The dialog of what a scenario is called, who may enter it again, and who leaves it early."""

import json

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from contacts.htmx import HtmxRequest
from flows import canvas
from flows.forms import ScenarioSettingsForm
from flows.models import Scenario
from flows.views.editor import may_change


@may_change
@require_http_methods(["GET", "POST"])
def scenario_settings(request: HtmxRequest, pk: int) -> HttpResponse:
    """GET shows the form, over the canvas; a good POST closes the dialog and tells the page the new name, which may
    hold a drawing that is not saved yet and so must stay."""
    if request.method == "GET" and not request.htmx:
        return redirect(f"{reverse('scenario_editor', args=[pk])}?dialog=settings")
    scenario = get_object_or_404(Scenario.objects.select_related("flow"), pk=pk)
    nodes = canvas.named_nodes(scenario.flow.graph if scenario.flow else canvas.EMPTY)
    form = ScenarioSettingsForm(request.POST or None, instance=scenario, nodes=nodes)
    if request.method == "POST" and form.is_valid():
        form.keep()
        told = {"dialog-close": True, "scenario-settings": {"name": scenario.name}}
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(told)})
    return render(request, "flows/scenario_settings.html", {"form": form, "scenario": scenario})
