"""A message as JSON: pure. What web hooks and commands are given; docs/alerts.md has the table."""

import json
from typing import Any

from mmsconsole.alerts.notify.channel import Message
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.notifications import NotificationKind

FORMAT = 1
COLOURS = {Severity.ERROR: "#b3261e", Severity.WARNING: "#d29922", Severity.INFO: "#1f5fa8"}
WELL = "#1b6e3c"
SLACK_TEXT_MAX = 3000
PAGERDUTY_SUMMARY_MAX = 1024
PAGERDUTY_ACTIONS = {
    NotificationKind.CLOSED: "resolve",
    NotificationKind.ACKNOWLEDGED: "acknowledge",
}


def document_of(message: Message) -> dict[str, Any]:
    """Times in ISO 8601; what is not known is empty, or null for a time."""
    return {
        "format": FORMAT,
        "id": message.id,
        "key": message.key,
        "kind": message.kind,
        "title": message.title,
        "text": message.text,
        "severity": message.severity.value,
        "group": message.group,
        "deployment": message.deployment,
        "subject": message.subject,
        "condition": message.condition,
        "value": message.value,
        "alert": message.alert_id,
        "opened_at": None if message.opened_at is None else message.opened_at.isoformat(),
        "at": message.at.isoformat(),
        "hint": message.hint,
    }


def json_of(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode()


def slack_document(message: Message) -> dict[str, Any]:
    """Of an incoming web hook. Names from outside make no mention, link or markup of Slack's."""
    closed = message.kind == NotificationKind.CLOSED
    text = _slack_text(message.text)[:SLACK_TEXT_MAX]
    return {
        "text": _slack_text(message.title),
        "mrkdwn": False,
        "attachments": [
            {
                "color": WELL if closed else COLOURS[message.severity],
                "fallback": _slack_text(message.title),
                "text": text,
                "mrkdwn_in": [],
                "ts": int((message.opened_at or message.at).timestamp()),
            }
        ],
    }


def pagerduty_documents(message: Message, routing_key: str) -> list[dict[str, Any]]:
    """Of Events API v2. All of one alert have one dedup_key, so that PagerDuty has one incident.

    A test is resolved at once: nobody has to close it.
    """
    action = PAGERDUTY_ACTIONS.get(NotificationKind(message.kind), "trigger")
    actions = [action, "resolve"] if message.kind == NotificationKind.TEST else [action]
    return [_pagerduty_document(message, routing_key, each) for each in actions]


def _pagerduty_document(message: Message, routing_key: str, action: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": f"mmsconsole-{message.key}"[:255],
    }
    if action == "trigger":
        about = "/".join(part for part in (message.deployment, message.subject) if part)
        document["payload"] = {
            "summary": message.title[:PAGERDUTY_SUMMARY_MAX],
            "source": about or message.group or "mmsconsole",
            "severity": message.severity.value,
            "timestamp": (message.opened_at or message.at).isoformat(),
            "component": message.subject,
            "group": message.group,
            "class": message.condition,
            "custom_details": {"text": message.text, "value": message.value},
        }
        document["client"] = "mmsconsole"
    return document


def _slack_text(text: str) -> str:
    """As Slack's own documents say: these three are all that steers it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
