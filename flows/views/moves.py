"""Start, pause, resume, clone and delete, each asked for in a dialog that says whom it concerns."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from flows import circling, cloning, deleting, starting, stats
from flows.models import Scenario

may_change = permission_required("flows.change_scenario", raise_exception=True)


@may_change
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks, with the number of contacts that would enter; POST starts."""
    scenario = get_object_or_404(Scenario.objects.select_related("flow"), pk=pk)
    if request.method == "POST":
        return _move(request, scenario, starting.start, f"“{scenario}” runs.")
    now = timezone.now()
    problems = starting.check(scenario, now)
    return render(
        request,
        "flows/scenario_start.html",
        {
            "scenario": scenario,
            "problems": problems,
            "warnings": circling.warnings(scenario),
            "audience": None if problems else starting.audience_count(scenario, now),
        },
    )


@may_change
@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    return _move(request, get_object_or_404(Scenario, pk=pk), starting.pause, "Paused: nobody enters, nobody moves.")


@may_change
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    return _move(request, get_object_or_404(Scenario, pk=pk), starting.resume, "Resumed: everybody goes on.")


def _move(
    request: HttpRequest, scenario: Scenario, move: Callable[[Scenario, datetime], None], done: str
) -> HttpResponse:
    try:
        move(scenario, timezone.now())
    except starting.NotReady as error:
        messages.error(request, " ".join(problem.message for problem in error.problems))
    except starting.WrongState as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect(
        "scenario_list" if request.POST.get("from") == "list" else "scenario_editor",
        *([] if request.POST.get("from") == "list" else [scenario.pk]),
    )


@permission_required("flows.add_scenario", raise_exception=True)
@require_POST
def clone(request: HttpRequest, pk: int) -> HttpResponse:
    copy = cloning.clone(get_object_or_404(Scenario, pk=pk), request.user, timezone.now())
    messages.success(request, f"“{copy}” is a draft with the same flow. Nobody is in it.")
    return redirect("scenario_editor", copy.pk)


def _contacts(n: int, one: str, many: str) -> str:
    return f"{intcomma(n)} {f'contact {one}' if n == 1 else f'contacts {many}'}"


@permission_required("flows.delete_scenario", raise_exception=True)
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    scenario = get_object_or_404(Scenario.objects.select_related("flow"), pk=pk)
    if request.method == "POST":
        try:
            deleting.delete(scenario)
        except starting.WrongState as error:
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
                f"{_contacts(counts['inside'], 'is', 'are')} inside now and would leave.",
                f"{_contacts(counts['entered'], 'has', 'have')} entered so far.",
            ],
        },
    )
