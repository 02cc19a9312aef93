"""The list of scenarios and the page on which a new one begins."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from campaigns import conversion_stats
from contacts.pagination import page
from flows import beginning, presets, stats
from flows.forms import NewScenarioForm, ScenarioListFilter
from flows.graph import saved_trigger
from flows.models import Scenario
from flows.nodes import registry
from flows.views.moves import equip


@require_GET
def scenario_list(request: HttpRequest) -> HttpResponse:
    choice = ScenarioListFilter(request.GET)
    # A chain of mailings is among the campaigns.
    scenarios = Scenario.objects.filter(campaign=None).select_related("flow")
    if choice.is_valid():
        if words := choice.cleaned_data["q"]:
            scenarios = scenarios.filter(name__icontains=words)
        if state := choice.cleaned_data["state"]:
            scenarios = scenarios.filter(state=state)
    shown = page(scenarios, request, size=50)
    equip(shown.rows)
    achieved = stats.achieved(shown.rows)
    for scenario in shown.rows:
        scenario.achieved = conversion_stats.shown(achieved[scenario.pk], scenario.counts["sent"])
        trigger = saved_trigger(scenario.flow.graph) if scenario.flow else None
        scenario.trigger = registry()[trigger["type"]] if trigger else None
    return render(
        request,
        "flows/scenario_list.html",
        {
            "choice": choice,
            "page": shown,
            "any": bool(shown.rows) or Scenario.objects.filter(campaign=None).exists(),
        },
    )


@permission_required("flows.add_scenario", raise_exception=True)
@require_http_methods(["GET", "POST"])
def scenario_create(request: HttpRequest) -> HttpResponse:
    """Prebuilt scenarios, or from scratch: what is chosen becomes a draft and opens on the canvas."""
    form = NewScenarioForm(request.POST or None)
    chosen = presets.by_key(request.POST.get("preset") or request.GET.get("preset") or "")
    if request.method == "POST" and form.is_valid():
        scenario = beginning.begin(form.save(commit=False), chosen, request.user, timezone.now())
        return redirect("scenario_editor", scenario.pk)
    return render(request, "flows/scenario_create.html", {"form": form, "presets": presets.listed(), "chosen": chosen})
