"""The road without a terminal: an accident, a restore of the moment before, and the proof."""

from dataclasses import dataclass
from pathlib import Path

from mmsconsole.demo.accident import Accident, drop_collection
from mmsconsole.demo.narrator import Narrator, Step
from mmsconsole.demo.scene import (
    NAME,
    PHASE_SECONDS_MAX,
    Scene,
    in_megabytes,
    in_words,
    take_snapshot,
)
from mmsconsole.demo.waiting import wait_for
from mmsconsole.demo.workload import DATABASE
from mmsconsole.errors import MmsError
from mmsconsole.mongod.address import Address
from mmsconsole.mongod.fingerprint import Fingerprint, differences, fingerprint
from mmsconsole.mongod.process import MongodOptions, MongodProcess
from mmsconsole.operations.views import RestoreView, SnapshotView

STEPS = 11
"""How many steps the narrator announces: five of the scene, six here."""
DROPPED = "orders"
MORE_STEPS = 600
"""The workload goes on by this many steps after the snapshot: the oplog that is replayed."""
DIFFERENCES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Walked:
    """What the walk has shown."""

    snapshot: SnapshotView
    accident: Accident
    restore: RestoreView


def walk(scene: Scene, narrator: Narrator) -> Walked:
    """Raises MmsError when anything is not as it should be."""
    with narrator.step("taking a snapshot") as step:
        snapshot = take_snapshot(scene, step)
    with narrator.step("letting people buy for a while") as step:
        _more_steps(scene, step)
    with narrator.step(f"dropping {DATABASE}.{DROPPED} by accident") as step:
        accident = _accident(scene, step)
    with narrator.step("waiting until the moment before it is stored") as step:
        _wait_stored(scene, accident)
        step.done(f"the window reaches over {accident.before}")
    with narrator.step(f"restoring {accident.before}, inclusive") as step:
        restore = _restore(scene, accident, step)
    with narrator.step("starting a mongod on the restored folder and comparing") as step:
        restored = read_fingerprint(scene, Path(restore.path))
        _prove(restore, accident, restored)
        step.done(f"equal; {accident.namespace} is back with {accident.documents} documents")
    return Walked(snapshot, accident, restore)


def _more_steps(scene: Scene, step: Step) -> None:
    goal = scene.runner.steps + MORE_STEPS

    def look() -> bool | None:
        scene.runner.check()
        return True if scene.runner.steps >= goal else None

    wait_for("the workload stood still", look, scene.clock, timeout_seconds=PHASE_SECONDS_MAX)
    step.done(f"{MORE_STEPS} changes")


def _accident(scene: Scene, step: Step) -> Accident:
    """The workload stands still meanwhile, so that the state noted is the one before."""
    scene.runner.pause()
    accident = drop_collection(scene.client, DATABASE, DROPPED)
    scene.runner.resume()
    step.done(f"at {accident.dropped}; the entry before it is {accident.before}")
    return accident


def _wait_stored(scene: Scene, accident: Accident) -> None:
    def look() -> bool | None:
        window = scene.operations.backup_status(NAME).window
        return True if window is not None and window.end >= accident.before else None

    wait_for("the oplog was not stored", look, scene.clock, timeout_seconds=PHASE_SECONDS_MAX)


def _restore(scene: Scene, accident: Accident, step: Step) -> RestoreView:
    asked = scene.operations.start_restore(
        NAME, snapshot=None, at=str(accident.before), target=scene.folder.restored
    )

    def look() -> RestoreView | None:
        restore = scene.operations.restore(asked.id)
        if restore.state in ("failed", "cancelled"):
            raise MmsError(f"the restore has {restore.state}: {restore.reason}", where=restore.id)
        for progress in restore.progress[-1:]:
            step.progress(in_words(progress))
        return restore if restore.state == "done" else None

    restore = wait_for(
        "the restore was not done", look, scene.clock, timeout_seconds=PHASE_SECONDS_MAX
    )
    step.done(f"{in_megabytes(restore.bytes)} in {restore.path}")
    return restore


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
