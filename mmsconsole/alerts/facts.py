"""What is known when alerts are judged: plain records, read at one time."""

from dataclasses import dataclass, field
from datetime import datetime

from mmsconsole.metadata.agents import Agent
from mmsconsole.metadata.checks import StoreCheck
from mmsconsole.metadata.copies import CopyState
from mmsconsole.metadata.deployments import BackupState, Deployment
from mmsconsole.metadata.engines import EngineRecord
from mmsconsole.metadata.heads import Head, SyncPhase
from mmsconsole.metadata.jobs import Job
from mmsconsole.metadata.members import MemberState
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.standings import Judged, SnapshotStanding, ValidationStanding
from mmsconsole.metadata.tails import Tail
from mmsconsole.metadata.window_ends import WindowEnd
from mmsconsole.policy.policy import SnapshotPolicy

STALE_SECONDS = 60.0
CLASSIC = SnapshotPolicy()


@dataclass(frozen=True, slots=True)
class DeploymentFacts:
    deployment: Deployment
    policy: SnapshotPolicy = CLASSIC
    members: tuple[MemberState, ...] = ()
    head: Head | None = None
    """The current one, as long as it is of use."""
    tail: Tail | None = None
    snapshots: SnapshotStanding | None = None
    """None: there is none that has ended."""
    moment: Judged | None = None
    validation: ValidationStanding | None = None
    """Of the current head."""
    copy: CopyState | None = None
    jobs: tuple[Job, ...] = ()
    """Open ones."""
    restores: tuple[Restore, ...] = ()
    """That ended not long ago."""
    window_ends: tuple[WindowEnd, ...] = ()
    """That were found not long ago."""

    @property
    def id(self) -> str:
        return self.deployment.id

    @property
    def started(self) -> bool:
        """Nobody looks at the source of a backup that is not started."""
        return self.deployment.backup is BackupState.STARTED

    @property
    def in_sync(self) -> bool:
        return self.started and self.head is not None and self.head.phase is SyncPhase.IN_SYNC


@dataclass(frozen=True, slots=True)
class Facts:
    group: str
    now: datetime
    """The wall clock of the engine that judges."""
    deployments: tuple[DeploymentFacts, ...] = ()
    engines: tuple[EngineRecord, ...] = ()
    """All of them: only the default group is told of engines and agents."""
    agents: tuple[Agent, ...] = ()
    stale_seconds: float = STALE_SECONDS
    """What reports all the time, and did not for so long, says nothing of now."""
    agent_seen_at: datetime | None = None
    """When one of the agents said something last."""
    watched: bool = True
    """The settings of some engine let its agent watch members."""
    jobs: tuple[Job, ...] = ()
    """Open ones of stores, which are of no deployment; for the default group too."""
    damages: dict[str, StoreCheck | None] = field(default_factory=dict)
    """By store that a deployment of the group uses: the newest check that found something, if
    it still holds."""

    @property
    def has_agent(self) -> bool:
        """Somebody asks members just now."""
        at = self.agent_seen_at
        return at is not None and self.age(at) < self.stale_seconds

    def age(self, at: datetime) -> float:
        """Seconds since then; a clock that was put back makes nothing younger than now."""
        return max(0.0, (self.now - at).total_seconds())
