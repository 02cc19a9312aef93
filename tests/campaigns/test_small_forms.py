"""Bodies from who has proven nothing are refused before they are read, and never become files."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from campaigns import secrets
from campaigns.models import Provider
from campaigns.tracking import signatures
from contacts import consent
from contacts.models import Contact
from tests import make
from tests.campaigns import letters

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def address() -> str:
    (message,) = letters.queue([make.contact("ada@example.com").pk], letters.content())
    return f"/u/{signatures.token(message.pk)}"


def left() -> bool:
    ada = Contact.objects.get()
    return bool(consent.refusals("email", [ada.pk]).get(ada.pk))


@pytest.fixture
def twilio() -> str:
    settings = {"account_sid": "ACx", "from_number": "+15005550006", "messaging_service_sid": "", "api_base_url": ""}
    token = secrets.encrypt({"auth_token": "token"})
    made = Provider.objects.create(channel="sms", kind="twilio", name="Twilio", settings=settings, secrets=token)
    return f"/webhooks/twilio/{made.pk}/inbound"


def test_mail_services_unsubscribe_with_either_kind_of_form(client: Client, address: str) -> None:
    assert client.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200  # multipart, as RFC 8058 has it
    assert left()
    client.post(address, "answer=resubscribe", content_type=FORM)
    assert not left()
    assert client.post(address, "List-Unsubscribe=One-Click", content_type=FORM).status_code == 200
    assert left()


def test_a_body_that_is_too_long_is_refused_before_it_is_read(client: Client, address: str, twilio: str) -> None:
    assert client.post(address, "x=" + "y" * 20_000, content_type=FORM).status_code == 413
    assert client.post(twilio, "x=" + "y" * 70_000, content_type=FORM).status_code == 413
    for length in ("-1", "many"):
        assert client.post(address, "x=y", content_type=FORM, CONTENT_LENGTH=length).status_code == 413
    assert not left()


def test_a_form_in_parts_is_only_for_unsubscribing_and_its_files_are_never_kept(
    client: Client, address: str, twilio: str, settings: Any, tmp_path: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "nowhere"  # a file that was kept would be an error
    file = SimpleUploadedFile("a.txt", b"x" * 5_000)
    assert client.post(address, {"List-Unsubscribe": "One-Click", "file": file}).status_code == 200
    assert left()
    assert client.post(twilio, {"Body": "STOP"}, headers={"X-Twilio-Signature": "forged"}).status_code == 415
    assert client.post(twilio, "{}", content_type="application/json").status_code == 415


def test_a_call_without_a_signature_is_refused_unread(client: Client, twilio: str, monkeypatch: Any) -> None:
    from twilio.request_validator import RequestValidator

    monkeypatch.setattr(RequestValidator, "validate", lambda *told: pytest.fail("It was read."))
    assert client.post(twilio, "Body=STOP", content_type=FORM).status_code == 403
