"""A snapshot, or a moment, is restored for real: what is wrong with it is found, every time."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmsconsole.errors import (
    Cancelled,
    DiskFull,
    MongodFailed,
    NoRoom,
    Refused,
    StorageError,
    StorageUnreachable,
    VerificationBad,
)
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.snapshots import Snapshot, SnapshotState, Verdict
from mmsconsole.metadata.witnesses import Witness
from mmsconsole.storage.local import LocalStorage
from mmsconsole.storage.storages import Storages
from mmsconsole.stores.blocks.blockstore import Blockstore
from mmsconsole.task import Cancellation, Task
from mmsconsole.verification import verifying
from mmsconsole.verification.verifying import GONE, SOCKET, Outcome, Verification
from tests.support.backups import Bench
from tests.support.processes import mongods_below

pytestmark = pytest.mark.xdist_group("restores")


def fill(bench: Bench) -> None:
    """Of every kind of namespace, and one collection with files of many blocks."""
    app = bench.client.app
    app.c.insert_many([{"_id": n, "a": n, "s": f"{n:08d}" * 60} for n in range(3000)])
    app.c.create_index("a")
    app.create_collection("capped", capped=True, size=4096)
    app.capped.insert_many([{"_id": n} for n in range(5)])
    app.command({"create": "ordered", "clusteredIndex": {"key": {"_id": 1}, "unique": True}})
    app.ordered.insert_one({"_id": 1})
    app.command({"create": "view", "viewOn": "c", "pipeline": []})
    app.create_collection("series", timeseries={"timeField": "at"})
    app.small.insert_many([{"_id": n} for n in range(3)])
    app.checked.insert_one({"_id": 1})
    app.indexed.create_index("b")


class World:
    """Two snapshots with a witness each; the second one's is a moment for the first."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        fill(bench)
        bench.verify_every()
        self.backup = bench.synced()
        self.snapshot = self.taken()
        bench.client.app.c.update_many({"_id": {"$lt": 100}}, {"$inc": {"a": 1}})
        self.second = self.taken()

    def taken(self) -> Snapshot:
        self.bench.wait_stored(self.bench.write())
        return self.bench.snapshot(self.backup)


@pytest.fixture(scope="module")
def world(lasting_bench: Bench) -> World:
    return World(lasting_bench)


@pytest.fixture
def bench(world: World) -> Iterator[Bench]:
    """What is said of the snapshots is taken back."""
    yield world.bench
    metadata, unsaid = world.bench.metadata, {"verdict": Verdict.NONE, "verdict_text": ""}
    for one in (world.snapshot, world.second):
        metadata.snapshots.set(one.id, state=SnapshotState.COMPLETE, doubt="", **unsaid)
    for witness in metadata.witnesses.of(world.bench.deployment.id):
        metadata.witnesses.set(witness.id, **unsaid)


class Damages:
    """To objects in the store; put back at the end of the test."""

    def __init__(self) -> None:
        self._whole: dict[Path, bytes] = {}

    def spoil(self, path: Path, at: float = 0.5, length: int = 1) -> None:
        """In each of so many bytes one wrong bit."""
        data = bytearray(self._kept(path))
        first = int(len(data) * at)
        for position in range(first, first + length):
            data[position] ^= 0x10
        path.write_bytes(data)

    def remove(self, path: Path) -> None:
        self._kept(path)
        path.unlink()

    def cut_off(self, path: Path) -> None:
        path.write_bytes(self._kept(path)[:1000])

    def mend(self) -> None:
        for path, whole in self._whole.items():
            path.write_bytes(whole)

    def _kept(self, path: Path) -> bytes:
        return self._whole.setdefault(path, path.read_bytes())


@pytest.fixture
def damages() -> Iterator[Damages]:
    made = Damages()
    yield made
    made.mend()


Damage = Callable[[Damages, Path], None]


@pytest.fixture
def snapshot(world: World, bench: Bench) -> Snapshot:
    return world.snapshot


@pytest.fixture
def moment(world: World, bench: Bench) -> Witness:
    """Reached from the first snapshot, and the stored oplog."""
    found = bench.metadata.witnesses.of_snapshot(world.second.id)
    assert found is not None
    return found


def verify(bench: Bench, subject: str, task: Task | None = None) -> Outcome:
    return Verification(bench.resources).run(subject, task or Task())


def assert_nothing_left(bench: Bench) -> None:
    root = bench.resources.settings.verification_folder
    assert not root.exists()
    assert not mongods_below(root)
    assert not bench.resources.socket(SOCKET).exists()


def file_of(bench: Bench, key: str) -> Path:
    return bench.folder / "storage" / key


def pack_of(bench: Bench) -> Path:
    """The pack with the blocks of the collection with many."""
    packs = (bench.folder / "storage/packs").rglob("*.pack")
    return max(packs, key=lambda path: path.stat().st_size)


# -- what is good


def test_a_good_snapshot_is_found_good_and_leaves_nothing_behind(
    world: World, bench: Bench, snapshot: Snapshot
) -> None:
    phases, nices = [], []

    def report(phase: str, done: int, total: int | None) -> None:
        phases.append(phase)
        running = mongods_below(bench.resources.settings.verification_folder)
        nices.extend(os.getpriority(os.PRIO_PROCESS, pid) for pid in running)

    outcome = verify(bench, snapshot.id, Task(report=report))

    noted = bench.metadata.snapshots.get(snapshot.id)
    assert set(nices) == {19}  # everybody else goes first
    assert (outcome.verdict, outcome.text) == (Verdict.GOOD, "")
    assert outcome.compared >= 6
    assert (noted.verdict, noted.verdict_text, noted.doubt) == (Verdict.GOOD, "", "")
    assert noted.verified_at is not None
    assert list(dict.fromkeys(phases)) == [
        "materialising", "starting", "validating collections", "comparing collections",
    ]  # fmt: skip
    assert_nothing_left(bench)


def test_a_good_moment_is_found_good(bench: Bench, moment: Witness) -> None:
    phases: list[str] = []
    outcome = verify(bench, moment.id, Task(report=lambda phase, *_: phases.append(phase)))

    noted = bench.metadata.witnesses.get(moment.id)
    assert (outcome.verdict, outcome.text) == (Verdict.GOOD, "")
    assert noted.verdict is Verdict.GOOD
    assert noted.verified_at is not None
    assert "applying oplog" in phases
    assert_nothing_left(bench)


def test_without_a_witness_only_the_files_are_looked_at_and_that_is_said(
    bench: Bench, moment: Witness
) -> None:
    bench.metadata.witnesses.set(moment.id, snapshot="another")
    try:
        outcome = verify(bench, moment.snapshot)
    finally:
        bench.metadata.witnesses.set(moment.id, snapshot=moment.snapshot)

    assert outcome.verdict is Verdict.GOOD
    assert "nothing was compared" in outcome.text


# -- faults that were planted


def assert_bad(bench: Bench, subject: str, said: str) -> None:
    with pytest.raises(VerificationBad, match=said):
        verify(bench, subject)
    assert_nothing_left(bench)


def assert_snapshot_bad(bench: Bench, snapshot: Snapshot, said: str) -> None:
    assert_bad(bench, snapshot.id, said)
    noted = bench.metadata.snapshots.get(snapshot.id)
    assert noted.verdict is Verdict.BAD
    assert noted.doubt.startswith("its verification found: ")
    newest = next(bench.metadata.events.recent(bench.deployment.id, 1))
    assert (newest.kind, newest.severity) == ("verification bad", Severity.ERROR)
    assert snapshot.id in newest.text


@pytest.mark.parametrize("at", [0.02, 0.4, 0.9])
def test_wrong_bytes_in_a_block_of_a_pack_are_found_and_the_pack_named(
    bench: Bench, snapshot: Snapshot, damages: Damages, at: float
) -> None:
    """Not one alone: of a thousand bits some make no difference to zstd, where text repeats."""
    pack = pack_of(bench)
    damages.spoil(pack, at, length=16)

    assert_snapshot_bad(bench, snapshot, pack.name)


@pytest.mark.parametrize("damage", [Damages.remove, Damages.cut_off])
def test_a_pack_that_is_gone_or_cut_off_is_found_and_named(
    bench: Bench, snapshot: Snapshot, damages: Damages, damage: Damage
) -> None:
    pack = pack_of(bench)
    damage(damages, pack)

    assert_snapshot_bad(bench, snapshot, pack.name)


@pytest.mark.parametrize("at", [0.0, 0.3, 0.999])
def test_a_wrong_byte_in_a_manifest_is_found_and_the_manifest_named(
    bench: Bench, snapshot: Snapshot, damages: Damages, at: float
) -> None:
    damages.spoil(file_of(bench, snapshot.manifest_key), at)

    assert_snapshot_bad(bench, snapshot, snapshot.manifest_key)


@pytest.mark.parametrize("damage", [Damages.spoil, Damages.remove])
def test_a_damaged_oplog_chunk_makes_the_moment_bad_and_not_the_snapshot(
    bench: Bench, snapshot: Snapshot, moment: Witness, damages: Damages, damage: Damage,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    """Although a second copy has it, which restores would read."""
    assert snapshot.optime is not None
    chunk = next(bench.metadata.chunks.after(bench.deployment.id, snapshot.optime))
    stores = {"default": bench.resources.storage, "far": LocalStorage(tmp_path)}
    stores["far"].put(chunk.key, [stores["default"].get(chunk.key)])
    storages = Storages(list(stores), stores.__getitem__)
    monkeypatch.setattr(bench, "resources", replace(bench.resources, storages=storages))
    copied = bench.metadata.deployments.get(bench.deployment.id)
    monkeypatch.setattr(
        bench.metadata.deployments, "find", lambda _: replace(copied, copy_to="far")
    )
    damage(damages, file_of(bench, chunk.key))

    assert_bad(bench, moment.id, chunk.key)

    assert bench.metadata.witnesses.get(moment.id).verdict is Verdict.BAD
    assert bench.metadata.snapshots.get(snapshot.id).doubt == ""


def changing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, *, change: Callable[[Any], None]
) -> None:
    """What is restored is well-formed, and is not what the head held."""
    materialise = Blockstore.materialise

    def changed(self: Blockstore, snapshot: Snapshot, target: Path, task: Task) -> None:
        materialise(self, snapshot, target, task)
        with bench.mongod_on(target) as client:
            change(client.app)
            client.admin.command("fsync")

    monkeypatch.setattr(Blockstore, "materialise", changed)


def change_everything(app: Any) -> None:
    app.c.update_one({"_id": 1500}, {"$set": {"s": "another"}})
    app.small.delete_one({"_id": 1})
    app.indexed.drop_index("b_1")
    app.command({"collMod": "checked", "validator": {"a": 1}})
    app.ordered.drop()
    app.extra.insert_one({"_id": 1})
    app.capped.drop()
    app.create_collection("capped", capped=True, size=4096)
    app.capped.insert_many([{"_id": n} for n in range(5)])
    app.command({"collMod": "view", "viewOn": "small", "pipeline": []})


def test_whatever_differs_from_what_the_head_held_is_found(
    bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    changing(bench, monkeypatch, change=change_everything)

    with pytest.raises(VerificationBad) as raised:
        verify(bench, snapshot.id)

    for said in (
        "app.c: its documents differ", "app.small: 3 documents in the head, 2 restored",
        "app.indexed: its indexes differ", "app.checked: its options differ",
        "app.ordered is missing", "app.extra was not in the head",
        "app.capped: its UUID is another one", "app.view: its options differ",
    ):  # fmt: skip
        assert said in raised.value.what


def test_what_the_stored_oplog_does_not_tell_is_found_in_a_moment(
    world: World, bench: Bench
) -> None:
    """A head that was changed by something else than its source."""
    with bench.head_client() as head:
        head.app.small.insert_one({"_id": "nobody's"})
    try:
        third = world.taken()
        witness = bench.metadata.witnesses.of_snapshot(third.id)
        assert witness is not None
        assert_bad(bench, witness.id, r"app\.small: 4 documents in the head, 3 restored")
    finally:
        with bench.head_client() as head:
            head.app.small.delete_one({"_id": "nobody's"})
        bench.metadata.snapshots.remove(third.id)


def test_a_snapshot_that_is_found_good_again_loses_the_doubt(
    bench: Bench, snapshot: Snapshot, damages: Damages
) -> None:
    pack = pack_of(bench)
    damages.spoil(pack, length=16)
    assert_snapshot_bad(bench, snapshot, pack.name)
    damages.mend()

    verify(bench, snapshot.id)

    noted = bench.metadata.snapshots.get(snapshot.id)
    assert (noted.verdict, noted.doubt) == (Verdict.GOOD, "")


# -- what says nothing of the backup


def assert_no_verdict(bench: Bench, snapshot: Snapshot) -> None:
    noted = bench.metadata.snapshots.get(snapshot.id)
    assert (noted.verdict, noted.doubt) == (Verdict.NONE, "")
    assert_nothing_left(bench)


def test_a_store_that_is_away_is_no_verdict(bench: Bench, snapshot: Snapshot) -> None:
    away = Storages.one(LocalStorage(bench.folder / "not mounted"))
    with pytest.raises(StorageUnreachable):
        Verification(replace(bench.resources, storages=away)).run(snapshot.id, Task())
    assert_no_verdict(bench, snapshot)


def test_a_full_disk_is_no_verdict(
    bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Blockstore, snapshot: Snapshot, target: Path, task: Task) -> None:
        raise DiskFull("no space left")

    monkeypatch.setattr(Blockstore, "materialise", full)
    with pytest.raises(DiskFull):
        verify(bench, snapshot.id)
    assert_no_verdict(bench, snapshot)


def test_it_is_put_off_while_there_is_no_room(
    bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmsconsole.verification.folder.SPARE_BYTES", 1 << 60)
    with pytest.raises(NoRoom, match="put off"):
        verify(bench, snapshot.id)
    assert_no_verdict(bench, snapshot)


def test_a_mongod_that_somebody_kills_is_no_verdict(
    bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = HeadServer.start

    def killed(*args: Any) -> HeadServer:
        server = start(*args)
        server.process.kill()
        return server

    monkeypatch.setattr(verifying.HeadServer, "start", killed)
    with pytest.raises(MongodFailed):
        verify(bench, snapshot.id)
    monkeypatch.undo()
    assert_no_verdict(bench, snapshot)


def test_what_takes_too_long_is_given_up(
    bench: Bench, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "HOUR_SECONDS", -1.0)
    with pytest.raises(Refused, match="longer than"):
        verify(bench, snapshot.id)
    assert_no_verdict(bench, snapshot)


# -- what is not there any more


@pytest.mark.parametrize("lost", [True, False], ids=["its pack is gone", "the store fails"])
@pytest.mark.parametrize("state", [SnapshotState.DELETING, SnapshotState.INVALID])
def test_a_snapshot_that_goes_meanwhile_ends_it_quietly(
    bench: Bench, snapshot: Snapshot, damages: Damages, state: SnapshotState, lost: bool
) -> None:
    pack = pack_of(bench)

    def going(phase: str, done: int, total: int | None) -> None:
        bench.metadata.snapshots.set(snapshot.id, state=state)
        if not lost:
            raise StorageError("an error that nobody wants to know of")
        if pack.exists():
            damages.remove(pack)

    events = len(list(bench.metadata.events.recent(bench.deployment.id)))

    assert verify(bench, snapshot.id, Task(report=going)) is GONE

    assert len(list(bench.metadata.events.recent(bench.deployment.id))) == events
    assert_nothing_left(bench)


def test_what_is_not_there_at_all_is_no_error(bench: Bench) -> None:
    assert verify(bench, "nothing") is GONE


def test_a_moment_that_no_good_snapshot_reaches_is_left_alone(
    bench: Bench, snapshot: Snapshot, moment: Witness
) -> None:
    bench.metadata.snapshots.set(snapshot.id, doubt="its head was damaged")

    assert verify(bench, moment.id) is GONE


# -- broken off


@pytest.mark.parametrize(
    "phase", ["materialising", "starting", "applying oplog", "validating collections",
              "comparing collections"],
)  # fmt: skip
def test_one_that_is_cancelled_leaves_nothing(bench: Bench, moment: Witness, phase: str) -> None:
    cancellation = Cancellation()

    def report(now: str, done: int, total: int | None) -> None:
        if now == phase:
            cancellation.cancel()

    with pytest.raises(Cancelled):
        verify(bench, moment.id, Task(cancellation, report))

    assert bench.metadata.witnesses.get(moment.id).verdict is Verdict.NONE
    assert_nothing_left(bench)


def test_what_a_killed_one_left_is_removed_by_the_next(bench: Bench, snapshot: Snapshot) -> None:
    data = bench.resources.settings.verification_folder / "data"
    data.mkdir(parents=True)
    with bench.mongod_on(data):
        verify(bench, snapshot.id)
        assert_nothing_left(bench)
