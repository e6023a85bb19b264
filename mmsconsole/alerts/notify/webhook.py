"""The channels that are one HTTP request."""

import hashlib
import hmac

from mmsconsole.alerts.notify.channel import ChannelKind, Message
from mmsconsole.alerts.notify.deadline import addresses_of
from mmsconsole.alerts.notify.documents import (
    document_of,
    json_of,
    pagerduty_documents,
    slack_document,
)
from mmsconsole.alerts.notify.http import Limits, Request, Resolve, call
from mmsconsole.alerts.notify.secret_files import secret_of
from mmsconsole.clock import Clock
from mmsconsole.errors import NotificationFailed
from mmsconsole.secret import Secret
from mmsconsole.settings.notify import (
    HttpSettings,
    PagerDutySettings,
    SlackSettings,
    WebhookSettings,
    is_http_url,
)

TIMESTAMP_HEADER = "X-Mmsconsole-Timestamp"
SIGNATURE_HEADER = "X-Mmsconsole-Signature"
ID_HEADER = "X-Mmsconsole-Id"
REDIRECTS_MAX = 3
HEADERS = {"Content-Type": "application/json", "User-Agent": "mmsconsole"}


def signature(secret: Secret, timestamp: str, body: bytes) -> str:
    """What SIGNATURE_HEADER holds. With the time in it, so that nobody sends it again later."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest()


class WebhookChannel:
    kind = ChannelKind.WEBHOOK.value

    def __init__(
        self, name: str, settings: WebhookSettings, clock: Clock, resolve: Resolve = addresses_of
    ) -> None:
        self.name = name
        self._settings = settings
        self._clock = clock
        self._resolve = resolve

    def send(self, message: Message) -> None:
        settings = self._settings
        body = json_of(document_of(message))
        headers = {**HEADERS, ID_HEADER: message.id}
        secret = secret_of(settings.secret, settings.secret_file)
        if secret is not None:
            timestamp = str(int(self._clock.now().timestamp()))
            headers[TIMESTAMP_HEADER] = timestamp
            headers[SIGNATURE_HEADER] = signature(secret, timestamp, body)
        own = {name: value.get_secret_value() for name, value in settings.headers.items()}
        request = Request(
            Secret(settings.url.get_secret_value()), body=body, headers=headers, own_headers=own
        )
        call(request, _limits(settings, REDIRECTS_MAX), self._resolve)


class SlackChannel:
    kind = ChannelKind.SLACK.value

    def __init__(self, name: str, settings: SlackSettings, resolve: Resolve = addresses_of) -> None:
        self.name = name
        self._settings = settings
        self._resolve = resolve

    def send(self, message: Message) -> None:
        url = _url(secret_of(self._settings.url, self._settings.url_file))
        request = Request(url, body=json_of(slack_document(message)), headers=HEADERS)
        call(request, _limits(self._settings), self._resolve)


class PagerDutyChannel:
    kind = ChannelKind.PAGERDUTY.value

    def __init__(
        self, name: str, settings: PagerDutySettings, resolve: Resolve = addresses_of
    ) -> None:
        self.name = name
        self._settings = settings
        self._resolve = resolve

    def send(self, message: Message) -> None:
        """Two for a test: an incident that nobody has to close."""
        settings = self._settings
        key = secret_of(settings.routing_key, settings.routing_key_file)
        url = Secret(settings.url.get_secret_value())
        for document in pagerduty_documents(message, "" if key is None else key.reveal()):
            request = Request(url, body=json_of(document), headers=HEADERS)
            call(request, _limits(settings), self._resolve)


def _url(found: Secret | None) -> Secret:
    """Of a file: what stands in the settings has been checked. Raises NotificationFailed."""
    if found is None or not is_http_url(found.reveal()):
        raise NotificationFailed("url_file holds no http:// or https:// URL", again=False)
    return found


def _limits(settings: HttpSettings, redirects: int = 0) -> Limits:
    """No redirects where the request itself holds a secret."""
    return Limits(settings.timeout_seconds, redirects, settings.ca_file)
