"""The words of a message: pure. What is quoted comes from outside, so it is made harmless here."""

from dataclasses import replace
from datetime import datetime
from html import escape
from typing import Any

from mmsconsole.alerts.notify.channel import Message
from mmsconsole.alerts.notify.quantities import in_words
from mmsconsole.harmless import harmless
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.notifications import Notification, NotificationKind

TITLE_MAX = 140
TEXT_MAX = 4000
NAME_MAX = 300
LEADS = {
    NotificationKind.OPEN: "",
    NotificationKind.AGAIN: "Still: ",
    NotificationKind.CLOSED: "Over: ",
    NotificationKind.ACKNOWLEDGED: "Acknowledged: ",
    NotificationKind.TEST: "Test: ",
}
ENDED = (NotificationKind.CLOSED, NotificationKind.TEST)
COLOURS = {Severity.ERROR: "#b3261e", Severity.WARNING: "#8a5a00", Severity.INFO: "#1f5fa8"}
WELL = "#1b6e3c"


def message_of(notification: Notification) -> Message:
    """What the channels are given. Equal for equal notifications, however often it is tried."""
    kind, payload = notification.kind, notification.payload
    said = {key: one_line(payload.get(key), NAME_MAX) for key in (
        "group", "deployment", "subject", "condition", "hint")}  # fmt: skip
    opened_at = payload.get("opened_at")
    sentence = one_line(notification.text, TEXT_MAX)
    message = Message(
        kind=kind.value,
        title=LEADS[kind] + one_line(notification.title, TITLE_MAX),
        text="",
        severity=severity_of(payload.get("severity")),
        group=said["group"],
        at=notification.at,
        id=notification.id,
        deployment=said["deployment"],
        subject=said["subject"],
        condition=said["condition"],
        alert_id=notification.alert,
        opened_at=opened_at if isinstance(opened_at, datetime) else None,
        value=_value(payload),
        hint=said["hint"],
    )
    return replace(message, text=plain_text(message, sentence), html=html_page(message, sentence))


def facts_of(message: Message) -> list[tuple[str, str]]:
    """What is known, as pairs of a word and a value; empty ones are left out."""
    facts = [
        ("Deployment", message.deployment),
        ("About", message.subject),
        ("Condition", message.condition),
        ("Value", message.value),
        ("Severity", message.severity.value),
        ("Since", _moment(message.opened_at)),
        ("Told at", _moment(message.at)),
        ("Group", message.group),
    ]
    return [(word, value) for word, value in facts if value]


def to_do(message: Message) -> list[tuple[str, str]]:
    """The same for what to do; nothing once it is over."""
    ended = message.kind in ENDED
    steps = [("What to do", "" if ended else message.hint), ("See", _see(message))]
    return [(word, value) for word, value in steps if value]


def plain_text(message: Message, sentence: str) -> str:
    facts = [f"{word + ':':<12} {value}" for word, value in facts_of(message)]
    steps = [f"{word}: {value}" for word, value in to_do(message)]
    parts = [[sentence] if sentence else [], facts, steps]
    return "\n\n".join("\n".join(part) for part in parts if part)


def html_page(message: Message, sentence: str) -> str:
    """Without links, pictures and scripts: no reader of mails has a reason to hide any of it."""
    colour = WELL if message.kind == NotificationKind.CLOSED else COLOURS[message.severity]
    rows = "\n".join(
        f'<tr><td style="padding:2px 16px 2px 0;color:#666">{escape(word)}</td>'
        f"<td>{escape(value)}</td></tr>"
        for word, value in facts_of(message)
    )
    steps = "\n".join(
        f"<p>{escape(word)}: <code>{escape(value)}</code></p>" for word, value in to_do(message)
    )
    return (
        '<!DOCTYPE html>\n<html><body style="font-family:sans-serif;font-size:14px">\n'
        f'<h2 style="font-size:18px;color:{colour}">{escape(message.title)}</h2>\n'
        f"<p>{escape(sentence)}</p>\n<table>\n{rows}\n</table>\n{steps}\n</body></html>\n"
    )


def _see(message: Message) -> str:
    return f"mmsconsole alert show {message.alert_id}" if message.alert_id else ""


def one_line(text: object, most: int) -> str:
    """One that steers nothing, not longer than `most`."""
    line = harmless(" ".join(str(text or "").split()))
    return line if len(line) <= most else line[: most - 1] + "…"


def severity_of(text: object) -> Severity:
    known = [severity for severity in Severity if severity.value == text]
    return known[0] if known else Severity.WARNING


def _value(payload: dict[str, Any]) -> str:
    value = payload.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return one_line(in_words(float(value), str(payload.get("unit", ""))), NAME_MAX)


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
