"""Merging two contacts who are one person, and looking through those who may be."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.models import Contact
from contacts.people import joining, pairing
from contacts.search import search

may_see = permission_required("contacts.view_contact", raise_exception=True)
may_merge = permission_required("contacts.merge_contact", raise_exception=True)
SHOWN, MOST_SHOWN = 50, 500
_CHOOSE = "choose:"  # followed by a field, in the names of what the form sends


@require_http_methods(["GET", "POST"])
@may_merge
def merge(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Both side by side, with a choice for each field; `pk` is kept."""
    kept, gone = get_object_or_404(Contact, pk=pk), get_object_or_404(Contact, pk=other)
    choices = {name.removeprefix(_CHOOSE): request.POST[name] for name in request.POST if name.startswith(_CHOOSE)}
    problem = ""
    if request.method == "POST":
        try:
            source = f"merged by {request.user.get_username()}"
            merged = joining.merge(pk, other, choices, timezone.now(), source, request.user)
        except ValidationError as error:
            problem = " ".join(error.messages)
        except Contact.DoesNotExist:
            messages.error(request, "One of the two was merged, erased or deleted just now.")
            return redirect("duplicate_list")
        else:
            messages.success(request, f"The two are one contact now: “{merged}”.")
            return redirect("contact_page", pk)
    context = {"kept": kept, "gone": gone, "lines": joining.lines(kept, gone, choices), "problem": problem}
    context["weights"] = [joining.weight(kept), joining.weight(gone)]
    return render(request, "contacts/contact_merge.html", context)


@require_GET
@may_merge
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """With whom a contact is to be merged: a dialog that looks for them by words."""
    contact = get_object_or_404(Contact, pk=pk)
    words = request.GET.get("q", "")
    found = search(Contact.objects.exclude(pk=pk), words).order_by("-pk")[:10] if words.strip() else []
    likely = [pair.other if pair.one_id == pk else pair.one for pair in pairing.of_contact(pk)[:5]]
    template = "contacts/_merge_choices.html" if "q" in request.GET else "contacts/merge_choose.html"
    return render(request, template, {"contact": contact, "found": found, "likely": likely, "words": words})


@require_GET
@may_see
def duplicates(request: HttpRequest) -> HttpResponse:
    dismissed = request.GET.get("show") == "dismissed"
    pairs = pairing.dismissed_pairs() if dismissed else pairing.open_pairs()
    most = MOST_SHOWN if request.GET.get("all") else SHOWN
    rows = list(pairs[: most + 1])
    found = pairing.latest()
    context = {
        "pairs": [(pair, pairing.reasons(pair)) for pair in rows[:most]],
        "more": len(rows) > most and most == SHOWN,
        "search": found,
        "working": pairing.waiting(found),
        "percent": pairing.progress(found) if found else 0,
        "dismissed": dismissed,
        "total": pairs.count(),
    }
    return render(request, "contacts/duplicate_list.html", context)


@require_POST
@may_merge
def look(request: HttpRequest) -> HttpResponse:
    if not pairing.begin(timezone.now()):
        messages.warning(request, "A search is under way already.")
    return redirect("duplicate_list")


@require_GET
@may_see
def look_progress(request: HttpRequest) -> HttpResponse:
    found = pairing.latest()
    context = {"search": found, "percent": pairing.progress(found) if found else 100}
    answer = render(request, "contacts/_duplicate_progress.html", context)
    if not pairing.waiting(found):
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@may_merge
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Not the same person, or after all they may be."""
    if request.POST.get("undo"):
        pairing.restore(pk)
    else:
        pairing.dismiss(pk, timezone.now(), request.user)
    return redirect("duplicate_list")
