"""What contacts do with the mail they got: read it and follow its links, as a mail program would."""

import re
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any
from urllib.parse import urlencode

from campaigns.tracking import machines
from tests.outside import MailServer

# Programs are told by their names, and left out of what is counted.
READER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Thunderbird/145.0"}


def subjects(server: MailServer) -> dict[str, list[str]]:
    """The subjects that each recipient got, in the order of arrival."""
    found: dict[str, list[str]] = {}
    for mail in list(server.mails):
        found.setdefault(mail["To"], []).append(mail["Subject"])
    return found


def mail_to(server: MailServer, address: str) -> EmailMessage:
    """The last mail that somebody got, when a person has read it: who follows links sooner is taken for a machine."""
    mail = next(mail for mail in reversed(server.mails) if mail["To"] == address)
    written = parsedate_to_datetime(mail["Date"]).replace(tzinfo=UTC)  # in whole seconds
    age = datetime.now(UTC) - written
    time.sleep(max((machines.SOONEST + timedelta(seconds=1) - age).total_seconds(), 0))
    return mail


def html_of(mail: EmailMessage) -> str:
    part: Any = mail.get_body(("html",))
    return part.get_content()


def link(mail: EmailMessage, words: str) -> str:
    """Where the link with these words leads."""
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>\s*{re.escape(words)}', html_of(mail))
    assert found, html_of(mail)
    return unescape(found[1])


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Redirects are what is looked at."""


_browser = urllib.request.build_opener(_Stay)


def visit(url: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, Location and text of a GET, or of a POST of the form; nothing is followed."""
    data = None if form is None else urlencode(form).encode()
    try:
        answer = _browser.open(urllib.request.Request(url, data, READER), timeout=20)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers.get("Location", ""), answer.read().decode()
