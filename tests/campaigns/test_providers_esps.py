"""What every email service is told and what is made of its answers, whatever it answers, over a real socket."""

import socket
import threading
from collections.abc import Iterator

import pytest
from django.core.mail import EmailMultiAlternatives

from campaigns import configuring, providers
from campaigns.models import Provider
from campaigns.providers.base import OutgoingEmail, Result
from campaigns.tracking import signatures
from tests.campaigns.esp_protocols import BY_KIND, PROTOCOLS, Protocol
from tests.campaigns.esp_server import Call, EspServer, esp_server

pytestmark = pytest.mark.django_db
UNSUBSCRIBE = "<https://waypost.example/u/abc>"


@pytest.fixture(params=[protocol.kind for protocol in PROTOCOLS])
def protocol(request: pytest.FixtureRequest) -> Protocol:
    return BY_KIND[request.param]


@pytest.fixture
def service(protocol: Protocol) -> Iterator[EspServer]:
    with esp_server(lambda call: answered(protocol, call)) as running:
        yield running


def answered(protocol: Protocol, call: Call) -> tuple[int, object]:
    if not protocol.allowed(call):
        return protocol.denied
    assert call.path in (protocol.path, protocol.batch)
    mails = protocol.mails(call)
    if protocol.batch_taken and (call.path != protocol.path or len(mails) > 1):
        if any("gone" in mail.to for mail in mails) and protocol.kind in ("mailgun", "resend"):
            return protocol.refused  # they refuse the whole call for one of its messages
        return protocol.batch_taken(mails, call)
    return protocol.refused if "gone" in mails[0].to else protocol.taken(mails, call)


def account(protocol: Protocol, url: str, **settings: object) -> Provider:
    given = {"from_name": "Zoë’s Shop", "from_email": "shop@mail.example.com", "api_url": url, "parallel": 4}
    form_class = providers.registry()[protocol.kind].Form
    form = configuring.settings_form(
        protocol.kind, form_class.defaults({}) | given | dict(protocol.settings) | settings
    )
    assert form.is_valid(), form.errors
    return configuring.save(Provider(channel="email", kind=protocol.kind, name=f"Mail of {protocol.kind}"), form)


def email(to: str = "ada@example.com", id: int | None = 7, subject: str = "Hello ☀ Ada") -> OutgoingEmail:
    headers = {
        "Message-ID": f"<{id}@waypost.example>",
        "List-Unsubscribe": UNSUBSCRIBE,
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    message = EmailMultiAlternatives(subject, f"Hi {to}", to=[to], headers=headers)
    message.attach_alternative(f"<p>Hi {to} é</p>", "text/html")
    return OutgoingEmail(id, to, message)


def send(provider: Provider, *batch: OutgoingEmail) -> list[Result]:
    with providers.of(provider).connect(provider) as connection:
        return connection.send(batch)


def test_a_mail_reaches_the_service_with_all_it_needs(protocol: Protocol, service: EspServer) -> None:
    (result,) = send(account(protocol, service.url), email())
    assert (result.state, result.reason) == ("sent", "")
    assert result.provider_message_id
    (call,) = service.calls
    (mail,) = protocol.mails(call)
    assert mail.to == "ada@example.com"
    assert mail.subject == "Hello ☀ Ada"
    assert mail.html.strip() == "<p>Hi ada@example.com é</p>"
    assert mail.text.strip() == "Hi ada@example.com"
    assert "shop@mail.example.com" in mail.sender
    headers = {name.lower(): value for name, value in mail.headers.items()}
    if protocol.keeps_headers:
        assert headers["list-unsubscribe"] == UNSUBSCRIBE
        assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    if mail.token is not None or protocol.kind not in ("mailersend", "postal"):
        assert signatures.message_of(mail.token or "") == 7


def test_a_test_message_carries_no_token(protocol: Protocol, service: EspServer) -> None:
    assert send(account(protocol, service.url), email(id=None))[0].state == "sent"
    assert protocol.mails(service.calls[0])[0].token is None


def test_a_bad_recipient_is_told_in_the_services_words_and_the_others_go(
    protocol: Protocol, service: EspServer
) -> None:
    mails = [email(f"c{n}@example.com", n) for n in range(6)]
    mails[3] = email("gone@example.com", 3)
    if protocol.batch and protocol.kind not in ("mailgun", "resend"):
        mails = mails[3:4]  # their calls for many answer for each message: see below
    results = send(account(protocol, service.url), *mails)
    wanted = [protocol.refused_state if mail.recipient.startswith("gone") else "sent" for mail in mails]
    assert [result.state for result in results] == wanted
    refused = results[[mail.recipient for mail in mails].index("gone@example.com")]
    assert not refused.temporary
    assert refused.reason


def test_a_wrong_key_is_an_outage(protocol: Protocol, service: EspServer) -> None:
    service.answers = [protocol.denied] * 9
    results = send(account(protocol, service.url), *[email(f"c{n}@example.com", n) for n in range(9)])
    assert {(result.state, result.temporary, result.outage) for result in results} == {("failed", True, True)}
    assert len(service.calls) == 1
    assert results[0].reason


def test_too_many_requests_are_a_temporary_failure(protocol: Protocol, service: EspServer) -> None:
    service.answers = [protocol.busy]
    (result,) = send(account(protocol, service.url), email())
    assert (result.state, result.temporary, result.outage) == ("failed", True, False)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_broken_service_leaves_the_message_unknown(protocol: Protocol, service: EspServer, status: int) -> None:
    service.answers = [(status, "Oops")]
    results = send(account(protocol, service.url), email())
    assert {(result.state, result.outage) for result in results} == {("unknown", True)}
    assert len(service.calls) == 1


def test_a_service_that_takes_nothing_now_is_left_alone(protocol: Protocol, service: EspServer) -> None:
    service.answers = [(503, {"message": "Down for maintenance"})]
    (result,) = send(account(protocol, service.url), email())
    assert (result.state, result.temporary, result.outage) == ("failed", True, True)
    assert "Down for maintenance" in result.reason


def test_a_line_that_breaks_after_the_hand_over_leaves_the_message_unknown(
    protocol: Protocol, service: EspServer
) -> None:
    service.drop = 1
    results = send(account(protocol, service.url), email())
    assert [(result.state, result.outage) for result in results] == [("unknown", True)]
    assert len(service.calls) == 1


@pytest.mark.parametrize("answer", [(200, "not JSON"), (200, {"surprise": 1}), (200, "[]")])
def test_an_answer_that_settles_nothing_is_never_taken_for_a_failure(
    protocol: Protocol, service: EspServer, answer: tuple[int, object]
) -> None:
    service.answers = [answer]
    (result,) = send(account(protocol, service.url), email())
    # SendGrid and MailerSend say all by the status alone.
    assert result.state in ("unknown", "sent")
    assert not result.temporary


def test_a_redirect_is_not_followed_with_the_key(protocol: Protocol, service: EspServer) -> None:
    service.answers = [(307, "")]
    (result,) = send(account(protocol, service.url), email())
    assert (result.state, result.outage) == ("failed", True)
    assert [call.path for call in service.calls] != ["/elsewhere"]
    assert len(service.calls) == 1


def test_a_service_that_is_not_there_is_an_outage(protocol: Protocol) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        results = send(account(protocol, url), email(), email())
    assert {(result.state, result.temporary, result.outage) for result in results} == {("failed", True, True)}


def test_lines_stay_open_from_batch_to_batch(protocol: Protocol, service: EspServer) -> None:
    provider = account(protocol, service.url, parallel=1)
    with providers.of(provider).connect(provider) as connection:
        for n in range(3):
            connection.send([email(f"c{n}@example.com", n)])
    assert {call.line for call in service.calls} == {1}


def test_keys_are_never_shown(protocol: Protocol, service: EspServer) -> None:
    provider = account(protocol, service.url)
    assert "s3cret" not in repr(provider.settings)
    assert "s3cret" not in provider.secrets
    assert providers.of(provider).summary(provider.settings)


def test_many_mails_go_in_one_call_where_there_is_one() -> None:
    for protocol in PROTOCOLS:
        if not protocol.batch:
            continue
        with esp_server(lambda call, protocol=protocol: answered(protocol, call)) as service:
            results = send(account(protocol, service.url), *[email(f"c{n}@example.com", n + 1) for n in range(40)])
            assert {result.state for result in results} == {"sent"}
            (call,) = service.calls
            assert call.path == protocol.batch
            mails = protocol.mails(call)
            assert [mail.to for mail in mails] == [f"c{n}@example.com" for n in range(40)]
            assert [mail.html for mail in mails] == [f"<p>Hi c{n}@example.com é</p>" for n in range(40)]
            assert [signatures.message_of(mail.token or "") for mail in mails] == list(range(1, 41))
            assert all(result.provider_message_id for result in results)
            if protocol.kind != "mailgun":  # which numbers the call
                assert len({result.provider_message_id for result in results}) == 40
            if protocol.keeps_headers:
                assert {mail.headers["List-Unsubscribe"] for mail in mails} == {UNSUBSCRIBE}
        Provider.objects.filter(kind=protocol.kind).delete()


@pytest.mark.parametrize(
    ("kind", "bad", "state"),
    [
        ("postmark", {"ErrorCode": 406, "Message": "You tried to send to a recipient that is inactive."}, "failed"),
        ("postmark", {"ErrorCode": 300, "Message": "Invalid 'To' address: 'gone@x'."}, "bounced"),
        ("mailtrap", {"success": False, "errors": ["'to' address is invalid"]}, "bounced"),
        ("mailjet", {"Status": "error", "Errors": [{"ErrorMessage": "The recipient address is invalid."}]}, "bounced"),
    ],
)
def test_in_a_call_for_many_one_may_be_refused(kind: str, bad: dict[str, object], state: str) -> None:
    protocol = BY_KIND[kind]

    def answer(call: Call) -> tuple[int, object]:
        assert protocol.batch_taken
        status, said = protocol.batch_taken(protocol.mails(call), call)
        answers = said if isinstance(said, list) else said.get("responses") or said["Messages"]
        answers[1] = bad
        return status, said

    with esp_server(answer) as service:
        results = send(account(protocol, service.url), *[email(f"c{n}@example.com", n) for n in range(3)])
    assert [result.state for result in results] == ["sent", state, "sent"]
    assert results[1].reason


def test_a_call_for_many_that_breaks_leaves_all_of_them_unknown() -> None:
    for protocol in (BY_KIND["mailgun"], BY_KIND["postmark"]):
        with esp_server(lambda call, protocol=protocol: answered(protocol, call)) as service:
            service.drop = 1
            results = send(account(protocol, service.url), *[email(f"c{n}@example.com", n) for n in range(3)])
            assert {(result.state, result.outage) for result in results} == {("unknown", True)}
            assert len(service.calls) == 1


def test_an_address_may_be_written_to_twice_in_a_batch() -> None:
    protocol = BY_KIND["mailgun"]
    with esp_server(lambda call: answered(protocol, call)) as service:
        results = send(account(protocol, service.url), email(id=1), email("bo@example.com", 2), email(id=3))
        sent = [mail for call in service.calls for mail in protocol.mails(call)]
    assert {result.state for result in results} == {"sent"}
    assert sorted(signatures.message_of(mail.token or "") or 0 for mail in sent) == [1, 2, 3]


def test_a_slow_service_is_asked_several_times_at_once() -> None:
    protocol = BY_KIND["sendgrid"]
    together = threading.Barrier(8, timeout=5)

    def answer(call: Call) -> tuple[int, object]:
        if call.line > 1:  # the first finds out whether the service can be used at all
            together.wait()
        return protocol.taken(protocol.mails(call), call)

    with esp_server(answer) as service:
        provider = account(protocol, service.url, parallel=9)
        batch = [email(f"c{n}@example.com", n) for n in range(9)]
        results = send(provider, *batch)
    assert {result.state for result in results} == {"sent"}
    assert not together.broken
