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

from campaigns import hits, signatures, tracking, unsubscribing, utm
from campaigns.machines import Seen
from campaigns.models import Link, Message
from campaigns.views.small_forms import small_form
from contacts.models import Installation
from contacts.models.consent import Channel

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
SIGNED = len(signatures.url_signature(1, 1, ""))
CAME_BACK = "subscribed"  # in the address of the page after its second button
PURPOSES = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")


@never_cache
@login_not_required
@require_safe
def click(request: HttpRequest, token: str, number: str, rest: str = "") -> HttpResponse:
    return _follow(request, signatures.message_of(token), int(number))


@never_cache
@login_not_required
@require_safe
def short_click(request: HttpRequest, token: str, rest: str = "") -> HttpResponse:
    """A link of an SMS."""
    message_id, number = signatures.link_of(token) or (None, 0)
    return _follow(request, message_id, number)


@never_cache
@login_not_required
@require_safe
def pixel(request: HttpRequest, token: str) -> HttpResponse:
    message = _message(signatures.message_of(token))
    if message:
        hits.opened(message, _seen(request), timezone.now())
    # A broken picture in somebody's mail helps nobody, so that a forged token gets one, too.
    return HttpResponse(PIXEL, content_type="image/gif")


# The signed token is the authority, mail clients post without a cookie (RFC 8058), and nothing else is at stake.
@csrf_exempt
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@small_form(16 * 1024, in_parts=True)
def unsubscribe(request: HttpRequest, token: str, rest: str = "") -> HttpResponse:
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


@never_cache
@login_not_required
@require_safe
def check(request: HttpRequest, nonce: str) -> HttpResponse:
    """Proves that a tracking domain leads here."""
    return HttpResponse(signatures.check_answer(nonce), content_type="text/plain")


def _follow(request: HttpRequest, message_id: int | None, number: int) -> HttpResponse:
    message = _message(message_id)
    links = Link.objects.select_related("content__template_version__template")
    link = links.filter(content=message.content_id, number=number).first() if message else None
    if message is None or link is None:
        return _not_ours(request)
    url = tracking.destination(message, link, *_vouched(request))
    if url is None:
        return _not_ours(request)
    hits.clicked(message, number, url, _seen(request), timezone.now())
    response = HttpResponse(status=302)
    response["Location"] = iri_to_uri(utm.decorated(url, message, link))
    response["Referrer-Policy"] = "no-referrer"
    return response


def _vouched(request: HttpRequest) -> tuple[str, str]:
    """The address that the link brings along, and its signature, also where a mail program did not undo the HTML
    (&amp;) or the quoted-printable (=3D) of the mail."""
    given = request.GET
    url, signature = (given.get(name) or given.get(f"amp;{name}") or "" for name in ("u", "s"))
    if len(signature) == SIGNED + 2:
        url, signature = url.removeprefix("3D"), signature.removeprefix("3D")
    return url, signature[:SIGNED]


def _message(message_id: int | None) -> Message | None:
    if message_id is None or message_id >= 2**63:
        return None
    return Message.objects.select_related("origin", "contact").filter(pk=message_id).first()


def _seen(request: HttpRequest) -> Seen:
    purpose = " ".join(request.headers.get(name, "") for name in PURPOSES)
    return Seen(request.headers.get("User-Agent", ""), purpose, request.method == "HEAD")


def _not_ours(request: HttpRequest) -> HttpResponse:
    context = {"installation": Installation.current()}
    return render(request, "campaigns/link_not_found_page.html", context, status=404)
