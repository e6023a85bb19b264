"""What Operations answers: frozen, complete, without secrets. JSON answers are made of these."""

from dataclasses import dataclass, field
from datetime import datetime

from mmsconsole.metadata.jobs import JobError, PhaseProgress
from mmsconsole.metadata.targets import WHOLE, Selection, Target
from mmsconsole.operations.link_views import LinkOffer
from mmsconsole.optime import Optime


@dataclass(frozen=True, slots=True)
class Window:
    """The moments that can be restored, both ends inclusive."""

    start: Optime
    end: Optime


@dataclass(frozen=True, slots=True)
class Gap:
    """Moments that can not be restored; its ends themselves can."""

    start: Optime
    end: Optime | None
    """None: it is open until the next snapshot is complete."""
    reason: str
    trimmed: bool = False
    """Nothing went wrong: the oplog of that time is not kept any more, as the policy says."""

    def holds(self, point: Optime) -> bool:
        return self.start < point and (self.end is None or point < self.end)


@dataclass(frozen=True, slots=True)
class SnapshotView:
    id: str
    deployment: str
    """The deployment's name."""
    state: str
    """running, complete, failed, deleting, or invalid: the source took back a part of what it
    holds."""
    optime: Optime | None
    bytes: int
    new_bytes: int
    files: int
    mongod_version: str
    fcv: str
    created_at: datetime
    finished_at: datetime | None
    reason: str
    """Why it failed, or is invalid."""
    doubt: str
    """Why its data may be wrong, although it is complete; empty where nothing says so."""
    hold: str = ""
    """Why it is held; empty where it is not."""
    expires_at: datetime | None = None
    """When it goes if nothing changes: its own date, or as the policy says; None: not by itself."""
    kept_for: tuple[str, ...] = ()
    """What keeps it, in words; empty where it is about to go, and where nobody asked."""
    verdict: str = ""
    """What its verification found: good or bad; empty before there was one."""
    verified_at: datetime | None = None
    verdict_text: str = ""
    """What differed."""
    asked_by: str = ""
    """Who asked for it; "schedule" for one that was due."""
    due_at: datetime | None = None
    """The due time that it was taken for; None: it was asked for."""
    leaving: str = ""
    """Why it is being deleted; empty where it is not."""


@dataclass(frozen=True, slots=True)
class ValidationView:
    """The last time that a head was looked over."""

    kind: str
    """comparison: with the source's data; files: of the head's own."""
    at: datetime
    optime: Optime | None
    good: bool
    documents: int
    mended: int
    problems: tuple[str, ...]
    left_out: tuple[str, ...]


STORE, COPY = "store", "copy"
"""Kinds of warnings of where a backup is kept."""


@dataclass(frozen=True, slots=True)
class WarningView:
    kind: str
    """oplog window, source, verification, store, or copy."""
    level: str
    """warning or critical."""
    text: str


@dataclass(frozen=True, slots=True)
class HeadView:
    optime: Optime | None
    lag_seconds: int | None
    """Newest position of the source minus optime; None before the first apply, and while the
    source can not be read."""
    phase: str
    path: str
    bytes: int
    mongod_version: str
    applied_at: datetime | None
    reason: str
    """Why it is being rebuilt, or was, or why it must not be trusted."""


@dataclass(frozen=True, slots=True)
class TailView:
    member: str
    optime: Optime | None
    """End of the durable oplog."""
    source_optime: Optime | None
    oplog_window_seconds: int | None
    oplog_full: bool
    """The source's oplog drops old entries; until then its window only grows."""
    seen_at: datetime
    error: str
    """Why it does not read, or, with a member named, why nothing comes from there."""
    since: datetime | None
    """When the error began."""
    unstored: bool = False
    """The error is the store's: the source is not to blame."""


@dataclass(frozen=True, slots=True)
class BackupStatus:
    deployment: str
    state: str
    """inactive, started, stopped or resync required."""
    phase: str
    """A phase of the initial sync, "in sync", "rebuilding", "window ended", or empty before the
    first start."""
    reason: str
    head: HeadView | None
    tail: TailView | None
    window: Window | None
    """From the first to the last moment that can be restored; there may be gaps in it."""
    windows: tuple[Window, ...]
    """The same without its gaps, oldest first."""
    gaps: tuple[Gap, ...]
    """Between the windows, and behind the last one while the next has not begun."""
    warnings: tuple[WarningView, ...]
    """What has to be looked after, of a backup that is started."""
    validation: ValidationView | None
    """The newest one of the head that is there."""
    last_snapshot: SnapshotView | None
    """The newest complete one."""
    progress: tuple[PhaseProgress, ...]
    """Of the rebuild that runs, or of the initial sync that runs or ran last."""
    last_verified: SnapshotView | None = None
    """The newest one that was restored, compared, and found good."""


@dataclass(frozen=True, slots=True)
class CopyView:
    """How far the second copy of a deployment is."""

    deployment: str
    """Its name."""
    store: str
    """Where the copy is."""
    oplog_end: Optime | None
    """The stored oplog up to here is there; None: nothing is yet."""
    behind_seconds: int | None
    """How much more oplog the first store has; None while that is not known."""
    level_at: datetime | None
    """When all snapshots were there last; None: they never were."""
    error: str
    """Why it does not go on; empty when it does."""
    since: datetime | None
    """When the error began."""


@dataclass(frozen=True, slots=True)
class DeploymentView:
    id: str
    name: str
    group: str
    uri: str
    """Without its password."""
    set_name: str
    server_version: str
    fcv: str
    sync_from: str
    tail_from: str
    sync_mb_per_second: float
    """What its initial sync reads at most, in 1,000,000 bytes; 0: no limit."""
    snapshot_interval_minutes: int
    block_kib: int
    """Size of the blocks that its snapshots are cut into."""
    zstd_level: int
    created_at: datetime
    status: BackupStatus
    store: str = "default"
    """Where its backup is kept."""
    copy: CopyView | None = None
    """None: it has no second copy."""
    kind: str = "replica set"
    """Or "standalone": that can only be monitored."""
    monitored: bool = True
    """Whether its members are asked how they are."""


@dataclass(frozen=True, slots=True)
class LagPoint:
    at: datetime
    lag_seconds: int


@dataclass(frozen=True, slots=True)
class JobView:
    id: str
    kind: str
    deployment: str
    state: str
    subject: str
    attempts: int
    created_at: datetime
    created_by: str
    started_at: datetime | None
    finished_at: datetime | None
    progress: tuple[PhaseProgress, ...]
    cancel_requested: bool
    error: JobError | None
    store: str = ""
    """Name of the store that it works in; empty for what belongs to a deployment."""


@dataclass(frozen=True, slots=True)
class RestoreView:
    id: str
    deployment: str
    state: str
    """queued, materialising, applying oplog, shaping, delivering, done, failed or cancelled."""
    snapshot: str
    point: Optime | None
    optime: Optime | None
    path: str
    bytes: int
    created_at: datetime
    created_by: str
    finished_at: datetime | None
    reason: str
    job: str
    progress: tuple[PhaseProgress, ...]
    kind: str = "folder"
    """Of the target: folder, tar, archive, dump, link, ssh or live."""
    what: str = "everything"
    """What of the data, in words."""
    where: Target | None = None
    selection: Selection = WHOLE
    needed_bytes: int = 0
    """Room for the files, as it was estimated."""
    delivered_bytes: int = 0
    verified: str = ""
    """How the target was found to hold what it should, in words; empty: it was not looked at."""
    differs: bool = False
    """It was found not to: `verified` begins with DIFFERENT."""
    link_state: str = ""
    """Of a link, once it was made: preparing, ready, expired, used up, revoked or failed."""
    offer: LinkOffer | None = None
    """Of a new link: only start_restore tells it."""


@dataclass(frozen=True, slots=True)
class RestorePoint:
    """A moment that can be restored, as it was asked for."""

    deployment: str
    snapshot: str
    """That a restore begins with."""
    optime: Optime
    """The inclusive end."""
    replayed: bool
    """Oplog is replayed on top of the snapshot; else it is taken as it is."""
    in_words: str
    namespaces: tuple[str, ...]
    """Collections that the snapshot is known to hold; empty where that was not written down."""


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What a restore would do, before it is asked for."""

    deployment: str
    snapshot: str
    point: Optime | None
    """The inclusive end; None: the snapshot as it is."""
    in_words: str
    """One sentence that says exactly what the restored data will be."""
    target: str
    bytes: int
    """Of the snapshot's files."""
    oplog_bytes: int
    """Stored oplog to be replayed on top, raw."""
    free_bytes: int
    window: Window
    """The one that it lies in."""
    kind: str = "folder"
    what: str = "everything"
    seconds: float | None = None
    """About how long it takes once it begins."""
    disk_bytes: int = 0
    """That it takes on this machine at most, while it runs; free_bytes is of the same disk."""
    staging: str = ""
    """Folder of ours that the files are made in; empty: none, or the target itself."""
    waits_for: int = 0
    """Restores that were asked for earlier, and go first."""
    notes: tuple[str, ...] = ()
    """What people should know of it."""

    @property
    def exactly(self) -> tuple[str | None, str | None]:
        """Snapshot and POINT of the very moment that was shown: "15m ago" and "latest" are others
        once that was confirmed.
        """
        return (self.snapshot, None) if self.point is None else (None, str(self.point))


@dataclass(frozen=True, slots=True)
class Removal:
    """What the removal of a deployment deletes. The source itself is never touched."""

    deployment: str
    heads: tuple[str, ...]
    """Their folders."""
    snapshots: int
    snapshot_bytes: int
    """Stored for them; blocks that others use too stay."""
    chunks: int
    chunk_bytes: int
    """Of the stored oplog."""
    restores_open: int
    """Restores of it that still run, and will be cancelled. Finished ones keep their files."""


@dataclass(frozen=True, slots=True)
class KeysView:
    """The keys of an encrypted store after a change. Fingerprints tell nothing of a key."""

    store: str
    master: str
    """Fingerprint of the settings' master key."""
    new_master: str
    """Fingerprint of the one that opens the store from now on, too; empty where none was added."""
    data_keys: int
    opened: int = 0
    """Data keys that the new master key could not open before."""
    closed: int = 0
    """Ways for other master keys into the store that were removed."""


@dataclass(frozen=True, slots=True)
class EventView:
    id: str
    at: datetime
    kind: str
    severity: str
    deployment: str
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class EngineStatus:
    running: bool
    id: str
    host: str
    home: str
    version: str
    started_at: datetime | None
    seen_at: datetime | None
    deployments: int
    jobs_open: int
    storage_bytes_free: int | None
    strangers: dict[str, int] = field(default_factory=dict)
    """By store: deployments in it that the metadata does not know."""
    service: str = ""
    """Where its front end listens; empty: nowhere."""
    service_error: str = ""
    """Why it does not listen although it should."""
    alerts_open: dict[str, int] = field(default_factory=dict)
    """By severity: alerts that are open, and that nobody has acknowledged."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    check: str
    ok: bool
    found: str
    mend: str
    """What to do; empty when ok."""
