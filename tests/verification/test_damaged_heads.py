"""Wrong bytes in the files of a head, before a snapshot is cut of them."""

import pytest

from mmsconsole.errors import VerificationBad
from mmsconsole.metadata.snapshots import SnapshotState, Verdict
from mmsconsole.task import Task
from mmsconsole.verification.verifying import Verification
from tests.support.backups import Bench
from tests.support.head_files import file_of, fill_with_blocks, spoil

pytestmark = pytest.mark.xdist_group("restores")


def test_wrong_bytes_in_a_collection_and_in_an_index_of_a_head_are_found(bench: Bench) -> None:
    """The head itself sees nothing of them: its cache holds what was there before."""
    fill_with_blocks(bench)
    bench.verify_every()
    backup = bench.synced()
    good = bench.snapshot(backup)
    collection, index = file_of(bench), file_of(bench, "a_1")
    spoil(collection)
    spoil(index)
    rotten = bench.snapshot(backup)
    assert rotten.state is SnapshotState.COMPLETE

    Verification(bench.resources).run(good.id, Task())
    with pytest.raises(VerificationBad, match="checksum error") as raised:
        Verification(bench.resources).run(rotten.id, Task())

    assert "app.c" in raised.value.what
    assert bench.metadata.snapshots.get(good.id).verdict is Verdict.GOOD
    noted = bench.metadata.snapshots.get(rotten.id)
    assert noted.verdict is Verdict.BAD
    assert "checksum error" in noted.doubt
