"""The page on which contacts choose what they get, and the one on which they confirm that they want it."""

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns import asking_consent, choosing
from campaigns.models import Message
from campaigns.models.origin import ASKED_BY
from campaigns.tracking import signatures
from campaigns.views.public_pages import message_with, not_ours, said_in, slow_down, too_many, words
from campaigns.views.small_forms import small_form
from contacts.models import Installation

SAVED = "saved"  # in the address of the page after its button
# Leaving must work by the oldest mail; who shows what somebody chose must have a mail of the last two years.
WORKS_FOR = timedelta(days=730)
MOST_FIELDS = 1_000


# As with the unsubscribe page, the signed token is the authority.
@csrf_exempt
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@small_form(16 * 1024, in_parts=True)
def preferences(request: HttpRequest, token: str, rest: str = "") -> HttpResponse:
    message, now = message_with(signatures.message_of(token)), timezone.now()
    if message is None:
        return not_ours(request)
    if now - message.queued_at > WORKS_FOR:
        context = {"installation": Installation.current(), "token": token}
        return render(request, "campaigns/preferences_expired_page.html", context, status=410)
    if request.method == "POST":
        if too_many(message, now):
            return slow_down(request)
        proof = said_in(request, message)
        if request.POST.get("answer") == "none":
            choosing.leave_all(message, now, proof)
        else:
            language = request.POST.get("language")
            known = language in dict(choosing.LANGUAGES) or language == ""
            ticked = set(request.POST.getlist("choice")[:MOST_FIELDS])
            choosing.choose(message, ticked, language if known else None, now, proof)
        return redirect(f"{request.path}?{SAVED}")
    offered = choosing.offered(message)
    context = {
        **words(message),
        "token": token,
        "offered": offered,
        "saved": SAVED in request.GET,
        "any_on": any(each.channel.on for each in offered),
        "languages": _languages(message),
    }
    return render(request, "campaigns/preferences_page.html", context)


def _languages(message: Message) -> list[tuple[str, str]]:
    mine = message.contact.language
    others = [] if mine in ("", *dict(choosing.LANGUAGES)) else [(mine, mine)]
    return [*others, *choosing.LANGUAGES]


# As above. Looking at it changes nothing: programs that follow the links of a mail cannot confirm.
@csrf_exempt
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@small_form(16 * 1024, in_parts=True)
def confirm(request: HttpRequest, token: str, rest: str = "") -> HttpResponse:
    message, now = message_with(signatures.asked_message(token)), timezone.now()
    # The address is part of what is signed: who has another one by now has to be asked there.
    if (
        message is None
        or message.origin.key != ASKED_BY
        or not signatures.is_confirm_token(token, message.contact.email or "")
    ):
        return not_ours(request)
    is_open = asking_consent.is_open(message, now)
    if request.method == "POST" and is_open:
        if too_many(message, now):
            return slow_down(request)
        asking_consent.confirm(message, now, said_in(request, message))
        return redirect(request.path)
    channel, about = asking_consent.waiting(message)
    context = {
        **words(message),
        "preferences": signatures.token(message.pk),
        "is_open": is_open,
        "waiting": bool(channel or about),
        "topics": [row.topic for row in about],
    }
    return render(request, "campaigns/confirm_page.html", context, status=200 if is_open else 410)
