"""One verification: restored for real, looked over, compared; and its verdict."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from mmsconsole.errors import (
    MmsError,
    ObjectMissing,
    Refused,
    StorageUnreachable,
    VerificationBad,
)
from mmsconsole.head.server import HeadServer
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.snapshots import (
    DOUBT_OF_VERIFICATION,
    Snapshot,
    SnapshotState,
    Verdict,
)
from mmsconsole.metadata.validations import shortened
from mmsconsole.metadata.witnesses import Witness
from mmsconsole.optime import Optime
from mmsconsole.restore.opening import place_on
from mmsconsole.restore.replaying import oplog_bytes, replay_onto
from mmsconsole.storage.base import Storage
from mmsconsole.stores.remembered import known_keys
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task
from mmsconsole.verification.choosing import verifiable_of
from mmsconsole.verification.examining import Examination, Findings
from mmsconsole.verification.folder import check_room, empty_folder
from mmsconsole.verification.verdicts import problem_of

log = logging.getLogger(__name__)

STARTING = "starting"
HOUR_SECONDS = 3600.0
NICE = 19
SOCKET, LOG = "v", "verification"


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: Verdict
    """NONE: what was to be verified is not there any more."""
    text: str = ""
    """What is wrong, or what could not be looked at."""
    collections: int = 0
    compared: int = 0


GONE = Outcome(Verdict.NONE)


class Verification:
    """One at a time in one home: all of them use the same folder."""

    def __init__(self, resources: Resources, nice: int = NICE) -> None:
        """`nice`: how much others go first."""
        self._resources = replace(resources, copies=False)
        self._nice = nice
        self._metadata = resources.metadata
        self._root = resources.settings.verification_folder

    def run(self, subject: str, task: Task) -> Outcome:
        """Of a snapshot, or of the moment of a witness, by its id.

        Raises VerificationBad when its verdict has been written down. What says nothing of the
        backup is raised as it is: NoRoom, StorageError, MongodError, Cancelled.
        """
        task = self._limited(task)
        snapshot = self._metadata.snapshots.find(subject)
        if snapshot is not None:
            return self._verify_snapshot(snapshot, task)
        witness = self._metadata.witnesses.find(subject)
        return GONE if witness is None else self._verify_moment(witness, task)

    def _limited(self, task: Task) -> Task:
        """A task that ends, where it tells how far it is, when its time is over."""
        hours = self._resources.settings.tree.verification.hours_max
        clock = self._resources.clock
        deadline = clock.monotonic() + hours * HOUR_SECONDS

        def report(phase: str, done: int, total: int | None) -> None:
            if clock.monotonic() > deadline:
                hint = "see [verification] hours_max"
                raise Refused(f"took longer than {hours:g} hours ({phase})", hint=hint)
            task.report(phase, done, total)

        return Task(task.cancellation, report, task.remark)

    # -- a snapshot ---------------------------------------------------------------------------

    def _verify_snapshot(self, snapshot: Snapshot, task: Task) -> Outcome:
        if snapshot.state is not SnapshotState.COMPLETE:
            return GONE
        witness = self._metadata.witnesses.of_snapshot(snapshot.id)
        outcome = self._outcome(snapshot, witness, None, task)
        if outcome is GONE or not self._note_on_snapshot(snapshot, outcome):
            return GONE
        self._tell(snapshot.deployment, f"snapshot {snapshot.id} of {snapshot.optime}", outcome)
        return outcome

    def _note_on_snapshot(self, snapshot: Snapshot, outcome: Outcome) -> bool:
        """False where it has gone meanwhile."""
        snapshots, complete = self._metadata.snapshots, SnapshotState.COMPLETE.value
        noted = snapshots.set_where(
            {"_id": snapshot.id, "state": complete}, verdict=outcome.verdict,
            verified_at=self._resources.clock.now(), verdict_text=outcome.text,
        )  # fmt: skip
        if noted is None:
            return False
        if outcome.verdict is Verdict.BAD and not noted.doubt:
            free = {"_id": snapshot.id, "doubt": {"$in": [None, ""]}}
            snapshots.set_where(free, doubt=DOUBT_OF_VERIFICATION + outcome.text)
        elif outcome.verdict is Verdict.GOOD and noted.doubt.startswith(DOUBT_OF_VERIFICATION):
            snapshots.set_where({"_id": snapshot.id, "doubt": noted.doubt}, doubt="")
        return True

    # -- a moment -----------------------------------------------------------------------------

    def _verify_moment(self, witness: Witness, task: Task) -> Outcome:
        found = verifiable_of(self._metadata, witness.deployment, [witness])
        if not found:
            return GONE
        base = found[0].base
        outcome = self._outcome(base, witness, witness.optime, task)
        if outcome is GONE or not self._still_there(witness, base):
            return GONE
        self._metadata.witnesses.set_where(
            {"_id": witness.id}, verdict=outcome.verdict, verdict_text=outcome.text,
            verified_at=self._resources.clock.now(),
        )  # fmt: skip
        what = f"the moment {witness.optime} (snapshot {base.id} and the stored oplog)"
        self._tell(witness.deployment, what, outcome)
        return outcome

    def _still_there(self, witness: Witness, base: Snapshot) -> bool:
        """A rollback of the source takes back history, and the witness with it."""
        return self._metadata.witnesses.find(witness.id) is not None and self._is_complete(base)

    # -- both ---------------------------------------------------------------------------------

    def _outcome(
        self, base: Snapshot, witness: Witness | None, point: Optime | None, task: Task
    ) -> Outcome:
        try:
            found = self._restored_and_examined(base, witness, point, task)
        except MmsError as error:
            if not self._is_complete(base):
                return GONE  # it is being deleted, and its objects with it
            problem = problem_of(error)
            if problem is None:
                raise
            if isinstance(error, ObjectMissing):
                self._check_store_is_there(base.deployment)
            log.error("verification of %s: %s", base.id, error)
            found = Findings(problems=[problem])
        sentences = found.problems or found.left_out
        return Outcome(
            Verdict.BAD if found.problems else Verdict.GOOD, "; ".join(shortened(sentences)),
            found.collections, found.compared,
        )  # fmt: skip

    def _restored_and_examined(
        self, base: Snapshot, witness: Witness | None, point: Optime | None, task: Task
    ) -> Findings:
        resources = self._resources
        check_room(self._root, base.bytes + self._oplog_bytes(base, point))
        deployment = self._metadata.deployments.get(base.deployment)
        with empty_folder(self._root, resources.clock) as data:
            resources.blockstore(deployment).materialise(base, data, task)
            task.check()
            server = self._start(base, data, task)
            try:
                examination = Examination(server, witness, task)
                if point is not None:
                    examination.findings.problems += self._replay(server, base, point, task)
                examination.validate()
                examination.compare()
                return examination.findings
            finally:
                server.kill()

    def _oplog_bytes(self, base: Snapshot, point: Optime | None) -> int:
        start = base.replay_start
        if point is None or start is None:
            return 0
        return oplog_bytes(self._resources, base.deployment, start, point)

    def _start(self, base: Snapshot, data: Path, task: Task) -> HeadServer:
        place = place_on(self._resources, base, data, socket=SOCKET, log=LOG, nice=self._nice)
        task.report(STARTING, 0, 1)
        server = HeadServer.start(place, self._resources.clock)
        task.report(STARTING, 1, 1)
        return server

    def _replay(self, server: HeadServer, base: Snapshot, point: Optime, task: Task) -> list[str]:
        """What is wrong with where it came to."""
        with server.errors():
            reached, _ = replay_onto(self._resources, server, base, point, task)
        same = reached == point
        return [] if same else [f"the head had come to {point}, the stored oplog to {reached}"]

    def _is_complete(self, snapshot: Snapshot) -> bool:
        found = self._metadata.snapshots.find(snapshot.id)
        return found is not None and found.state is SnapshotState.COMPLETE

    def _check_store_is_there(self, deployment_id: str) -> None:
        """One object that is missing is damage; when all are, their store may only be away.

        Raises StorageUnreachable.
        """
        deployment = self._metadata.deployments.get(deployment_id)
        storage = self._resources.storages.of(deployment.store)
        if not any(_is_there(storage, key) for key in known_keys(self._metadata, deployment)):
            what = "none of the objects that it should hold is there"
            raise StorageUnreachable(what, where=f"store {deployment.store}")

    def _tell(self, deployment: str, what: str, outcome: Outcome) -> None:
        """People. Raises VerificationBad."""
        bad = outcome.verdict is Verdict.BAD
        text = f"{what} was restored: {_in_words(outcome)}"
        self._resources.event(
            "verification bad" if bad else "verified", text, deployment=deployment,
            severity=Severity.ERROR if bad else Severity.INFO,
        )  # fmt: skip
        if bad:
            raise VerificationBad(outcome.text, where=what)


def _is_there(storage: Storage, key: str) -> bool:
    try:
        storage.size(key)
    except ObjectMissing:
        return False
    return True


def _in_words(outcome: Outcome) -> str:
    if outcome.verdict is Verdict.BAD:
        return f"it is BAD: {outcome.text}"
    left_out = f" ({outcome.text})" if outcome.text else ""
    return (
        f"it is good; {outcome.collections} collections were validated, the documents of "
        f"{outcome.compared} compared with the head's{left_out}"
    )
