"""What becomes of a job whose attempt has failed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mmsconsole import errors
from mmsconsole.daemon.runner import Fate, backoff, fate_of, said
from mmsconsole.metadata.jobs import Job, JobKind

SYNC = Job("j1", JobKind.INITIAL_SYNC, "d1", "head:d1", datetime(2024, 1, 1, tzinfo=UTC))
RESTORE = replace(SYNC, kind=JobKind.RESTORE)
LAST = replace(RESTORE, attempts=4)
LATE = replace(SYNC, attempts=400)
UNWANTED = replace(RESTORE, cancel_requested=True)
REBUILD = replace(SYNC, kind=JobKind.REBUILD, attempts_max=12)
LATE_REBUILD = replace(REBUILD, attempts=400)


@pytest.mark.parametrize(
    ("job", "error", "stopping", "fate"),
    [
        (RESTORE, errors.Cancelled(), False, Fate.CANCELLED),
        (RESTORE, errors.Cancelled(), True, Fate.BACK),
        (UNWANTED, errors.Cancelled(), True, Fate.CANCELLED),
        (RESTORE, errors.LeaseLost("lost"), False, Fate.LOST),
        (RESTORE, errors.LeaseLost("lost"), True, Fate.LOST),
        (RESTORE, errors.MongodFailed("died"), False, Fate.AGAIN),
        (RESTORE, errors.StorageError("broken"), False, Fate.AGAIN),
        (RESTORE, errors.MetadataError("away"), False, Fate.AGAIN),
        (RESTORE, OSError("disk"), False, Fate.AGAIN),
        (LAST, errors.MongodFailed("died"), False, Fate.FAILED),
        (RESTORE, errors.Refused("no"), False, Fate.FAILED),
        (RESTORE, errors.TargetNotEmpty("full"), False, Fate.FAILED),
        (RESTORE, errors.DiskFull("full"), False, Fate.FAILED),
        (RESTORE, errors.ObjectCorrupt("flipped"), False, Fate.FAILED),
        (RESTORE, errors.ObjectMissing("gone"), False, Fate.FAILED),
        (RESTORE, errors.ApplyFailed("differs"), False, Fate.FAILED),
        (RESTORE, errors.ResyncRequired("lost"), False, Fate.FAILED),
        (RESTORE, ZeroDivisionError(), False, Fate.FAILED),
        (RESTORE, KeyboardInterrupt(), False, Fate.FAILED),
        (LATE, errors.SourceUnreachable("away"), False, Fate.AGAIN),  # a source may be away long
        (LATE, errors.MetadataError("away"), False, Fate.AGAIN),
        (LATE, errors.DiskFull("full"), False, Fate.AGAIN),  # there will be room
        (LATE, errors.MongodDiskFull("full"), False, Fate.AGAIN),
        (RESTORE, errors.MongodDiskFull("full"), False, Fate.FAILED),
        (LATE, errors.MongodFailed("died"), False, Fate.FAILED),
        (LATE, errors.MongodBusy("little cache"), False, Fate.AGAIN),
        (RESTORE, errors.MongodBusy("little cache"), False, Fate.AGAIN),
        (LAST, errors.MongodBusy("little cache"), False, Fate.FAILED),
        (SYNC, errors.NotAReplicaSet("no"), False, Fate.FAILED),
        (SYNC, errors.WindowEnded("another version"), False, Fate.AGAIN),
        (REBUILD, errors.ResyncRequired("no snapshot is left"), False, Fate.FAILED),
        (REBUILD, errors.ObjectMissing("gone"), False, Fate.AGAIN),  # its disk may be away
        (LATE_REBUILD, errors.ObjectMissing("gone"), False, Fate.FAILED),
        (LATE_REBUILD, errors.DiskFull("full"), False, Fate.AGAIN),
        (LATE_REBUILD, errors.StorageError("broken"), False, Fate.AGAIN),
        (LATE_REBUILD, errors.NoSuitableMongod("none"), False, Fate.AGAIN),
        (LATE_REBUILD, errors.MongodFailed("died"), False, Fate.AGAIN),
        (REBUILD, ZeroDivisionError(), False, Fate.FAILED),
        (LAST, errors.SourceUnreachable("away"), False, Fate.FAILED),
    ],
)
def test_the_fate_of_a_failed_attempt(
    job: Job, error: BaseException, stopping: bool, fate: Fate
) -> None:
    assert fate_of(job, error, stopping=stopping) is fate


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 2), (2, 4), (5, 32), (8, 256), (9, 300), (10_000, 300)]
)
def test_the_delay_grows_up_to_five_minutes(attempts: int, seconds: int) -> None:
    assert backoff(attempts).total_seconds() == seconds


def test_an_error_of_ours_is_kept_whole_and_a_fault_without_its_values() -> None:
    kept = said(errors.DiskFull("no space", where="/data", hint="free some"))
    assert (kept.code, kept.message, kept.hint) == ("disk_full", "/data: no space", "free some")
    assert "hunter2" not in said(ValueError("mongodb://u:hunter2@h/")).message
