"""Objects that no record refers to go, but not before they were surely forgotten."""

from pathlib import Path

import pytest

from mmsconsole.errors import StorageUnreachable
from mmsconsole.metadata.chunks import OplogChunk
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.heads import Head
from mmsconsole.metadata.syncs import Slice
from mmsconsole.storage.base import Storage
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.groom.sweeping import Sweeping, Swept
from mmsconsole.stores.oplog.oplog_store import OplogStore
from mmsconsole.stores.places import OnePlace
from mmsconsole.task import Task
from tests.faults.operations import chunk_body
from tests.support.clock import ManualClock
from tests.support.faulty import FaultyStorage
from tests.support.history import History
from tests.support.snapshots import half_random

HOURS = 24
CHUNK = "oplog/{}/0000000012-0000000001-abcdef012345.chunk"
ORPHANS = (
    "manifests/{}/s1.0123456789ab.manifest",
    "manifests/{}/gone.0123456789ab.manifest",
    CHUNK,
    "oplog/{}/4000000012-0000000001-abcdef012345.chunk",
    "packs/default/ab/abcdef.pack",
    "slices/h1/c1/00000001-abcdef.slice",
)
"""What crashes leave, of a deployment that is known."""
OTHERS = (
    "manifests/stranger/s9.0123456789ab.manifest",
    "oplog/stranger/0000000012-0000000001-abcdef012345.chunk",
    "slices/h9/c1/00000001-abcdef.slice",
    "packs/default/ab/abcdef.moved",
    "packs/default/ab/notes.txt",
    "catalogue/e1/something",
    "keys/1.key",
)
"""Of deployments and heads that nobody knows, or nothing of ours."""


@pytest.fixture
def history(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path, manual_clock: ManualClock
) -> History:
    """A snapshot, a groomed pack, a chunk and a slice, all of them in use."""
    made = History(storage, metadata, tmp_path)
    first = made.take("s1", {"a": half_random(1, 900), "b": half_random(2, 900)})
    made.take("s2", {"a": half_random(1, 900)}, first)
    made.forget("s1")
    made.groom()
    OplogStore(OnePlace(storage), metadata, manual_clock).put(made.id, chunk_body(10, 12))
    metadata.heads.add(Head("h1", made.id, "/heads/h1", "6.0.5", "6.0", manual_clock.now()))
    key = "slices/h1/c1/00000000-e1.slice"
    storage.put(key, [b"slice"])
    metadata.slices.add(Slice("e1", "h1", "c1", 0, key, "", 5, 5))
    return made


@pytest.fixture
def sweeping(storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock) -> Sweeping:
    return Sweeping(storage, metadata, "default", manual_clock, Storages.one(storage).of)


def keys(storage: FaultyStorage) -> set[str]:
    return {stored.key for stored in storage.list("")}


def put(storage: FaultyStorage, history: History, names: tuple[str, ...]) -> set[str]:
    made = {name.format(history.id) for name in names}
    for key in made:
        storage.put(key, [b"1234"])
    return made


def forgotten_chunk(history: History, metadata: Metadata) -> OplogChunk:
    """Its record is removed, its object is not."""
    chunk = metadata.chunks.last(history.id)
    assert chunk is not None
    metadata.chunks.remove(chunk.id)
    return chunk


def test_orphans_go_after_their_time_and_everything_else_stays(
    history: History, storage: FaultyStorage, sweeping: Sweeping, manual_clock: ManualClock
) -> None:
    put(storage, history, OTHERS)
    before = keys(storage)
    orphans = put(storage, history, ORPHANS)

    assert sweeping.run(HOURS, Task()) == Swept(len(orphans), 4 * len(orphans), 0, 0)
    manual_clock.advance(HOURS * 3600 - 1)
    sweeping.run(HOURS, Task())
    assert keys(storage) == before | orphans

    manual_clock.advance(1)
    done = sweeping.run(HOURS, Task())

    assert done == Swept(0, 0, len(orphans), 4 * len(orphans))
    assert keys(storage) == before
    history.check()


def test_what_is_recorded_meanwhile_stays(
    history: History, storage: FaultyStorage, metadata: Metadata, sweeping: Sweeping,
    manual_clock: ManualClock,
) -> None:  # fmt: skip
    """Also if that comes between the look and the deletion."""
    chunk = forgotten_chunk(history, metadata)
    sweeping.run(HOURS, Task())
    manual_clock.advance(HOURS * 3600)
    keep_seen = metadata.orphans.keep_seen

    def recorded(store: str, look: str) -> None:
        keep_seen(store, look)
        metadata.chunks.add(chunk)

    metadata.orphans.keep_seen = recorded  # type: ignore[method-assign]
    try:
        done = sweeping.run(HOURS, Task())
    finally:
        del metadata.orphans.keep_seen  # type: ignore[attr-defined]

    assert done.deleted == 0
    assert chunk.key in keys(storage)
    assert list(metadata.orphans.all()) == []


def test_an_object_that_was_an_orphan_for_a_while_begins_anew(
    history: History, storage: FaultyStorage, metadata: Metadata, sweeping: Sweeping,
    manual_clock: ManualClock,
) -> None:  # fmt: skip
    chunk = forgotten_chunk(history, metadata)
    sweeping.run(HOURS, Task())
    metadata.chunks.add(chunk)
    sweeping.run(HOURS, Task())
    metadata.chunks.remove(chunk.id)
    manual_clock.advance(HOURS * 3600)

    assert sweeping.run(HOURS, Task()).deleted == 0


def test_a_manifest_of_a_cut_that_runs_stays(
    history: History, storage: FaultyStorage, metadata: Metadata, sweeping: Sweeping,
    manual_clock: ManualClock,
) -> None:  # fmt: skip
    history.begin("s3", {"a": half_random(1, 900)})
    key = f"manifests/{history.id}/s3.0123456789ab.manifest"
    storage.put(key, [b"1234"])
    for _ in range(2):
        sweeping.run(HOURS, Task())
        manual_clock.advance(HOURS * 3600)

    assert key in keys(storage)


def test_a_clock_that_runs_backwards_deletes_nothing(
    history: History, storage: FaultyStorage, sweeping: Sweeping, manual_clock: ManualClock
) -> None:
    orphans = put(storage, history, ORPHANS)
    sweeping.run(HOURS, Task())
    manual_clock.advance(-1000 * 3600)

    assert sweeping.run(HOURS, Task()).deleted == 0
    assert orphans <= keys(storage)


def bound_to_first(history: History, metadata: Metadata, copy_to: str = "") -> None:
    metadata.deployments.set(history.id, store="first", copy_to=copy_to)
    pool = metadata.pools.get(history.pool.id)
    moved = metadata.pools.ensure("default", "first")
    for pack in list(metadata.packs.of(pool.id)):
        metadata.packs.set(pack.id, pool=moved.id)
    metadata.pools.remove(pool.id)


def swept(
    storage: Storage, metadata: Metadata, clock: ManualClock, homes: dict[str, Storage]
) -> set[str]:
    """What is there after a day, but for lists of moved blocks: those go with their packs."""
    of = Storages(list(homes), homes.__getitem__).of
    for _ in range(2):
        Sweeping(storage, metadata, "default", clock, of).run(HOURS, Task())
        clock.advance(HOURS * 3600)
    return {one.key for one in storage.list("") if not one.key.endswith(".moved")}


@pytest.mark.parametrize("copied", [True, False])
def test_the_objects_of_a_second_copy_belong_there(
    history: History, storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock,
    copied: bool, tmp_path: Path,
) -> None:  # fmt: skip
    """As long as there is to be one; the list of moved blocks goes with its pack's record."""
    history.take("s4", {"a": half_random(1, 900), "z": half_random(26, 900)})
    first = LocalStorage(tmp_path / "first")
    for key in keys(storage):
        first.put(key, [storage.get(key)])
    known = {key for key in keys(storage) if not key.endswith(".moved")}
    bound_to_first(history, metadata, "default" if copied else "")

    kept = swept(storage, metadata, manual_clock, {"first": first})

    assert kept == (known if copied else {key for key in known if key.startswith("slices/")})


@pytest.mark.parametrize("home", ["empty", "away", "not in the settings", "the same place"])
def test_what_belongs_to_another_store_by_name_stays_unless_that_has_it(
    history: History, storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock,
    tmp_path: Path, home: str,
) -> None:  # fmt: skip
    """The settings may name stores in another way than when everything was stored."""
    history.take("s4", {"a": half_random(1, 900), "z": half_random(26, 900)})
    known = {key for key in keys(storage) if not key.endswith(".moved")}
    bound_to_first(history, metadata)
    away = FaultyStorage(LocalStorage(tmp_path / "away"))
    for nth in range(1, 100):
        away.fail("size", nth, StorageUnreachable("no answer"))
    homes: dict[str, dict[str, Storage]] = {
        "empty": {"first": LocalStorage(tmp_path / "first")},
        "away": {"first": away},
        "not in the settings": {"other": storage},
        "the same place": {"first": storage},
    }

    assert swept(storage, metadata, manual_clock, homes[home]) == known


def test_a_pack_that_a_manifest_names_stays_although_it_has_no_record(
    history: History, storage: FaultyStorage, metadata: Metadata, sweeping: Sweeping,
    manual_clock: ManualClock,
) -> None:  # fmt: skip
    history.take("s4", {"z": half_random(26, 900)})
    needed = set(history.used("s4"))
    for pack in list(metadata.packs.all()):
        metadata.packs.remove(pack.id)
    sweeping.run(HOURS, Task(), needed)
    manual_clock.advance(HOURS * 3600)

    assert sweeping.run(HOURS, Task(), needed).deleted == 2, "of the others"

    assert {Path(key).stem for key in history.packs()} == needed


def test_a_copy_keeps_a_pack_that_was_groomed_away_until_it_is_level_again(
    history: History, storage: FaultyStorage, metadata: Metadata, manual_clock: ManualClock
) -> None:
    """What took the pack's place may not have been copied yet."""
    (pack,) = metadata.packs.all({"dropped": True})
    storage.put(pack.key, [b"as it was"])
    bound_to_first(history, metadata, "default")

    assert pack.key in swept(storage, metadata, manual_clock, {})

    metadata.packs.remove(pack.id)
    assert pack.key not in swept(storage, metadata, manual_clock, {})
