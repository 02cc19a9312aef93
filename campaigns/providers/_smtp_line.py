"""One SMTP session that knows, at every moment, whether the server may have taken the message in hand.

Python's own `sendmail` raises the same errors before and after the message is handed over, and the difference is the
whole point here: before, it may be tried again; after, nobody can tell.
"""

import smtplib
import socket
import ssl
from email.utils import parseaddr

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address
from django.core.mail.utils import DNS_NAME

from campaigns.providers.base import Result

# Opening failed before anything was handed over, whatever the exact error is.
_ERRORS = (smtplib.SMTPException, OSError)


class _Lost(Exception):
    """The connection ended before the message was handed over. `silent`: it did so by not answering in time."""

    def __init__(self, reason: str, silent: bool = False) -> None:
        super().__init__(reason)
        self.silent = silent


class Line:
    """A connection that opens itself when needed and again when the server has closed it."""

    def __init__(self, host: str, port: int, security: str, username: str, password: str, timeout: float) -> None:
        self.host, self.port, self.security = host, port, security
        self.username, self.password, self.timeout = username, password, timeout
        self._smtp: smtplib.SMTP | None = None

    def send(self, message: EmailMultiAlternatives, sender: str, recipient: str) -> Result:
        """Hand one message over. Servers close idle lines, so one that turns out closed is opened again, once."""
        try:
            message.from_email = sender
            mime = message.message()
            content = mime.as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own
            envelope = [parseaddr(sanitize_address(address, "utf-8"))[1] for address in (sender, recipient)]
        except (ValueError, UnicodeError, LookupError) as error:
            return Result("failed", reason=f"The message cannot be built: {error}")
        for fresh in (self._smtp is None, True):
            try:
                smtp = self._smtp or self._open()
            except _ERRORS as error:
                return Result("failed", reason=_words(error), temporary=True, outage=True)
            try:
                return self._hand_over(smtp, envelope, content, mime["Message-ID"] or "")
            except _Lost as lost:
                self.close()
                if fresh:
                    return Result("failed", reason=str(lost), temporary=True, outage=lost.silent)
        raise AssertionError("A line is opened at most twice.")

    def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            smtp.quit()
        except _ERRORS:
            smtp.close()

    def _open(self) -> smtplib.SMTP:
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
        except _ERRORS:
            smtp.close()
            raise
        self._smtp = smtp
        return smtp

    def _hand_over(self, smtp: smtplib.SMTP, envelope: list[str], content: bytes, message_id: str) -> Result:
        try:
            size = [f"size={len(content)}"] if smtp.has_extn("size") else []
            for answer, expected in (
                (lambda: smtp.mail(envelope[0], size), (250,)),
                (lambda: smtp.rcpt(envelope[1]), (250, 251)),
                (lambda: smtp.docmd("DATA"), (354,)),
            ):
                code, words = answer()
                if code == 421:  # the server closes the line, as many do after so many messages
                    raise _Lost(_text(code, words))
                if code not in expected:
                    smtp.rset()
                    return _refused(code, words)
        except _ERRORS as error:
            raise _Lost(_words(error), _is_silence(error)) from error
        try:
            quoted = smtplib._quote_periods(content)  # type: ignore[attr-defined]
            smtp.send(quoted + (b"" if quoted.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            code, words = smtp.getreply()
        except _ERRORS as error:
            self.close()
            return Result("unknown", message_id, f"The line broke after the message was handed over: {_words(error)}")
        if code == 421:
            self.close()
        if code != 250:
            return _refused(code, words)
        return Result("sent", message_id)


def _refused(code: int, words: bytes) -> Result:
    return Result("failed", reason=_text(code, words), temporary=400 <= code < 500)


def _text(code: int, words: bytes) -> str:
    return " ".join(f"{code} {words.decode('utf-8', 'replace')}".split())


def _is_silence(error: BaseException) -> bool:
    # Python's client says "disconnected" where a read timed out, and keeps the cause.
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _words(error: Exception) -> str:
    """The server's own words, else what went wrong, in one line."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return _text(error.smtp_code, words if isinstance(words, bytes) else str(words).encode())
    if _is_silence(error):
        return "The server did not answer in time."
    if isinstance(error, socket.gaierror):
        return f"The server’s name cannot be found: {error.strerror}."
    if isinstance(error, ConnectionRefusedError):
        return "The server refused the connection."
    return str(error) or type(error).__name__
