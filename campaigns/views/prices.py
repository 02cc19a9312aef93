"""The page on which it is said what messages cost, per channel and country."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from campaigns.models import Price
from campaigns.price_forms import PriceForm
from contacts import countries
from contacts.models.consent import Channel

may_see = permission_required("campaigns.view_price", raise_exception=True)
may_change = permission_required("campaigns.change_price", raise_exception=True)


@require_GET
@may_see
def show_all(request: HttpRequest) -> HttpResponse:
    return _page(request, PriceForm())


@require_POST
@may_change
def save(request: HttpRequest) -> HttpResponse:
    form = PriceForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    given = form.cleaned_data
    Price.objects.update_or_create(
        channel=given["channel"], country=given["country"], defaults={"amount": given["amount"]}
    )
    messages.success(request, "The price is saved.")
    return redirect("price_list")


@require_POST
@may_change
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Price, pk=pk).delete()
    messages.success(request, "The price is removed.")
    return redirect("price_list")


def _page(request: HttpRequest, form: PriceForm) -> HttpResponse:
    prices = list(Price.objects.all())
    names = countries.names()
    channels = [
        (channel.label, [_line(price, names) for price in prices if price.channel == channel]) for channel in Channel
    ]
    context = {"form": form, "channels": channels, "any": bool(prices), "currency": settings.CURRENCY}
    return render(request, "campaigns/price_list.html", context)


def _line(price: Price, names: dict[str, str]) -> tuple[Price, str, str]:
    """The price, its country's name, and the amount without zeros that say nothing."""
    return price, names.get(price.country, price.country), format(price.amount.normalize(), "f")
