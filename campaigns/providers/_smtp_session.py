"""One open SMTP session that knows, at every moment, whether the server may have taken a mail in hand.

Python's own `sendmail` raises the same errors before and after a mail is handed over, and the difference is the whole
point here: before, it may be tried again; after, nobody can tell.

A server that offers PIPELINING (RFC 2920) gets the commands of a mail in one write, together with the content of the
mail before, so that a mail costs one round trip.
"""

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass

from campaigns.providers.base import Result

ERRORS = (smtplib.SMTPException, OSError)
_EXPECTED = ((250,), (250, 251), (354,))  # in answer to MAIL, RCPT and DATA

# The recipient's address, domain or mailbox does not exist or is closed for good (RFC 3463, 3.2 and 3.3).
_NO_SUCH_ADDRESS = re.compile(rb"5\.(1\.(1|2|3|6|10)|2\.1)\b")


class Lost(Exception):
    """The session ended before the mail was handed over. `silent`: it did so by not answering in time."""

    def __init__(self, reason: str, silent: bool = False) -> None:
        super().__init__(reason)
        self.silent = silent


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in its envelope: two plain ASCII addresses, and the content with lines that end in CRLF."""

    sender: str
    recipient: str
    content: bytes
    id: str  # its Message-ID


class Session:
    """Hands over letters one after the other: `announce` each, and `hand_over` unless the server refused it."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self.smtp = smtp
        self.is_over = False
        self._pipelines = smtp.has_extn("pipelining")
        self._announced: Letter | None = None  # whose commands are written already

    def announce(self, letter: Letter) -> Result | None:
        """What the server says of the envelope: None if it waits for the content, else why it does not.

        Raises Lost.
        """
        try:
            return self._answers(letter)
        except ERRORS as error:
            self.is_over = True
            raise Lost(words_of(error), _is_silence(error)) from error

    def hand_over(self, letter: Letter, following: Letter | None) -> Result:
        """Send the content; `following` is announced along with it. The session may be over afterwards."""
        content = letter.content.replace(b"\r\n.", b"\r\n..")
        end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            if following and self._pipelines:
                self._announced = following
                end += b"".join(self._commands(following))
            self.smtp.send(content + end)
            code, words = self.smtp.getreply()
        except ERRORS as error:
            self.is_over = True
            reason = f"The line broke after the message was handed over: {words_of(error)}"
            return Result("unknown", letter.id, reason)
        self.is_over = code == 421
        return Result("sent", letter.id) if code == 250 else _refused(code, words)

    def close(self) -> None:
        try:
            if not self.is_over:
                self.smtp.quit()
        except ERRORS:
            pass
        finally:
            self.smtp.close()

    def _commands(self, letter: Letter) -> tuple[bytes, bytes, bytes]:
        options = f" SIZE={len(letter.content)}" if self.smtp.has_extn("size") else ""
        if self.smtp.has_extn("8bitmime") and not letter.content.isascii():
            options += " BODY=8BITMIME"
        return (
            f"MAIL FROM:<{letter.sender}>{options}\r\n".encode("ascii"),
            f"RCPT TO:<{letter.recipient}>\r\n".encode("ascii"),
            b"DATA\r\n",
        )

    def _answers(self, letter: Letter) -> Result | None:
        commands = self._commands(letter)
        if self._pipelines and self._announced is not letter:
            self.smtp.send(b"".join(commands))
        self._announced = None
        refusal: Result | None = None
        code = 0
        for command, expected in zip(commands, _EXPECTED, strict=True):
            try:
                if not self._pipelines:
                    self.smtp.send(command)
                code, words = self.smtp.getreply()
            except ERRORS:
                if refusal is None:
                    raise
                self.is_over = True
                return refusal
            if code == 421:  # the server closes the line, as many do after so many messages
                self.is_over = True
                if refusal is None:
                    raise Lost(_text(code, words))
                return refusal
            if code not in expected and refusal is None:
                refusal = _refused(code, words)
            if refusal and not self._pipelines:
                break
        if refusal:
            self._reset(takes_content=code == 354)
        return refusal

    def _reset(self, takes_content: bool) -> None:
        """Leave a refused letter behind. A server that wants its content nevertheless gets none (RFC 2920, 3.1)."""
        try:
            if takes_content:
                self.smtp.send(b".\r\n")
                self.smtp.getreply()
            self.smtp.rset()
        except ERRORS:
            self.is_over = True


def words_of(error: Exception) -> str:
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
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The server’s certificate is not trusted: {error.verify_message.rstrip('.')}."
    if isinstance(error, ssl.SSLError):
        return f"No encrypted connection could be made: {(error.reason or str(error)).replace('_', ' ').lower()}."
    return str(error) or type(error).__name__


def _refused(code: int, words: bytes) -> Result:
    if code >= 500 and _NO_SUCH_ADDRESS.match(words):
        return Result("bounced", reason=_text(code, words))
    return Result("failed", reason=_text(code, words), temporary=400 <= code < 500)


def _text(code: int, words: bytes) -> str:
    return " ".join(f"{code} {words.decode('utf-8', 'replace')}".split())


def _is_silence(error: BaseException) -> bool:
    # Python's client says "disconnected" where a read timed out, and keeps the cause.
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
