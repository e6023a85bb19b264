"""Mails: how one is made of a message, and the channel that sends it."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from mmsconsole.alerts.notify.channel import ChannelKind, Message
from mmsconsole.alerts.notify.secret_files import secret_of
from mmsconsole.alerts.notify.smtp import Delivery, deliver
from mmsconsole.settings.notify import EmailSettings

POLICY = SMTP.clone(cte_type="7bit")
LONG_LINES = POLICY.clone(max_line_length=998)
"""SMTP's own limit. A subject that is folded sooner begins, for some readers, with a space."""
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9.-]+")


class EmailChannel:
    kind = ChannelKind.EMAIL.value

    def __init__(self, name: str, settings: EmailSettings) -> None:
        self.name = name
        self._settings = settings

    def send(self, message: Message) -> None:
        settings = self._settings
        deliver(
            Delivery(
                host=settings.host,
                port=settings.port_used,
                tls=settings.tls,
                seconds=settings.timeout_seconds,
                user=settings.user,
                password=secret_of(settings.password, settings.password_file),
                ca_file=settings.ca_file,
            ),
            mail_of(message, settings.sender, settings.to),
        )


def mail_of(message: Message, sender: str, to: list[str]) -> EmailMessage:
    """Equal messages make mails with one Message-ID; those of one alert are a thread."""
    domain = parseaddr(sender)[1].rpartition("@")[2]
    plain = "".join((message.title, sender, *to)).isascii()  # else: encoded words, 75 long at most
    mail = EmailMessage(LONG_LINES if plain else POLICY)
    mail["From"] = _address(sender)
    mail["To"] = tuple(_address(one) for one in to)
    mail["Subject"] = message.title
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = _id(f"{message.id}.{message.kind}", domain)
    mail["In-Reply-To"] = _id(message.key, domain)
    mail["References"] = _id(message.key, domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if message.severity.value == "error":
        mail["X-Priority"] = "1"
    mail.set_content(message.text + "\n")
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    return mail


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    return Address(name, addr_spec=address)


def _id(local: str, domain: str) -> str:
    return f"<{_NOT_IN_IDS.sub('-', local)}@{domain}>"
