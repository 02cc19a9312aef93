"""Start, schedule, pause, resume, clone and delete, each asked for in a dialog that says whom it concerns."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from flows import circling, cloning, deleting, obstacles, pausing, requeueing, scheduling, starting, stats
from flows.command_forms import OverdueForm, StartForm
from flows.models import Scenario
from flows.overdue import overdue, policy_of, progress
from flows.transitions import NotReady, WrongState, possible

may_change = permission_required("flows.change_scenario", raise_exception=True)


def scenario_of(pk: int) -> Scenario:
    return get_object_or_404(Scenario.objects.select_related("flow"), pk=pk)


def equip(scenarios: Sequence[Any]) -> None:
    """Give each scenario what its menu needs: `commands` and `counts`, and what is still going on: how many are
    `leaving`, how many are put back into the queue, and what is caught up with."""
    counts = stats.overview(scenarios)
    for scenario in scenarios:
        scenario.catching_up = progress(scenario)
        scenario.requeueing = requeueing.left(scenario)
        scenario.commands = possible(scenario.state) | ({"pause"} if scenario.catching_up else set())
        scenario.counts = counts[scenario.pk]
        scenario.leaving = stats.leaving(scenario)


@may_change
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks, with the number of contacts that would enter and of those who are overdue; POST starts, or schedules
    the start."""
    scenario, now = scenario_of(pk), timezone.now()
    form = StartForm(request.POST if request.method == "POST" else None, initial=_planned(scenario))
    if request.method == "POST":
        if not form.is_valid():
            return _refused(request, scenario, form)
        if at := form.cleaned_data["at"]:
            local = timezone.localtime(at)
            said = f"“{scenario}” starts by itself on {local.day} {local:%B %Y at %H:%M}."
            return moved(request, scenario, scheduling.schedule, said, at, now, form.policy)
        return moved(request, scenario, starting.start, f"“{scenario}” runs.", now, form.policy)
    problems = starting.check(scenario, now)
    audience = None if problems else starting.audience_count(scenario, now)
    return render(
        request,
        "flows/scenario_start.html",
        {
            "scenario": scenario,
            "problems": problems,
            "warnings": [*circling.warnings(scenario), *obstacles.obstacles(scenario, now)],
            "audience": audience,
            "cost": obstacles.cost(scenario, audience, None if audience is None else starting.reached(scenario, now)),
            "form": form,
            "leaving": stats.leaving(scenario),
            "zone": timezone.get_current_timezone_name(),
            **_overdue(scenario, form),
        },
    )


def _planned(scenario: Scenario) -> dict[str, Any]:
    """What was chosen for the scheduled start."""
    if not scenario.starts_at:
        return {}
    policy = policy_of(scenario)
    hours = {"skip": "older_than", "spread": "spread"}.get(policy.do)
    chosen = {"when": "at", "at": scenario.starts_at, "overdue": policy.do}
    return chosen | ({hours: policy.hours} if hours else {})


@may_change
@require_POST
def unschedule(request: HttpRequest, pk: int) -> HttpResponse:
    said = "It does not start by itself any more."
    return moved(request, scenario_of(pk), scheduling.unschedule, said, timezone.now())


@may_change
@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    return moved(request, scenario_of(pk), pausing.pause, "Paused: nobody enters, nobody moves.", timezone.now())


@may_change
@require_http_methods(["GET", "POST"])
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks what to do with what is overdue, with its counts; POST resumes."""
    scenario = scenario_of(pk)
    form = OverdueForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not form.is_valid():
            return _refused(request, scenario, form)
        return moved(request, scenario, pausing.resume, "Resumed: everybody goes on.", timezone.now(), form.policy)
    found = {"scenario": scenario, "form": form, **_overdue(scenario, form)}
    return render(request, "flows/scenario_resume.html", found)


@may_change
@require_GET
def late(request: HttpRequest, pk: int) -> HttpResponse:
    """How many would do without a message, for what is typed in the dialog."""
    scenario, form = scenario_of(pk), OverdueForm({**request.GET.dict(), "overdue": "skip"})
    found = _overdue(scenario, form) if form.is_valid() else {"errors": form.errors.get("older_than")}
    return render(request, "flows/_late.html", found)


def _overdue(scenario: Scenario, form: OverdueForm) -> dict[str, Any]:
    now = timezone.now()
    found = overdue(scenario, now)
    return {"overdue": found, "late": overdue(scenario, now, by=form.lateness) if found else found}


def _refused(request: HttpRequest, scenario: Scenario, form: OverdueForm) -> HttpResponse:
    messages.error(request, " ".join(text for texts in form.errors.values() for text in texts))
    return back(request, scenario)


def moved(request: HttpRequest, scenario: Scenario, move: Callable[..., object], done: str, *told: Any) -> HttpResponse:
    """Give a command and go back with a sentence about what came of it."""
    try:
        move(scenario, *told)
    except NotReady as error:
        messages.error(request, " ".join(problem.message for problem in error.problems))
    except WrongState as error:
        messages.error(request, str(error))
    else:
        going_on = "It goes on as soon as what is overdue has been dealt with."
        messages.success(request, going_on if progress(scenario) else done)
    return back(request, scenario)


def back(request: HttpRequest, scenario: Scenario) -> HttpResponse:
    """To the list or to the canvas: where the command was given."""
    if "list" in (request.POST.get("from"), request.GET.get("from")):
        return redirect("scenario_list")
    return redirect("scenario_editor", scenario.pk)


@permission_required("flows.add_scenario", raise_exception=True)
@require_POST
def clone(request: HttpRequest, pk: int) -> HttpResponse:
    copy = cloning.clone(get_object_or_404(Scenario, pk=pk), request.user, timezone.now())
    messages.success(request, f"“{copy}” is a draft with the same flow. Nobody is in it.")
    return redirect("scenario_editor", copy.pk)


def counted(n: int, one: str, many: str, what: str = "contact") -> str:
    return f"{intcomma(n)} {f'{what} {one}' if n == 1 else f'{what}s {many}'}"


@permission_required("flows.delete_scenario", raise_exception=True)
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    scenario = scenario_of(pk)
    if request.method == "POST":
        try:
            deleting.delete(scenario)
        except WrongState as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"“{scenario.name}” was deleted.")
        return redirect("scenario_list")
    counts = stats.overview([scenario])[scenario.pk]
    return render(
        request,
        "flows/scenario_delete.html",
        {
            "scenario": scenario,
            "title": f"Delete “{scenario.name}”?",
            "sentence": "The scenario, its versions and everybody's way through it are deleted for good. "
            "Messages that were sent stay in the ledger.",
            "details": [
                f"{counted(counts['inside'], 'is', 'are')} inside now and would leave.",
                f"{counted(counts['entered'], 'has', 'have')} entered so far.",
            ],
        },
    )
