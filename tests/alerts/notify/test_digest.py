"""Many alerts at once become one message, where people read it."""

from collections import Counter
from datetime import timedelta

import pytest

from mmsconsole.alerts.notify.digest import LINES_MAX, MOST_ALONE, digest_of, together
from mmsconsole.alerts.notify.documents import SLACK_TEXT_MAX, slack_document
from mmsconsole.alerts.notify.email import mail_of
from mmsconsole.metadata.notifications import Notification, NotificationKind
from tests.alerts.notify.messages import AT, PAYLOAD, notification

OPEN, CLOSED, AGAIN = NotificationKind.OPEN, NotificationKind.CLOSED, NotificationKind.AGAIN


def one(number: int, kind: NotificationKind = OPEN, **payload: object) -> Notification:
    return notification(
        f"a{number}-1-ops", kind, alert=f"a{number}", title=f"A member does not answer: db{number}",
        text=f"db{number} refuses", at=AT + timedelta(seconds=number), payload=PAYLOAD | payload,
    )  # fmt: skip


def many(count: int) -> list[Notification]:
    return [one(number) for number in range(count)]


@pytest.mark.parametrize(
    ("kind", "count", "expected"),
    [
        ("email", 0, 0), ("email", 1, 1), ("email", MOST_ALONE, 1),
        ("email", MOST_ALONE + 1, MOST_ALONE + 1), ("slack", 200, 200),
        ("webhook", 200, 1), ("pagerduty", 200, 1), ("command", 200, 1),
    ],
)  # fmt: skip
def test_many_are_sent_together_where_people_read_them_and_alone_where_programs_do(
    kind: str, count: int, expected: int
) -> None:
    assert len(together(many(count), kind)) == expected


def test_a_digest_tells_of_each_by_kind_and_the_worst_first() -> None:
    found = digest_of([one(1, CLOSED), one(2, severity="info"), one(3), one(4, AGAIN)])
    assert found.title == "4 alerts: 2 opened, 1 still open, 1 over: shop"
    assert found.text == (
        "2 opened:\n"
        "  ERROR    A member does not answer: db3: db3 refuses\n"
        "  INFO     A member does not answer: db2: db2 refuses\n\n"
        "1 still open:\n"
        "  ERROR    A member does not answer: db4: db4 refuses\n\n"
        "1 over:\n"
        "  ERROR    A member does not answer: db1: db1 refuses\n\n"
        "See: mmsconsole alert list"
    )
    assert (found.kind, found.severity, found.deployment) == ("open", "error", "shop")


def test_a_digest_of_several_deployments_names_none_and_of_ends_alone_is_an_end() -> None:
    found = digest_of([one(1, CLOSED), one(2, CLOSED, deployment="mail")])
    assert (found.title, found.kind, found.deployment) == ("2 alerts: 2 over", "closed", "")


def test_the_same_notifications_make_the_same_mail_in_any_order() -> None:
    first = mail_of(digest_of(many(9)), "a@example.org", ["b@example.org"])
    again = mail_of(digest_of(many(9)), "a@example.org", ["b@example.org"])
    other = mail_of(digest_of(many(8)), "a@example.org", ["b@example.org"])
    ids = Counter(str(mail["Message-ID"]) for mail in (first, again, other))
    assert sorted(ids.values()) == [1, 2]
    assert digest_of(many(9)[::-1]).id == digest_of(many(9)).id


def test_a_digest_is_bounded_and_says_what_it_leaves_out() -> None:
    found = digest_of(many(LINES_MAX + 7))
    assert "  and 7 more" in found.text
    assert "<li>and 7 more</li>" in found.html
    assert found.text.count("refuses") == found.html.count("refuses") == LINES_MAX
    told = slack_document(found)
    assert len(told["attachments"][0]["text"]) <= SLACK_TEXT_MAX


def test_names_from_outside_steer_nothing_in_a_digest() -> None:
    evil = "<b>\r\nBcc: x@example.org\x1b[31m\u202e"
    found = digest_of([
        notification("a1", title=evil, text=evil, payload={"deployment": evil, "severity": evil}),
        *many(9),
    ])  # fmt: skip
    for text in (found.title, found.text, found.html):
        assert all(char.isprintable() or char == "\n" for char in text)
    assert "<b>\\\\" not in found.html
    assert "Bcc" not in [line[:3] for line in found.text.splitlines()]
    mail = mail_of(found, "a@example.org", ["b@example.org"])
    assert mail["Bcc"] is None
