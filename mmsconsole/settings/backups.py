"""How backups are made and looked after: [heads], [backup], [policy], [validation],
[verification], [restore]."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from mmsconsole.errors import UsageError
from mmsconsole.policy.policy import SnapshotPolicy
from mmsconsole.settings.section import Section

SYNC_MB_PER_SECOND_MAX = 100_000.0
BLOCK_KIB = (64, 128, 256, 512, 1024, 2048, 4096)
ZSTD_LEVELS = range(1, 20)
CLASSIC = SnapshotPolicy()


class HeadsSettings(Section):
    paths: list[Path] = Field(default=[])
    """Folders for heads; the one with most room is taken. Empty: inside the data folder."""
    cache_gb: float = Field(default=0.5, ge=0.25, le=1024)
    """WiredTiger cache of a head's mongod."""


class BackupSettings(Section):
    sync_from: Literal["secondary", "primary"] = "secondary"
    tail_from: Literal["primary", "secondary"] = "primary"
    oplog_window_hours_min: float = Field(default=3.0, ge=0, le=24 * 30)
    """The source's oplog must reach this far back (projected) for a backup to start."""
    sync_mb_per_second: float = Field(default=0.0, ge=0, le=SYNC_MB_PER_SECOND_MAX)
    """What an initial sync reads at most, in 1,000,000 bytes; 0: no limit. For deployments that
    are added from now on."""
    pause_cache_dirty_percent: float = Field(default=20.0, ge=0, le=100)
    """An initial sync pauses while so much of the source's cache is dirty; 0: never for that."""
    pause_cache_used_percent: float = Field(default=95.0, ge=0, le=100)
    pause_tickets_percent: float = Field(default=95.0, ge=0, le=100)
    """Share of the source's read or write tickets that is taken."""
    pause_lag_seconds: float = Field(default=60.0, ge=0, le=24 * 3600)
    """It pauses while a secondary of the source is so far behind; 0: never for that."""
    oplog_warning_percent: float = Field(default=50.0, gt=0, le=100)
    """People are warned when the stored oplog is behind by this share of the source's oplog."""
    oplog_critical_percent: float = Field(default=75.0, gt=0, le=100)
    slice_mb: int = Field(default=10, ge=1, le=15)
    chunk_seconds: float = Field(default=1.0, ge=0.1, le=60)
    """An oplog chunk is cut at least this often while there are entries."""
    block_kib: int = 256
    """Into blocks of this size snapshots are cut. For deployments that are added from now on."""
    zstd_level: int = Field(default=1, ge=ZSTD_LEVELS.start, lt=ZSTD_LEVELS.stop)
    """How hard blocks are compressed. For deployments that are added from now on."""

    @field_validator("block_kib")
    @classmethod
    def _check_block_size(cls, block_kib: int) -> int:
        if block_kib not in BLOCK_KIB:
            allowed = ", ".join(map(str, BLOCK_KIB))
            raise PydanticCustomError("block_kib", "one of {allowed}", {"allowed": allowed})
        return block_kib


class PolicySettings(Section):
    """What the snapshot policy of a group begins with; policy/policy.py says what each key means.

    Changed afterwards by: mmsconsole policy set --group.
    """

    interval_minutes: int = CLASSIC.interval_minutes
    reference_hour: int = CLASSIC.reference_hour
    reference_minute: int = CLASSIC.reference_minute
    zone: str = CLASSIC.zone
    base_days: int = CLASSIC.base_days
    daily: int = CLASSIC.daily
    weekly: int = CLASSIC.weekly
    monthly: int = CLASSIC.monthly
    yearly: int = CLASSIC.yearly
    oplog_hours: int = CLASSIC.oplog_hours
    verify: str = CLASSIC.verify
    full_read_days: int = CLASSIC.full_read_days

    @field_validator("*")
    @classmethod
    def _check(cls, value: Any, info: ValidationInfo) -> Any:
        """With the keys before it: the longest base depends on the interval."""
        try:
            CLASSIC.changed({**info.data, str(info.field_name): value})
        except UsageError as error:
            said = {"what": error.what, "hint": error.hint}
            raise PydanticCustomError("policy", "{what}: {hint}", said) from error
        return value

    @property
    def policy(self) -> SnapshotPolicy:
        return SnapshotPolicy(**self.model_dump())


class ValidationSettings(Section):
    compare_mb: int = Field(default=4096, ge=0, le=1 << 30)
    """Of a new head's documents so much is compared with the source, small collections first; of
    the rest the count and samples."""
    compare_seconds: int = Field(default=120, ge=1, le=240)
    """How long one comparison may take: a source keeps 300 s of its history."""
    interval_hours: float = Field(default=24.0, ge=0, le=24 * 365)
    """How often the files of a head are validated; 0: only when somebody asks."""


class VerificationSettings(Section):
    folder: str = ""
    """Where snapshots are restored to be verified; what is there of ours is removed again. Empty:
    inside the data folder."""
    hash_seconds: float = Field(default=300.0, ge=0, le=6 * 3600)
    """So long a head may be read at the time of a snapshot, so that the restored data can be
    compared with it; collections for which the time does not suffice are compared by their count,
    options and indexes alone."""
    moments_per_day: float = Field(default=1.0, ge=0, le=24)
    """Moments of the window, of each deployment, that are restored and compared; 0: none."""
    hours_max: float = Field(default=24.0, gt=0, le=24 * 7)
    """A verification that takes longer is given up."""
    warn_hours: float = Field(default=48.0, gt=0, le=24 * 365)
    """People are warned when so long no snapshot was found good, beside what the policy itself
    lets pass between two verifications."""


class RestoreSettings(Section):
    folder: str = ""
    """Where files are made that go elsewhere; they are removed again. Empty: the folder that is
    proposed for restored files."""
    at_once: int = Field(default=2, ge=1, le=64)
    """Restores at one time; others wait their turn."""
    mb_per_second: float = Field(default=0.0, ge=0, le=100_000)
    """What all restores together read and write at most, in 1,000,000 bytes; 0: no limit."""
