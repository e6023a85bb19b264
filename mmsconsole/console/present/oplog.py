"""The oplog browser: the graph, entries as rows, one of them in detail."""

import re
from collections.abc import Sequence
from datetime import timedelta

from mmsconsole.console.glyphs import Glyphs
from mmsconsole.console.oplog import Browser, key_of, time_of
from mmsconsole.console.present import chart, timeline
from mmsconsole.console.present.table import Column, Row
from mmsconsole.console.present.text import Line, Page, Span, Tone, indent, line, rule, wrap
from mmsconsole.console.present.timeline import LABEL_CELLS
from mmsconsole.console.present.words import moment, moment_of, plural, sentence, size
from mmsconsole.operations.oplog_views import (
    BEGINNING,
    DAMAGED,
    ENTRY,
    OplogEntryView,
    OplogRow,
)
from mmsconsole.operations.views import BackupStatus
from mmsconsole.oplog.destruction import Destruction
from mmsconsole.oplog.unfolding import DELETE, INSERT, NOOP, UPDATE

GRAPH_LINES, WIDE_GRAPH_LINES = 3, 6
DETAIL_LINES = 4
_WRAPPED = re.compile(r"(?:ObjectId|UUID)\('(.*)'\)")
DESTRUCTIVE = frozenset({"drop", "dropDatabase", "emptycapped"})
TONES = {INSERT: Tone.GOOD, UPDATE: Tone.TEXT, DELETE: Tone.WARN, NOOP: Tone.DIM}


def graph_width(page: Page) -> int:
    return max(2, page.width - LABEL_CELLS - 1)


def graph(browser: Browser, status: BackupStatus | None, page: Page) -> list[Line]:
    """Times, operations per second, what can be restored, and where the pointer is."""
    axis, rate = browser.axis, browser.rate
    if axis is None or rate is None or rate.stored is None:
        return []
    height = WIDE_GRAPH_LINES if page.wide and page.height >= 30 else GRAPH_LINES
    most = max((count or 0 for count in rate.counts), default=0)
    drawn = chart.columns(_shown(rate.counts), height, max(1, most), page, Tone.ACCENT)
    sign = "" if rate.exact else "~"
    labels = [f" {sign}{_per_second(most, rate.seconds)}/s", *[""] * (height - 1)]
    windows, gaps = (status.windows, status.gaps) if status else ((), ())
    lines = [
        *timeline.scale_lines(axis, page.glyphs),
        *(
            line(Span(f"{label:<{LABEL_CELLS}}", Tone.DIM), columns)
            for label, columns in zip(labels, drawn, strict=True)
        ),
        timeline.window_line((), windows, gaps, axis, page.glyphs),
    ]
    return [*lines, _pointer(browser, page)]


def _shown(counts: Sequence[int | None]) -> list[int | None]:
    """Nothing at all shows no trace."""
    return [count or None for count in counts]


def _pointer(browser: Browser, page: Page) -> Line:
    """Under the column that the moment is counted in, which begins before it."""
    axis, cursor = browser.axis, browser.cursor
    if axis is None or cursor is None:
        return ()
    column = (cursor - axis.start).total_seconds() // axis.seconds_per_cell
    begin = axis.start + timedelta(seconds=column * axis.seconds_per_cell)
    return timeline.pointer_line(axis, begin, moment(cursor), page.glyphs)


def _per_second(count: int, seconds: float) -> str:
    rate = count / seconds
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}" if rate >= 0.1 else f"{rate:.2g}"


def columns(page: Page) -> tuple[Column, ...]:
    optime = (Column("OPTIME", 14),) if page.wide else ()
    return (
        Column("TIME", 20 if page.wide else 14),
        *optime,
        Column("KIND", 16 if page.wide else 11),
        Column("NAMESPACE", 15, grow=2),
        Column("_ID", 8, grow=2),
        Column("CHANGE", 14, grow=4),
    )


def row(told: OplogRow, page: Page) -> Row:
    at = time_of(told)
    time = moment(at) if page.wide else f"{at:%m-%d %H:%M:%S}"
    optime: tuple[Line, ...] = ((Span(str(told.optime), Tone.DIM),),) if page.wide else ()
    if told.row != ENTRY:
        return Row(key_of(told), ((Span(time, Tone.DIM),), *optime, *_missing(told, page.glyphs)))
    return Row(key_of(told), (
        (Span(time, Tone.DIM),), *optime, (Span(told.kind, tone_of(told)),), (Span(told.ns),),
        (Span(_short_id(told.id), Tone.DIM),), (Span(_without_id(told)),),
    ))  # fmt: skip


def _short_id(identity: str) -> str:
    """What of an ObjectId or a UUID tells it from another one."""
    found = _WRAPPED.fullmatch(identity)
    return found[1] if found else identity


def _without_id(told: OplogRow) -> str:
    """It has a column of its own."""
    return told.change.replace(f"{{_id: {told.id}, ", "{", 1) if told.id else told.change


def _missing(told: OplogRow, glyphs: Glyphs) -> tuple[Line, ...]:
    if told.row == BEGINNING:
        return (Span(told.row, Tone.DIM),), (), (), (Span(told.change, Tone.DIM),)
    sign = glyphs.bad if told.row == DAMAGED else glyphs.warn
    tone = Tone.BAD if told.row == DAMAGED else Tone.WARN
    return (Span(f"{sign} {told.row}", tone),), (), (), (Span(told.change, tone),)


def tone_of(told: OplogRow) -> Tone:
    if told.kind in DESTRUCTIVE:
        return Tone.BAD
    return TONES.get(told.kind, Tone.ACCENT)


def detail(told: OplogRow, page: Page) -> list[Line]:
    if told.row != ENTRY:
        until = "now" if told.until is None else moment_of(told.until)
        note = moment(time_of(told)) + ("" if told.row == BEGINNING else f" to {until}")
        return [rule(told.row, page, note), *_wrapped(sentence(told.change), page, 3)]
    note = f"{moment(time_of(told))} ({told.optime})"
    about = line(" ", Span(told.kind, tone_of(told)), f" {told.ns}  ", Span(told.id, Tone.DIM))
    return [rule("entry", page, note), about, *_wrapped(told.change, page, 2)]


def _wrapped(text: str, page: Page, most: int) -> list[Line]:
    return indent(wrap(text, page.width - 2)[:most], 1)


def status_line(browser: Browser, doing: str, page: Page) -> Line:
    """What is being read, or how what is shown was chosen."""
    if doing:
        return line(Span(f" {page.glyphs.busy} {doing}", Tone.BUSY),
                    Span("  esc stops it", Tone.DIM))  # fmt: skip
    chosen = f"only {browser.typed}, " if browser.typed else ""
    told = line(Span(f" {chosen}{plural(len(browser.rows), 'row')}", Tone.DIM))
    if browser.typed and browser.older is not None:
        return line(told, Span(f"; looked back to {moment_of(browser.older)}", Tone.DIM))
    return told


def reading(done: int, total: int | None, page: Page) -> str:
    of = f" of {size(total)}" if total else ""
    return f"reading the oplog{page.glyphs.more}" + (f" {size(done)}{of}" if done else "")


def found_sentence(found: Destruction) -> str:
    """For the notice: what it was, and what to press for."""
    if found.kind != DELETE:
        return f"{found.kind} of {found.ns} at {moment_of(found.first)} ({found.first})."
    until = f" until {moment_of(found.last)}" if found.last.t != found.first.t else ""
    return (
        f"{plural(found.count, 'delete')} of {found.ns} from {moment_of(found.first)} "
        f"({found.first}){until}."
    )


def entry_lines(view: OplogEntryView, page: Page) -> list[Line]:
    told = view.entry
    lines: list[Line] = [
        rule("entry", page, f"{moment(time_of(told))} ({told.optime}), {size(told.bytes)}"),
        line(" ", Span(told.kind, tone_of(told)), f" {told.ns}  ", Span(told.id, Tone.DIM)),
        *_wrapped(told.change, page, 4),
        (),
    ]
    if told.operation_count:
        note = f"the first {len(told.operations)} of {told.operation_count}"
        lines.append(rule("inside", page, note if len(told.operations) < told.operation_count
                          else plural(told.operation_count, "operation")))  # fmt: skip
        lines += [
            line(" ", Span(one.kind, TONES.get(one.kind, Tone.ACCENT)), f" {one.ns}  ",
                 Span(one.id, Tone.DIM), f"  {one.change}")
            for one in told.operations
        ]  # fmt: skip
        lines.append(())
    lines.append(rule("as extended JSON", page))
    return [*lines, *(part for text in view.text for part in _folded(text, page))]


def _folded(text: str, page: Page) -> list[Line]:
    """With its indent; what is longer than the page goes on below."""
    room = max(8, page.width - 2)
    shown = Span(text).text
    return [line(" ", shown[at : at + room]) for at in range(0, max(1, len(shown)), room)]
