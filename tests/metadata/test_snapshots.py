"""Snapshots: the doubts about them, and who may take one away."""

from datetime import timedelta

import pytest

from mmsconsole.metadata.checks import CheckFinding, Fault
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import DOUBT_OF_VERIFICATION, Snapshot
from tests.metadata.records import NOW

OF_A_CHECK = CheckFinding("packs/default/ab/ab.pack", Fault.MISSING, "is gone").doubt


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "its head"),
        (OF_A_CHECK, "its head"),
        (DOUBT_OF_VERIFICATION + "x", "its head"),
        ("its manifest is damaged", "its manifest is damaged"),
    ],
)
def test_a_damaged_head_casts_a_doubt_that_no_check_takes_away(
    metadata: Metadata, before: str, after: str
) -> None:
    """Else a snapshot would count as good when its store was repaired, whatever its head was."""
    metadata.snapshots.add(Snapshot("s1", "d1", "h1", NOW, doubt=before))
    metadata.snapshots.add(Snapshot("s0", "d1", "h1", NOW - timedelta(hours=1), doubt=before))

    metadata.snapshots.cast_doubt("h1", NOW, "its head")

    assert metadata.snapshots.get("s1").doubt == after
    assert metadata.snapshots.get("s0").doubt == before
