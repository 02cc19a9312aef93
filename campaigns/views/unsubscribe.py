"""The unsubscribe page, and the one click of mail programs (RFC 8058)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns import unsubscribing
from campaigns.models import Message
from campaigns.tracking import signatures
from campaigns.views.public_pages import message_with, not_ours, said_in, words
from campaigns.views.small_forms import small_form
from contacts.models import Topic

CAME_BACK = "subscribed"  # in the address of the page after its second button


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
    if request.method == "POST":
        return _answer(request, message, topic, token)
    context = {
        **words(message),
        "token": token,
        "topic": topic,
        "left": unsubscribing.is_unsubscribed(message),
        "left_topic": topic is not None and unsubscribing.has_left(message, topic),
        "came_back": CAME_BACK in request.GET,
    }
    return render(request, "campaigns/unsubscribe_page.html", context)


def _answer(request: HttpRequest, message: Message, topic: Topic | None, token: str) -> HttpResponse:
    now, proof, answer = timezone.now(), said_in(request, message), request.POST.get("answer")
    if answer == "resubscribe":
        unsubscribing.resubscribe(message, now, topic, proof)
        return redirect(f"{request.path}?{CAME_BACK}")
    one_click = request.POST.get("List-Unsubscribe") == "One-Click"
    source = unsubscribing.ONE_CLICK if one_click else unsubscribing.PAGE
    if topic and (one_click or answer != "unsubscribe_all"):
        unsubscribing.leave_topic(message, topic, source, now, proof)
    else:
        unsubscribing.unsubscribe(message, source, now, proof)
    if one_click:
        return HttpResponse("You are unsubscribed.", content_type="text/plain")
    return redirect("unsubscribe", token=token)
