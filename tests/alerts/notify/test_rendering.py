"""What people read."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from mmsconsole.alerts.notify.documents import (
    document_of,
    json_of,
    pagerduty_documents,
    slack_document,
)
from mmsconsole.alerts.notify.quantities import in_words
from mmsconsole.alerts.notify.rendering import TEXT_MAX, TITLE_MAX
from mmsconsole.metadata.notifications import NotificationKind
from tests.alerts.notify.messages import PAYLOAD, message

HOSTILE = "<script>x</script>\r\nBcc: evil@example.org\x1b[2J\u202edb <!channel> & \ud800"

TEXT = """\
db2:27017 is 12 min 34 s behind its primary

Deployment:  shop
About:       db2:27017
Condition:   replication lag
Value:       12 min 34 s
Severity:    error
Since:       2024-05-06 07:05:00 UTC
Told at:     2024-05-06 07:08:09 UTC
Group:       main

What to do: look at its disk, its network and long operations
See: mmsconsole alert show a1b2c3"""

HTML_ROW = '<tr><td style="padding:2px 16px 2px 0;color:#666">Value</td><td>12 min 34 s</td></tr>'


def test_the_text_says_what_where_since_when_and_what_to_do() -> None:
    assert message().text == TEXT
    assert message().title == "shop: A secondary is behind: db2:27017"


def test_the_page_says_the_same() -> None:
    class Words(HTMLParser):
        found = ""

        def handle_data(self, data: str) -> None:
            self.found += data

    words = Words()
    words.feed(message().html)
    for line in TEXT.split("\n"):
        name, _, value = line.partition(":")
        assert name in words.found
        assert value.strip() in words.found
    assert HTML_ROW in message().html


@pytest.mark.parametrize(
    ("kind", "lead"),
    [
        (NotificationKind.OPEN, ""),
        (NotificationKind.AGAIN, "Still: "),
        (NotificationKind.CLOSED, "Over: "),
        (NotificationKind.ACKNOWLEDGED, "Acknowledged: "),
        (NotificationKind.TEST, "Test: "),
    ],
)
def test_the_title_says_what_happened_to_the_alert(kind: NotificationKind, lead: str) -> None:
    assert message(kind=kind).title.startswith(f"{lead}shop: ")


def test_nothing_is_to_be_done_once_it_is_over() -> None:
    told = message(kind=NotificationKind.CLOSED)
    assert "What to do" not in told.text + told.html
    assert "mmsconsole alert show a1b2c3" in told.text


def hostile(**changes: Any) -> Any:
    names = ("group", "deployment", "subject", "condition", "hint", "unit")
    payload = PAYLOAD | dict.fromkeys(names, HOSTILE)
    return message(title=HOSTILE, text=HOSTILE, payload=payload, **changes)


def test_names_from_outside_make_no_lines_markup_or_escapes() -> None:
    told = hostile()
    for text in (told.title, told.subject, told.deployment, told.hint, told.value):
        assert text.isprintable()
    assert all(line.isprintable() for line in told.text.split("\n"))
    assert "\nBcc" not in told.text
    assert "<script" not in told.html
    assert "&lt;script&gt;" in told.html
    assert "\x1b" not in told.html


def test_names_from_outside_steer_nothing_in_slack() -> None:
    said = slack_document(hostile())
    for text in (said["text"], said["attachments"][0]["text"], said["attachments"][0]["fallback"]):
        assert "<" not in text
        assert "&lt;!channel&gt; &amp;" in text
    json_of(said).decode("ascii")


def test_what_is_long_is_shortened() -> None:
    told = message(title="x" * 10_000, text="y" * 100_000, payload={"subject": "z" * 10_000})
    assert len(told.title) == TITLE_MAX
    assert len(told.text) < TEXT_MAX + 1000
    assert len(json_of(document_of(told))) < 64 << 10


@pytest.mark.parametrize(
    "payload",
    [{}, {"value": "many"}, {"value": True}, {"value": float("nan")}, {"opened_at": "yesterday"},
     {"severity": "awful", "group": None, "subject": 7}],
)  # fmt: skip
def test_what_is_missing_or_of_another_type_is_left_out(payload: dict[str, Any]) -> None:
    told = message(payload=payload)
    assert told.value == ""
    assert told.opened_at is None
    assert told.text.startswith("db2:27017 is 12 min")


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (85.0, "%", "85 %"),
        (85.25, "percent", "85.2 %"),
        (0.04, "%", "0.04 %"),
        (0.00004, "%", "0.00004 %"),
        (0.00012, "ms", "0.00012 ms"),
        (1e7, "count", "10000000"),
        (119.0, "s", "119 s"),
        (120.0, "s", "2 min"),
        (754.0, "seconds", "12 min 34 s"),
        (7500.0, "s", "2 h 5 min"),
        (90000.0, "s", "1 d 1 h"),
        (-754.0, "s", "-12 min 34 s"),
        (11.5, "h", "11.5 h"),
        (999.0, "bytes", "999 bytes"),
        (1_500_000_000.0, "bytes", "1.5 GB"),
        (2e6, "bytes per second", "2 MB/s"),
        (12.0, "per second", "12/s"),
        (3.0, "count", "3"),
        (1.5, "intervals", "1.5 intervals"),
        (float("inf"), "s", ""),
    ],
)
def test_a_value_is_said_with_its_unit(value: float, unit: str, words: str) -> None:
    assert in_words(value, unit) == words


def test_the_document_of_a_web_hook_has_all_that_is_known() -> None:
    document = json.loads(json_of(document_of(message())))
    assert document == {
        "format": 1, "id": "a1b2c3-1-ops", "key": "a1b2c3", "kind": "open",
        "title": "shop: A secondary is behind: db2:27017", "text": TEXT, "severity": "error",
        "group": "main", "deployment": "shop", "subject": "db2:27017",
        "condition": "replication lag", "value": "12 min 34 s", "alert": "a1b2c3",
        "opened_at": "2024-05-06T07:05:00+00:00", "at": "2024-05-06T07:08:09+00:00",
        "hint": "look at its disk, its network and long operations",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "actions"),
    [
        (NotificationKind.OPEN, ["trigger"]),
        (NotificationKind.AGAIN, ["trigger"]),
        (NotificationKind.ACKNOWLEDGED, ["acknowledge"]),
        (NotificationKind.CLOSED, ["resolve"]),
        (NotificationKind.TEST, ["trigger", "resolve"]),
    ],
)
def test_pagerduty_has_one_incident_for_an_alert(
    kind: NotificationKind, actions: list[str]
) -> None:
    documents = pagerduty_documents(message(kind=kind, id_=f"a1b2c3-{kind}"), "key")
    assert [each["event_action"] for each in documents] == actions
    assert {each["dedup_key"] for each in documents} == {"mmsconsole-a1b2c3"}
    for each in documents:
        assert ("payload" in each) == (each["event_action"] == "trigger")
