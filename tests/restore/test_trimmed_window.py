"""A real backup whose policy gives up oplog: what is told of its window is what can be restored."""

from pathlib import Path

import pytest

from mmsconsole.daemon.retention import Retention
from mmsconsole.errors import OutsideWindow
from mmsconsole.metadata.heads import SyncPhase
from mmsconsole.mongod.fingerprint import Fingerprint, differences
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.optime import Optime
from mmsconsole.task import Task
from tests.operations.records import FakeSources
from tests.support.backups import Bench

pytestmark = pytest.mark.xdist_group("restores")


def test_every_moment_of_the_window_is_restored_and_none_before_it(
    bench: Bench, tmp_path: Path
) -> None:
    metadata, id_ = bench.metadata, bench.deployment.id
    metadata.policies.change(id_, {"oplog_hours": 0}, bench.clock.now(), "ada")
    backup = bench.synced()
    moments: dict[Optime, Fingerprint] = {}

    def write() -> None:
        for _ in range(2):
            moment = bench.write()
            moments[moment] = bench.state()
            bench.wait_stored(moment)

    write()
    old = bench.snapshot(backup)
    write()
    new = bench.snapshot(backup)
    write()
    assert old.optime is not None
    assert new.optime is not None
    metadata.snapshots.set(old.id, expires_at=old.created_at.replace(year=2020))
    chunks = metadata.chunks.size(id_).chunks

    Retention(bench.resources).tick()

    assert metadata.snapshots.find(old.id) is None
    assert metadata.chunks.size(id_).chunks < chunks
    asked = Operations(
        metadata, bench.resources.settings, bench.clock, Actor("ada"), sources=FakeSources()
    )
    (window,) = asked.backup_status("shop").windows
    assert window.start == new.optime
    assert window.end >= max(moments)
    told = [moment for moment in moments if moment >= new.optime]
    assert len(told) in (2, 3), "the last one before the snapshot may be the snapshot's own"
    for moment in told:
        restored = bench.restore(new, moment)
        assert differences(moments[moment], bench.state_of(Path(restored.target))) == []
    for moment in moments.keys() - set(told):
        with pytest.raises(OutsideWindow, match="before the window"):
            asked.plan_restore("shop", at=f"{moment.t}:{moment.i}", target=tmp_path / "no")

    # What is left is enough for a head that has to be made anew.
    metadata.heads.set(bench.head.id, phase=SyncPhase.REBUILDING, reason="a test")
    assert backup.rebuild(Task()).rebuilt_from == new.id
    bench.go_on(backup)
    bench.write()
    bench.assert_head_equals_source()
