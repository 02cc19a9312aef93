"""What contacts reach from their messages by following links: clicks and the open pixel. No sign-in, no session."""

import base64

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from campaigns.models import Link
from campaigns.tracking import hits, signatures, utm, visits
from campaigns.tracking.machines import Seen
from campaigns.views.public_pages import message_with, not_ours

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
SIGNED = len(signatures.url_signature(1, 1, ""))
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
    message = message_with(signatures.message_of(token))
    if message:
        hits.opened(message, _seen(request), timezone.now())
    # A broken picture in somebody's mail helps nobody, so that a forged token gets one, too.
    return HttpResponse(PIXEL, content_type="image/gif")


@never_cache
@login_not_required
@require_safe
def check(request: HttpRequest, nonce: str) -> HttpResponse:
    """Proves that a tracking domain leads here."""
    return HttpResponse(signatures.check_answer(nonce), content_type="text/plain")


@csrf_exempt
@never_cache
@login_not_required
def lost(request: HttpRequest) -> HttpResponse:
    """A link that somebody cut or lengthened."""
    return not_ours(request)


def _follow(request: HttpRequest, message_id: int | None, number: int) -> HttpResponse:
    message = message_with(message_id)
    links = Link.objects.select_related("content__template_version__template")
    link = links.filter(content=message.content_id, number=number).first() if message else None
    if message is None or link is None:
        return not_ours(request)
    url = visits.destination(message, link, *_vouched(request))
    if url is None:
        return not_ours(request)
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


def _seen(request: HttpRequest) -> Seen:
    purpose = " ".join(request.headers.get(name, "") for name in PURPOSES)
    return Seen(request.headers.get("User-Agent", ""), purpose, request.method == "HEAD")
