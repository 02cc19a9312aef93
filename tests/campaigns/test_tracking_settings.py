"""The settings of links: their own domain, what counts, and UTM parameters."""

import socket
import ssl
import threading

import pytest
from cryptography.x509 import DNSName
from django.core.exceptions import ValidationError
from django.test import Client

from campaigns.delivery import sending
from campaigns.models import Content
from campaigns.tracking import addresses, domain_checking, signatures, utm
from campaigns.tracking import settings as tracking_settings
from campaigns.tracking.domain_checking import Checked
from config.models import User
from contacts.models import Event, Installation
from tests import make
from tests.campaigns import letters
from tests.campaigns.test_providers_tls import certificate, holding
from tests.make import NOW

pytestmark = pytest.mark.django_db
PAGE = "/settings/tracking/"
FIELDS = {
    "tracking_domain": "", "utm_source": "waypost", "utm_medium": "{channel}", "utm_campaign": "{campaign}",
    "utm_content": "{node}", "utm_term": "",
}  # fmt: skip


@pytest.fixture
def boss(client):
    client.force_login(User.objects.create_superuser("boss", password="x"))
    return client


def use(domain, boss):
    done = boss.post(PAGE, FIELDS | {"tracking_domain": domain})
    assert done.status_code == 302


@pytest.mark.parametrize(
    ("written", "host"),
    [(" Links.Example.COM ", "links.example.com"), ("https://links.example.com/", "links.example.com"),
     ("links.exämple.com", "links.xn--exmple-cua.com"), ("", "")],
)  # fmt: skip
def test_a_domain_is_understood_as_people_write_it(written, host):
    assert tracking_settings.host(written) == host


@pytest.mark.parametrize(
    "written",
    ["localhost", "links", "127.0.0.1", "[::1]", "links.example.com:8443", "links.example.com/x", "a b.example.com",
     "-a.example.com", "user@links.example.com", "http://links.example.com", "links..example.com", "x" * 64 + ".com",
     "links.example.com\r\nX: y", "links_1.example.com", "*.example.com"],
)  # fmt: skip
def test_what_is_no_host_name_is_refused(written):
    with pytest.raises(ValidationError):
        tracking_settings.host(written)


def test_links_pixel_unsubscribe_and_short_links_stand_under_the_domain(boss, mail_server):
    use("links.example.com", boss)
    letters.account(mail_server)
    ada = make.contact("ada@example.com", phone="+33612345678", external_id="1")
    letters.queue([ada.pk], letters.content())
    (sms,) = letters.queue([ada.pk], letters.content("sms"), origin="scenario:1:n3")
    sending.work(NOW)
    sending.work(NOW)
    (mail,) = mail_server.mails
    body = mail.get_body(["html"]).get_content()
    assert body.count("https://links.example.com/c/") == 2
    assert "https://links.example.com/o/" in body
    assert "https://links.example.com/u/" in body
    assert mail["List-Unsubscribe"].startswith("<https://links.example.com/u/")
    assert "http://localhost" not in body
    from campaigns.models import InboxMessage

    assert "https://links.example.com/s/" in InboxMessage.objects.get(message_id=sms.pk).text


@pytest.fixture
def sent(mail_server):
    letters.account(mail_server)
    ada = make.contact("ada@example.com", external_id="1")
    (message,) = letters.queue([ada.pk], letters.content())
    sending.work(NOW)
    return message


def test_the_domain_answers_links_and_nothing_else(boss, sent, client, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    use("links.example.com", boss)
    token = signatures.token(sent.pk)
    there = {"headers": {"host": "links.example.com"}}
    assert client.get(f"/c/{token}/0", **there)["Location"] == "https://shop.example/sale?a=1&b=2"
    assert client.get(f"/o/{token}.gif", **there).status_code == 200
    assert client.get(f"/u/{token}", **there).status_code == 200
    assert client.post(f"/u/{token}", {"answer": "unsubscribe"}, **there).status_code == 302
    assert client.get(f"/s/{signatures.short_token(sent.pk, 0)}", **there).status_code == 302
    for path in ("/", "/login/", "/contacts/", "/settings/", "/api/v1/contacts/", "/admin/", "/healthz", "/metrics",
                 "/webhooks/twilio/1/inbound", "/c/", "/static", "//c/x", "/C/x"):  # fmt: skip
        answer = client.get(path, **there)
        assert answer.status_code == 404, path
        assert "login" not in answer.text.lower()
    # Somebody signed in is nobody there, and other hosts are judged as ever.
    assert boss.get("/contacts/", **there).status_code == 404
    assert client.get("/login/", headers={"host": "evil.example"}).status_code == 400
    assert Client().get("/login/").status_code == 200


def test_links_of_former_domains_go_on_working(boss, sent, client, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    use("links.example.com", boss)
    use("go.example.com", boss)
    token = signatures.token(sent.pk)
    assert addresses.base() == "https://go.example.com"
    for host in ("links.example.com", "go.example.com", "testserver"):
        assert client.get(f"/c/{token}/0", headers={"host": host}).status_code == 302
    assert client.get("/login/", headers={"host": "links.example.com"}).status_code == 404
    use("", boss)
    assert client.get(f"/c/{token}/0", headers={"host": "go.example.com"}).status_code == 302
    assert Installation.current().former_tracking_domains == ["go.example.com", "links.example.com"]
    use("links.example.com", boss)
    assert Installation.current().former_tracking_domains == ["go.example.com"]


def test_the_page_says_which_record_is_needed(boss, settings):
    settings.PUBLIC_URL = "https://app.example.com"
    use("links.example.com", boss)
    page = boss.get(PAGE).text
    assert "CNAME" in page
    assert "app.example.com." in page
    wrong = boss.post(PAGE, FIELDS | {"tracking_domain": "app.example.com", "utm_term": "{secret}"})
    assert "That is the address of this installation" in wrong.text
    assert "There is no {secret}" in wrong.text


def test_nobody_locks_themselves_out_by_the_host_that_they_are_using(boss, settings):
    settings.ALLOWED_HOSTS = ["*"]
    there = {"headers": {"host": "Waypost.internal.example:8443"}}
    answer = boss.post(PAGE, FIELDS | {"tracking_domain": "waypost.internal.example"}, **there)
    assert "You are using Waypost under this name" in answer.text
    assert boss.get(PAGE, **there).status_code == 200
    assert Installation.current().tracking_domain == ""


def test_only_administrators_change_tracking(marketer):
    assert marketer.get(PAGE).status_code == 200
    assert "Save settings" not in marketer.get(PAGE).text
    assert marketer.post(PAGE, FIELDS).status_code == 403
    assert marketer.post(f"{PAGE}check/", {"tracking_domain": "links.example.com"}).status_code == 403


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fe80::1",
     "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1",
     "255.255.255.255", "nonsense", ""],
)  # fmt: skip
def test_the_check_asks_no_address_that_is_not_public(address, monkeypatch):
    asked = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **kwargs: asked.append(args))
    for found in ([address], ["93.184.216.34", address]):
        checked = domain_checking.check("links.example.com", look_up=lambda domain, found=found: found)
        assert not checked.good
        assert "private network" in checked.sentence
    assert asked == []


def test_a_domain_without_an_address_is_told_of():
    def nowhere(domain):
        raise socket.gaierror

    assert "no address yet" in domain_checking.check("links.example.com", look_up=nowhere).sentence


@pytest.fixture
def answering(tmp_path):
    """A server with a certificate for links.example.com: called with what it answers, it gives what the check says."""
    file = certificate(tmp_path, DNSName("links.example.com"))
    server = holding(file)
    trusting = ssl.create_default_context(cafile=str(file))

    def ask(answer, context=trusting, domain="links.example.com") -> Checked:
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def serve() -> None:
                plain, _ = listening.accept()
                try:
                    with server.wrap_socket(plain, server_side=True) as line:
                        line.sendall(answer(line.recv(4000).split(b" ")[1].decode().rpartition("/")[2]))
                except (ssl.SSLError, ConnectionError):
                    plain.close()

            thread = threading.Thread(target=serve)
            thread.start()
            found = domain_checking.ask(domain, "127.0.0.1", listening.getsockname()[1], context)
            thread.join()
            return found

    return ask


def said(status, text):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\nLocation: http://127.0.0.1/\r\n\r\n{text}".encode()


def test_the_check_knows_this_installation_from_others(answering):
    assert answering(lambda nonce: said("200 OK", signatures.check_answer(nonce))).good
    for wrong in ("200 OK", "302 Found", "500 Broken"):
        assert "another server" in answering(lambda nonce, wrong=wrong: said(wrong, "hello")).sentence
    assert "nothing answers" in answering(lambda nonce: b"nonsense\r\n\r\n").sentence
    mistrusted = answering(lambda nonce: said("200 OK", ""), ssl.create_default_context())
    assert "certificate" in mistrusted.sentence
    other = answering(lambda nonce: said("200 OK", signatures.check_answer(nonce)), domain="go.example.com")
    assert "certificate" in other.sentence


def test_the_application_answers_the_check(client):
    assert client.get("/link-check/abc").text == signatures.check_answer("abc")


UTM = {"utm_source": "news", "utm_campaign": "Été & Co"}
ADDED = "utm_source=news&utm_campaign=%C3%89t%C3%A9%20%26%20Co"


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://x.example", f"https://x.example?{ADDED}"),
        ("https://x.example/a?", f"https://x.example/a?{ADDED}"),
        ("https://x.example/a?b=1&b=2&", f"https://x.example/a?b=1&b=2&{ADDED}"),
        ("https://x.example/?q=a%20b+c&r", f"https://x.example/?q=a%20b+c&r&{ADDED}"),
        ("https://x.example/#top", f"https://x.example/?{ADDED}#top"),
        ("https://x.example/a?b=1#/r?c=d", f"https://x.example/a?b=1&{ADDED}#/r?c=d"),
        ("https://x.example/é?ü=1", f"https://x.example/é?ü=1&{ADDED}"),
        ("https://x.example/?utm_source=mine", "https://x.example/?utm_source=mine"),
        ("https://x.example/?a=1&UTM_Medium=x#y", "https://x.example/?a=1&UTM_Medium=x#y"),
        ("https://x.example/utm_source=x", f"https://x.example/utm_source=x?{ADDED}"),
        ("https://x.example/?u=https://y.example/?utm=1", f"https://x.example/?u=https://y.example/?utm=1&{ADDED}"),
    ],
)
def test_parameters_are_added_to_any_address(url, wanted):
    assert utm.added(url, UTM) == wanted
    assert utm.added(url, {}) == url


@pytest.mark.parametrize(("on", "word", "has"), [(True, "", 1), (True, "off", 0), (False, "", 0), (False, "on", 1)])
def test_a_message_may_say_otherwise_than_the_installation(client, on, word, has):
    Installation.objects.update_or_create(pk=1, defaults={"utm_on": on})
    ada = make.contact("ada@example.com", external_id="1")
    (message,) = letters.queue([ada.pk], letters.content(utm=word))
    sending.work(NOW)
    location = client.get(f"/c/{signatures.token(message.pk)}/0")["Location"]
    assert ("utm_source=waypost&utm_medium=email&utm_campaign=" in location) is bool(has)
    assert location.startswith("https://shop.example/sale?a=1&b=2")
    # Rules about links go by the address that was written.
    assert Event.objects.get(name="email.clicked").properties["url"] == "https://shop.example/sale?a=1&b=2"


def test_contents_without_a_word_on_utm_are_those_of_before():
    assert letters.content().digest == letters.content(utm="").digest
    assert letters.content(utm="off").digest != letters.content().digest
    assert Content.objects.count() == 2
