"""Where email services call us; every call proves that it is theirs before anything in it counts."""

import json
import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns import providers
from campaigns.models import Provider
from campaigns.notices import keeping, proving, reading, sns

logger = logging.getLogger(__name__)
# Whoever has proven nothing yet must not fill the memory, or the disk with a file: services send less at once.
LARGEST = 10 * 1024 * 1024


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def hear(request: HttpRequest, kind: str, provider_id: int) -> HttpResponse:
    """401 and 403 for whoever proves nothing, 400 for what nobody can read; some services ask first whether we are
    there."""
    offered = providers.registry().get(kind)
    if offered is None or not offered.hears:
        return HttpResponse(status=404)
    provider = get_object_or_404(Provider, pk=provider_id, kind=kind)
    if request.method != "POST":
        return HttpResponse()
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return HttpResponse(status=413)
    now = timezone.now()
    try:
        proving.prove(provider, request, now)
    except proving.Forged as forged:
        if forged.ask:
            return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="Waypost", charset="UTF-8"'})
        return HttpResponse(str(forged), status=403, content_type="text/plain")
    if kind == "amazon_ses" and (said := json.loads(request.body))["Type"] == "SubscriptionConfirmation":
        return HttpResponse(status=200 if sns.confirm(said) else 400)
    try:
        notices = reading.read(provider, request, now)
    except reading.Unreadable as error:
        logger.warning("Provider “%s” says what cannot be read: %s", provider, error)
        return HttpResponse(status=400)
    news = keeping.keep(provider, notices, now)
    if notices and not news and proving.is_signed(provider):
        # Word for word what was said before: a recording, or the service itself, and then nothing is lost.
        return HttpResponse("This was said before.", status=403, content_type="text/plain")
    return HttpResponse()
