"""What receivers of web hooks get."""

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.alerts.notify.channel import Channel
from mmsconsole.alerts.notify.webhook import PagerDutyChannel, SlackChannel, WebhookChannel
from mmsconsole.errors import NotificationFailed
from mmsconsole.metadata.notifications import NotificationKind
from mmsconsole.settings.notify import PagerDutySettings, SlackSettings, WebhookSettings
from tests.alerts.notify.messages import message
from tests.support.clock import ManualClock
from tests.support.hooks import OK, Received, receiver, status

SECRET = "hunter2-hook"


def hook(url: str, **fields: object) -> WebhookChannel:
    settings = WebhookSettings.model_validate(
        {"kind": "webhook", "url": url, "timeout_seconds": 60, **fields}
    )
    return WebhookChannel("hook", settings, ManualClock())


def is_signed(got: Received, secret: str, now: float) -> bool:
    """As docs/alerts.md tells a receiver to check it."""
    timestamp = got.headers["X-Mmsconsole-Timestamp"]
    signed = timestamp.encode() + b"." + got.body
    right = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    fresh = abs(now - int(timestamp)) < 300
    return fresh and hmac.compare_digest(right, got.headers["X-Mmsconsole-Signature"])


def test_the_receiver_can_check_who_sent_it_and_when() -> None:
    with receiver() as server:
        hook(server.url(), secret=SECRET).send(message())
    (got,) = server.received
    now = ManualClock().now().timestamp()
    assert is_signed(got, SECRET, now)
    assert not is_signed(got, SECRET + "x", now)
    assert not is_signed(got, SECRET, now + 3600), "sent again by somebody else later"
    got.body += b" "
    assert not is_signed(got, SECRET, now)


def test_a_hook_gets_json_with_an_id_that_stays_with_a_second_try() -> None:
    with receiver(status(500), OK) as server:
        channel = hook(server.url(), headers={"Authorization": "Bearer x"})
        with pytest.raises(NotificationFailed):
            channel.send(message())
        channel.send(message())
    first, second = server.received
    assert first.body == second.body
    assert first.headers["X-Mmsconsole-Id"] == json.loads(second.body)["id"] == message().id
    assert first.headers["Content-Type"] == "application/json"
    assert first.headers["Authorization"] == "Bearer x"
    assert "X-Mmsconsole-Signature" not in first.headers


def test_the_secret_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    with receiver() as server:
        hook(server.url(), secret_file=str(file)).send(message())
    assert is_signed(server.received[0], SECRET, ManualClock().now().timestamp())


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines", b"\xff\xfe"])
def test_a_file_without_a_secret_is_named_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(NotificationFailed) as caught:
        hook("http://127.0.0.1:1/", secret_file=str(file)).send(message())
    assert caught.value.what == "the file holds no secret: one line"
    assert caught.value.where == str(file)


def slack(**fields: object) -> Channel:
    return SlackChannel("chat", SlackSettings.model_validate({"kind": "slack", **fields}))


def test_slack_gets_what_its_incoming_web_hooks_take(tmp_path: Path) -> None:
    with receiver() as server:
        file = tmp_path / "url"
        file.write_text(server.url("/services/T/B/hunter2"))
        file.chmod(0o600)
        slack(url_file=str(file)).send(message())
    (got,) = server.received
    document = json.loads(got.body)
    assert document["text"] == "shop: A secondary is behind: db2:27017"
    assert document["attachments"][0]["color"] == "#b3261e"
    file.write_text("nonsense")
    with pytest.raises(NotificationFailed, match="url_file holds no http"):
        slack(url_file=str(file)).send(message())


def pager(url: str) -> Channel:
    fields = {"kind": "pagerduty", "routing_key": "hunter2-key", "url": url}
    return PagerDutyChannel("pager", PagerDutySettings.model_validate(fields))


def test_pagerduty_gets_trigger_acknowledge_and_resolve_of_one_incident() -> None:
    kinds = (NotificationKind.OPEN, NotificationKind.ACKNOWLEDGED, NotificationKind.CLOSED)
    with receiver(status(202)) as server:
        for kind in kinds:
            pager(server.url()).send(message(kind=kind))
    documents = [json.loads(got.body) for got in server.received]
    assert [each["event_action"] for each in documents] == ["trigger", "acknowledge", "resolve"]
    assert len({each["dedup_key"] for each in documents}) == 1
    assert {each["routing_key"] for each in documents} == {"hunter2-key"}
    assert documents[0]["payload"]["severity"] == "error"
    assert documents[0]["payload"]["source"] == "shop/db2:27017"


def test_a_request_that_holds_a_secret_follows_no_redirect() -> None:
    for make in (pager, lambda url: slack(url=url)):
        with (
            receiver(status(307, Location="http://example.org/")) as server,
            pytest.raises(NotificationFailed, match="it sends us elsewhere") as caught,
        ):
            make(server.url("/hunter2")).send(message())
        assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_the_check_in_the_documents_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    text = Path("docs/alerts.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code
    names: dict[str, Any] = {}
    exec(code[1], names)
    with receiver() as server:
        hook(server.url(), secret=SECRET).send(message())
    (got,) = server.received
    now = ManualClock().now().timestamp()
    monkeypatch.setattr(names["time"], "time", lambda: now)
    assert names["is_ours"](got.headers, got.body, SECRET.encode())
    assert not names["is_ours"](got.headers, got.body + b" ", SECRET.encode())
    monkeypatch.setattr(names["time"], "time", lambda: now + 3600)
    assert not names["is_ours"](got.headers, got.body, SECRET.encode())
