"""The folder that a restore fills.

It must be empty or absent when a restore begins. Everything is written into a work folder inside
it, and moved up when all of it is whole:

    TARGET/.mmsconsole-restore/claim     whose it is, what was made for it, what is whole
    TARGET/.mmsconsole-restore/data/     the files, until they are moved up into TARGET

So a restore that fails, also by a crash at any moment, removes what it wrote and nothing else,
whatever somebody has put beside it meanwhile; and half a restore never looks like a whole one.
"""

import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import takewhile
from pathlib import Path

from mmsconsole.durable import TEMPORARY, disk_errors, make_folders, sync_folder, write_file
from mmsconsole.errors import TargetNotEmpty

WORK = ".mmsconsole-restore"
_CLAIM, _DATA = "claim", "data"
_GONE = "gone"
"""The files, while they are being removed."""


@dataclass(frozen=True, slots=True)
class _Claim:
    restore: str
    made: int
    """How many folders were made for it: the target and some of its parents."""
    whole: tuple[str, ...] | None = None
    """Names of what belongs into the target, once all of it is whole."""


def check_empty(target: Path) -> None:
    """Raises TargetNotEmpty, also where the path is a file."""
    with disk_errors(str(target)):
        if not target.exists():
            return
        if not target.is_dir():
            raise TargetNotEmpty("this is a file, not a folder", where=str(target))
        if any(target.iterdir()):
            raise TargetNotEmpty("the folder is not empty", where=str(target))


def check_free(target: Path, restore_id: str) -> None:
    """The same, but what this restore left is welcome, and so is a work folder that nobody claimed:
    claim() looks into it. Raises TargetNotEmpty.
    """
    with disk_errors(str(target)):
        left = target.is_dir() and [entry.name for entry in target.iterdir()] == [WORK]
    claimed = is_claimed(target, restore_id)
    if not claimed and not (left and not is_claimed_by_any(target)):
        check_empty(target)


def claim(target: Path, restore_id: str) -> Path:
    """Make the folder ours; returns where to write, a folder that is not there yet.

    What an earlier attempt of the same restore left is removed. Raises TargetNotEmpty.
    """
    with disk_errors(str(target)):
        if _claim_of(target, restore_id) is None:
            _sweep(target)
            check_empty(target)
            missing = takewhile(lambda folder: not folder.exists(), [target, *target.parents])
            made = len(list(missing))
            make_folders(target / WORK)
            _write(target, _Claim(restore_id, made))
        data = target / WORK / _DATA
        if data.exists():
            shutil.rmtree(data)
        return data


def data_of(target: Path) -> Path:
    """Where claim() lets write; the files are there until deliver() moves them up."""
    return target / WORK / _DATA


def is_claimed(target: Path, restore_id: str) -> bool:
    """Whether an attempt of this restore made the folder its own."""
    return _claim_of(target, restore_id) is not None


def is_claimed_by_any(target: Path) -> bool:
    return (target / WORK / _CLAIM).exists()


def is_whole(target: Path, restore_id: str) -> bool:
    """Whether everything was written by an earlier attempt: it only has to be moved up."""
    claimed = _claim_of(target, restore_id)
    return claimed is not None and claimed.whole is not None


def seal(target: Path, restore_id: str) -> None:
    """What was written is whole, and survives a power cut."""
    with disk_errors(str(target)):
        claimed = _claim_of(target, restore_id)
        assert claimed is not None  # claim() came before
        names = sorted(entry.name for entry in (target / WORK / _DATA).iterdir())
        _write(target, replace(claimed, whole=tuple(names)))


def deliver(target: Path, restore_id: str) -> None:
    """Move everything up. Goes on where a crash left it. Raises TargetNotEmpty."""
    with disk_errors(str(target)):
        for name in _whole(target, restore_id):
            written = target / WORK / _DATA / name
            if not _waits(target, name):
                continue
            if os.path.lexists(target / name):
                raise TargetNotEmpty(f"somebody else has put {name} here", where=str(target))
            written.rename(target / name)
        sync_folder(target)


def release(target: Path, restore_id: str) -> None:
    """The work folder goes; what was moved up stays."""
    with disk_errors(str(target)):
        if _claim_of(target, restore_id) is not None:
            _remove_work(target)


def abandon(target: Path, restore_id: str) -> None:
    """Remove what this restore wrote, and the folders that it made, if nobody uses them."""
    with disk_errors(str(target)):
        claimed = _claim_of(target, restore_id)
        if claimed is None:
            return
        for name in claimed.whole or ():
            if not _waits(target, name):
                _remove(target / name)
        _remove_work(target)
        for folder in [target, *target.parents][: claimed.made]:
            with suppress(OSError):  # somebody has put something there
                folder.rmdir()


def _whole(target: Path, restore_id: str) -> tuple[str, ...]:
    claimed = _claim_of(target, restore_id)
    return (claimed and claimed.whole) or ()


def _claim_of(target: Path, restore_id: str) -> _Claim | None:
    """The claim of this restore; None if there is none, or it is another's."""
    try:
        found = json.loads((target / WORK / _CLAIM).read_bytes())
        whole = found["whole"]
        names = None if whole is None else tuple(map(str, whole))
        claimed = _Claim(str(found["restore"]), int(found["made"]), names)
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError, KeyError):
        return None
    return claimed if claimed.restore == restore_id else None


def _write(target: Path, claimed: _Claim) -> None:
    write_file(target / WORK / _CLAIM, [json.dumps(asdict(claimed)).encode()])


def _sweep(target: Path) -> None:
    """A work folder whose claim never was written holds nothing but the attempt to."""
    work = target / WORK
    if work.is_dir() and not (work / _CLAIM).exists():
        for left in work.glob(f"{TEMPORARY}*"):
            left.unlink()
        with suppress(OSError):  # it holds something else, so it is not ours
            work.rmdir()


def _waits(target: Path, name: str) -> bool:
    """Whether it was not moved up: what has its name in the target is somebody else's. Nothing was
    where the files are being removed.
    """
    data = target / WORK / _DATA
    return os.path.lexists(data / name) or not data.exists()


def _remove_work(target: Path) -> None:
    """The claim goes last: until then a crash leaves what is known to be ours."""
    work = target / WORK
    _remove(work / _GONE)
    if (work / _DATA).exists():
        (work / _DATA).rename(work / _GONE)  # whole or not at all: see _waits()
    _remove(work / _GONE)
    (work / _CLAIM).unlink()
    for left in work.glob(f"{TEMPORARY}*"):
        left.unlink()
    work.rmdir()
    sync_folder(target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
