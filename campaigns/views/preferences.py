"""The page on which contacts choose what they get, and the one on which they confirm that they want it."""

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns import asking_consent, choosing, speaking, zone_choices
from campaigns.models import Message
from campaigns.models.origin import ASKED_BY
from campaigns.moved_addresses import has_moved
from campaigns.tracking import signatures
from campaigns.views.public_pages import message_with, not_ours, page, said_in, slow_down, too_many
from campaigns.views.small_forms import small_form
from contacts.models import Installation

SAVED = "saved"  # in the address of the page after its button
# What the buttons send. Programs that press whatever they find, without knowing what it is, change nothing.
SAVE, NONE, YES = "save", "none", "yes"
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
    if message.contact.erased_at:
        return page(request, "erased", status=410)
    if now - message.queued_at > WORKS_FOR or has_moved(message):
        return page(request, "preferences_expired", message, token=token, status=410)
    answer = request.POST.get("answer")
    if request.method == "POST" and answer in (SAVE, NONE):
        if too_many(message, now):
            return slow_down(request, message)
        proof = said_in(request, message)
        if answer == NONE:
            choosing.leave_all(message, now, proof)
        else:
            ticked = set(request.POST.getlist("choice")[:MOST_FIELDS])
            choosing.choose(message, ticked, _profile(request, message), now, proof)
        return redirect(f"{request.path}?{SAVED}")
    installation, offered = Installation.current(), choosing.offered(message)
    return page(
        request,
        "preferences",
        message,
        token=token,
        offered=offered,
        saved=SAVED in request.GET,
        any_on=any(each.channel.on for each in offered),
        language=message.contact.language,
        languages=speaking.languages(message.contact.language),
        usual_language=speaking.called(installation.language),
        zone=message.contact.timezone,
        regions=lambda: zone_choices.offered(now, message.contact.timezone),
        usual_zone=lambda: zone_choices.city(installation.zone_name),
    )


def _profile(request: HttpRequest, message: Message) -> dict[str, str]:
    """Of the fields that a contact chooses, those with a value that the page offers."""
    known = {
        "language": {code for code, _ in speaking.languages(message.contact.language)},
        "timezone": {message.contact.timezone, *zone_choices.canonical()},
    }
    given = {name: request.POST.get(name) for name in choosing.PROFILE}
    return {name: value for name, value in given.items() if value is not None and (not value or value in known[name])}


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
    until = asking_consent.open_until(message)
    is_open = now <= until
    if request.method == "POST" and is_open and request.POST.get("answer") == YES:
        if too_many(message, now):
            return slow_down(request, message)
        asking_consent.confirm(message, now, said_in(request, message))
        return redirect(request.path)
    channel, about = asking_consent.waiting(message)
    return page(
        request,
        "confirm",
        message,
        preferences=signatures.token(message.pk),
        is_open=is_open,
        until=until,
        waiting=bool(channel or about),
        topics=[row.topic for row in about],
        status=200 if is_open else 410,
    )
