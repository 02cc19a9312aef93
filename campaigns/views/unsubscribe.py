"""The unsubscribe page, and the one click of mail programs (RFC 8058)."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns import unsubscribing
from campaigns.choosing import hidden
from campaigns.models import Message
from campaigns.moved_addresses import has_moved
from campaigns.tracking import signatures
from campaigns.views.public_pages import message_with, not_ours, page, said_in, slow_down, too_many, words
from campaigns.views.small_forms import small_form
from contacts.models import Topic

CAME_BACK = "subscribed"  # in the address of the page after its second button
# What the buttons send. Programs that press whatever they find, without knowing what it is, change nothing.
LEAVE, LEAVE_ALL, COME_BACK = "unsubscribe", "unsubscribe_all", "resubscribe"


# The signed token is the authority, mail clients post without a cookie (RFC 8058), and nothing else is at stake.
@csrf_exempt
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@small_form(16 * 1024, in_parts=True)
def show(request: HttpRequest, token: str, rest: str = "") -> HttpResponse:
    """A message with a topic is one of a list of that topic: the link and the one click leave the list, and the page
    offers to leave everything."""
    message = message_with(signatures.message_of(token))
    if message is None:
        return not_ours(request)
    topic = unsubscribing.topic_of(message)
    one_click = request.POST.get("List-Unsubscribe") == "One-Click"
    if request.method == "POST" and (one_click or request.POST.get("answer") in (LEAVE, LEAVE_ALL, COME_BACK)):
        return _answer(request, message, topic, token, one_click)
    if message.contact.erased_at:
        return page(request, "erased", status=410)
    moved = has_moved(message)
    context: dict[str, Any] = {
        "token": token,
        "topic": topic,
        "left": unsubscribing.left_at(message),
        "left_topic": topic and unsubscribing.left_topic_at(message, topic),
        "came_back": CAME_BACK in request.GET,
        "moved": moved,
    }
    if moved:
        # Who reads the old mailbox may end what comes of its mails, and nothing else.
        context["address"] = hidden(str(words(message)["address"] or ""))
    return page(request, "unsubscribe", message, **context)


def _answer(request: HttpRequest, message: Message, topic: Topic | None, token: str, one_click: bool) -> HttpResponse:
    now, proof, answer = timezone.now(), said_in(request, message), request.POST.get("answer")
    if answer == COME_BACK and not one_click:
        # Leaving is never refused, and whoever wants to leave once more has to come back before.
        if too_many(message, now):
            return slow_down(request, message)
        if not has_moved(message):
            unsubscribing.resubscribe(message, now, topic, proof)
        return redirect(f"{request.path}?{CAME_BACK}")
    source = unsubscribing.ONE_CLICK if one_click else unsubscribing.PAGE
    if topic and (one_click or answer != LEAVE_ALL):
        unsubscribing.leave_topic(message, topic, source, now, proof)
    else:
        unsubscribing.unsubscribe(message, source, now, proof)
    if one_click:
        return HttpResponse("You are unsubscribed.", content_type="text/plain")
    return redirect("unsubscribe", token=token)
