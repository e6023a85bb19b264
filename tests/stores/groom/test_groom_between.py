"""A groom beside cuts and restores, whichever of them is how far."""

from contextlib import suppress
from pathlib import Path

import pytest

from mmsconsole.errors import LeaseLost, ObjectMissing
from mmsconsole.metadata.database import Metadata
from mmsconsole.metadata.jobs import Job, JobKind
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.stores.blocks.blockstore import Blockstore, Cut
from mmsconsole.stores.blocks.moved import SUFFIX
from mmsconsole.task import Task
from tests.support.faulty import FaultyStorage
from tests.support.history import History, blocks
from tests.support.snapshots import LATER, contents, page_pack_keys
from tests.support.steps import STORAGE, Steps

EVERY = 6
"""A groom has some hundred steps: in one run another cut comes at every sixth, in the next run at
those behind them, and so on.
"""


pytestmark = pytest.mark.usefixtures("small_packs")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(monkeypatch)


class Scene(History):
    """Three packs: of one a block is needed, of one two are, and one is dead. And two with a page:
    one is needed, and one is dead.
    """

    def __init__(
        self, storage: FaultyStorage, metadata: Metadata, folder: Path, group: str
    ) -> None:
        super().__init__(storage, metadata, folder, group)
        first = self.take(f"{group}-first", {"a": blocks(*range(12))})
        self.second = self.take(f"{group}-second", {"a": blocks(0, 5, 7)}, first)
        self.forget(first.id)

    def has_job(self, snapshot: Snapshot) -> None:
        """Somebody works on it."""
        job = Job(f"j-{snapshot.id}", JobKind.SNAPSHOT, self.id, f"head:{self.id}", LATER)
        self.metadata.jobs.add(Job(job.id, job.kind, job.deployment, job.resource,
                                   job.created_at, subject=snapshot.id))  # fmt: skip


def test_everything_can_be_made_again_at_every_step_of_a_groom(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path, steps: Steps
) -> None:
    scene = Scene(storage, metadata, tmp_path, "g")
    with steps.before_each(lambda _: scene.check()):
        done = scene.groom(storage=steps.of(storage))

    assert (done.dropped, done.waiting) == (4, 0)
    assert steps.count > 50
    scene.check()


def test_a_groom_comes_at_every_step_of_a_restore(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path, steps: Steps
) -> None:
    """Also a second one, which moves what the first has moved."""
    number, count = 0, 1
    while number < count:
        number += 1
        scene = Scene(storage, metadata, tmp_path, f"g{number}")
        stepped = Blockstore(steps.of(storage), metadata, scene.pool, threads=1)
        target = tmp_path / f"out{number}"

        def groom(step: int, scene: Scene = scene, number: int = number) -> None:
            if step == number:
                scene.groom()
            if step == number + 2:
                third = scene.take(f"{scene.id}-third", {"a": blocks(5)}, scene.second)
                scene.take(f"{scene.id}-fourth", {"a": blocks(5, 20)}, third)
                scene.forget(third.id)
                scene.groom()

        with steps.before_each(groom):
            stepped.materialise(scene.second, target, Task())
        count = steps.count
        assert contents(target) == scene.expected[scene.second.id]
    assert number > 4, "the manifest and several packs were read"


def test_a_snapshot_is_taken_at_every_step_of_a_groom(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path, steps: Steps
) -> None:
    """Each brings a dead block to life again, as long as there is one, and needs living ones."""
    for begin in range(EVERY):
        scene = Scene(storage, metadata, tmp_path, f"g{begin}")

        def take(step: int, scene: Scene = scene, begin: int = begin) -> None:
            if step % EVERY == begin:
                seeds = (step // EVERY % 12, 5, 100 + step)
                scene.take(f"{scene.id}-{step}", {"a": blocks(*seeds)}, scene.second)

        with steps.before_each(take):
            scene.groom(storage=steps.of(storage))
        assert steps.count > 50
        scene.check()
        assert scene.groom().waiting == 0
        scene.check()


def test_a_groom_comes_at_every_step_of_a_cut(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path, steps: Steps
) -> None:
    """The cut may complete, whatever it has looked at; then the space comes back as well."""
    number, count = 0, 1
    while number < count:
        number += 1
        scene = Scene(storage, metadata, tmp_path, f"g{number}")
        cut = scene.begin(f"{scene.id}-cut", {"a": blocks(1, 5, 8, 30)})
        scene.has_job(cut)
        stepped = Blockstore(steps.of(storage), metadata, scene.pool, threads=1)

        def groom(step: int, scene: Scene = scene, number: int = number) -> None:
            if step == number:
                scene.groom()

        with steps.before_each(groom):
            scene.finish(cut, scene.second, stepped)
        count = steps.count
        assert scene.groom().waiting == 0
        scene.check()
        needed = len({0, 5, 7, 1, 8, 30}) + 2  # pages
        assert sum(pack.blocks for pack in metadata.packs.all(
            {"pool": scene.pool.id, "dropped": False})) == needed  # fmt: skip
    assert number > 10


def test_a_cut_ends_whenever_a_groom_looks_at_snapshots(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path, steps: Steps
) -> None:
    """It had found its blocks in packs before they were condemned."""
    number, count = 0, 1
    while number < count:
        number += 1
        scene = Scene(storage, metadata, tmp_path, f"g{number}")
        cut = scene.begin(f"{scene.id}-cut", {"a": blocks(1, 5, 8)})
        scene.has_job(cut)
        made = scene.made(cut, scene.second)

        def end(step: int, scene: Scene = scene, number: int = number) -> None:
            if step == number:
                scene.complete(cut, made)  # noqa: B023 - called before the next round

        with steps.before_each(end, only="snapshots"):
            scene.groom()
        count = steps.count
        scene.check()
    assert number > 4


@pytest.mark.parametrize("only", ["snapshots", "packs", "blocks"])
def test_another_groom_comes_while_one_was_stopped_and_that_goes_on(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path, steps: Steps, only: str
) -> None:
    """Its lease was lost, and its process has not noticed yet."""
    alone = Scene(storage, metadata, tmp_path, "g0")
    with steps.before_each(lambda _: None, only):
        alone.groom(storage=steps.of(storage))
    assert steps.count > 2

    for number in range(1, steps.count + 1):
        scene = Scene(storage, metadata, tmp_path, f"g{number}")

        def groom(step: int, scene: Scene = scene, number: int = number) -> None:
            if step == number:
                scene.groom()
                scene.take(f"{scene.id}-third", {"a": blocks(1, 5)}, scene.second)
                scene.groom()

        with steps.before_each(groom, only), suppress(LeaseLost, ObjectMissing):
            scene.groom(storage=steps.of(storage))
        scene.check()
        scene.groom()
        scene.check()


def test_an_epoch_that_was_read_long_ago_condemns_nothing_that_a_cut_may_refer_to(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path, steps: Steps
) -> None:
    """A groom was stopped when it was about to condemn; others have raised the epoch since."""
    for number in range(1, 7):  # it condemns in its first steps
        scene = Scene(storage, metadata, tmp_path, f"g{number}")
        begun: list[tuple[Snapshot, Cut]] = []

        def others(
            step: int, scene: Scene = scene, number: int = number,
            begun: list[tuple[Snapshot, Cut]] = begun,
        ) -> None:  # fmt: skip
            if step == number:
                for _ in range(3):
                    metadata.pools.bump(scene.pool.id)
                cut = scene.begin(f"{scene.id}-cut", {"a": blocks(1, 5)})
                scene.has_job(cut)
                begun.append((cut, scene.made(cut, scene.second)))
            elif begun and step == number + 1:
                scene.groom()

        with steps.before_each(others, only="packs"), suppress(LeaseLost):
            scene.groom(storage=steps.of(storage))
        ((cut, made),) = begun
        scene.complete(cut, made)
        scene.check()


def test_a_cut_that_nobody_works_on_is_called_off_and_waits_for_nobody(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path
) -> None:
    scene = Scene(storage, metadata, tmp_path, "g")
    cut = scene.begin("cut", {"a": blocks(1, 5)})

    done = scene.groom()

    assert done.waiting == 0
    with pytest.raises(LeaseLost):
        scene.finish(cut, scene.second)
    scene.check()


def test_what_a_running_cut_may_refer_to_is_copied_and_stays_until_it_has_ended(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path
) -> None:
    scene = Scene(storage, metadata, tmp_path, "g")
    before = set(scene.packs())
    cut = scene.begin("cut", {"a": blocks(1, 5)})
    scene.has_job(cut)

    assert scene.groom().waiting == 4
    assert scene.groom().moved_bytes == 0, "once is enough"
    assert before <= set(scene.packs())

    scene.finish(cut, scene.second)
    metadata.jobs.remove("j-cut")
    assert scene.groom().waiting == 0
    assert before & set(scene.packs()) == set(page_pack_keys(storage)) & before
    scene.check()


def test_the_packs_of_a_cut_that_runs_are_not_taken_for_dead(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path, steps: Steps
) -> None:
    scene = Scene(storage, metadata, tmp_path, "g")
    cut = scene.begin("cut", {"a": blocks(*range(50, 60))})
    scene.has_job(cut)
    stepped = Blockstore(steps.of(storage), metadata, scene.pool, threads=1)

    with steps.before_each(lambda _: scene.groom()):
        scene.finish(cut, scene.second, stepped)

    made = metadata.packs.all({"pool": scene.pool.id, "attempt": cut.attempt})
    assert {pack.condemned for pack in made} == {0}


def test_a_snapshot_is_deleted_while_a_groom_reads_manifests(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path, steps: Steps
) -> None:
    scene = Scene(storage, metadata, tmp_path, "g")
    scene.take("third", {"a": blocks(5, 7)}, scene.second)

    def forget(step: int) -> None:
        if step == 1:
            scene.forget(scene.second.id)

    with steps.before_each(forget, only=STORAGE):
        scene.groom(storage=steps.of(storage))

    scene.check()
    scene.groom()
    needed = [pack.blocks for pack in metadata.packs.all({"dropped": False})]
    assert sum(needed) == 3, "two, and their page"


def test_lists_of_moved_blocks_go_with_the_last_manifest_that_leads_there(
    storage: FaultyStorage, metadata: Metadata, tmp_path: Path
) -> None:
    scene = Scene(storage, metadata, tmp_path, "g")
    scene.groom()
    assert any(one.key.endswith(SUFFIX) for one in storage.list("packs"))

    third = scene.take("third", {"a": blocks(5, 7)}, scene.second)
    scene.forget(scene.second.id)
    scene.groom()
    scene.check()
    scene.forget(third.id)
    scene.groom()

    assert list(storage.list("packs")) == []
    assert list(metadata.packs.all()) == []
    assert metadata.blocks.collection.count_documents({}) == 0
