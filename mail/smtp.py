"""Handing an e-mail to a mail server so that we know, at every moment, whether it may have it.

A server has an e-mail once it has seen the line with a single dot, and not before (RFC 5321,
4.1.1.4 and 6.1). So everything but that line is sent first.
"""

import re
import smtplib
from collections.abc import Callable
from contextlib import suppress
from email.encoders import encode_quopri

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends import smtp
from django.core.mail.message import sanitize_address

OK, WILL_FORWARD, GO_AHEAD = 250, 251, 354
PERMANENT = 500
END = b".\r\n"


class Refused(Exception):
    """The server has said that it does not take the e-mail; `permanent`: it never will."""

    def __init__(self, code: int, text: bytes, *, permanent: bool) -> None:
        super().__init__(f"{code} {text.decode('utf-8', 'replace')}")
        self.permanent = permanent


class NoReply(Exception):
    """The server was sent all of it and did not answer: it may have the e-mail, or not."""


class EmailBackend(smtp.EmailBackend):
    """Django's, which can also stop at the last moment before the server has the e-mail."""

    def hand_over(self, message: EmailMessage, mark: Callable[[], None]) -> None:
        """Sends one e-mail to its one recipient; returns when the server has accepted it.

        `mark` is called when all but the end is sent. If it raises, the server gets no e-mail.
        Raises Refused; NoReply; and OSError or SMTPException, which come before `mark` only.
        """
        self.open()
        server = self.connection
        if server is None:
            raise smtplib.SMTPServerDisconnected
        try:
            self._send_all_but_the_end(server, message)
            mark()
            reply = self._send_the_end(server)
        except BaseException:
            # Not a word more, QUIT neither: the server would take it for a part of the text.
            self._drop()
            raise
        with suppress(OSError, smtplib.SMTPException):
            server.putcmd("quit")
        self._drop()
        _expect(reply, OK, permanent=reply[0] >= PERMANENT)

    def _send_all_but_the_end(self, server: smtplib.SMTP, message: EmailMessage) -> None:
        server.ehlo_or_helo_if_needed()
        text = with_dots_doubled(as_taken(message, in_8_bit=server.has_extn("8bitmime")))
        sender = sanitize_address(message.from_email, "utf-8")
        [recipient] = message.recipients()
        options = [f"size={len(text)}"] if server.has_extn("size") else []
        if not text.isascii():
            options.append("body=8bitmime")
        _expect(server.mail(sender, options), OK)
        reply = server.rcpt(sanitize_address(recipient, "utf-8"))
        _expect(reply, OK, WILL_FORWARD, permanent=reply[0] >= PERMANENT)
        _expect(server.docmd("data"), GO_AHEAD)
        server.send(text)

    @staticmethod
    def _send_the_end(server: smtplib.SMTP) -> tuple[int, bytes]:
        try:
            if server.sock:
                server.sock.settimeout(settings.EMAIL_REPLY_TIMEOUT)
            server.send(END)
            return server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise NoReply(str(error)) from error

    def _drop(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None


def as_taken(message: EmailMessage, *, in_8_bit: bool) -> bytes:
    """The message as it is transmitted; in ASCII alone where the server does not say that it takes
    more (RFC 6152)."""
    written = message.message()
    for part in () if in_8_bit else written.walk():
        if part["Content-Transfer-Encoding"] == "8bit":
            del part["Content-Transfer-Encoding"]
            encode_quopri(part)
    return written.as_bytes(linesep="\r\n")  # type: ignore[call-arg]


def with_dots_doubled(text: bytes) -> bytes:
    """The text as it is transmitted: lines that begin with a dot get one more; ends with CRLF."""
    doubled = re.sub(rb"(?m)^\.", b"..", text)
    return doubled if doubled.endswith(b"\r\n") else doubled + b"\r\n"


def _expect(reply: tuple[int, bytes], *codes: int, permanent: bool = False) -> None:
    """Raises Refused, unless the reply is one of these codes."""
    code, text = reply
    if code not in codes:
        raise Refused(code, text, permanent=permanent)
