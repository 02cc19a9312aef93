"""Where providers call us. Every call proves by its signature that the provider made it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from campaigns import secrets, webhooks
from campaigns.models import Provider
from campaigns.tracking import signatures
from campaigns.views.small_forms import small_form

# The signature is of the fields, so that they are read before it is proven. An SMS of ten parts is 1,600 letters.
LARGEST = 64 * 1024


def signed_by_twilio(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answers 403 to whoever does not know the provider's auth token; gives the view the provider itself."""

    @csrf_exempt
    @login_not_required
    @require_POST
    @small_form(LARGEST)
    @wraps(view)
    def checked(request: HttpRequest, provider_id: int, **kwargs: Any) -> HttpResponse:
        provider = get_object_or_404(Provider, pk=provider_id, kind="twilio")
        signature = request.headers.get("X-Twilio-Signature", "")
        try:
            token = secrets.decrypt(provider.secrets).get("auth_token", "")
        except secrets.Unreadable as error:
            raise PermissionDenied from error
        # Twilio signs the address it was given: the public one, whatever proxies made of it, or another name of ours.
        urls = (settings.PUBLIC_URL + request.get_full_path(), request.build_absolute_uri())
        if (
            not token
            or not signature
            or not any(RequestValidator(token).validate(url, request.POST, signature) for url in urls)
        ):
            raise PermissionDenied
        return view(request, provider, **kwargs)

    return checked


@signed_by_twilio
def inbound(request: HttpRequest, provider: Provider) -> HttpResponse:
    """An SMS that somebody sent to the provider's number."""
    answer = webhooks.answered(
        provider,
        phone=request.POST.get("From", ""),
        text=request.POST.get("Body", ""),
        key=request.POST.get("MessageSid", ""),
        opt_out=request.POST.get("OptOutType", ""),
        now=timezone.now(),
    )
    response = MessagingResponse()
    if answer:
        response.message(answer)
    return HttpResponse(str(response), content_type="text/xml")


@signed_by_twilio
def status(request: HttpRequest, provider: Provider) -> HttpResponse:
    """What became of a message of ours."""
    code = request.POST.get("ErrorCode", "")
    webhooks.reported(
        provider,
        signatures.message_of(request.GET.get("m", "")),
        provider_message_id=request.POST.get("MessageSid", "")[:255],
        status=request.POST.get("MessageStatus", ""),
        reason=request.POST.get("ErrorMessage", "") or (f"Twilio error {code}" if code else ""),
        now=timezone.now(),
    )
    return HttpResponse(status=204)
