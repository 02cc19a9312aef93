"""A dialog in which it is said what a campaign is meant to achieve."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from campaigns import objectives
from campaigns.models import Campaign, Kind
from campaigns.objective_forms import ObjectiveForm
from campaigns.views.campaigns import may_change


@require_http_methods(["GET", "POST"])
@may_change
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, pk=pk, kind=Kind.MAILING)
    data = request.POST if request.method == "POST" else None
    form = ObjectiveForm(data, objectives.objective_of(campaign.origin))
    if request.method == "POST" and form.is_valid():
        objectives.set_objective(campaign.origin, form.objective)
        messages.success(request, "The objective is saved. It counts from now on.")
        answer = HttpResponse(status=204)
        if "HX-Request" not in request.headers:
            return redirect("campaign_page", pk)
        answer["HX-Refresh"] = "true"
        return answer
    return render(request, "campaigns/campaign_objective.html", {"campaign": campaign, "form": form})
