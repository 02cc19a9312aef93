"""The page of the budget: what is left, what was spent, topping up, and its limits."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import budget_export, funding
from campaigns.budget_forms import LedgerForm, LimitForm, TopUpForm
from campaigns.models import Budget, LedgerEntry, Price, Reservation
from contacts.pagination import page

may_see = permission_required("campaigns.view_budget", raise_exception=True)
may_change = permission_required("campaigns.change_budget", raise_exception=True)
may_top_up = permission_required("campaigns.add_ledgerentry", raise_exception=True)


@require_GET
@may_see
def show(request: HttpRequest) -> HttpResponse:
    return _page(request, TopUpForm())


@require_POST
@may_change
def turn_on(request: HttpRequest) -> HttpResponse:
    funding.turn_on()
    messages.success(request, "The budget is on. Top it up, or messages that cost something will wait.")
    return redirect("budget")


@require_http_methods(["GET", "POST"])
@may_change
def turn_off(request: HttpRequest) -> HttpResponse:
    """GET asks, with what is left; POST turns it off."""
    budget = Budget.objects.filter(pk=1).first()
    if budget is None:
        messages.info(request, "The budget is off already.")
        return redirect("budget")
    if request.method == "POST":
        left = funding.turn_off(request.user, timezone.now())
        messages.success(request, f"The budget is off. {left:,.2f} {settings.CURRENCY} were taken out of it.")
        return redirect("budget")
    context = {
        "title": "Turn the budget off?",
        "sentence": "Messages are sent whatever they cost, and nothing is charged any more.",
        "details": [
            f"{budget.balance:,.2f} {settings.CURRENCY} are taken out; the ledger says so, and stays.",
            "What was paused because the budget was empty can be resumed then; nothing is resumed by itself.",
        ],
        "action": "Turn it off",
        "post_url": request.path,
        "back_url": reverse("budget"),
    }
    return render(request, "confirm.html", context)


@require_POST
@may_top_up
def top_up(request: HttpRequest) -> HttpResponse:
    get_object_or_404(Budget, pk=1)
    form = TopUpForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        after = funding.top_up(form.cleaned_data["amount"], form.cleaned_data["note"], request.user, timezone.now())
    except funding.TooMuch as error:
        form.add_error("amount", str(error))
        return _page(request, form)
    messages.success(request, f"The balance is {after.balance:,.2f} {settings.CURRENCY}. Resume what was paused.")
    return redirect("budget")


@require_POST
@may_change
def change(request: HttpRequest) -> HttpResponse:
    form = LimitForm(request.POST, instance=get_object_or_404(Budget, pk=1))
    if not form.is_valid():
        return _page(request, TopUpForm(), form)
    funding.change(**form.cleaned_data)
    messages.success(request, "The limits are saved.")
    return redirect("budget")


@require_GET
@may_see
def export(request: HttpRequest) -> StreamingHttpResponse:
    entries = _narrowed(LedgerForm(request.GET)).select_related("by").order_by("pk")
    return budget_export.response(entries.iterator(chunk_size=2000))


def _narrowed(form: LedgerForm) -> QuerySet[LedgerEntry]:
    entries = LedgerEntry.objects.all()
    if kind := form.asked["kind"]:
        entries = entries.filter(kind=kind)
    if words := form.asked["q"]:
        entries = entries.filter(note__icontains=words)
    return entries


def _page(request: HttpRequest, form: TopUpForm, limits: LimitForm | None = None) -> HttpResponse:
    budget, narrowing = Budget.objects.first(), LedgerForm(request.GET)
    context = {
        "budget": budget,
        "form": form,
        "limits": limits or LimitForm(instance=budget),
        "page": page(_narrowed(narrowing).select_related("by"), request),
        "narrowing": narrowing,
        "reserved": Reservation.objects.aggregate(amount=Sum("amount"))["amount"],
        "low": funding.is_low(budget),
        "priced": Price.objects.filter(amount__gt=0).exists(),
        "currency": settings.CURRENCY,
    }
    return render(request, "campaigns/budget.html", context)
