"""What contacts reach from their messages: clicks, the open pixel and the unsubscribe page. No sign-in, no session."""

import base64

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from campaigns import signatures, tracking, unsubscribing
from campaigns.devices import device_of
from campaigns.models import Link, Message
from contacts.models import Installation
from contacts.models.consent import Channel

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
CAME_BACK = "subscribed"  # in the address of the page after its second button
PURPOSES = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")
# Programs that fetch links to show a preview of them; nobody has clicked yet.
PREVIEWERS = (
    "facebookexternalhit", "twitterbot", "slackbot", "linkedinbot", "whatsapp", "telegrambot", "discordbot",
    "skypeuripreview", "bingpreview", "googlebot", "applebot", "embedly", "redditbot", "vkshare", "pinterest",
)  # fmt: skip


@never_cache
@login_not_required
@require_safe
def click(request: HttpRequest, token: str, number: int) -> HttpResponse:
    return _follow(request, signatures.message_of(token), number)


@never_cache
@login_not_required
@require_safe
def short_click(request: HttpRequest, token: str) -> HttpResponse:
    """A link of an SMS."""
    message_id, number = signatures.link_of(token) or (None, 0)
    return _follow(request, message_id, number)


@never_cache
@login_not_required
@require_safe
def pixel(request: HttpRequest, token: str) -> HttpResponse:
    message = _message(signatures.message_of(token))
    if message and _is_person(request):
        tracking.opened(message, timezone.now(), _device(request))
    # A broken picture in somebody's mail helps nobody, so that a forged token gets one, too.
    return HttpResponse(PIXEL, content_type="image/gif")


# The signed token is the authority, mail clients post without a cookie (RFC 8058), and nothing else is at stake.
@csrf_exempt
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    message = _message(signatures.message_of(token))
    if message is None:
        return _not_ours(request)
    if request.method == "POST":
        now = timezone.now()
        if request.POST.get("answer") == "resubscribe":
            unsubscribing.resubscribe(message, now)
            return redirect(f"{request.path}?{CAME_BACK}")
        one_click = request.POST.get("List-Unsubscribe") == "One-Click"
        source = unsubscribing.ONE_CLICK if one_click else unsubscribing.PAGE
        unsubscribing.unsubscribe(message, source, now)
        if one_click:
            return HttpResponse("You are unsubscribed.", content_type="text/plain")
        return redirect("unsubscribe", token=token)
    return render(
        request,
        "campaigns/unsubscribe_page.html",
        {
            "installation": Installation.current(),
            "messages": "text messages" if message.channel == Channel.SMS else "emails",
            "address": message.contact.phone if message.channel == Channel.SMS else message.contact.email,
            "left": unsubscribing.is_unsubscribed(message),
            "came_back": CAME_BACK in request.GET,
        },
    )


def _follow(request: HttpRequest, message_id: int | None, number: int) -> HttpResponse:
    message = _message(message_id)
    link = Link.objects.filter(content=message.content_id, number=number).first() if message else None
    if message is None or link is None:
        return _not_ours(request)
    url = tracking.destination(message, link, request.GET.get("u", ""), request.GET.get("s", ""))
    if url is None:
        return _not_ours(request)
    if _is_person(request):
        tracking.clicked(message, number, url, timezone.now(), _device(request))
    response = HttpResponse(status=302)
    response["Location"] = iri_to_uri(url)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _message(message_id: int | None) -> Message | None:
    if message_id is None or message_id >= 2**63:
        return None
    return Message.objects.select_related("origin", "contact").filter(pk=message_id).first()


def _is_person(request: HttpRequest) -> bool:
    """Not a look-ahead of a browser, nor a program that shows previews of links."""
    if request.method == "HEAD":
        return False
    purpose = " ".join(request.headers.get(name, "") for name in PURPOSES).lower()
    if "prefetch" in purpose or "preview" in purpose:
        return False
    agent = request.headers.get("User-Agent", "").lower()
    return not any(name in agent for name in PREVIEWERS)


def _device(request: HttpRequest) -> str:
    return device_of(request.headers.get("User-Agent", ""))


def _not_ours(request: HttpRequest) -> HttpResponse:
    context = {"installation": Installation.current()}
    return render(request, "campaigns/link_not_found_page.html", context, status=404)
