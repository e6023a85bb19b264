"""The stored oplog for people: entries, operations per second, what took data away."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mmsconsole.cli.words import position
from mmsconsole.console.present.words import NONE, duration, moment, size
from mmsconsole.operations.oplog_views import ENTRY, OplogEntryView, OplogRate, OplogRow
from mmsconsole.oplog.destruction import Destruction

Pair = tuple[str, str]
BAR_CELLS = 40
CHANGE_CHARS = 200


@dataclass(frozen=True, slots=True)
class RateRow:
    at: datetime
    seconds: float
    count: int | None
    most: int
    """Of all stretches."""

    @property
    def bar(self) -> str:
        cells = round((self.count or 0) / self.most * BAR_CELLS) if self.most else 0
        return "#" * max(cells, 1 if self.count else 0)


def rate_pairs(view: OplogRate, _: datetime) -> list[Pair]:
    if view.stored is None:
        return [("oplog", "nothing is stored yet")]
    how = "counted" if view.exact else "about: each stored chunk counts where it ends"
    return [
        ("stored", f"{position(view.stored.start)} to {position(view.stored.end)}"),
        ("stretches", f"{duration(view.seconds)} each, {how}"),
    ]


def rate_rows(view: OplogRate) -> Sequence[RateRow]:
    most = max((count or 0 for count in view.counts), default=0)
    return [
        RateRow(view.start + timedelta(seconds=place * view.seconds), view.seconds, count, most)
        for place, count in enumerate(view.counts)
        if view.stored is not None
    ]


def entry_pairs(view: OplogEntryView, _: datetime) -> list[Pair]:
    told = view.entry
    return [
        ("entry", position(told.optime)),
        ("just before", f"--at before:{told.optime}"),
        ("kind", told.kind),
        ("namespace", told.ns),
        ("size", size(told.bytes)),
        *(("", line) for line in view.text),
    ]


def _where(row: OplogRow) -> str:
    return row.ns if row.row == ENTRY else row.row.upper()


def _what(row: OplogRow) -> str:
    if row.row == ENTRY:
        shown = row.change[:CHANGE_CHARS]
        return shown if len(shown) == len(row.change) else f"{shown}..."
    if row.until == row.optime:
        return row.change
    return f"from there to {position(row.until) if row.until else 'now'}: {row.change}"


ONE: Mapping[type, Callable[[Any, datetime], list[Pair]]] = {
    OplogRate: rate_pairs,
    OplogEntryView: entry_pairs,
}
BELOW: Mapping[type, Callable[[Any], Sequence[Any]]] = {OplogRate: rate_rows}
MANY: Mapping[type, Mapping[str, Callable[[Any, datetime], str]]] = {
    OplogRow: {
        "TIME": lambda row, _: moment(row.optime.time),
        "OPTIME": lambda row, _: str(row.optime),
        "NAMESPACE": lambda row, _: _where(row),
        "KIND": lambda row, _: row.kind,
        "_ID": lambda row, _: row.id,
        "CHANGE": lambda row, _: _what(row),
    },
    Destruction: {
        "JUST BEFORE": lambda one, _: f"before:{one.first}",
        "TIME": lambda one, _: moment(one.first.time),
        "UNTIL": lambda one, _: moment(one.last.time),
        "KIND": lambda one, _: one.kind,
        "NAMESPACE": lambda one, _: one.ns,
        "COUNT": lambda one, _: str(one.count),
    },
    RateRow: {
        "FROM": lambda row, _: moment(row.at),
        "OPERATIONS": lambda row, _: NONE if row.count is None else str(row.count),
        "A SECOND": lambda row, _: (
            "nothing stored" if row.count is None else f"{row.count / row.seconds:.1f}"
        ),
        "": lambda row, _: row.bar,
    },
}
