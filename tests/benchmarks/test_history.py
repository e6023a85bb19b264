"""The curve runs and counts right, with next to nothing. No time is looked at."""

from pathlib import Path

from mmsconsole.metadata.database import Metadata
from tests.benchmarks.history import curve
from tests.benchmarks.mark_curve import PACK_BLOCKS
from tests.support.metadata import settings_of


def test_the_oldest_snapshot_goes_and_the_packs_that_it_alone_used(
    metadata: Metadata, tmp_path: Path
) -> None:
    points = list(curve(metadata, settings_of(tmp_path), blocks=10 * PACK_BLOCKS, points=(2, 4)))

    assert [point.snapshots for point in points] == [2, 4]
    # One pack was let go of before the first snapshot, one each time after it.
    assert [point.dropped for point in points] == [2, 1]
