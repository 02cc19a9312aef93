"""Checks from outside whether a tracking domain leads to this installation, without letting it lead anywhere else.

The host is looked up once, every address that is not public is refused, and the very address that was looked at is
asked: at port 443, for one fixed path, following nothing, and of the answer only a yes or no comes back. So neither a
private host nor a name that changes its address in between is reached.
"""

import http.client
import ipaddress
import secrets
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from campaigns.tracking import signatures

TIMEOUT = 5.0  # seconds, for each step
PATH = "/link-check/"
_LONGEST_ANSWER = 200


@dataclass(frozen=True)
class Checked:
    """`good`, or a sentence on what is wrong and what to do about it."""

    good: bool
    sentence: str


def check(domain: str, port: int = 443, look_up: Callable[[str], list[str]] | None = None) -> Checked:
    try:
        found = (look_up or _addresses)(domain)
    except (OSError, UnicodeError):
        return Checked(False, f"{domain} has no address yet. Add the DNS record, and give it some minutes to spread.")
    public = [address for address in found if is_public(address)]
    if not public or len(public) != len(found):
        return Checked(False, f"{domain} leads to an address inside a private network, which contacts cannot reach.")
    return ask(domain, public[0], port)


def ask(domain: str, address: str, port: int, context: ssl.SSLContext | None = None) -> Checked:
    """Whether it is this installation that answers at an address under the domain's name."""
    nonce = secrets.token_urlsafe(16)
    request = f"GET {PATH}{nonce} HTTP/1.1\r\nHost: {domain}\r\nUser-Agent: Waypost\r\nConnection: close\r\n\r\n"
    try:
        with (
            socket.create_connection((address, port), TIMEOUT) as plain,
            (context or ssl.create_default_context()).wrap_socket(plain, server_hostname=domain) as line,
        ):
            line.sendall(request.encode("ascii"))
            response = http.client.HTTPResponse(line)
            response.begin()
            answer = response.read(_LONGEST_ANSWER) if response.status == http.HTTPStatus.OK else b""
    except ssl.SSLError:
        return Checked(
            False, f"{domain} answers, but not with a certificate for its name. Links would raise a warning."
        )
    except (OSError, http.client.HTTPException):
        return Checked(False, f"{domain} has an address, but nothing answers there with https.")
    if answer.strip() != signatures.check_answer(nonce).encode():
        return Checked(False, f"{domain} is answered by another server. Let its proxy pass the host on to Waypost.")
    return Checked(True, f"{domain} leads to this installation, with a valid certificate.")


def is_public(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    embedded = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    if getattr(ip, "teredo", None) or ip in _NAT64:
        return False
    return all(each.is_global and not each.is_multicast for each in (ip, embedded) if each is not None)


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _addresses(domain: str) -> list[str]:
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(domain, 443, type=socket.SOCK_STREAM)))
