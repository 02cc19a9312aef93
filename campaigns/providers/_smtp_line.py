"""A line to an SMTP server that opens itself when needed, and again when the server has closed it."""

import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence

from django.core.mail.utils import DNS_NAME

from campaigns.providers._smtp_session import ERRORS, Letter, Lost, Session, words_of
from campaigns.providers.base import Result


class Line:
    def __init__(self, host: str, port: int, security: str, username: str, password: str, timeout: float) -> None:
        self.host, self.port, self.security = host, port, security
        self.username, self.password, self.timeout = username, password, timeout
        self._session: Session | None = None

    def send(self, letters: Sequence[Letter]) -> Iterator[Result]:
        """Hand letters over in order, and say of each what came of it.

        Nothing more is tried after an outage: the results end with it.
        """
        for letter, following in zip(letters, [*letters[1:], None], strict=True):
            result = self._send(letter, following)
            yield result
            if result.outage:
                return

    def reach(self) -> Result:
        """Open the line and log in, without a mail."""
        try:
            self._open()
        except ERRORS as error:
            return Result("failed", reason=words_of(error), temporary=True, outage=True)
        return Result("sent")

    def close(self) -> None:
        session, self._session = self._session, None
        if session:
            session.close()

    def _send(self, letter: Letter, following: Letter | None) -> Result:
        """Servers close idle lines, so one that turns out closed is opened again, once."""
        for fresh in (self._session is None, True):
            try:
                session = self._session or self._open()
            except ERRORS as error:
                # Opening failed before anything was handed over, whatever the exact error is.
                return Result("failed", reason=words_of(error), temporary=True, outage=True)
            try:
                result = session.announce(letter) or session.hand_over(letter, following)
            except Lost as lost:
                self.close()
                if fresh:
                    return Result("failed", reason=str(lost), temporary=True, outage=lost.silent)
                continue
            if session.is_over:
                self.close()
            return result
        raise AssertionError("A line is opened at most twice.")

    def _open(self) -> Session:
        context = ssl.create_default_context() if self.security != "none" else None
        name = DNS_NAME.get_fqdn()
        smtp: smtplib.SMTP
        if self.security == "tls":
            smtp = smtplib.SMTP_SSL(self.host, self.port, name, timeout=self.timeout, context=context)
        else:
            smtp = smtplib.SMTP(self.host, self.port, name, timeout=self.timeout)
        try:
            # Without this the last bytes of a long message wait for the server's delayed acknowledgement.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.security == "starttls":
                smtp.starttls(context=context)
            if self.username:
                smtp.login(self.username, self.password)
            smtp.ehlo_or_helo_if_needed()
        except ERRORS:
            smtp.close()
            raise
        self._session = Session(smtp)
        return self._session
