"""Lines about progress and positions, in the console's words. Pure."""

from mmsconsole.console.present.progress import amount_of, share
from mmsconsole.console.present.words import NONE, duration, moment
from mmsconsole.metadata.jobs import PhaseProgress
from mmsconsole.optime import Optime


def position(optime: Optime | None) -> str:
    return NONE if optime is None else f"{moment(optime.time)} ({optime})"


def progress_line(progress: PhaseProgress) -> str:
    """transferring: 45 %, 540 MB of 1.2 GB, 120 MB/s, 6s left"""
    if progress.finished:
        return f"{progress.phase}: done"
    part = share(progress)
    parts = [] if part is None else [f"{int(part * 100)} %"]
    total = "" if progress.total is None else f" of {amount_of(progress, progress.total)}"
    parts.append(f"{amount_of(progress, progress.done)}{total}")
    if progress.note:
        return f"{progress.phase}: " + ", ".join([*parts, progress.note])
    if progress.rate > 0:
        parts.append(f"{amount_of(progress, progress.rate)}/s")
    if progress.eta_seconds is not None:
        parts.append(f"{duration(progress.eta_seconds)} left")
    return f"{progress.phase}: " + ", ".join(parts)
