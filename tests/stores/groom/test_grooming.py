"""Space comes back, and nothing that a snapshot needs goes."""

import itertools
from pathlib import Path

import pytest

from mmsconsole.errors import Cancelled, DiskFull, ObjectCorrupt, ObjectLocked, ObjectMissing
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.snapshots import SnapshotState
from mmsconsole.stores.blocks.moved import SUFFIX
from mmsconsole.stores.blocks.packs import read_index
from mmsconsole.stores.groom.figures import deployment_figures, pool_figures
from mmsconsole.stores.groom.grooming import Grooming
from mmsconsole.stores.groom.grooming_plan import Limits
from mmsconsole.task import Cancellation, Task
from tests.support.faulty import FaultyStorage, no_space
from tests.support.history import BLOCK_BYTES, EVERYTHING, History, blocks
from tests.support.snapshots import block_packs, pack_keys, page_pack_keys

pytestmark = pytest.mark.usefixtures("small_packs")


@pytest.fixture
def history(storage: FaultyStorage, metadata: Metadata, tmp_path: Path) -> History:
    """Three packs: of one a block is needed, of one two are, and one is dead. And two with a page:
    one is needed, and one is dead.
    """
    made = History(storage, metadata, tmp_path)
    first = made.take("s1", {"a": blocks(*range(12))})
    made.take("s2", {"a": blocks(0, 5, 7)}, first)
    made.forget("s1")
    return made


def test_space_of_deleted_snapshots_comes_back_and_the_last_one_stays(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path
) -> None:
    history = History(storage, metadata, tmp_path)
    last = {"a": blocks(0, 31, 2, 33, 4, 35), "c": blocks(50)}
    first = history.take("s1", {"a": blocks(*range(12)), "b": blocks(20, 21)})
    second = history.take("s2", {"a": blocks(*range(6), *range(30, 36)), "b": blocks(20)}, first)
    history.take("s3", last, second)
    fresh = History(storage, metadata, tmp_path, "fresh")
    fresh.take("f3", last)
    history.forget("s1")
    history.forget("s2")

    history.groom()

    history.check()
    assert history.stored_bytes() <= 1.1 * fresh.stored_bytes()
    assert history.groom().moved_bytes == 0, "there is nothing left to do"


def test_the_next_snapshot_finds_its_blocks_where_they_were_moved_to(
    history: History, storage: FaultyStorage
) -> None:
    history.groom()
    before = pack_keys(storage)

    history.take("s3", {"a": blocks(5, 7, 0)})

    assert pack_keys(storage) == before


@pytest.mark.parametrize("state", [s for s in SnapshotState if s is not SnapshotState.RUNNING])
def test_whatever_has_a_manifest_counts(
    history: History, metadata: Metadata, state: SnapshotState
) -> None:
    metadata.snapshots.set("s2", state=state)

    history.groom()

    metadata.snapshots.set("s2", state=SnapshotState.COMPLETE)
    history.check()


@pytest.mark.parametrize("how", ["missing", "flipped"])
def test_nothing_goes_when_a_manifest_can_not_be_read_and_it_is_named(
    history: History, storage: FaultyStorage, metadata: Metadata, how: str
) -> None:
    key = metadata.snapshots.get("s2").manifest_key
    data = storage.get(key)
    before = [stored.key for stored in storage.list("packs")]
    storage.delete(key)
    if how == "flipped":
        storage.put(key, [data[:-200], bytes([data[-200] ^ 1]), data[-199:]])

    with pytest.raises((ObjectMissing, ObjectCorrupt)) as caught:
        history.groom()

    assert caught.value.where == key
    assert [stored.key for stored in storage.list("packs")] == before


def test_a_block_that_is_damaged_keeps_its_pack_and_is_told(
    history: History, storage: FaultyStorage, metadata: Metadata
) -> None:
    """The others go on; what a repair or the next snapshot brings is not lost."""
    blocks = block_packs(storage, metadata)
    (key,) = (pack.key for pack in blocks if history.used("s2").get(pack.id) == 1)
    whole = storage.get(key)
    at = read_index(storage, key).places[0].offset + 100
    storage.put(key, [whole[:at], bytes(200), whole[at + 200 :]])

    done = history.groom()

    assert len(done.damaged) == 1
    assert key in done.damaged[0]
    assert history.packs().count(key) == 1
    assert done.waiting == 1
    storage.put(key, [whole])
    assert history.groom().waiting == 0
    history.check()


def test_a_dead_pack_goes_also_when_it_is_damaged_or_the_disk_is_full(
    history: History, storage: FaultyStorage, metadata: Metadata
) -> None:
    dead = next(
        one for one in metadata.packs.all()
        if one.id not in history.used("s2") and one.blocks == 4
    )  # fmt: skip
    storage.put(dead.key, [b"something else"])
    storage.fail("put", 1, no_space())

    with pytest.raises(DiskFull):
        history.groom()

    assert dead.key not in history.packs()
    history.check()


def test_it_can_be_cancelled_anywhere_and_gone_on_with(
    history: History, storage: FaultyStorage
) -> None:
    reports = 0
    while is_cancelled(history, reports):
        history.check()
        reports += 1
    assert reports > 2
    assert history.groom().waiting == 0
    history.check()


def is_cancelled(history: History, after: int) -> bool:
    """Whether a groom that is cancelled at this report still has something to do then."""
    cancelled, seen = Cancellation(), itertools.count()

    def report(_: str, __: int, ___: int | None) -> None:
        if next(seen) == after:
            cancelled.cancel()

    try:
        history.groom(task=Task(cancelled, report))
    except Cancelled:
        return True
    return False


def test_a_lock_on_an_object_keeps_it_and_nothing_else(
    history: History, storage: FaultyStorage, metadata: Metadata
) -> None:
    storage.fail("delete", 1, ObjectLocked("locked"))

    assert history.groom().waiting == 0

    (noted,) = metadata.deletions.all()
    assert noted.key in history.packs(), "it is deleted later"
    history.check()


def test_only_what_is_worth_it_is_rewritten(history: History) -> None:
    done = history.groom(Limits(living_percent=30, dead_bytes=0))

    assert done.dropped == 3, "the dead ones, and the one with a fourth"
    assert pool_figures(history.storage, done.after).dead_bytes > 0
    assert history.groom(Limits(100, 1 << 30)).dropped == 0, "not for so little"


def test_other_pools_are_not_touched(
    history: History, storage: FaultyStorage, metadata: Metadata, tmp_path: Path
) -> None:
    other = History(storage, metadata, tmp_path, "other")
    other.take("o1", {"a": blocks(*range(12))})
    other.forget("o1")
    before = other.packs()

    history.groom()

    assert other.packs() == before


def test_figures_before_and_after(history: History, storage: FaultyStorage) -> None:
    planned = Grooming(storage, history.metadata, history.pool).look(EVERYTHING, Task())
    done = history.groom()
    before, after = (pool_figures(storage, mark) for mark in (done.before, done.after))

    assert (before.packs, after.packs) == (5, 2)
    assert before.dead_bytes == planned.dead_bytes == planned.plan.freed_bytes
    pages = sum(storage.size(key) for key in page_pack_keys(storage))  # whole, so not copied
    assert (planned.stored_bytes, planned.plan.copied_bytes + pages) == (
        before.stored_bytes, before.living_bytes
    )  # fmt: skip
    assert after.dead_bytes == 0
    packs_left = sum(storage.size(key) for key in history.packs())
    assert after.stored_bytes == packs_left == pytest.approx(before.living_bytes, rel=0.01)
    (share,) = deployment_figures(storage, done.after)
    assert (share.snapshots, share.raw_bytes) == (1, 3 * BLOCK_BYTES)
    assert share.living_bytes == after.living_bytes


def test_what_was_moved_is_found_although_the_record_of_its_pack_is_lost(
    history: History, storage: FaultyStorage, metadata: Metadata
) -> None:
    """Metadata that was made anew from the store knows only packs that are there."""
    history.groom()
    for pack in metadata.packs.all({"dropped": True}):
        metadata.packs.remove(pack.id)

    history.groom()

    history.check()
    assert any(one.key.endswith(SUFFIX) for one in storage.list("packs"))


def test_a_list_that_leads_nowhere_is_not_believed_while_the_pack_is_there(
    history: History, storage: FaultyStorage, metadata: Metadata
) -> None:
    """As after metadata was made anew in the middle of a groom."""
    before = {key: storage.get(key) for key in history.packs()}
    records = list(metadata.packs.all())
    history.groom()
    for key in history.packs():
        storage.delete(key)
    for key, data in before.items():
        storage.put(key, [data])
    metadata.packs.collection.delete_many({})
    for record in records:
        metadata.packs.add(record)

    history.groom()

    history.check()
    assert not set(before) & set(history.packs()) - set(page_pack_keys(storage))


def test_a_pack_that_is_gone_without_its_list_stops_everything(
    history: History, storage: FaultyStorage, metadata: Metadata
) -> None:
    history.groom()
    (pack, *_) = metadata.packs.all({"dropped": True})
    storage.delete(pack.key.removesuffix(".pack") + SUFFIX)

    with pytest.raises(ObjectMissing) as caught:
        history.groom()
    assert caught.value.where == pack.key
