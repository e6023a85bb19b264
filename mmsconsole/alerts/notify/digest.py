"""Many notifications at once as one message: pure. When a rack dies nobody reads 200 mails.

Only where people read: programs get each of them, and PagerDuty an incident of each alert.
"""

import hashlib
from collections.abc import Sequence
from html import escape

from mmsconsole.alerts.notify.channel import READ_BY_PEOPLE, Message
from mmsconsole.alerts.notify.rendering import (
    COLOURS,
    NAME_MAX,
    TITLE_MAX,
    WELL,
    one_line,
    severity_of,
)
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.notifications import Notification, NotificationKind

MOST_ALONE = 5
"""So many are sent one by one."""
LINES_MAX = 200
"""Of each kind; how many more there are is said."""
WORDS = {
    NotificationKind.OPEN: "opened",
    NotificationKind.AGAIN: "still open",
    NotificationKind.ACKNOWLEDGED: "acknowledged",
    NotificationKind.CLOSED: "over",
}
"""In the order of the message, which has the kind of the first that there is."""
SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.INFO)
SEE = "mmsconsole alert list"

Part = tuple[str, list[tuple[str, str, str]], int]
"""A heading, lines of severity, title and text, and how many lines are left out."""


def together(ready: Sequence[Notification], kind: str) -> list[Notification]:
    """Of those that are ready, what a channel of this kind is sent next: one, or many at once."""
    if kind not in READ_BY_PEOPLE or len(ready) <= MOST_ALONE:
        return list(ready[:1])
    return [one for one in ready if one.kind in WORDS] or list(ready[:1])


def digest_of(notifications: Sequence[Notification]) -> Message:
    """One message of many. Equal for the same ones, however often it is tried."""
    kinds = [kind for kind in WORDS if any(one.kind is kind for one in notifications)]
    counts = ", ".join(f"{_count(notifications, kind)} {WORDS[kind]}" for kind in kinds)
    deployment = _common(notifications, "deployment")
    title = f"{len(notifications)} alerts: {counts}" + (f": {deployment}" if deployment else "")
    severities = {severity_of(one.payload.get("severity")) for one in notifications}
    severity = next(one for one in SEVERITIES if one in severities)
    parts = [_part(notifications, kind) for kind in kinds]
    return Message(
        kind=kinds[0].value,
        title=one_line(title, TITLE_MAX),
        text=_text(parts),
        severity=severity,
        group=_common(notifications, "group"),
        at=max(one.at for one in notifications),
        id=_id(notifications),
        html=_html(title, parts, WELL if kinds == [NotificationKind.CLOSED] else COLOURS[severity]),
        deployment=deployment,
        hint=SEE,
    )


def _count(notifications: Sequence[Notification], kind: NotificationKind) -> int:
    return sum(one.kind is kind for one in notifications)


def _common(notifications: Sequence[Notification], key: str) -> str:
    """What all of them have; empty where they differ."""
    found = {str(one.payload.get(key, "")) for one in notifications}
    return one_line(found.pop(), NAME_MAX) if len(found) == 1 else ""


def _id(notifications: Sequence[Notification]) -> str:
    names = "\n".join(sorted(one.id for one in notifications))
    return f"digest-{hashlib.sha256(names.encode()).hexdigest()[:16]}"


def _part(notifications: Sequence[Notification], kind: NotificationKind) -> Part:
    of_kind = [one for one in notifications if one.kind is kind]
    of_kind.sort(key=lambda one: SEVERITIES.index(severity_of(one.payload.get("severity"))))
    lines = [
        (
            severity_of(one.payload.get("severity")).value,
            one_line(one.title, TITLE_MAX),
            one_line(one.text, NAME_MAX),
        )
        for one in of_kind[:LINES_MAX]
    ]
    return f"{len(of_kind)} {WORDS[kind]}", lines, max(0, len(of_kind) - LINES_MAX)


def _text(parts: Sequence[Part]) -> str:
    blocks = []
    for heading, lines, more in parts:
        told = [f"  {severity.upper():<8} {title}: {text}" for severity, title, text in lines]
        left_out = [f"  and {more} more"] if more else []
        blocks.append("\n".join([f"{heading}:", *told, *left_out]))
    return "\n\n".join([*blocks, f"See: {SEE}"])


def _html(title: str, parts: Sequence[Part], colour: str) -> str:
    """As rendering.html_page() makes it: without links, pictures and scripts."""
    blocks = []
    for heading, lines, more in parts:
        told = "\n".join(
            f"<li>{severity.upper()} <b>{escape(name)}</b>: {escape(text)}</li>"
            for severity, name, text in lines
        )
        left_out = f"\n<li>and {more} more</li>" if more else ""
        blocks.append(f"<p>{escape(heading)}:</p>\n<ul>\n{told}{left_out}\n</ul>")
    body = "\n".join(blocks)
    return (
        '<!DOCTYPE html>\n<html><body style="font-family:sans-serif;font-size:14px">\n'
        f'<h2 style="font-size:18px;color:{colour}">{escape(one_line(title, TITLE_MAX))}</h2>\n'
        f"{body}\n<p>See: <code>{escape(SEE)}</code></p>\n</body></html>\n"
    )
