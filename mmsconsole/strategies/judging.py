"""What went wrong at a head since it last came further, and what follows from it."""

import logging
from collections import Counter
from dataclasses import dataclass

from mmsconsole.errors import FilesDamaged, MmsError
from mmsconsole.head.position import HeadPosition
from mmsconsole.metadata.bases import bases
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.optime import Optime
from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.consequences import GO_ON, Consequence, Standing, consequence_of
from mmsconsole.strategies.validating import suspect
from mmsconsole.strategies.window_ending import note_window_end

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fallen:
    """A head that nothing can be done with any more, and what follows."""

    head: Head
    consequence: Consequence
    """REBUILD or NEW_BASE."""
    error: MmsError
    past: Optime | None
    """It has not come behind this position, as far as is known."""


class HeadJudge:
    """Of one backup's heads. For who has the head's lock, but `fallen`."""

    def __init__(self, resources: Resources, deployment: str) -> None:
        self._resources = resources
        self._deployment = deployment
        self.failed: Counter[type[Exception]] = Counter()
        """Errors since a head last came further."""
        self.fallen: Fallen | None = None

    def judge(self, error: MmsError, position: HeadPosition | None) -> Consequence:
        """Of the deployment's head; `position`: where it stands, if that can be told.

        `fallen` is set where the head is to be replaced. Raises MetadataError.
        """
        metadata = self._resources.metadata
        head = metadata.heads.find(metadata.deployments.get(self._deployment).head)
        if head is None:
            return Consequence.WAIT
        consequence = self._consequence(head, error, position)
        if consequence in GO_ON:
            return consequence
        log.error("the head of %s: %s: %s", self._deployment, consequence, error)
        if isinstance(error, FilesDamaged):
            suspect(self._resources, head, error.what)
        note_window_end(self._resources, head, error, position)
        if consequence is not Consequence.RESYNC:
            reach = position.applying_until or position.applied if position else head.optime
            self.fallen = Fallen(head, consequence, error, reach)
        return consequence

    def judge_unfinished(self, head: Head, error: MmsError) -> Consequence:
        """Of a head whose initial sync has failed: given up here if another one is to come."""
        consequence = self._consequence(head, error, None)
        if consequence is Consequence.NEW_BASE:
            note_window_end(self._resources, head, error)
            self._resources.metadata.heads.set(head.id, active=False)
        return consequence

    def _consequence(
        self, head: Head, error: MmsError, position: HeadPosition | None
    ) -> Consequence:
        self.failed[type(error)] += 1
        applied = position.applied if position else head.optime
        past = head.rebuild_past
        standing = Standing(
            in_sync=head.phase is SyncPhase.IN_SYNC,
            base=bool(bases(self._resources.metadata, head.deployment, without=head.unfit)),
            in_a_row=self.failed[type(error)],
            again=past is not None and (applied is None or applied < past),
        )
        return consequence_of(error, standing)
