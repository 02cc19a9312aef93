"""What operators do with a provider that is left alone, and with topics: try it, close its breaker, choose."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from campaigns import topics
from campaigns.delivery import breaker
from campaigns.models import Provider, TopicRoute
from campaigns.provider_forms import TopicRouteForm
from campaigns.views.providers import list_page
from contacts.topics import name

may_change = permission_required("campaigns.change_provider", raise_exception=True)


@may_change
@require_POST
def try_now(request: HttpRequest, pk: int) -> HttpResponse:
    provider = get_object_or_404(Provider, pk=pk)
    if breaker.try_now(provider, timezone.now()):
        messages.success(request, f"“{provider}” is being tried. What comes of it is shown here in a moment.")
    else:
        messages.info(request, f"“{provider}” is not left alone.")
    return redirect("provider_edit", pk)


@may_change
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    provider = get_object_or_404(Provider, pk=pk)
    if breaker.close(provider, timezone.now(), request.user):
        messages.success(request, f"“{provider}” is used again. Resume what was paused because of it.")
    else:
        messages.info(request, f"“{provider}” is not left alone.")
    return redirect("provider_edit", pk)


@may_change
@require_POST
def choose_topic(request: HttpRequest) -> HttpResponse:
    form = TopicRouteForm(request.POST)
    if not form.is_valid():
        return list_page(request, form)
    route = topics.choose(form.cleaned_data["topic"], form.cleaned_data["provider"])
    messages.success(request, f"Messages about “{name(route.topic)}” go through “{route.provider}”.")
    return redirect("provider_list")


@may_change
@require_POST
def forget_topic(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(TopicRoute, pk=pk).delete()
    messages.success(request, "The topic goes through its channel’s default.")
    return redirect("provider_list")
