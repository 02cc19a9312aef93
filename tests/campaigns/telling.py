"""Tells us what happens to mails as email services do, by calls to accounts of ours that took them."""

import base64
from datetime import datetime, timedelta

from django.test import Client

from campaigns import configuring, providers
from campaigns.delivery import claiming, outcomes
from campaigns.delivery.outcomes import Outcome
from campaigns.models import Message, Provider
from campaigns.notices import passwords
from campaigns.tracking import signatures
from contacts.models import Contact
from tests import make
from tests.campaigns import letters
from tests.campaigns.esp_protocols import BY_KIND
from tests.campaigns.esp_webhooks import ADA, HOOK_OF, Post, Told


def account(kind: str, **settings: str) -> Provider:
    form_class = providers.registry()[kind].Form
    given = {"from_email": "shop@mail.example.com", "api_url": "https://api.example.com/"}
    secret = {HOOK_OF[kind].secret_name: HOOK_OF[kind].secret} if kind in HOOK_OF else {}
    settings = dict(BY_KIND[kind].settings) | secret | settings
    form = configuring.settings_form(kind, form_class.defaults({}) | given | settings)
    assert form.is_valid(), form.errors
    return configuring.save(Provider(channel="email", kind=kind, name=f"{kind} {settings}"[:200]), form)


def sent(provider: Provider, now: datetime, mail: str = "m1", email: str = ADA) -> Message:
    """A mail to Ada that the provider took."""
    ada = Contact.objects.filter(email=email).first() or make.contact(email)
    origin = f"scenario:{Message.objects.count() + 1}:n2"
    content = letters.content("email")
    (message,) = letters.queue([ada.pk], content, origin=origin)
    taken = claiming.claim(max(now, make.NOW), 10, ["email"])
    outcome = Outcome(taken.messages[0], "sent", "", provider.pk, mail)
    outcomes.record(taken.owner, [outcome], now - timedelta(minutes=1))
    message.refresh_from_db()
    return message


def tell(client: Client, provider: Provider, post: Post | None, password: str | None = None, **headers: str) -> int:
    assert post is not None
    if password is None and HOOK_OF[provider.kind].secret == "":
        password = next(passwords.valid(provider))
    login = {}
    if password is not None:
        login = {"Authorization": "Basic " + base64.b64encode(f"waypost:{password}".encode()).decode()}
    path = f"/webhooks/{provider.kind}/{provider.pk}/"
    response = client.post(
        path, post.body, content_type=post.content_type, headers={**post.headers, **login, **headers}
    )
    return response.status_code


def told(message: Message, what: str, at: datetime, id: str = "e1", url: str = "") -> Told:
    return Told(what, signatures.token(message.pk), at, id, message.provider_message_id or "m1", url)


def url_of(provider: Provider) -> str:
    return passwords.address(provider, with_password=False)
