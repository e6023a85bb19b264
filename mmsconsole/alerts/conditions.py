"""Every condition that can raise an alert, as data; docs/alerts.md has the same table."""

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from mmsconsole.errors import UsageError
from mmsconsole.metadata.events import Severity

HOST_DOWN = "host down"
NO_PRIMARY = "no primary"
NEW_PRIMARY = "new primary"
MULTIPLE_PRIMARIES = "multiple primaries"
REPLICATION_LAG = "replication lag"
OPLOG_WINDOW = "oplog window"
METRIC_ABOVE = "metric above"
METRIC_BELOW = "metric below"
MONITORING_AGENT_DOWN = "monitoring agent down"
BACKUP_AGENT_DOWN = "backup agent down"
BACKUP_OPLOG_BEHIND = "backup oplog behind"
RESYNC_NEAR = "resync near"
RESYNC_REQUIRED = "resync required"
SNAPSHOT_LATE = "snapshot late"
SNAPSHOT_FAILED = "snapshot failed"
VERIFICATION_FAILED = "verification failed"
VERIFICATION_OLD = "verification too old"
CLUSTER_SNAPSHOT_SKIPPED = "cluster snapshot skipped"
HEAD_DOWN = "head mongod down"
HEAD_BEHIND = "head behind the stored oplog"
HEAD_INVALID = "head validation failed"
STORE_DAMAGED = "store damaged"
COPY_BEHIND = "second copy behind"
JOB_STUCK = "job stuck"
BALANCER_OFF = "balancer left off"
MEMBER_LOCKED = "member left locked"
RESTORE_DONE = "restore done"
RESTORE_FAILED = "restore failed"
HEAD_SPACE = "head space"
STORE_SPACE = "store space"
ENGINE_DOWN = "engine down"
CERTIFICATE_END = "certificate near its end"
VERSION_MIX = "version mix"
FCV_CHANGE = "fcv change"
WINDOW_ENDED = "window ended"


class Compare(StrEnum):
    """When a condition is met."""

    ABOVE = "above"
    """The value is above the threshold."""
    BELOW = "below"
    IS = "is"
    """It is so, or it is not: no threshold."""
    EVENT = "event"
    """It happened: the alert closes by itself after a while."""


class About(StrEnum):
    """What an alert is about; what else makes nothing of it known (see evaluator.py)."""

    MEMBER = "member"
    DEPLOYMENT = "deployment"
    STORE = "store"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class Condition:
    name: str
    title: str
    """What is the matter, in a few words."""
    compare: Compare
    about: About
    page: str
    """Where the console goes from the alert: "health", "chart", "snapshots", "jobs", "restores",
    "store", "deployment", "engine"."""
    hint: str
    """What to do."""
    severity: Severity = Severity.WARNING
    threshold: float | None = None
    unit: str = ""
    clear_threshold: float | None = None
    """It is well again only beyond this; None: the threshold."""
    for_seconds: int = 0
    clear_seconds: int = 0
    renotify_minutes: int = 5
    by_default: bool = True
    """A new group has a rule of it."""
    metric: bool = False
    """Its rules name a metric."""


_ERROR, _INFO = Severity.ERROR, Severity.INFO
_DAY = 24 * 60
_SETTLED = 300
"""Seconds. What goes by the age of a record looks bad after an engine was off, a backup stopped or
a clock jumped, until it is written anew."""
_MEMBER, _DEPLOYMENT, _STORE, _ENGINE = About.MEMBER, About.DEPLOYMENT, About.STORE, About.ENGINE
_IS, _ABOVE, _BELOW, _EVENT = Compare.IS, Compare.ABOVE, Compare.BELOW, Compare.EVENT

MONITORING = (
    Condition(
        HOST_DOWN, "A member does not answer", _IS, _MEMBER, "health",
        "look whether mongod runs there, and whether this host may reach it",
        _ERROR, for_seconds=40, clear_seconds=20,
    ),
    Condition(
        NO_PRIMARY, "The set has no primary", _IS, _DEPLOYMENT, "health",
        "a majority of the voting members must be up and reach one another",
        _ERROR, for_seconds=20, clear_seconds=20,
    ),
    Condition(
        NEW_PRIMARY, "A member was elected primary", _EVENT, _DEPLOYMENT, "health",
        "look into the log of the primary before why it stepped down", _INFO, renotify_minutes=0,
    ),
    Condition(
        MULTIPLE_PRIMARIES, "More than one member says that it is primary", _IS, _DEPLOYMENT,
        "health", "the network between the members may be parted", _ERROR, for_seconds=30,
    ),
    Condition(
        REPLICATION_LAG, "A secondary is behind", _ABOVE, _MEMBER, "chart",
        "look at its disk, its network and long operations; is it syncing anew?",
        threshold=60, unit="s", clear_threshold=30, for_seconds=120, clear_seconds=60,
    ),
    Condition(
        OPLOG_WINDOW, "A member's oplog reaches back too little", _BELOW, _MEMBER, "chart",
        "make the oplog larger: replSetResizeOplog",
        threshold=12, unit="h", clear_threshold=13, for_seconds=300, clear_seconds=60,
    ),
    Condition(
        METRIC_ABOVE, "A metric is too high", _ABOVE, _MEMBER, "chart",
        "look at the chart around that moment",
        threshold=None, for_seconds=300, clear_seconds=60, by_default=False, metric=True,
    ),
    Condition(
        METRIC_BELOW, "A metric is too low", _BELOW, _MEMBER, "chart",
        "look at the chart around that moment",
        threshold=None, for_seconds=300, clear_seconds=60, by_default=False, metric=True,
    ),
    Condition(
        MEMBER_LOCKED, "A member is locked against writes (fsyncLock)", _IS, _MEMBER, "health",
        "if nobody needs the lock any more: db.fsyncUnlock()", for_seconds=600,
    ),
    Condition(
        CERTIFICATE_END, "A TLS certificate ends soon", _BELOW, _MEMBER, "health",
        "renew it, and restart or rotate the member's certificates",
        threshold=30, unit="days", renotify_minutes=_DAY,
    ),
    Condition(
        VERSION_MIX, "Members run different major versions", _IS, _DEPLOYMENT, "health",
        "finish the upgrade that was begun", for_seconds=6 * 3600, renotify_minutes=_DAY,
    ),
    Condition(
        FCV_CHANGE, "The featureCompatibilityVersion is another one than the backup knows", _IS,
        _DEPLOYMENT, "deployment",
        "the head is made anew by itself where it must be; see: mmsconsole backup status",
        for_seconds=60, renotify_minutes=_DAY,
    ),
    Condition(
        BALANCER_OFF, "The balancer was left off", _IS, _DEPLOYMENT, "health",
        "sh.startBalancer()", for_seconds=3600,
    ),
    Condition(
        MONITORING_AGENT_DOWN, "The monitoring agent says nothing", _ABOVE, _ENGINE, "engine",
        "look whether its engine runs: mmsconsole doctor, and the engine's log",
        _ERROR, threshold=60, unit="s", for_seconds=20,
    ),
)  # fmt: skip

BACKUP = (
    Condition(
        BACKUP_AGENT_DOWN, "The backup reads nothing from its source", _ABOVE, _DEPLOYMENT,
        "deployment", "see why: mmsconsole backup status NAME",
        _ERROR, threshold=10, unit="min", for_seconds=_SETTLED,
    ),
    Condition(
        BACKUP_OPLOG_BEHIND, "The stored oplog is behind its source", _ABOVE, _DEPLOYMENT,
        "deployment", "see what it waits for: mmsconsole backup status NAME",
        threshold=60, unit="min", clear_threshold=50, for_seconds=_SETTLED,
    ),
    Condition(
        RESYNC_NEAR, "The source will soon drop oplog that is not stored", _ABOVE, _DEPLOYMENT,
        "deployment", "make the source's oplog larger (replSetResizeOplog), or help the tail",
        _ERROR, threshold=50, unit="%", clear_threshold=45, for_seconds=120,
    ),
    Condition(
        RESYNC_REQUIRED, "The backup needs a resync", _IS, _DEPLOYMENT, "deployment",
        "start it anew: mmsconsole backup start NAME", _ERROR,
    ),
    Condition(
        SNAPSHOT_LATE, "The next snapshot is late", _ABOVE, _DEPLOYMENT, "snapshots",
        "look at its jobs: mmsconsole job list NAME",
        threshold=1.5, unit="intervals", clear_threshold=1.4, for_seconds=1800,
    ),
    Condition(
        SNAPSHOT_FAILED, "The newest snapshot failed", _IS, _DEPLOYMENT, "snapshots",
        "see why: mmsconsole job list NAME; it is tried again at the next due time", _ERROR,
    ),
    Condition(
        VERIFICATION_FAILED, "A verification found something wrong", _IS, _DEPLOYMENT,
        "snapshots", "look at it, and check the store: mmsconsole store check", _ERROR,
    ),
    Condition(
        VERIFICATION_OLD, "No snapshot was verified for too long", _ABOVE, _DEPLOYMENT,
        "snapshots", "see its jobs: mmsconsole job list NAME; or ask for one: mmsconsole verify",
        threshold=48, unit="h over the policy", for_seconds=4 * 3600,
        renotify_minutes=_DAY,
    ),
    Condition(
        CLUSTER_SNAPSHOT_SKIPPED, "A snapshot of a sharded cluster was skipped", _IS,
        _DEPLOYMENT, "snapshots", "look whether a mongos and the balancer can be reached",
    ),
    Condition(
        HEAD_DOWN, "The head does not go on", _IS, _DEPLOYMENT, "deployment",
        "see why: mmsconsole backup status NAME, and the head's log", _ERROR, for_seconds=120,
    ),
    Condition(
        HEAD_BEHIND, "The head is behind the stored oplog", _ABOVE, _DEPLOYMENT, "deployment",
        "look at the disk and memory of the engine's host",
        threshold=60, unit="min", clear_threshold=50, for_seconds=_SETTLED,
    ),
    Condition(
        HEAD_INVALID, "The head's last validation found something wrong", _IS, _DEPLOYMENT,
        "deployment", "see: mmsconsole backup status NAME; the head is rebuilt where it must be",
        _ERROR,
    ),
    Condition(
        WINDOW_ENDED, "A window ended: an entry that no head can follow", _EVENT, _DEPLOYMENT,
        "deployment", "a new initial sync began by itself; see: mmsconsole backup status NAME",
        _ERROR, renotify_minutes=0,
    ),
    Condition(
        COPY_BEHIND, "The second copy is behind", _ABOVE, _DEPLOYMENT, "store",
        "see what it waits for: mmsconsole backup status NAME", threshold=6, unit="h",
        clear_threshold=5, for_seconds=_SETTLED,
    ),
    Condition(
        JOB_STUCK, "A job does not go on", _ABOVE, _DEPLOYMENT, "jobs",
        "look at it: mmsconsole job list; cancel it if nothing helps",
        threshold=120, unit="min", for_seconds=_SETTLED,
    ),
    Condition(
        RESTORE_DONE, "A restore is done", _EVENT, _DEPLOYMENT, "restores",
        "see: mmsconsole restore list", _INFO, renotify_minutes=0,
    ),
    Condition(
        RESTORE_FAILED, "A restore failed", _EVENT, _DEPLOYMENT, "restores",
        "see why: mmsconsole restore list", _ERROR, renotify_minutes=0,
    ),
    Condition(
        STORE_DAMAGED, "A store has objects that are missing or wrong", _IS, _STORE, "store",
        "see what can be done: mmsconsole store repair STORE --dry-run", _ERROR,
    ),
    Condition(
        STORE_SPACE, "A store's disk is nearly full", _BELOW, _STORE, "store",
        "free space, keep snapshots for less long, or move it to a larger disk",
        _ERROR, threshold=15, unit="% free", clear_threshold=17, for_seconds=20,
        renotify_minutes=60,
    ),
    Condition(
        HEAD_SPACE, "The disk of the heads is nearly full", _BELOW, _ENGINE, "engine",
        "free space, or name a further folder: heads.paths in the settings",
        _ERROR, threshold=10, unit="% free", clear_threshold=12, for_seconds=20,
        renotify_minutes=60,
    ),
    Condition(
        ENGINE_DOWN, "An engine says nothing", _ABOVE, _ENGINE, "engine",
        "start it: mmsconsole engine; see its log", _ERROR, threshold=120, unit="s",
        for_seconds=20,
    ),
)  # fmt: skip

CONDITIONS: tuple[Condition, ...] = MONITORING + BACKUP
_BY_NAME = {one.name: one for one in CONDITIONS}

NOT_YET = (CLUSTER_SNAPSHOT_SKIPPED, BALANCER_OFF)
"""Of sharded clusters, which come later: nothing finds them yet."""


def is_known(name: str) -> bool:
    """A newer program may have written of others."""
    return name in _BY_NAME


def condition(name: str) -> Condition:
    """Raises UsageError, with those that are meant perhaps."""
    wanted = name.strip().lower()
    found = _BY_NAME.get(wanted)
    if found is None:
        holding = [one for one in _BY_NAME if wanted and wanted in one.split()]
        near = holding or get_close_matches(wanted, _BY_NAME, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "; ".join(_BY_NAME)
        raise UsageError(f"there is no condition {name!r}", hint=hint)
    return found
