"""Every election is told once, whoever tells it how often."""

from dataclasses import replace
from datetime import datetime, timedelta

import pymongo.errors
import pytest

from mmsconsole.errors import MetadataError
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.events import Event
from mmsconsole.metadata.members import MemberState
from mmsconsole.monitoring.elections import Elections
from mmsconsole.monitoring.uplink import EmbeddedUplink
from tests.operations.members import NOW, state

ELECTED = NOW - timedelta(hours=1)


def primary(number: int = 1, at: datetime = ELECTED, term: int = 4) -> MemberState:
    return state(number, "PRIMARY", elected_at=at, term=term)


def test_an_election_is_news_until_it_was_told() -> None:
    elections = Elections()
    (first,) = elections.news([primary(), state(2)])
    assert (first.kind, first.at, first.details) == (
        "new primary", ELECTED, {"member": "db1:27017", "term": "4"},
    )  # fmt: skip
    assert first.text == "db1:27017 was elected primary in term 4"
    assert elections.news([primary()]) == [first]
    elections.told([first])
    assert elections.news([primary()]) == []
    (second,) = elections.news([primary(2, NOW, 5)])
    assert second.id != first.id


@pytest.mark.parametrize(
    "seen",
    [
        state(1), state(1, "PRIMARY"), primary(at=NOW - timedelta(days=2)),
        replace(primary(), state="SECONDARY"),
    ],
)  # fmt: skip
def test_what_is_no_news_is_not_told(seen: MemberState) -> None:
    assert Elections().news([seen]) == []


def test_it_is_one_event_although_two_engines_tell_it(metadata: Metadata) -> None:
    for _ in range(2):
        uplink = EmbeddedUplink(metadata)
        uplink.report_members([primary()])
        uplink.report_members([primary()])
    events: list[Event] = list(metadata.events.recent())
    assert [each.kind for each in events] == ["new primary"]


def test_what_could_not_be_written_down_is_told_later(
    metadata: Metadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    uplink = EmbeddedUplink(metadata)

    def refuse(events: object) -> int:
        raise MetadataError("away") from pymongo.errors.PyMongoError()

    with monkeypatch.context() as away:
        away.setattr(metadata.events, "put_all", refuse)
        with pytest.raises(MetadataError):
            uplink.report_members([primary()])
    uplink.report_members([primary()])
    assert [each.kind for each in metadata.events.recent()] == ["new primary"]
