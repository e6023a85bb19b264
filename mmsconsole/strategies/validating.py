"""The regular validation of a head's files, between its other work; and what follows from one.

The head is taken for a few seconds at one time, for one large collection longer; meanwhile the
oplog is stored as ever, and in between the head catches up and snapshots are cut.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from mmsconsole.errors import Cancelled, HeadSuspect
from mmsconsole.head.keeping import KeptHead
from mmsconsole.head.validating import collections_of, validate_collection
from mmsconsole.metadata.collection import new_id
from mmsconsole.metadata.events import Severity
from mmsconsole.metadata.heads import Head
from mmsconsole.metadata.validations import Validation, ValidationKind, shortened
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task

PHASE = "validating collections"
TURN_SECONDS = 5.0
PAUSE_SECONDS_MAX = 60.0
"""After each turn the head is left alone for as long as the turn took."""

TakeHead = Callable[[Task], AbstractContextManager[KeptHead]]
"""The deployment's head, for the length of the block."""


class HeadValidation:
    """For the job of that name. Belongs to one thread."""

    def __init__(self, resources: Resources, take_head: TakeHead) -> None:
        self._resources = resources
        self._take_head = take_head
        self._started_at = resources.clock.now()
        self._names: list[str] = []
        self._done = 0
        self._problems: list[str] = []
        self._unverified: list[str] = []

    def run(self, task: Task) -> Validation:
        """Raises HeadSuspect, and what taking the head raises."""
        clock = self._resources.clock
        with self._take_head(task) as kept:
            head, self._names = kept.head, collections_of(kept.server)
        while self._done < len(self._names):
            began = clock.monotonic()
            self._turn(head, began + TURN_SECONDS, task)
            pause = min(clock.monotonic() - began, PAUSE_SECONDS_MAX)
            clock.wait(task.cancellation.event, pause)
            task.check()
        return self._conclude(head)

    def _turn(self, head: Head, until: float, task: Task) -> None:
        with self._take_head(task) as kept:
            if kept.head.id != head.id:
                raise Cancelled("the head was replaced meanwhile", where=head.id)
            while self._done < len(self._names):
                task.check()
                task.report(PHASE, self._done, len(self._names))
                self._validate(kept, self._names[self._done])
                self._done += 1
                if not kept.alive or self._resources.clock.monotonic() >= until:
                    break
            task.report(PHASE, self._done, len(self._names))
            if self._problems:
                self._refuse(head)  # in here, so that whoever keeps the head sees it fail

    def _validate(self, kept: KeptHead, ns: str) -> None:
        found = validate_collection(kept.server, ns)
        if found.problem is not None:
            self._problems.append(str(found.problem))
        if found.unverified:
            self._unverified.append(f"{ns}: not every block of its files could be verified")

    def _refuse(self, head: Head) -> None:
        found = self._conclude(head)
        what = f"its files are damaged: {'; '.join(found.problems)}"
        suspect(self._resources, head, what)
        raise HeadSuspect(what, where=head.id)

    def _conclude(self, head: Head) -> Validation:
        resources = self._resources
        current = resources.metadata.heads.find(head.id) or head
        found = resources.metadata.validations.add(
            Validation(
                id=new_id(), deployment=head.deployment, head=head.id, kind=ValidationKind.FILES,
                started_at=self._started_at, finished_at=resources.clock.now(),
                optime=current.optime, good=not self._problems, collections=self._done,
                problems=shortened(self._problems), left_out=shortened(self._unverified),
            )
        )  # fmt: skip
        if found.good:
            text = f"the head's files were validated: {found.collections} collections are good"
            resources.event("head validated", text, deployment=head.deployment)
        return found


def suspect(resources: Resources, head: Head, why: str) -> None:
    """From now on the head is a suspect one, and so are its snapshots since it was last good.

    The head first: a snapshot that is being cut looks there when it is done.
    """
    metadata = resources.metadata
    metadata.heads.set_where({"_id": head.id}, suspect=why)
    last_good = metadata.validations.last_of_files(head.id, good=True)
    since = head.created_at if last_good is None else last_good.started_at
    doubted = metadata.snapshots.cast_doubt(head.id, since, why)
    text = f"the head must not be trusted: {why}"
    if doubted:
        text += f"; {doubted} snapshots of it are in doubt"
    resources.event("head suspect", text, deployment=head.deployment, severity=Severity.ERROR)
