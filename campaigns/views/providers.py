"""Pages on which providers are set up and tried out."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import configuring, providers, topics, warming
from campaigns.delivery import breaker
from campaigns.models import Provider
from campaigns.provider_forms import ProviderForm, TopicRouteForm
from contacts import day_bars
from contacts.days import day_of
from contacts.htmx import HtmxRequest
from contacts.models.consent import Channel

TURNS = 10
may_change = permission_required("campaigns.change_provider", raise_exception=True)


@require_GET
@permission_required("campaigns.view_provider", raise_exception=True)
def show_all(request: HttpRequest) -> HttpResponse:
    return list_page(request, TopicRouteForm())


def list_page(request: HttpRequest, form: TopicRouteForm) -> HttpResponse:
    rows = list(Provider.objects.select_related("breaker", "fallback").order_by("-is_default", "-enabled", "name"))
    kinds = providers.registry()
    channels = [
        {
            "key": channel.value,
            "label": channel.label,
            "providers": [(row, kinds.get(row.kind), _summary(row)) for row in rows if row.channel == channel],
        }
        for channel in Channel
    ]
    context = {
        "channels": channels,
        "topics": topics.routes(),
        "form": form,
    }
    return render(request, "campaigns/provider_list.html", context)


@may_change
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """First the kind is chosen, then its settings are given."""
    key, channel = request.GET.get("kind", ""), request.GET.get("channel", "")
    kind = providers.registry().get(key)
    if kind is None:
        choices = [
            (each, c, each.group or ("Text messages" if c == Channel.SMS else "Your own"))
            for c in Channel
            for each in providers.registry().values()
            if c.value in each.channels
        ]
        wanted = [choice for choice in choices if channel in ("", choice[1].value)] or choices
        places = list(dict.fromkeys(group for _, _, group in wanted))
        wanted.sort(key=lambda choice: places.index(choice[2]))  # each group once, in the order of the first of it
        return render(request, "campaigns/provider_kind.html", {"choices": wanted})
    provider = Provider(channel=channel if channel in kind.channels else kind.channels[0], kind=kind.key)
    return _form_page(request, provider)


@may_change
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _form_page(request, get_object_or_404(Provider.objects.select_related("breaker"), pk=pk))


@may_change
@require_POST
def make_default(request: HttpRequest, pk: int) -> HttpResponse:
    provider = get_object_or_404(Provider, pk=pk)
    configuring.make_default(provider)
    messages.success(request, f"“{provider}” now delivers every {provider.get_channel_display()} message.")
    return redirect("provider_list")


@may_change
@require_POST
def enable(request: HttpRequest, pk: int) -> HttpResponse:
    provider = get_object_or_404(Provider, pk=pk)
    configuring.enable(provider)
    messages.success(request, f"“{provider}” is enabled.")
    return redirect("provider_list")


@may_change
@require_POST
def disable(request: HttpRequest, pk: int) -> HttpResponse:
    provider = get_object_or_404(Provider, pk=pk)
    configuring.disable(provider)
    if providers.available(provider.channel):
        messages.success(request, f"“{provider}” is disabled.")
    else:
        waiting = (
            f"“{provider}” is disabled. {provider.get_channel_display()} messages wait until a provider is enabled."
        )
        messages.warning(request, waiting)
    return redirect("provider_list")


@may_change
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first; where messages refer to the provider it offers to disable it instead."""
    provider = get_object_or_404(Provider, pk=pk)
    if request.method == "POST":
        try:
            configuring.delete(provider)
            messages.success(request, f"“{provider}” is deleted.")
        except configuring.InUse as error:
            messages.error(request, str(error))
        return redirect("provider_list")
    return render(
        request,
        "campaigns/provider_delete.html",
        {"provider": provider, "in_use": configuring.is_referred_to(provider)},
    )


@may_change
@require_http_methods(["GET", "POST"])
def test(request: HtmxRequest, pk: int) -> HttpResponse:
    """A dialog that sends for real and shows the provider's real answer."""
    if request.method == "GET" and not request.htmx:
        return redirect(f"{reverse('provider_edit', args=[pk])}?dialog=test")
    provider = get_object_or_404(Provider, pk=pk)
    context: dict[str, Any] = {"provider": provider}
    if request.method == "GET":
        context["recipient"] = request.user.email if provider.channel == Channel.EMAIL else ""
        return render(request, "campaigns/provider_test.html", context)
    try:
        context["result"] = configuring.test(provider, request.POST.get("recipient", ""), timezone.now())
    except ValidationError as error:
        context["error"] = " ".join(error.messages)
    return render(request, "campaigns/_provider_answer.html", context)


def _form_page(request: HttpRequest, provider: Provider) -> HttpResponse:
    kind = providers.registry().get(provider.kind)
    if kind is None:
        raise Http404("This kind of provider is not installed.")
    given = request.POST if request.method == "POST" else None
    form = ProviderForm(given, instance=provider)
    settings_form = configuring.settings_form(provider.kind, given, provider if provider.pk else None)
    # Both are asked, so that everything that is wrong shows at once.
    if given is not None and all([form.is_valid(), settings_form.is_valid()]):
        is_new = provider.pk is None
        if is_new:
            configuring.save(form.instance, settings_form)
        else:
            configuring.change(form.instance, timezone.now(), form=settings_form)
        messages.success(request, f"“{provider}” is {'ready' if is_new else 'saved'}. Send a test message to be sure.")
        return redirect("provider_list")
    context = {
        "form": form,
        "settings_form": settings_form,
        "provider": provider,
        "kind": kind,
        "opens": reverse("provider_test", args=[provider.pk]) if provider.pk and _tries(request) else "",
        "hook": configuring.hook(provider) if provider.pk else None,
        "inbound_url": configuring.inbound_url(provider) if provider.pk else "",
        "breaker": breaker.of(provider) if provider.pk and breaker.is_troubled(provider) else None,
        "turns": provider.turns.select_related("by")[:TURNS] if provider.pk else [],
        **_warming(provider, day_of(timezone.now())),
    }
    return render(request, "campaigns/provider_form.html", context)


def _warming(provider: Provider, today: date) -> dict[str, Any]:
    """The schedule as rows and as a drawing, while it lasts."""
    days = warming.schedule(provider, today) if warming.is_warming(provider, today) else []
    bars = day_bars.drawn([(day.day, day.limit) for day in days], today) if days else None
    return {"warm_days": days, "warm_bars": bars}


def _tries(request: HttpRequest) -> bool:
    """Whether the dialog that sends a test message opens with the page."""
    return request.GET.get("dialog") == "test"


def _summary(provider: Provider) -> str:
    kind = providers.registry().get(provider.kind)
    return kind.summary(provider.settings) if kind else "This kind is not installed"
