"""The metadata made anew from a store: as it was, or with a word about what is not."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.errors import NotFound
from mmsconsole.metadata.alert_rules import AlertRule, rule_id
from mmsconsole.metadata.blocks import TAG_BYTES
from mmsconsole.metadata.checks import doubted_key
from mmsconsole.metadata.deployments import BackupState
from mmsconsole.metadata.maintenance import MaintenanceWindow
from mmsconsole.metadata.restores import Restore, RestoreState
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.operations.store_restore import WHAT_IT_HOLDS, StoreWish, restore
from mmsconsole.recovery.catalogues import NOTHING
from mmsconsole.stores.blocks.manifest import PackEntry
from mmsconsole.stores.blocks.moved import MovedBlock, encoded, moved_key
from mmsconsole.stores.blocks.packs import PackBuilder, read_index
from mmsconsole.stores.check.checking import EVERYTHING, Checking
from mmsconsole.stores.check.needed_blocks import hurt_snapshots
from mmsconsole.stores.check.suspects import suspected
from mmsconsole.stores.groom.grooming import Grooming
from mmsconsole.stores.groom.grooming_plan import Limits
from mmsconsole.stores.objects import sha256_hex
from mmsconsole.task import Task
from tests.metadata.records import NOW
from tests.recovery.conftest import Stand, at, body
from tests.support.snapshots import contents


def filled(stand: Stand) -> Stand:
    """Two snapshots, one of them held, and an oplog with a gap."""
    stand.snapshot("s1", 12, hold="for the auditors", verdict="good")
    stand.chunks(body(10, 15), body(15, 20))
    stand.chunks(body(30, 35), after_gap=True)
    stand.change(7)
    stand.snapshot("s2", 32)
    stand.metadata.window_ends.add(WindowEnd("w1", "d1", at(21), "no head can follow", NOW))
    stand.event("deployment added", "ann")
    return stand


def test_everything_is_as_it_was(stand: Stand) -> None:
    filled(stand)
    before, spans, places = stand.records(), stand.spans(), stand.places()
    stand.back_up()

    report = stand.rebuilt()

    found = stand.found
    deployment = replace(
        before["deployments"][0], uri=found.uri, head=found.head, reason=found.reason,
        backup=BackupState.STOPPED,
    )  # fmt: skip
    assert stand.records() == before | {"deployments": [deployment]}
    assert stand.spans() == spans
    assert stand.places() == places
    assert (report.deployments, report.snapshots, report.found) == (["shop-d1"], 2, 0)


def test_a_password_is_left_out_of_a_store_without_encryption(stand: Stand) -> None:
    stand.back_up()

    report = stand.rebuilt()

    assert stand.found.uri.reveal() == "mongodb://backup@db1.example/"
    assert "deployment edit shop-d1" in stand.found.reason
    assert any("password" in told for told in report.told)
    assert not any(b"hunter2" in stand.storage.get(one.key) for one in stand.storage.list(""))


def test_the_next_snapshot_stores_nothing_that_is_there(stand: Stand) -> None:
    filled(stand).back_up()
    stand.rebuilt()

    again = stand.snapshot("s3", 33)

    assert again.new_bytes < 20_000


def test_every_snapshot_is_restored_byte_for_byte(stand: Stand) -> None:
    filled(stand).back_up()
    stand.rebuilt()

    for id_, wanted in (("s2", contents(stand.root)),):
        snapshot = stand.metadata.snapshots.get(id_)
        target = stand.folder / id_
        stand.resources.blockstore(stand.found).materialise(snapshot, target, Task())
        assert contents(target) == wanted


def test_without_a_catalogue_the_manifests_tell(stand: Stand) -> None:
    filled(stand)

    report = stand.rebuilt()

    found = list(stand.metadata.snapshots.complete("d1"))
    assert [one.id for one in found] == ["s1", "s2"]
    assert all(one.hold for one in found)  # nobody knows how long they were to be kept
    assert (stand.found.name, stand.found.set_id) == ("shop-d1", stand.deployment.set_id)
    assert "connection string" in stand.found.reason
    assert report.found == 2


def test_a_store_with_nothing_in_it_is_not_called_one_that_lost_its_catalogue(stand: Stand) -> None:
    assert stand.rebuilt().told == [NOTHING]


def test_who_asks_a_store_for_a_snapshot_that_it_has_not_is_told_how_to_see_what_it_has(
    stand: Stand, tmp_path: Path
) -> None:
    filled(stand)
    stand.lose_metadata()
    wish = StoreWish("shop-d1", tmp_path / "out", snapshot="5f2c")
    with pytest.raises(NotFound, match="'5f2c'") as refused:
        restore(stand.resources, wish, lambda _: None, Task())
    assert refused.value.hint == WHAT_IT_HOLDS


def test_a_snapshot_younger_than_the_catalogue_is_found(stand: Stand) -> None:
    filled(stand).back_up()
    young = stand.snapshot("s3", 33)

    stand.rebuilt()

    found = stand.metadata.snapshots.get("s3")
    told = ("head", "optime", "replay_from", "mongod_version", "fcv", "manifest_key",
            "manifest_sha256", "files", "bytes", "created_at")  # fmt: skip
    assert all(getattr(found, name) == getattr(young, name) for name in told)
    assert (found.state, found.hold) == (SnapshotState.COMPLETE, "")


def test_a_snapshot_that_was_being_taken_is_complete_if_its_manifest_is_whole(
    stand: Stand,
) -> None:
    stand.snapshot("s1", 12)
    stand.metadata.snapshots.set("s1", state=SnapshotState.RUNNING, manifest_key="", attempt="a")
    stand.metadata.snapshots.put_all(
        [replace(stand.metadata.snapshots.get("s1"), id="s2", optime=None)]
    )
    stand.back_up()

    stand.rebuilt()

    assert stand.metadata.snapshots.get("s1").state is SnapshotState.COMPLETE
    assert stand.metadata.snapshots.get("s2").state is SnapshotState.FAILED


def test_a_record_without_its_manifest_has_failed(stand: Stand) -> None:
    gone = filled(stand).metadata.snapshots.get("s1")
    stand.back_up()
    stand.storage.delete(gone.manifest_key)

    report = stand.rebuilt()

    found = stand.metadata.snapshots.get("s1")
    assert (found.state, found.manifest_key) == (SnapshotState.FAILED, "")
    assert "manifest" in found.reason
    assert any("s1" in told for told in report.told)


def test_a_damaged_manifest_casts_doubt(stand: Stand) -> None:
    key = filled(stand).metadata.snapshots.get("s1").manifest_key
    stand.back_up()
    stand.change_object(key, lambda data: data.__setitem__(-60, data[-60] ^ 1))

    report = stand.rebuilt()

    assert "damaged" in stand.metadata.snapshots.get("s1").doubt
    assert any("s1" in told for told in report.told)


def test_no_wrong_byte_of_a_manifest_makes_a_snapshot(stand: Stand) -> None:
    key = stand.snapshot("s1", 12).manifest_key
    good = stand.storage.get(key)
    for place in range(0, len(good), 41):
        stand.change_object(key, lambda data, at=place: data.__setitem__(at, data[at] ^ 1))
        report = stand.rebuilt()
        assert list(stand.metadata.snapshots.all()) == []
        assert report.told
        stand.storage.put(key, [good])


def test_a_missing_pack_casts_doubt_on_who_needs_it(stand: Stand) -> None:
    filled(stand).back_up()
    packs = [one.key for one in stand.storage.list("packs")]
    stand.storage.delete(packs[0])

    report = stand.rebuilt()

    doubted = [one.id for one in stand.metadata.snapshots.all() if packs[0] in one.doubt]
    assert doubted
    assert any(packs[0] in told for told in report.told)
    checking = Checking(stand.storage, stand.metadata, "default", EVERYTHING)
    assert [one.key for one in checking.run(Task())] == [packs[0]]
    assert suspected(stand.metadata, "default") is None
    (pack,) = stand.metadata.packs.all({"key": packs[0]})
    pool = stand.metadata.pools.get("default")
    hurt = hurt_snapshots(stand.storage, stand.metadata, pool, [pack], Task())
    assert hurt == {pack.id: tuple(doubted)}


def test_what_has_lost_a_pack_is_kept_without_a_catalogue_too(stand: Stand) -> None:
    """All snapshots may share that pack, and it may be mended."""
    filled(stand)
    packs = {one.key: stand.storage.get(one.key) for one in stand.storage.list("packs")}
    lost = next(iter(packs))
    stand.storage.delete(lost)

    stand.rebuilt()

    snapshots = list(stand.metadata.snapshots.all())
    assert {one.state for one in snapshots} == {SnapshotState.COMPLETE}
    doubted = [one for one in snapshots if doubted_key(one.doubt) == lost]
    assert doubted
    assert all(one.hold for one in doubted)

    stand.storage.put(lost, [packs[lost]])
    assert list(Checking(stand.storage, stand.metadata, "default", EVERYTHING).run(Task())) == []


def test_a_damaged_pack_is_told_and_nothing_builds_on_it(stand: Stand) -> None:
    filled(stand).back_up()
    keys = [one.key for one in stand.storage.list("packs")]
    stand.change_object(keys[0], lambda data: data.__setitem__(-60, data[-60] ^ 1))

    report = stand.rebuilt()

    assert any(keys[0] in told for told in report.told)
    damaged = stand.metadata.packs.one({"key": keys[0]})
    assert damaged is not None
    assert not any(each["p"].hex() == damaged.id for each in stand.places().values())


def test_a_damaged_catalogue_is_passed_over_for_an_older_one(stand: Stand) -> None:
    filled(stand).back_up()
    newest = stand.back_up().key
    stand.change_object(newest, lambda data: data.__setitem__(200, data[200] ^ 1))

    report = stand.rebuilt()

    assert stand.metadata.snapshots.get("s1").hold == "for the auditors"
    assert any(newest in told for told in report.told)


def test_what_one_engine_removed_does_not_come_back_by_another_ones_catalogue(
    stand: Stand,
) -> None:
    stand.back_up("lost-home")
    stand.metadata.deployments.remove("d1")
    stand.back_up("new-home")

    report = stand.rebuilt()

    assert report.deployments == []


def test_a_restore_that_ran_has_failed(stand: Stand) -> None:
    stand.metadata.restores.add(Restore("r1", "d1", "s1", "/srv/r", NOW))
    stand.back_up()

    stand.rebuilt()

    assert stand.metadata.restores.get("r1").state is RestoreState.FAILED


def test_that_a_store_is_only_the_copy_is_told(stand: Stand) -> None:
    stand.metadata.deployments.set("d1", store="far", copy_to="default")
    stand.back_up()

    report = stand.rebuilt()

    assert (stand.found.store, stand.found.copy_to) == ("default", "")
    assert any("this is its copy" in told for told in report.told)


def test_a_removal_goes_on(stand: Stand) -> None:
    stand.metadata.deployments.set("d1", removed=True)
    stand.back_up()

    report = stand.rebuilt()

    assert stand.found.removed
    assert [job.kind for job in stand.metadata.jobs.open("d1")] == ["removal"]
    assert report.deployments == []


def test_a_second_rebuild_changes_nothing(stand: Stand) -> None:
    filled(stand).back_up()
    stand.rebuilt()
    before, spans = stand.records(), stand.spans()

    report = stand.rebuild()

    assert (stand.records(), stand.spans(), report.deployments) == (before, spans, [])


def moved_away(stand: Stand, *, dropped: bool = True) -> str:
    """What a groom leaves: the blocks of all packs, of that with pages too, lie in a new one.
    Returns its id.
    """
    new = PackBuilder("default", "ab" * 16)
    places = {}
    for old in list(stand.storage.list("packs")):
        index = read_index(stand.storage, old.key)
        for one in index.places:
            stored = stand.storage.get_range(old.key, one.offset, one.stored_bytes)
            places[old.key, one.number] = new.add(one.hash, stored, one.raw_bytes)
    size = stand.storage.put(new.key, new.parts())
    entry = PackEntry(new.id, new.key, size, sha256_hex(new.parts()))
    for key in {key for key, _ in places}:
        blocks = {
            number: MovedBlock(there.hash, entry, there.offset, there.stored_bytes, there.number)
            for (pack, number), there in places.items() if pack == key
        }  # fmt: skip
        stand.storage.put(moved_key(key), [encoded("default", Path(key).stem, blocks)])
        if dropped:
            stand.storage.delete(key)
    return new.id


def test_blocks_that_a_groom_has_moved_are_followed(stand: Stand) -> None:
    stand.snapshot("s1", 12)
    stand.back_up()
    new = moved_away(stand)

    report = stand.rebuilt()

    snapshot = stand.metadata.snapshots.get("s1")
    assert (snapshot.doubt, report.told[1:]) == ("", [])  # the first one is of the password
    there = list(stand.metadata.packs.all({"dropped": False}))
    assert [(one.id, one.blocks) for one in there] == [(new, 3 + 1)]
    stand.resources.blockstore(stand.found).materialise(snapshot, stand.folder / "r", Task())
    assert contents(stand.folder / "r") == contents(stand.root)
    assert stand.snapshot("s2", 13).new_bytes < 20_000


def test_a_pack_whose_blocks_were_put_elsewhere_is_gone_on_with(stand: Stand) -> None:
    """A groom had not come to its end; or a repair has put there what was wrong in the pack, and
    what it has put there must not become an orphan.
    """
    stand.snapshot("s1", 12)
    stand.back_up()
    new = moved_away(stand, dropped=False)

    stand.rebuilt()

    old = list(stand.metadata.packs.all({"_id": {"$ne": new}}))
    assert sorted(one.blocks for one in old) == [1, 3]
    assert {(one.condemned, one.dropped) for one in old} == {(1, False)}
    places = stand.metadata.blocks.places("default", [id_[TAG_BYTES:] for id_ in stand.places()])
    assert {place.pack for place in places.values()} == {new}
    pool = stand.metadata.pools.ensure("default", "default")
    done = Grooming(stand.storage, stand.metadata, pool).run(Limits(0, 0), Task())
    assert (done.moved_bytes, done.dropped) == (0, 2)
    snapshot = stand.metadata.snapshots.get("s1")
    stand.resources.blockstore(stand.found).materialise(snapshot, stand.folder / "r", Task())
    assert contents(stand.folder / "r") == contents(stand.root)


def test_a_groom_after_a_rebuild_takes_nothing_that_is_needed(stand: Stand) -> None:
    stand.snapshot("s1", 12)
    stand.change(7)
    stand.snapshot("s2", 13)
    stand.back_up()
    moved = Limits(living_percent=100, dead_bytes=0)
    pool = stand.metadata.pools.ensure("default", "default")
    stand.resources.blockstore(stand.found).forget(stand.metadata.snapshots.get("s1"))
    Grooming(stand.storage, stand.metadata, pool).run(moved, Task())

    stand.rebuilt()
    pool = stand.metadata.pools.ensure("default", "default")
    Grooming(stand.storage, stand.metadata, pool).run(moved, Task())

    assert stand.metadata.snapshots.get("s1").state is SnapshotState.FAILED  # it was deleted
    snapshot = stand.metadata.snapshots.get("s2")
    stand.resources.blockstore(stand.found).materialise(snapshot, stand.folder / "r", Task())
    assert contents(stand.folder / "r") == contents(stand.root)


def test_rules_of_alerts_and_maintenance_come_back_in_the_place_of_a_new_groups_own(
    stand: Stand,
) -> None:
    def rule(deployment: str = "", condition: str = "host down", **fields: Any) -> AlertRule:
        id_ = rule_id("default", deployment, condition)
        return AlertRule(id_, "default", condition, NOW, deployment, **fields)

    mine = [rule(for_seconds=7), rule("d1", enabled=False), rule("d1", "no primary")]
    stand.metadata.alert_rules.put_all(mine)
    window = MaintenanceWindow("m1", "default", NOW, NOW + timedelta(days=9), "d1", "a new disk")
    stand.metadata.maintenance.add(window)
    filled(stand).back_up()
    stand.lose_metadata()
    stand.metadata.alert_rules.put_all([rule(), rule(condition="no primary")])

    stand.rebuild()

    told = {one.id: one for one in stand.metadata.alert_rules.all()}
    assert told == {one.id: one for one in [*mine, rule(condition="no primary")]}
    assert [*stand.metadata.maintenance.all()] == [window]


def test_rules_of_a_group_that_is_in_use_stay_as_they_are(stand: Stand) -> None:
    theirs = AlertRule(rule_id("default", "", "host down"), "default", "host down", NOW)
    stand.metadata.alert_rules.put(theirs)
    filled(stand).back_up()
    changed = replace(theirs, for_seconds=99)
    stand.metadata.alert_rules.put(changed)

    stand.rebuild()

    assert [*stand.metadata.alert_rules.of_group("default")] == [changed]
