"""Where email services call us; every call proves that it is theirs before anything in it counts."""

import json
import logging

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns import providers
from campaigns.models import Provider
from campaigns.notices import accounts, proving, reading, sns

logger = logging.getLogger(__name__)
# Whoever has proven nothing yet must not fill the memory, or the disk with a file: services send less at once.
LARGEST = 10 * 1024 * 1024


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def hear(request: HttpRequest, kind: str, provider_id: int) -> HttpResponse:
    """401 and 403 for whoever proves nothing or plays a recording, 400 for what nobody can read. A service that calls
    again because our answer was lost gets the same 200 as before. Some ask first whether we are there."""
    offered = providers.registry().get(kind)
    if offered is None or not offered.hears:
        return HttpResponse(status=404)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return HttpResponse(status=413)
    try:
        if request.method != "POST":
            accounts.look_up(kind, provider_id)
            return HttpResponse()
        return _hear(request, kind, provider_id)
    except Provider.DoesNotExist as error:
        raise Http404 from error
    except proving.Forged as forged:
        if forged.ask:
            return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="Waypost", charset="UTF-8"'})
        return HttpResponse(str(forged), status=403, content_type="text/plain")
    except reading.Unreadable as error:
        logger.warning("Provider %s (%s) says what cannot be read: %s", provider_id, kind, error)
        return HttpResponse(status=400)


def _hear(request: HttpRequest, kind: str, provider_id: int) -> HttpResponse:
    now = timezone.now()
    provider = accounts.proven(kind, provider_id, request, now)
    # What the header says is not signed.
    if kind == "amazon_ses" and (said := json.loads(request.body))["Type"] == "SubscriptionConfirmation":
        return HttpResponse(status=200 if sns.confirm(said) else 400)
    accounts.keep(provider, reading.read(provider, request, now), request, now)
    return HttpResponse()
