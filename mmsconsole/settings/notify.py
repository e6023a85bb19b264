"""How people are told: [notify.NAME], one for each channel."""

import hashlib
import re
from ipaddress import ip_address
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

from mmsconsole.settings.section import Section

CHANNEL_NAME = re.compile(r"[a-z0-9-]{1,32}")
CHANNEL_KINDS = ("email", "webhook", "slack", "pagerduty", "command")
CHANNEL_NAME_HINT = "1 to 32 of a-z, 0-9 and '-'"
PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue"
MAIL_PORTS = {"starttls": 587, "tls": 465, "none": 25}
NO_SECRET = SecretStr("")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
HEADERS_MAX = 20
_BARE = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}"
MAIL_ADDRESS = re.compile(rf"{_BARE}|[^<>@\"\\,;:()]{{1,100}} <{_BARE}>")
OWN_HEADERS = ("host", "content-length", "content-type", "transfer-encoding", "connection")


def _refuse(what: str) -> PydanticCustomError:
    return PydanticCustomError("notify", "{what}", {"what": what})


def _check_url(url: SecretStr) -> SecretStr:
    """Without quoting it: a hook's URL is a secret."""
    text = url.get_secret_value()
    if text and not is_http_url(text):
        raise _refuse("an http:// or https:// URL with a host, without a user and spaces")
    return url


def is_http_url(text: str) -> bool:
    if not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    plain = "@" not in parts.netloc and port != 0
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain


def _check_address(address: str) -> str:
    if not (address.isprintable() and MAIL_ADDRESS.fullmatch(address)):
        raise _refuse("a mail address: ops@example.org or Ops <ops@example.org>")
    return address


HttpUrl = Annotated[SecretStr, AfterValidator(_check_url)]
MailAddress = Annotated[str, AfterValidator(_check_address)]


class ChannelSettings(Section):
    timeout_seconds: float = Field(default=20.0, ge=1, le=60)
    """How long one sending may take once it is connected, and how long connecting may take."""


class EmailSettings(ChannelSettings):
    """Mails over SMTP."""

    kind: Literal["email"]
    host: str = Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$")
    port: int = Field(default=0, ge=0, lt=1 << 16)
    """0: 587 with starttls, 465 with tls, 25 with none."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """Nothing is sent in the clear because the server offers no STARTTLS."""
    ca_file: str = ""
    """The PEM file of an authority of your own; empty: those that the system trusts."""
    user: str = ""
    password: SecretStr = NO_SECRET
    password_file: str = ""
    sender: MailAddress = Field(alias="from")
    to: list[MailAddress] = Field(min_length=1, max_length=100)

    @property
    def port_used(self) -> int:
        return self.port or MAIL_PORTS[self.tls]

    @model_validator(mode="after")
    def _check_login(self) -> Self:
        _only_one(self.password, self.password_file, "password")
        given = bool(self.password.get_secret_value() or self.password_file)
        if bool(self.user) != given:
            raise _refuse("a user has a password or a password_file, and no user has none")
        if self.user and self.tls == "none" and not is_loopback(self.host):
            raise _refuse("a password is sent over TLS alone: tls is starttls or tls")
        return self


class HttpSettings(ChannelSettings):
    ca_file: str = ""
    """The PEM file of an authority of your own; empty: those that the system trusts."""


class WebhookSettings(HttpSettings):
    """Signed JSON by POST; docs/alerts.md tells a receiver how to check it."""

    kind: Literal["webhook"]
    url: HttpUrl
    secret: SecretStr = NO_SECRET
    secret_file: str = ""
    """What the signature is made with; neither: it is not signed."""
    headers: dict[str, SecretStr] = Field(default={}, max_length=HEADERS_MAX)

    @model_validator(mode="after")
    def _check_all(self) -> Self:
        _only_one(self.secret, self.secret_file, "secret")
        _required(self.url, "url")
        for name, value in self.headers.items():
            if not HEADER_NAME.fullmatch(name) or name.lower() in OWN_HEADERS:
                raise _refuse("headers: one of them can not be set, or is not a header's name")
            text = value.get_secret_value()
            if not (text.isascii() and text.isprintable()):
                raise _refuse("headers: a value has other than printable ASCII characters")
        return self


class SlackSettings(HttpSettings):
    """An incoming web hook of Slack, or of what speaks as it does (Mattermost, Rocket.Chat)."""

    kind: Literal["slack"]
    url: HttpUrl = NO_SECRET
    url_file: str = ""

    @model_validator(mode="after")
    def _check_url(self) -> Self:
        _only_one(self.url, self.url_file, "url", required=True)
        return self


class PagerDutySettings(HttpSettings):
    """Events API v2 of PagerDuty."""

    kind: Literal["pagerduty"]
    routing_key: SecretStr = NO_SECRET
    routing_key_file: str = ""
    url: HttpUrl = SecretStr(PAGERDUTY_URL)

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        _only_one(self.routing_key, self.routing_key_file, "routing_key", required=True)
        _required(self.url, "url")
        return self


class CommandSettings(ChannelSettings):
    """A program; no shell. Its arguments can be seen by everybody: no secrets there."""

    kind: Literal["command"]
    argv: list[str] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _check_argv(self) -> Self:
        if not self.argv[0].startswith("/") or any("\0" in part for part in self.argv):
            raise _refuse("argv: the program by its whole path, then its arguments")
        return self


NotifySettings = Annotated[
    EmailSettings | WebhookSettings | SlackSettings | PagerDutySettings | CommandSettings,
    Field(discriminator="kind"),
]
"""By its kind."""


def mark_of(channel: ChannelSettings) -> str:
    """Another one when its settings are others; secrets are no part of it."""
    return hashlib.sha256(channel.model_dump_json().encode()).hexdigest()[:12]


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def check_channel_names(channels: dict[str, Any]) -> None:
    """Raises PydanticCustomError."""
    for name in channels:
        if not CHANNEL_NAME.fullmatch(name):
            raise _refuse(f"{name!r} can not be a channel's name")


def _only_one(secret: SecretStr, file: str, key: str, *, required: bool = False) -> None:
    if secret.get_secret_value() and file:
        raise _refuse(f"{key} or {key}_file, not both")
    if required and not secret.get_secret_value() and not file:
        raise _refuse(f"{key} or {key}_file has to be there")


def _required(url: SecretStr, key: str) -> None:
    if not url.get_secret_value():
        raise _refuse(f"{key} has to be there")
