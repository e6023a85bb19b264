"""What a tail reports of itself is kept, with since when it is in trouble."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.tails import Tail

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = BEGAN + timedelta(minutes=5)


def test_trouble_keeps_its_beginning_until_all_is_well(metadata: Metadata) -> None:
    tail = Tail("d1", "db1:27017", BEGAN)
    metadata.tails.report(tail)
    assert metadata.tails.get("d1").since is None
    metadata.tails.report(replace(tail, error="db1: refused"))
    # Another error of the same trouble, from a tail that knows nothing of the first one.
    metadata.tails.report(replace(tail, seen_at=LATER, member="", error="db2: refused"))
    told = metadata.tails.get("d1")
    assert (told.since, told.seen_at, told.error) == (BEGAN, LATER, "db2: refused")
    metadata.tails.report(replace(tail, seen_at=LATER))
    assert metadata.tails.get("d1").since is None
    metadata.tails.report(replace(tail, seen_at=LATER, error="again"))
    assert metadata.tails.get("d1").since == LATER


def test_trouble_from_the_first_report_on_has_a_beginning(metadata: Metadata) -> None:
    metadata.tails.report(Tail("d1", "", BEGAN, error="refused"))
    assert metadata.tails.get("d1").since == BEGAN
