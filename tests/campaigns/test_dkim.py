"""Mails are signed with DKIM, and what arrives over a real connection verifies by another library than ours."""

import re

import dkim as verifier
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import dkim, signing_keys
from campaigns.delivery import sending
from campaigns.dkim import Signer
from campaigns.models import DkimKey
from tests import make
from tests.campaigns import letters
from tests.make import NOW

KEY = dkim.key_of(dkim.new_key())


def verifies(mail: bytes, key=KEY, **where) -> bool:
    def look_up(name, timeout=5):
        assert name == b"s1._domainkey.shop.example."
        return dkim.dns_value(key).encode()

    return verifier.verify(mail, dnsfunc=look_up, **where)


def signed(mail: bytes, key=KEY) -> bytes:
    return Signer("shop.example", "s1", key).signed(mail)


HEAD = (
    b"From: =?utf-8?b?QWRh?= <shop@shop.example>\r\nTo: a@example.com\r\n"
    b"Subject: Hello\r\n  folded   twice\r\n\tthrice\r\n"
    b"List-Unsubscribe: <https://x.example/u/1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n"
)
BODIES = [
    b"", b"\r\n", b"\r\n\r\n\r\n", b"Hi", b"Hi \t \r\n", b"Hi\r\n\r\n\r\n", b" \r\n", b".\r\n..\r\n. \r\n",
    b"a  b\tc \r\n \r\nd \r\n\r\n \r\n", b"x" * 5000, b"From x\r\n>From y\r\n",
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
def test_every_body_verifies(body):
    assert verifies(signed(HEAD + body))


@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b".", b"=", b"x", b"yz ", b"\r\n\r\n"]), max_size=40))
@settings(max_examples=60, deadline=None)
def test_blanks_and_line_ends_anywhere_verify(pieces):
    mail = signed(HEAD + b"".join(pieces))
    # On the wire every mail ends in a line end.
    assert verifies(mail if mail.endswith(b"\r\n") else mail + b"\r\n")


def test_an_ed25519_key_signs_too():
    key = Ed25519PrivateKey.generate()
    assert verifies(signed(HEAD + b"Hi\r\n", key), key)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [(b"Hi", b"Ho"), (b"One-Click", b"Two-Click"), (b"/u/1", b"/u/2"), (b"Hello", b"Hallo"),
     (b"From: =", b"From: b@evil.example\r\nFrom: =")],
)  # fmt: skip
def test_what_was_changed_on_the_way_does_not_verify(was, becomes):
    mail = signed(HEAD + b"Hi\r\n")
    assert verifies(mail)
    assert not verifies(mail.replace(was, becomes))


def test_lines_of_the_signature_are_short():
    head = signed(HEAD + b"Hi\r\n").split(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, head.split(b"From:")[0].split(b"\r\n"))) <= 78


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(dkim.BadKey):
        dkim.key_of(text)


def test_a_key_with_a_password_or_too_short_is_refused():
    locked = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    short = generate_private_key(public_exponent=65537, key_size=1024)
    assert dkim.key_of(
        short.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        ).decode()
    )
    with pytest.raises(dkim.BadKey, match="password"):
        dkim.key_of(locked.decode())


@pytest.fixture
def signing(db, mail_server):
    """An account whose mails are signed, with a key that was made for it."""
    provider = letters.account(mail_server)
    form = signing_keys.DkimForm({"domain": "shop.example", "selector": "s1", "private_key": ""})
    assert form.is_valid(), form.errors
    signing_keys.keep(provider, form)
    assert signing_keys.signer(provider) is None  # not before its record is in the DNS
    assert signing_keys.switch(provider, True)
    provider.refresh_from_db()
    return provider


def test_mails_that_arrive_verify_whatever_they_say(signing, mail_server):
    body = (
        "<p>Grüße 👋🏽 {{ contact.first_name }}</p>\r\n.\r\n..\n.{{ contact.last_name }}\n"
        "<pre>  a   b\t\n</pre>"
        + "long " * 400
        + "x" * 3000
        + '<a href="https://shop.example/?a=1&amp;b=2">S</a>\n\n\n'
    )
    names = [("Zoë", "Ångström"), ("👩‍👩‍👧", "x\r\n.\r\nQUIT"), ("a" * 200, " . "), ("", "=20"), ("From x", "\t")]
    people = [
        make.contact(f"c{n}@example.com", first_name=first, last_name=last) for n, (first, last) in enumerate(names)
    ]
    content = letters.content(
        subject="🎉 Hällo {{ contact.first_name }}" + " and much more" * 9, body=body, topic="Né ws"
    )
    letters.queue([person.pk for person in people], content)
    sending.work(NOW)
    key = signing_keys._key(DkimKey.objects.get())
    assert len(mail_server.contents) == len(names)
    for mail in mail_server.contents:
        assert verifies(mail, key)
        covered = re.search(rb"h=([^;]+);", mail)[1].lower()
        assert b"list-unsubscribe:" in covered
        assert b"list-unsubscribe-post" in covered
        assert not verifies(mail.replace(b"One-Click", b"Two-Click"), key)


def test_switching_it_off_reaches_a_connection_that_is_open(signing, mail_server):
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content())
    sending.work(NOW)
    signing_keys.switch(signing, False)
    letters.queue([ada.pk], letters.content(), visit=2)
    sending.work(NOW)
    assert ["DKIM-Signature" in mail for mail in mail_server.mails] == [True, False]


def test_a_key_is_made_shown_as_a_record_and_never_shown_itself(keeper, db, mail_server):
    provider = letters.account(mail_server)
    page = f"/providers/{provider.pk}/dkim/"
    assert "example.com" in keeper.get(page).text  # of the sender's address
    done = keeper.post(page, {"domain": "Shop.Example", "selector": "S1", "private_key": ""}, follow=True)
    key = DkimKey.objects.get()
    assert (key.domain, key.selector, key.enabled) == ("shop.example", "s1", False)
    assert "s1._domainkey.shop.example" in done.text
    assert dkim.dns_value(signing_keys._key(key)) in done.text.replace("&#x27;", "'")
    for secret in (key.secret, "PRIVATE KEY-----\n"):
        assert secret not in done.text
    assert "Signing" in keeper.post(f"{page}on/", follow=True).text
    assert "not signed any more" in keeper.post(f"{page}off/", follow=True).text
    keeper.post(f"{page}forget/")
    assert not DkimKey.objects.exists()
    wrong = keeper.post(page, {"domain": "no host", "selector": "a b", "private_key": "x"})
    assert wrong.text.count('class="error"') == 3


def test_only_who_may_change_providers_sees_the_key(marketer, mail_server):
    provider = letters.account(mail_server)
    assert marketer.get(f"/providers/{provider.pk}/dkim/").status_code == 403
    assert marketer.post(f"/providers/{provider.pk}/dkim/on/").status_code == 403
