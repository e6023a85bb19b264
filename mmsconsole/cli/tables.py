"""Answers for people: a compact table for a list, label and text for one thing.

Names, paths and reasons come from outside: nothing in them is markup, and nothing in them can
steer the terminal.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from io import StringIO
from itertools import takewhile, zip_longest
from typing import Any

from rich.console import Console
from rich.table import Table

from mmsconsole.agent.tail_warnings import SOURCE, silence
from mmsconsole.cli import (
    alert_tables,
    dump_tables,
    link_tables,
    monitoring_tables,
    opening_tables,
    oplog_tables,
    policy_tables,
    recovery_tables,
    store_tables,
)
from mmsconsole.cli.answer import Answer
from mmsconsole.cli.words import position, progress_line
from mmsconsole.console.present.status import ONLY_MONITORED
from mmsconsole.console.present.text import harmless
from mmsconsole.console.present.words import NONE, ago, duration, moment, plural, size
from mmsconsole.operations import views
from mmsconsole.recovery.strangers import strangers_in_words

PIPE_COLUMNS = 1000
"""Where no terminal says how wide it is: no line is broken."""

Cell = Callable[[Any, datetime], str]
Columns = Mapping[str, Cell]
Pair = tuple[str, str]


def render(answer: Answer, now: datetime, *, on_terminal: bool) -> str:
    """Lines that end with a newline, as wide as the terminal where there is one."""
    shown = StringIO()
    width = None if on_terminal else PIPE_COLUMNS
    console = Console(
        file=shown, force_terminal=on_terminal, width=width, markup=False, emoji=False,
        highlight=False,
    )  # fmt: skip
    value = answer.value
    if isinstance(value, dict):
        console.print(_pairs(list(value.items())))
    elif isinstance(value, list):
        console.print(_table(value, now) if value else answer.empty)
    else:
        console.print(_pairs(ONE[type(value)](value, now)))
        below = BELOW[type(value)](value) if type(value) in BELOW else ()
        if below:
            console.print("", _table(below, now), sep="\n")
    return "".join(f"{line.rstrip()}\n" for line in shown.getvalue().splitlines())


def _table(entries: Sequence[Any], now: datetime) -> Table:
    found = MANY[type(entries[0])]
    columns = found(entries) if callable(found) else found
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for entry in entries:
        table.add_row(*(harmless(cell(entry, now)) for cell in columns.values()))
    return table


def _pairs(pairs: Sequence[Pair]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in pairs:
        table.add_row(label, harmless(text))
    return table


def _state(status: views.BackupStatus) -> str:
    if status.state != "started":
        return status.state
    parts = [status.state, status.phase, _silence(status.tail)]
    parts += [f"{each.kind} {each.level}" for each in status.warnings if each.kind != SOURCE]
    return ", ".join(part for part in parts if part)


def _silence(tail: views.TailView | None) -> str:
    if tail is None or not tail.error:
        return ""
    return silence(tail.member, unstored=tail.unstored)


def _lag(status: views.BackupStatus) -> str:
    lag = None if status.head is None else status.head.lag_seconds
    return NONE if lag is None else duration(lag)


def _last_snapshot(status: views.BackupStatus, now: datetime) -> str:
    return NONE if status.last_snapshot is None else ago(status.last_snapshot.created_at, now)


def _last_verified(status: views.BackupStatus, now: datetime) -> str:
    found = status.last_verified
    if found is None:
        return "no snapshot yet"
    return f"{found.id} of {position(found.optime)}, {ago(found.verified_at, now)}"


def _windows(status: views.BackupStatus) -> list[Pair]:
    """Each stretch of time that can be restored, and why there is none between two of them."""
    if not status.windows:
        return [("window", "nothing can be restored yet")]
    pairs = []
    trimmed = _trimmed(status)
    if trimmed:
        pairs.append(("before", f"{plural(trimmed, 'snapshot')}, each as it is"))
    for window, gap in zip_longest(status.windows[trimmed:], status.gaps[trimmed:]):
        told = f"{position(window.start)} to {position(window.end)}, both included"
        pairs.append(("window", told))
        if gap is not None:
            until = "now" if gap.end is None else position(gap.end)
            pairs.append(("gap", f"from there to {until}: {gap.reason}"))
    return pairs


def _trimmed(status: views.BackupStatus) -> int:
    """How many of the first windows are single snapshots, whose oplog is kept no longer."""
    return len(list(takewhile(lambda gap: gap.trimmed and gap.end is not None, status.gaps)))


def _tail(tail: views.TailView, now: datetime) -> str:
    """What it has stored, from whom, and since when it is in trouble."""
    read = f"from {tail.member}" if tail.member else "not reading"
    if not tail.error:
        return f"{position(tail.optime)}, {read}"
    since = "" if tail.since is None else f" since {moment(tail.since)} ({ago(tail.since, now)})"
    return f"{position(tail.optime)}, {read}, in trouble{since}: {tail.error}"


def _validation(view: views.ValidationView, now: datetime) -> list[Pair]:
    found = "good" if view.good else "NOT GOOD"
    mended = f", {plural(view.mended, 'document')} mended" if view.mended else ""
    pairs = [("validation", f"{found} ({view.kind}), {ago(view.at, now)}{mended}")]
    pairs += [("problem", problem) for problem in view.problems]
    return pairs + [("left out", left_out) for left_out in view.left_out]


def _interval(minutes: int) -> str:
    return f"every {duration(minutes * 60)}" if minutes else "none by themselves"


def _speed(megabytes: float) -> str:
    return f"{megabytes:g} MB/s at most" if megabytes else "not limited"


def _deployment(view: views.DeploymentView, now: datetime) -> list[Pair]:
    runs = f"mongod {view.server_version}, FCV {view.fcv or NONE}"
    pairs = [
        ("name", view.name),
        ("source", view.uri),
        (view.kind, f"{view.set_name}, {runs}" if view.set_name else runs),
        ("monitored", "yes" if view.monitored else "no"),
    ]
    if not view.set_name:  # a standalone: nothing of a backup
        return [*pairs, ("added", moment(view.created_at))]
    return pairs + _backed_up(view, now)


def _backed_up(view: views.DeploymentView, now: datetime) -> list[Pair]:
    return [
        ("reads", f"initial sync from a {view.sync_from}, oplog from a {view.tail_from}"),
        ("sync speed", _speed(view.sync_mb_per_second)),
        ("store", view.store),
        *([("copy", store_tables.copy_in_words(view.copy))] if view.copy else []),
        ("snapshots", _interval(view.snapshot_interval_minutes)),
        ("blocks", f"{view.block_kib} KiB, zstd level {view.zstd_level}"),
        ("added", moment(view.created_at)),
        *_backup(view.status, now)[1:],
    ]


def _backup(status: views.BackupStatus, now: datetime) -> list[Pair]:
    head, tail = status.head, status.tail
    pairs = [("deployment", status.deployment), ("backup", _state(status))]
    if status.reason:
        pairs.append(("reason", status.reason))
    pairs += [(warning.level, warning.text) for warning in status.warnings]
    if head is not None:
        pairs.append(("head", f"{position(head.optime)}, lag {_lag(status)}, {size(head.bytes)}"))
    if head is not None and head.reason and head.reason != status.reason:
        label = "rebuilt" if head.phase == "in sync" else head.phase
        pairs.append((label, f"because {head.reason}"))
    if status.validation is not None:
        pairs += _validation(status.validation, now)
    if tail is not None:
        pairs.append(("oplog", _tail(tail, now)))
    pairs += _windows(status)
    pairs.append(("last snapshot", _last_snapshot(status, now)))
    pairs.append(("last verified", _last_verified(status, now)))
    if status.phase != "in sync":
        pairs += [("", progress_line(progress)) for progress in status.progress]
    return pairs


def _snapshot(view: views.SnapshotView, now: datetime) -> list[Pair]:
    pairs = [
        ("id", view.id),
        ("deployment", view.deployment),
        ("state", _snapshot_state(view)),
        ("optime", position(view.optime)),
        ("size", f"{size(view.bytes)} in {plural(view.files, 'file')}"),
        ("new", size(view.new_bytes)),
        ("mongod", f"{view.mongod_version or NONE}, FCV {view.fcv or NONE}"),
        ("taken", f"{moment(view.created_at)} ({ago(view.created_at, now)})"),
    ]
    pairs += [("reason", view.reason)] if view.reason else []
    pairs += [("doubt", view.doubt)] if view.doubt else []
    return [*pairs, ("verified", _verified(view, now)), *_kept(view)]


def _verified(view: views.SnapshotView, now: datetime) -> str:
    if view.verified_at is None:
        return "not yet"
    found = _verified_when(view, now)
    return f"{found}: {view.verdict_text}" if view.verdict_text else found


def _verified_when(view: views.SnapshotView, now: datetime) -> str:
    return NONE if view.verified_at is None else f"{view.verdict}, {ago(view.verified_at, now)}"


def _kept(view: views.SnapshotView) -> list[Pair]:
    pairs = [("kept for", ", ".join(view.kept_for))] if view.kept_for else []
    pairs += [("held", view.hold)] if view.hold else []
    return [*pairs, ("expires", _expires(view))]


def _expires(view: views.SnapshotView) -> str:
    if view.expires_at is None:
        return "not by itself"
    return moment(view.expires_at)


def _how_long(view: views.SnapshotView) -> str:
    if view.state == "deleting":
        return NONE
    if view.hold:
        return "held"
    return "no end" if view.expires_at is None else f"until {view.expires_at:%Y-%m-%d}"


def _snapshot_state(view: views.SnapshotView) -> str:
    """One that can be restored, and may be wrong all the same, is not just "complete"."""
    return f"{view.state}, in doubt" if view.doubt else view.state


def _restore_state(view: views.RestoreView) -> str:
    """Nobody shall take one for good whose target was found to hold something else."""
    return f"{view.link_state or view.state}{', DIFFERENT' if view.differs else ''}"


def _restore(view: views.RestoreView, now: datetime) -> list[Pair]:
    pairs = [
        ("id", view.id),
        ("deployment", view.deployment),
        ("state", _restore_state(view)),
        ("to", view.path),
        ("kind", view.kind),
        ("what", view.what),
        ("snapshot", view.snapshot),
        ("asked for", position(view.point) if view.point else "the snapshot as it is"),
        ("restored to", position(view.optime)),
        ("by", f"{view.created_by}, {ago(view.created_at, now)}"),
    ]
    if view.delivered_bytes:
        pairs.append(("delivered", size(view.delivered_bytes)))
    if view.verified:
        pairs.append(("compared" if view.differs else "verified", view.verified))
    if view.reason:
        pairs.append(("reason", view.reason))
    return pairs + [("", progress_line(progress)) for progress in view.progress]


def _restore_plan(view: views.RestorePlan, _: datetime) -> list[Pair]:
    pairs = [
        ("deployment", view.deployment),
        ("to", view.target),
        ("kind", view.kind),
        ("what", view.what),
        ("data", view.in_words),
        ("files", size(view.bytes)),
        ("oplog", size(view.oplog_bytes)),
        ("takes", NONE if view.seconds is None else f"about {duration(view.seconds)}"),
        ("disk", f"{size(view.disk_bytes)} of {size(view.free_bytes)} that are free"),
    ]
    if view.staging:
        pairs.append(("by way of", view.staging))
    if view.waits_for:
        pairs.append(("waits for", plural(view.waits_for, "restore")))
    return pairs + [("note", note) for note in view.notes]


def _job(view: views.JobView, now: datetime) -> list[Pair]:
    pairs = [
        ("id", view.id),
        ("kind", view.kind),
        ("deployment", view.deployment),
        ("state", _job_state(view)),
        ("by", f"{view.created_by or 'the engine'}, {ago(view.created_at, now)}"),
    ]
    if view.error is not None:
        pairs.append(("error", view.error.message))
    return pairs + [("", progress_line(progress)) for progress in view.progress]


def _job_state(view: views.JobView) -> str:
    running = view.state in ("queued", "leased")
    return f"{view.state}, to be cancelled" if view.cancel_requested and running else view.state


def _removal(view: views.Removal, _: datetime) -> list[Pair]:
    return [
        ("deployment", view.deployment),
        ("heads", ", ".join(view.heads) or NONE),
        ("snapshots", f"{view.snapshots}, {size(view.snapshot_bytes)} stored"),
        ("oplog", f"{plural(view.chunks, 'chunk')}, {size(view.chunk_bytes)} stored"),
    ]


def _keys(view: views.KeysView, _: datetime) -> list[Pair]:
    pairs = [
        ("store", view.store),
        ("master key", f"{view.master} (fingerprint)"),
        ("data keys", str(view.data_keys)),
    ]
    if view.closed:
        pairs.append(("closed", f"{plural(view.closed, 'way')} for other master keys"))
    if not view.new_master:
        return pairs
    return [
        *pairs,
        ("new master key", f"{view.new_master} (fingerprint) opens it too"),
        ("next", "name the new key in the settings, start the engine again, then:"),
        ("", f"mmsconsole store rotate-key {view.store} --drop-old"),
    ]


def _engine(view: views.EngineStatus, now: datetime) -> list[Pair]:
    free = view.storage_bytes_free
    return [
        ("engine", f"{'running' if view.running else 'not running'} on {view.host or NONE}"),
        ("version", view.version or NONE),
        ("home", view.home or NONE),
        ("started", ago(view.started_at, now)),
        ("deployments", str(view.deployments)),
        ("open jobs", str(view.jobs_open)),
        ("open alerts", alert_tables.open_alerts(view.alerts_open)),
        ("storage free", NONE if free is None else size(free)),
        ("front end", view.service or f"not served: {view.service_error or 'it is switched off'}"),
        *(("not known", strangers_in_words(*one)) for one in view.strangers.items()),
    ]


ONE: Mapping[type, Callable[[Any, datetime], list[Pair]]] = {
    views.DeploymentView: _deployment,
    views.BackupStatus: _backup,
    views.SnapshotView: _snapshot,
    views.RestoreView: _restore,
    views.RestorePlan: _restore_plan,
    views.JobView: _job,
    views.Removal: _removal,
    views.EngineStatus: _engine,
    views.KeysView: _keys,
    **alert_tables.ONE,
    **oplog_tables.ONE,
    **monitoring_tables.ONE,
    **link_tables.ONE,
    **policy_tables.ONE,
    **dump_tables.ONE,
    **recovery_tables.ONE,
    **opening_tables.ONE,
    **store_tables.ONE,
}

BELOW: Mapping[type, Callable[[Any], Sequence[Any]]] = {
    **alert_tables.BELOW,
    **oplog_tables.BELOW,
    **monitoring_tables.BELOW,
    **policy_tables.BELOW,
    **dump_tables.BELOW,
    **recovery_tables.BELOW,
    **store_tables.BELOW,
}
"""What stands in a table below the labels of one thing."""

MANY: Mapping[type, Columns | Callable[[Sequence[Any]], Columns]] = {
    views.DeploymentView: {
        "NAME": lambda view, _: view.name,
        "SET": lambda view, _: view.set_name or f"({view.kind})",
        "VERSION": lambda view, _: view.server_version,
        "BACKUP": lambda view, _: _state(view.status) if view.set_name else ONLY_MONITORED,
        "LAG": lambda view, _: _lag(view.status),
        "LAST SNAPSHOT": lambda view, now: _last_snapshot(view.status, now),
    },
    views.SnapshotView: {
        "ID": lambda view, _: view.id,
        "STATE": lambda view, _: _snapshot_state(view),
        "OPTIME": lambda view, _: position(view.optime),
        "SIZE": lambda view, _: size(view.bytes),
        "NEW": lambda view, _: size(view.new_bytes),
        "TAKEN": lambda view, now: ago(view.created_at, now),
        "VERIFIED": lambda view, now: _verified_when(view, now),
        "KEPT": lambda view, _: _how_long(view),
    },
    views.RestoreView: {
        "ID": lambda view, _: view.id,
        "DEPLOYMENT": lambda view, _: view.deployment,
        "STATE": lambda view, _: _restore_state(view),
        "RESTORED TO": lambda view, _: position(view.optime),
        "KIND": lambda view, _: view.kind,
        "TO": lambda view, _: view.path,
        "ASKED": lambda view, now: ago(view.created_at, now),
    },
    views.JobView: {
        "ID": lambda view, _: view.id,
        "KIND": lambda view, _: view.kind,
        "DEPLOYMENT": lambda view, _: view.deployment,
        "STATE": lambda view, _: _job_state(view),
        "ASKED": lambda view, now: ago(view.created_at, now),
        "ERROR": lambda view, _: "" if view.error is None else view.error.message,
    },
    views.EventView: {
        "TIME": lambda view, _: moment(view.at),
        "DEPLOYMENT": lambda view, _: view.deployment,
        "SEVERITY": lambda view, _: view.severity,
        "WHAT": lambda view, _: view.text,
        "BY": lambda view, _: view.actor,
    },
    views.Finding: {
        "CHECK": lambda view, _: view.check,
        "": lambda view, _: "ok" if view.ok else "NOT OK",
        "FOUND": lambda view, _: view.found,
        "TO MEND IT": lambda view, _: view.mend,
    },
    **alert_tables.MANY,
    **oplog_tables.MANY,
    **monitoring_tables.MANY,
    **link_tables.MANY,
    **policy_tables.MANY,
    **dump_tables.MANY,
    **recovery_tables.MANY,
    **opening_tables.MANY,
    **store_tables.MANY,
}
