"""Restores that are fetched by a link: of a snapshot as it is, and of a moment."""

import hashlib
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mmsconsole.daemon.housekeeping import tidy
from mmsconsole.daemon.links import STILL_READ, settle_links
from mmsconsole.errors import Busy, Refused
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.metadata.jobs import JobState
from mmsconsole.metadata.links import LinkState
from mmsconsole.metadata.restores import RestoreState
from mmsconsole.metadata.snapshots import Snapshot
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.mongod.fingerprint import differences
from mmsconsole.operations.operations import Actor, Operations
from mmsconsole.operations.views import RestoreView
from mmsconsole.restore.restoring import Restoring
from mmsconsole.service.figures import Figures
from mmsconsole.service.service import Service
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from tests.support.backups import SMALL, Bench
from tests.support.links import ENGINE, TIMEOUT_SECONDS
from tests.support.metadata import settings_of

pytestmark = pytest.mark.xdist_group("restores")


class World:
    """A backup, a snapshot of it, and a front end that serves."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.write(*range(50), text="x" * 1000)
        backup = bench.synced()
        bench.wait_stored(bench.write())
        self.snapshot: Snapshot = bench.snapshot(backup)
        self.state = bench.state()
        settings = settings_of(
            bench.folder / "home", **SMALL, MMSCONSOLE_SERVICE_LISTEN="127.0.0.1:0"
        )
        kept = bench.resources
        self.resources = Resources(
            settings, kept.metadata, kept.storages, kept.clock, kept.binaries
        )
        now = kept.clock.now()
        kept.metadata.engines.announce(EngineRecord(ENGINE, "here", "home", "0", now, now))
        self.service = Service(self.resources, Figures, ENGINE)
        self.service.start()
        self.operations = Operations(kept.metadata, settings, kept.clock, Actor("ada"))

    def close(self) -> None:
        self.service.stop(TIMEOUT_SECONDS)

    def start(self, at: str | None = None, **target: object) -> RestoreView:
        """Made, without a daemon: its job is the test's own."""
        snapshot = None if at else self.snapshot.id
        asked = self.operations.start_restore(
            "shop", snapshot=snapshot, at=at,
            target=Target(TargetKind.LINK, **target),  # type: ignore[arg-type]
        )  # fmt: skip
        self.bench.metadata.jobs.set(asked.job, state=JobState.DONE)
        Restoring(self.resources, self.bench.metadata.restores.get(asked.id)).run(Task())
        return asked

    def download(self, asked: RestoreView, folder: Path) -> Path:
        """By the command line that was given, as it stands."""
        assert asked.offer is not None
        folder.mkdir()
        command = [*shlex.split(asked.offer.curl), "-sS"]
        subprocess.run(command, cwd=folder, check=True, timeout=TIMEOUT_SECONDS)
        (file,) = folder.iterdir()
        return file


@pytest.fixture(scope="module")
def world(lasting_bench: Bench) -> Iterator[World]:
    made = World(lasting_bench)
    yield made
    made.close()


def unpacked(archive: Path) -> Path:
    into = archive.parent / "data"
    into.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", into], check=True, timeout=TIMEOUT_SECONDS)
    return into


def test_a_snapshot_by_link_is_ready_at_once_without_staging_and_a_mongod_runs_on_it(
    world: World, tmp_path: Path
) -> None:
    asked = world.start()
    view = world.operations.link(asked.id)

    archive = world.download(asked, tmp_path / "d")

    assert (view.state, view.staged) == ("ready", False)
    assert not list(Path(world.resources.settings.home.restores).glob("*"))
    assert differences(world.state, world.bench.state_of(unpacked(archive))) == []
    after = world.operations.link(asked.id)
    assert after.state == world.operations.restore(asked.id).link_state == "used up"
    assert after.sha256 == hashlib.sha256(archive.read_bytes()).hexdigest()


def test_a_moment_by_link_is_that_moment_and_its_files_go_when_it_is_used_up(
    world: World, tmp_path: Path
) -> None:
    bench = world.bench
    point = bench.write(1001, 1002)
    state = bench.state()
    bench.wait_stored(bench.write(1003))
    asked = world.start(at=str(point))
    link = bench.metadata.links.get(asked.id)
    tidy(world.resources)  # as an engine does that starts again

    archive = world.download(asked, tmp_path / "d")

    assert world.operations.link(asked.id).staged
    assert differences(state, bench.state_of(unpacked(archive))) == []
    settle_links(world.resources)
    assert Path(link.staging).exists()  # its last bytes may be under way
    ended = bench.clock.now() - STILL_READ
    bench.metadata.links.set(asked.id, ended_at=ended)
    settle_links(world.resources)
    assert not Path(link.staging).exists()
    assert bench.metadata.restores.get(asked.id).staging == ""
    assert not world.operations.link(asked.id).staged


def test_a_snapshot_that_a_link_reads_is_in_use_until_the_link_is_revoked(world: World) -> None:
    asked = world.start()

    with pytest.raises(Busy, match=f"link {asked.id}"):
        world.operations.delete_snapshot(world.snapshot.id)

    revoked = world.operations.revoke_link(asked.id)
    assert (revoked.state, revoked.reason) == ("revoked", "ada revoked it")
    with pytest.raises(Refused, match="revoked already"):
        world.operations.revoke_link(asked.id)
    deleted = world.operations.delete_snapshot(world.snapshot.id)
    leaving = world.bench.metadata.snapshots.get(deleted.id).leaving
    assert leaving is not None
    world.bench.metadata.snapshots.set(deleted.id, state=leaving.state, leaving=None)


def test_it_expires_in_time(world: World) -> None:
    asked = world.start(hours=2.0)
    link = world.bench.metadata.links.get(asked.id)
    assert link.expires_at is not None
    assert timedelta(hours=1.9) < link.expires_at - world.bench.clock.now() <= timedelta(hours=2)
    settle_links(world.resources)
    assert world.operations.link(asked.id).state == "ready"

    world.bench.metadata.links.set(asked.id, expires_at=world.bench.clock.now())
    settle_links(world.resources)

    assert world.operations.restore(asked.id).link_state == "expired"


def test_a_link_whose_restore_came_to_nothing_is_not_prepared_any_more(world: World) -> None:
    asked = world.operations.start_restore(
        "shop", snapshot=world.snapshot.id, target=Target(TargetKind.LINK)
    )
    assert world.operations.link(asked.id).state == "preparing"

    world.operations.cancel_restore(asked.id)
    world.bench.metadata.restores.set(asked.id, state=RestoreState.CANCELLED)
    settle_links(world.resources)

    assert world.operations.link(asked.id).state == "failed"


def test_a_link_that_gets_ready_while_it_is_looked_at_stays_ready(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was read as being prepared; a moment later its restore was done."""
    asked = world.operations.start_restore(
        "shop", snapshot=world.snapshot.id, target=Target(TargetKind.LINK)
    )
    links = world.bench.metadata.links
    before = links.get(asked.id)
    restore = world.bench.metadata.restores.get(asked.id)
    Restoring(world.resources, restore).run(Task())
    monkeypatch.setattr(type(links), "open", lambda *_: iter([before]))

    settle_links(world.resources)

    assert world.operations.link(asked.id).state == "ready"


def test_one_that_was_revoked_while_it_was_made_does_not_get_ready(world: World) -> None:
    asked = world.operations.start_restore(
        "shop", snapshot=world.snapshot.id, target=Target(TargetKind.LINK)
    )
    world.operations.revoke_link(asked.id)

    with pytest.raises(Refused, match="revoked already"):
        Restoring(world.resources, world.bench.metadata.restores.get(asked.id)).run(Task())

    assert world.operations.link(asked.id).state == "revoked"
    world.bench.metadata.jobs.set(asked.job, state=JobState.CANCELLED)
    world.bench.metadata.restores.set(asked.id, state=RestoreState.CANCELLED)


def test_a_token_is_kept_nowhere(world: World) -> None:
    asked = world.start()
    assert asked.offer is not None
    token = asked.offer.url.split("/")[5]

    database = world.bench.metadata.database
    names = [name for name in database.list_collection_names() if not name.startswith("system.")]
    kept = [str(list(database[name].find())) for name in names]

    assert len(token) >= 43
    assert not [text for text in kept if token in text]
    assert world.operations.restore(asked.id).offer is None


def test_another_key_than_the_pinned_one_is_not_spoken_to(world: World, tmp_path: Path) -> None:
    asked = world.start()
    assert asked.offer is not None
    wrong = asked.offer.curl.replace("sha256//", "sha256//AAAA")

    ended = subprocess.run(
        [*shlex.split(wrong), "-sS"], cwd=tmp_path, timeout=TIMEOUT_SECONDS, check=False,
        capture_output=True,
    )  # fmt: skip

    assert ended.returncode == 90
    assert world.operations.link(asked.id).downloads == 0


def test_an_engine_that_does_not_listen_is_asked_for_no_links(world: World) -> None:
    silent = settings_of(world.bench.folder / "home", MMSCONSOLE_SERVICE_LISTEN="")
    operations = Operations(world.bench.metadata, silent, world.bench.clock, Actor("ada"))

    with pytest.raises(Refused, match="serves no links"):
        operations.plan_restore("shop", snapshot=world.snapshot.id, target=Target(TargetKind.LINK))


def test_delivering_it_again_after_a_crash_keeps_its_time(world: World) -> None:
    asked = world.start()
    before = world.bench.metadata.links.get(asked.id)
    record = world.bench.metadata.restores.set(asked.id, state=RestoreState.DELIVERING)

    Restoring(world.resources, replace(record)).run(Task())

    assert world.bench.metadata.links.get(asked.id) == before
    assert before.state is LinkState.READY
