"""The curve runs and counts right, with next to nothing. No time is looked at."""

from tests.benchmarks.mark_curve import PACK_BLOCKS, curve


def test_every_block_that_a_snapshot_uses_is_counted_once() -> None:
    points = list(curve(blocks=4 * PACK_BLOCKS, snapshots=4, points=2))

    assert [point.snapshots for point in points] == [2, 4]
    # The first snapshot has let go of one; each brings a pack.
    assert [point.used for point in points] == [6 * PACK_BLOCKS - 1, 8 * PACK_BLOCKS - 1]
