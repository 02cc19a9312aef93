"""Stop, clear, and taking one contact out: what makes contacts leave, asked for with their number first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from contacts.htmx import HtmxRequest
from flows import clearing, leaving, stats, stopping
from flows.models import Execution, Scenario
from flows.overdue import waiting_messages
from flows.views import waiting
from flows.views.moves import counted, may_change, moved, scenario_of


@may_change
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    scenario = scenario_of(pk)
    keeps = scenario.keeps_when_stopped
    if request.method == "POST":
        said = "Stopped: whoever is inside stays there." if keeps else "Stopped: everybody inside leaves."
        return moved(request, scenario, stopping.stop, said, timezone.now())
    sentence = (
        "Nobody enters and nobody moves any more. As the scenario’s settings say, contacts stay where they are and go "
        "on when it is started again."
        if keeps
        else "Nobody enters any more, and everybody inside leaves. The scenario’s settings can keep contacts inside "
        "instead."
    )
    inside, queued = _counts(scenario)
    details = [
        f"{counted(inside, 'is', 'are')} inside and {'stay' if keeps else 'leave'}{'s' if inside == 1 else ''}.",
        f"{counted(queued, 'is', 'are', 'message')} queued and {'wait' if keeps else 'will not be sent'}"
        f"{'s' if keeps and queued == 1 else ''}.",
    ]
    return _ask(request, scenario, f"Stop “{scenario}”?", sentence, details, "Stop")


@may_change
@require_http_methods(["GET", "POST"])
def clear(request: HttpRequest, pk: int) -> HttpResponse:
    scenario = scenario_of(pk)
    if request.method == "POST":
        return moved(request, scenario, clearing.clear, "Everybody inside leaves.", timezone.now())
    inside, queued = _counts(scenario)
    details = [
        f"{counted(inside, 'is', 'are')} inside and leave{'s' if inside == 1 else ''}.",
        f"{counted(queued, 'is', 'are', 'message')} queued and will not be sent.",
    ]
    state = scenario.get_state_display().lower()
    sentence = f"Their way through the scenario ends where they are. The scenario itself stays {state}."
    if scenario.state == "running":
        sentence += " Contacts can go on entering it."
    return _ask(request, scenario, f"Take everybody out of “{scenario}”?", sentence, details, "Take everybody out")


def _counts(scenario: Scenario) -> tuple[int, int]:
    return stats.overview([scenario])[scenario.pk]["inside"], waiting_messages(scenario)


@may_change
@require_http_methods(["GET", "POST"])
def remove(request: HtmxRequest, pk: int, execution: int) -> HttpResponse:
    """From the page of a contact (`?from=contact`), or of who waits at a node."""
    scenario = scenario_of(pk)
    one = get_object_or_404(Execution.objects.select_related("contact"), scenario=scenario, pk=execution)
    if request.method == "POST":
        node = one.node
        moved(request, scenario, _take_out, f"{one.contact} has left “{scenario}”.", one)
        if request.GET.get("from") == "contact":
            return redirect("contact_page", one.contact_id)
        return waiting.back(request, scenario, node)
    sentence = "Their way through the scenario ends where they are, and what is queued for them by it is not sent."
    title = f"Take {one.contact} out of “{scenario}”?"
    return waiting.ask(request, scenario, one.node, title=title, sentence=sentence, action="Take out")


def _take_out(scenario: Scenario, execution: Execution) -> None:
    leaving.remove(scenario, execution, timezone.now())


def _ask(
    request: HttpRequest, scenario: Scenario, title: str, sentence: str, details: list[str], action: str
) -> HttpResponse:
    return render(
        request,
        "flows/scenario_command.html",
        {
            "scenario": scenario,
            "title": title,
            "sentence": sentence,
            "details": details,
            "action": action,
            "post_url": request.get_full_path(),
        },
    )
