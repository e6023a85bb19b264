"""One mail over SMTP, with an end for every step and for all of them."""

import logging
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

from mmsconsole.alerts.notify.deadline import Deadline, connected
from mmsconsole.errors import NotificationFailed
from mmsconsole.secret import Secret

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    seconds: float
    """For all of it together."""
    user: str = ""
    password: Secret | None = None
    ca_file: str = ""

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"


def deliver(delivery: Delivery, mail: EmailMessage) -> None:
    """Returns when the server has taken the mail for at least one of its recipients.

    Raises NotificationFailed.
    """
    with Deadline(delivery.seconds) as deadline:
        try:
            server = _opened(delivery, deadline)
            try:
                _send(server, delivery, mail)
            finally:
                server.close()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise _told(error, delivery.where, late=deadline.passed) from error


class _Plain(smtplib.SMTP):
    """Its connection is watched from the first byte on, which smtplib's own timeout does not."""

    def __init__(self, delivery: Delivery, deadline: Deadline) -> None:
        self._deadline = deadline
        super().__init__(delivery.host, delivery.port, timeout=delivery.seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = connected(host, port, timeout, self._deadline)
        self._deadline.watch(connection)
        return connection


class _Tls(_Plain):
    """TLS from the first byte on."""

    def __init__(self, delivery: Delivery, deadline: Deadline, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(delivery, deadline)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = super()._get_socket(host, port, timeout)
        try:
            return self._context.wrap_socket(connection, server_hostname=host)
        except BaseException:
            connection.close()
            raise


def _opened(delivery: Delivery, deadline: Deadline) -> smtplib.SMTP:
    """Connected; over TLS unless the settings want none."""
    if delivery.tls == "tls":
        return _Tls(delivery, deadline, _context(delivery.ca_file))
    server = _Plain(delivery, deadline)
    try:
        if delivery.tls == "starttls":
            server.starttls(context=_context(delivery.ca_file))
    except BaseException:
        server.close()
        raise
    return server


def _context(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        what = "the file of the authority can not be used"
        raise NotificationFailed(what, again=False, where=ca_file) from error


def _send(server: smtplib.SMTP, delivery: Delivery, mail: EmailMessage) -> None:
    if delivery.user and delivery.password is not None:
        server.login(delivery.user, delivery.password.reveal())
    refused = server.send_message(mail)
    with suppress(smtplib.SMTPException, OSError):  # the mail has been taken
        server.quit()
    if refused:
        log.warning("%s did not take a mail for %d of its addresses", delivery.where, len(refused))


def _told(error: Exception, where: str, *, late: bool) -> NotificationFailed:
    """Without what the server said: it may quote what we sent."""
    if late or isinstance(error, TimeoutError):
        return NotificationFailed("it does not answer in time", where=where)
    if isinstance(error, ssl.SSLError):
        return NotificationFailed(
            "its certificate is not trusted, or it does not speak TLS", again=False, where=where,
            hint="check its certificate and tls; an authority of your own is named by ca_file",
        )  # fmt: skip
    if isinstance(error, smtplib.SMTPNotSupportedError):
        what = "it does not offer what the settings want: STARTTLS, or a way to log in"
        return NotificationFailed(what, again=False, where=where, hint="see tls = in the settings")
    return _refused(error, where)


def _refused(error: Exception, where: str) -> NotificationFailed:
    codes = _codes(error)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        what, hint = f"it refuses user or password ({codes[0]})", "check user and password"
        return NotificationFailed(what, again=codes[0] < 500, where=where, hint=hint)
    if codes:
        again = any(code < 500 for code in codes)
        what = f"it refuses the mail ({', '.join(map(str, codes))})"
        return NotificationFailed(what, again=again, where=where)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return NotificationFailed("the connection broke off", where=where)
    return NotificationFailed(f"no connection: {type(error).__name__}", where=where)


def _codes(error: Exception) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return sorted({code for code, _ in error.recipients.values()})
    return [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []
