"""What Twilio tells us: replies and the fate of text messages, in any order, twice, or forged."""

from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from twilio.request_validator import RequestValidator

from campaigns import budget, keywords, secrets, stats
from campaigns.delivery import claiming, outcomes, settling
from campaigns.delivery.outcomes import Outcome
from campaigns.models import Message, Provider
from campaigns.tracking import signatures
from contacts import consent
from contacts.models import Event, Suppression
from tests import make
from tests.campaigns import letters
from tests.campaigns.budgets import D, adds_up, money
from tests.make import NOW

pytestmark = pytest.mark.django_db
PHONE = "+33612345678"
FORM = "application/x-www-form-urlencoded"
TOKEN = "0123456789abcdef"


@pytest.fixture
def twilio():
    Provider.objects.filter(channel="sms").update(is_default=False)
    return Provider.objects.create(
        channel="sms", kind="twilio", name="Twilio", is_default=True,
        settings={"account_sid": "AC1", "from_number": "+15005550006"}, secrets=secrets.encrypt({"auth_token": TOKEN}),
    )  # fmt: skip


@pytest.fixture
def sent(twilio):
    """A text message that Twilio took, to Ada."""
    ada = make.contact(phone=PHONE)
    (message,) = letters.queue([ada.pk], letters.content("sms"))
    taken = claiming.claim(NOW, 10, ["sms"])
    outcomes.record(taken.owner, [Outcome(taken.messages[0], "sent", "", twilio.pk, "SM1")], NOW)
    message.refresh_from_db()
    return message


def call(client, provider, path, data, token=TOKEN, house=None):
    path = f"/webhooks/twilio/{provider.pk}/{path}"
    signature = RequestValidator(token).compute_signature((house or django_settings.PUBLIC_URL) + path, data)
    return client.post(path, urlencode(data), content_type=FORM, headers={"X-Twilio-Signature": signature})


def reply(client, provider, text, sid="SMin1", **more):
    return call(client, provider, "inbound", {"From": PHONE, "Body": text, "MessageSid": sid, **more})


def test_stop_unsubscribes_and_is_tied_to_the_last_message(client, twilio, sent):
    assert reply(client, twilio, "Stop").status_code == 200
    assert consent.refusals("sms", [sent.contact_id]) == {sent.contact_id: "no consent"}
    sent.refresh_from_db()
    assert sent.unsubscribed_at is not None
    assert Event.objects.get(name="sms.replied").properties["text"] == "Stop"
    assert Event.objects.get(name="sms.unsubscribed").properties["message"] == sent.pk
    reply(client, twilio, "START", "SMin2")
    assert consent.refusals("sms", [sent.contact_id]) == {}


def test_a_call_that_comes_twice_is_one_reply(client, twilio, sent):
    reply(client, twilio, "Yes please")
    reply(client, twilio, "Yes please")
    assert Event.objects.filter(name="sms.replied").count() == 1
    assert consent.refusals("sms", [sent.contact_id]) == {}


def test_a_stop_that_is_delivered_again_after_a_start_does_not_unsubscribe_again(client, twilio, sent):
    reply(client, twilio, "STOP", "SMin1")
    reply(client, twilio, "START", "SMin2")
    reply(client, twilio, "STOP", "SMin1")
    assert consent.refusals("sms", [sent.contact_id]) == {}


def test_a_stranger_who_says_stop_is_not_written_to_when_imported_later(client, twilio):
    reply(client, twilio, "STOP")
    ada = make.contact(phone=PHONE)
    assert consent.refusals("sms", [ada.pk]) == {ada.pk: "suppressed"}
    reply(client, twilio, "START", "SMin2")
    assert not Suppression.objects.exists()


def test_twilios_own_recognition_counts_and_is_not_answered_again(client, twilio, sent):
    response = reply(client, twilio, "Assez!", OptOutType="STOP")
    assert b"<Message>" not in response.content
    assert consent.refusals("sms", [sent.contact_id])


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("STOP", "stop"), (" stop. ", "stop"), ("Arrêt !", "stop"), ("ABMELDEN", "stop"), ("стоп", "stop"),
        ("退订", "stop"),
        ("start", "start"), ("Hilfe?", "help"), ("Ayuda", "help"), ("İPTAL", "stop"), ("yardım", "help"),
        ("도움말", "help"),
        ("don't stop", ""), ("stop by tomorrow?", ""), ("", ""), ("🙂", ""),
    ],
)  # fmt: skip
def test_answers_in_many_languages(text, means):
    assert keywords.meaning(text) == means


def test_what_twilio_does_not_answer_is_answered(client, twilio, sent):
    assert b"Reply START" in reply(client, twilio, "Arrêt").content
    assert b"reply STOP" in reply(client, twilio, "Hilfe", "SMin2").content
    assert b"<Message>" not in reply(client, twilio, "HELP", "SMin3").content


def test_forged_calls_are_refused(client, twilio, sent):
    assert call(client, twilio, "inbound", {"From": PHONE, "Body": "STOP"}, token="guessed").status_code == 403
    unsigned = client.post(f"/webhooks/twilio/{twilio.pk}/status", "MessageSid=SM1", content_type=FORM)
    assert unsigned.status_code == 403
    local = Provider.objects.filter(kind="local", channel="sms").first()
    assert call(client, local, "inbound", {"From": PHONE}, token="").status_code == 404
    assert consent.refusals("sms", [sent.contact_id]) == {}


def test_a_call_may_come_by_the_public_address_or_by_the_one_it_names_itself(client, twilio):
    answer = {"From": PHONE, "Body": "Hello"}
    assert call(client, twilio, "inbound", answer, house="http://testserver").status_code == 200
    assert call(client, twilio, "inbound", answer, house="https://elsewhere.example").status_code == 403


def test_a_delivery_is_kept_whatever_comes_after_it(client, twilio, sent):
    for status in ("sent", "delivered", "delivered", "sent", "failed", "undelivered", "queued"):
        assert call(client, twilio, "status", {"MessageSid": "SM1", "MessageStatus": status}).status_code == 204
    sent.refresh_from_db()
    assert (sent.state, sent.failed_at) == ("delivered", None)
    assert list(Event.objects.order_by("pk").values_list("name", flat=True)) == ["sms.sent", "sms.delivered"]
    assert stats.counts(["scenario:1:n2"])["scenario:1:n2"] == {"queued": 1, "sent": 1, "delivered": 1}


def test_a_loss_is_kept_with_its_reason(client, twilio, sent):
    call(client, twilio, "status", {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"})
    call(client, twilio, "status", {"MessageSid": "SM1", "MessageStatus": "delivered"})
    sent.refresh_from_db()
    assert (sent.state, sent.reason) == ("failed", "Twilio error 30003")
    assert Event.objects.filter(name="sms.failed").count() == 1


def test_a_call_may_be_faster_than_the_worker(client, twilio):
    ada = make.contact(phone=PHONE)
    (message,) = letters.queue([ada.pk], letters.content("sms"))
    taken = claiming.claim(NOW, 10, ["sms"])
    path = f"status?m={signatures.token(message.pk)}"
    call(client, twilio, path, {"MessageSid": "SM1", "MessageStatus": "delivered"})
    message.refresh_from_db()
    assert message.state == "sending"
    outcomes.record(taken.owner, [Outcome(taken.messages[0], "sent", "", twilio.pk, "SM1")], NOW)
    message.refresh_from_db()
    assert (message.state, message.sent_at) == ("delivered", NOW)


def test_a_call_settles_what_a_dead_worker_left_unknown(client, twilio):
    ada = make.contact(phone=PHONE)
    (message,) = letters.queue([ada.pk], letters.content("sms"))
    claiming.begin(claiming.claim(NOW, 10, ["sms"]).owner)
    settling.settle(NOW + claiming.LEASE * 2)
    call(client, twilio, f"status?m={signatures.token(message.pk)}", {"MessageSid": "SM1", "MessageStatus": "sent"})
    message.refresh_from_db()
    assert (message.state, message.provider_message_id, message.reason) == ("sent", "SM1", "")
    assert stats.counts(["scenario:1:n2"])["scenario:1:n2"] == {"queued": 1, "sent": 1}


@pytest.mark.parametrize(("status", "left"), [("sent", "0.9"), ("undelivered", "0.9"), ("failed", "1")])
def test_what_twilio_never_handed_on_is_given_back(client, twilio, status, left):
    money("1", sms="0.1")
    (message,) = letters.queue([make.contact(phone=PHONE).pk], letters.content("sms"))
    taken = claiming.claim(NOW, 10, ["sms"])
    budget.reserve(taken.owner, [budget.Wanted("sms", "", 1)], NOW + claiming.LEASE)
    claiming.begin(taken.owner)
    settling.settle(NOW + claiming.LEASE * 2)
    for _ in range(2):
        call(client, twilio, f"status?m={signatures.token(message.pk)}", {"MessageSid": "SM1", "MessageStatus": status})
    assert adds_up() == D(left)


def test_another_account_cannot_speak_for_a_message(client, twilio, sent):
    other = Provider.objects.create(
        channel="sms", kind="twilio", name="Other", settings={}, secrets=secrets.encrypt({"auth_token": TOKEN})
    )
    call(client, other, f"status?m={signatures.token(sent.pk)}", {"MessageSid": "SM1", "MessageStatus": "failed"})
    assert Message.objects.get().state == "sent"
