"""The versions of a scenario: their list, each on the canvas, what lies between two of them, and back to one."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from contacts.pagination import page
from flows import diffing, publishing, saving, versions
from flows.models import Flow
from flows.views.editor import canvas_page, may_change, may_view, scenario_of


@may_view
@require_GET
def version_list(request: HttpRequest, pk: int) -> HttpResponse:
    scenario = scenario_of(pk)
    shown = page(versions.of(scenario), request, size=20)
    numbers = [flow.number for flow in versions.of(scenario)[:200]]
    return render(
        request,
        "flows/version_list.html",
        {
            "scenario": scenario,
            "page": shown,
            "versions": versions.told(scenario, shown.rows),
            "numbers": [*(["draft"] if scenario.draft else []), *numbers],
        },
    )


@may_view
@require_GET
def version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A version on the canvas, to look at; with `?since=NUMBER` what is new and changed since then is marked."""
    scenario = scenario_of(pk)
    try:
        graph = versions.graph(scenario, str(number))
        since = versions.graph(scenario, request.GET["since"]) if "since" in request.GET else graph
    except Flow.DoesNotExist as error:
        raise Http404 from error
    diff = diffing.compare(since, graph)
    marks = dict.fromkeys(diff.added, "added") | dict.fromkeys(diff.changed, "changed")
    return canvas_page(request, scenario, {**graph, "marks": marks}, number)


@may_view
@require_GET
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """What was added, removed and changed from `?from=` to `?to=`, each the number of a version or “draft”."""
    scenario = scenario_of(pk)
    names = [request.GET.get(name, "") for name in ("from", "to")]
    try:
        graphs = [versions.graph(scenario, name) for name in names]
    except Flow.DoesNotExist as error:
        raise Http404 from error
    lines = diffing.in_words(*graphs)
    return render(
        request, "flows/version_compare.html", {"scenario": scenario, "from": names[0], "to": names[1], "lines": lines}
    )


@may_change
@require_http_methods(["GET", "POST"])
def restore(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """GET asks, for it may take the place of another draft; POST makes the version's graph the draft."""
    scenario = scenario_of(pk)
    if not scenario.flows.filter(number=number).exists():
        raise Http404
    if request.method == "POST":
        try:
            saving.restore(scenario, number, request.user, request.GET.get("draft", ""), timezone.now())
        except saving.Conflict:
            return redirect("scenario_restore", pk, number)  # asked again, about the draft that there is now
        return redirect("scenario_editor", pk)
    by = f" that {scenario.draft_saved_by} saved" if scenario.draft_saved_by else ""
    return render(
        request,
        "flows/scenario_confirm.html",
        {
            "scenario": scenario,
            "title": f"Restore version {number} as a draft?",
            "sentence": "It opens on the canvas. Contacts follow the live version until you publish the draft.",
            "details": [f"It takes the place of the draft{by}."] if scenario.draft else [],
            "action": "Restore as draft",
            "danger": False,
            "post_url": f"{request.path}?{urlencode({'draft': publishing.stamp(scenario)})}",
        },
    )
