"""The road without a terminal: an accident, found, undone in every way, and proved."""

from dataclasses import dataclass
from pathlib import Path

from mmsconsole.demo.accident import Accident, drop_collection
from mmsconsole.demo.bringing_back import bring_back
from mmsconsole.demo.download import download
from mmsconsole.demo.finding import find_drop
from mmsconsole.demo.narrator import Narrator, Step
from mmsconsole.demo.restores import restored
from mmsconsole.demo.scene import PHASE_SECONDS_MAX, Scene, in_megabytes, take_snapshot
from mmsconsole.demo.waiting import wait_for
from mmsconsole.demo.workload import DATABASE
from mmsconsole.errors import MmsError
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.fingerprint import Fingerprint, differences, fingerprint
from mmsconsole.mongod.process import MongodOptions, MongodProcess
from mmsconsole.operations.oplog_views import OplogRow
from mmsconsole.operations.views import RestoreView, SnapshotView

STEPS = 13
"""How many steps the narrator announces: five of the scene, eight here."""
DROPPED = "orders"
MORE_STEPS = 400
"""The workload goes on by this many steps after the snapshot: the oplog that is replayed."""
DIFFERENCES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Walked:
    """What the walk has shown."""

    snapshot: SnapshotView
    accident: Accident
    drop: OplogRow
    """As it was found."""
    restore: RestoreView
    """Of everything, into a folder."""
    live: RestoreView
    """Of what was dropped, into what runs."""
    link: RestoreView


def walk(scene: Scene, narrator: Narrator) -> Walked:
    """Raises MmsError when anything is not as it should be."""
    with narrator.step("taking a snapshot") as step:
        snapshot = take_snapshot(scene, step)
    with narrator.step("letting people buy for a while") as step:
        _more_steps(scene, step)
    with narrator.step(f"dropping {DATABASE}.{DROPPED} by accident; the shop closes") as step:
        accident = drop_by_accident(scene, step)
    with narrator.step("looking backwards through the oplog for drops") as step:
        drop = find_drop(scene, accident, step)
    point = f"before:{drop.optime}"
    with narrator.step(f"restoring {point} into a folder") as step:
        restore = restored(scene, step, scene.folder.restored, at=point)
        step.done(f"{restore.optime}, inclusive; {in_megabytes(restore.bytes)} in {restore.path}")
    with narrator.step("starting a mongod on the restored folder and comparing") as step:
        _prove(restore, accident, read_fingerprint(scene, Path(restore.path)))
        step.done(f"equal; {accident.namespace} is back with {accident.documents} documents")
    with narrator.step(f"bringing {accident.namespace} back into the running set") as step:
        live = bring_back(scene, accident, point, step)
        scene.runner.resume()
    with narrator.step("downloading the snapshot by a link that is good once") as step:
        link = download(scene, snapshot, step)
    scene.runner.check()
    return Walked(snapshot, accident, drop, restore, live, link)


def _more_steps(scene: Scene, step: Step) -> None:
    goal = scene.runner.steps + MORE_STEPS

    def look() -> bool | None:
        scene.runner.check()
        return True if scene.runner.steps >= goal else None

    wait_for("the workload stood still", look, scene.clock, timeout_seconds=PHASE_SECONDS_MAX)
    step.done(f"{MORE_STEPS} changes")


def drop_by_accident(scene: Scene, step: Step) -> Accident:
    """The workload stands still from then on: the state noted is the one before."""
    scene.runner.pause()
    accident = drop_collection(scene.client, DATABASE, DROPPED)
    step.done(f"{accident.documents} documents are gone")
    return accident


def read_fingerprint(scene: Scene, dbpath: Path) -> Fingerprint:
    """What a mongod that is started on the folder holds; it is stopped again."""
    root = scene.folder.root
    listen = Address.unix(root / "restored.sock")
    options = MongodOptions(scene.binary.path, dbpath, listen, log=root / "restored.log")
    mongod = MongodProcess.start(options, scene.clock)
    try:
        with mongod.client() as client:
            return fingerprint(client)
    finally:
        mongod.stop()


def _prove(restore: RestoreView, accident: Accident, restored: Fingerprint) -> None:
    if restore.optime != accident.before:
        raise MmsError(f"restored to {restore.optime}, not to {accident.before}")
    found = differences(accident.state, restored)
    if found:
        shown = "; ".join(found[:DIFFERENCES_SHOWN])
        raise MmsError(f"the restored data differ in {len(found)} points: {shown}")
