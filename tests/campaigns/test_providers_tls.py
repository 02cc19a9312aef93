"""Whom the SMTP kind trusts: a certificate that the machine knows, for the server's own name, and nobody else."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.campaigns.test_providers_smtp import account, mail, send
from tests.outside import mail_server

pytestmark = pytest.mark.django_db


def certificate(folder: Path, address: str | x509.GeneralName = "127.0.0.1") -> Path:
    """A file with a certificate that its owner signed, and the key to it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    whom = x509.IPAddress(ip_address(address)) if isinstance(address, str) else address
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([whom]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "certificate.pem"
    file.write_bytes(secret + signed.public_bytes(pem))
    return file


def holding(file: Path) -> ssl.SSLContext:
    """What a server needs to show the certificate in this file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate that this machine trusts, as it does one of a private authority."""
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_batch_leaves_over_one_encrypted_connection(trusted: Path, security: str) -> None:
    with mail_server(**{security: holding(trusted)}) as server:
        results = send(account(server.port, security=security), *[mail(f"c{n}@example.com") for n in range(3)])
    assert [(result.state, result.reason) for result in results] == [("sent", "")] * 3
    assert server.to() == [f"c{n}@example.com" for n in range(3)]


def test_the_password_is_said_after_starttls(trusted: Path) -> None:
    with mail_server(login=("ann", "s3cret"), starttls=holding(trusted)) as server:
        provider = account(server.port, security="starttls", username="ann", password="s3cret")
        (result,) = send(provider, mail("bo@example.com"))
    assert (result.state, result.reason) == ("sent", "")


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(tmp_path: Path, security: str) -> None:
    with mail_server(**{security: holding(certificate(tmp_path))}) as server:
        (result,) = send(account(server.port, security=security), mail("ann@example.com"))
    assert (result.state, result.temporary, result.outage) == ("failed", True, True)
    assert result.reason.startswith("The server’s certificate is not trusted: self")
    assert server.mails == []


def test_a_server_with_somebody_elses_certificate_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path, address="192.0.2.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with mail_server(tls=holding(file)) as server:
        (result,) = send(account(server.port, security="tls"), mail("ann@example.com"))
    assert (result.state, result.outage) == ("failed", True)
    assert result.reason.startswith("The server’s certificate is not trusted: IP address mismatch")
    assert server.mails == []


def test_a_server_that_answers_in_clear_where_tls_was_asked_for_is_an_outage_in_words() -> None:
    with mail_server() as server:
        (result,) = send(account(server.port, security="tls"), mail("ann@example.com"))
    assert (result.state, result.outage) == ("failed", True)
    assert result.reason.startswith("No encrypted connection could be made: ")
